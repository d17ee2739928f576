/*
 * Names for crashes that are the same, so that they can be counted.
 *
 * The first level, the bucket, is for people: class and culprit. The second is a hash over
 * class and up to six functions from the culprit outwards, without anything that changes
 * from boot to boot or between builds: no addresses, offsets, CPUs, times, releases or
 * compilers' suffixes. Its text is kept, so that others can make the same one. Versioned:
 * the text begins with the version, and changes of what goes in raise it.
 */
#ifndef ANALYSE_SIGNATURE_H
#define ANALYSE_SIGNATURE_H

#include "analyse/verdict.h"

#define SIGNATURE_VERSION     "sig_v1"
#define SIGNATURE_BUCKET_SIZE 192
#define SIGNATURE_HASH_SIZE   65 /* SHA-256 in hexadecimal */

struct signature {
	char bucket[SIGNATURE_BUCKET_SIZE]; /* "deadlock:resize_volume[blk_foo]"; escaped */
	struct buf text;		    /* what was hashed, escaped */
	char hash[SIGNATURE_HASH_SIZE];
};

/* ERR_NOMEM. */
must_check struct err *signature_make(const struct verdict *v, struct signature *ret);
void signature_deinit(struct signature *s);

#endif
