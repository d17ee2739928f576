/*
 * What apt knows of a package, from the text that `apt-cache show` prints (RFC 822 fields,
 * deb-control(5)).
 *
 * Layout is public; the record owns its strings. Names and versions are such as can stand
 * in a file name and cannot be taken for an option.
 */
#ifndef REHEARSE_APT_RECORD_H
#define REHEARSE_APT_RECORD_H

#include "base/err.h"

struct apt_record {
	char *package, *version;
	char *image_dependency; /* the first dependency on a linux-image-…, NULL if none */
	u64 size_bytes;		/* of the .deb, 0 if not told */
};

/* Parse the first stanza of @text. ERR_BAD_DATA naming the field that is missing. */
must_check struct err *apt_record_parse(const char *text, struct apt_record *ret);
void apt_record_deinit(struct apt_record *r);

#endif
