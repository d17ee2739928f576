/*
 * The header of an x86 Linux kernel image, a bzImage (Documentation/x86/boot.rst).
 *
 * Only what has to be known before a guest is started with it: that it is one, that
 * kexec_file_load(2) will take it, and which release it is. Layout is public.
 */
#ifndef FORMAT_BZIMAGE_H
#define FORMAT_BZIMAGE_H

#include "base/err.h"

/* The setup code ahead of the kernel is at most 64 sectors. */
#define BZIMAGE_HEADER_MAX  (65u * 512)
#define BZIMAGE_RELEASE_MAX 127

struct bzimage {
	char release[BZIMAGE_RELEASE_MAX + 1]; /* "6.1.0-56-amd64" */
	u64 init_bytes; /* memory from the load address until the kernel can free any */
	u64 alignment_bytes; /* of the place it is loaded to */
	bool has_64bit_entry, is_relocatable;
	bool is_signed; /* it carries a signature for UEFI, whosever */
};

/* Parse the first @len bytes (BZIMAGE_HEADER_MAX, or the whole file if that is less).
 * ERR_BAD_DATA saying why it is none; @name is for the sentence. */
must_check struct err *bzimage_parse(const void *data, size_t len, const char *name,
				     struct bzimage *ret);

#endif
