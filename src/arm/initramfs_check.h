/*
 * Is a packed image one that a capture kernel can start from? For reading back what was
 * written.
 */
#ifndef ARM_INITRAMFS_CHECK_H
#define ARM_INITRAMFS_CHECK_H

#include "base/err.h"

/* What an image may unpack to. */
#define INITRAMFS_UNPACKED_MAX (512u << 20)

/* Unpack the gzip image of @len bytes and look for /init and for a manifest that can be
 * read, whose modules and programs are there. ERR_BAD_DATA saying what is missing. */
must_check struct err *initramfs_check(const void *data, size_t len);

/* The same for the archive inside. */
must_check struct err *initramfs_check_archive(const void *data, size_t len);

#endif
