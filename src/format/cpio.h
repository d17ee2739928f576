/*
 * Writing and reading cpio archives of the "newc" form, which is what the kernel unpacks as
 * initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * The archive is deterministic: owner and group 0, time 0, inode numbers in the order of
 * the entries. A struct cpio borrows the buffer it appends to. Not for more than one
 * thread.
 */
#ifndef FORMAT_CPIO_H
#define FORMAT_CPIO_H

#include "base/buf.h"

/* PATH_MAX of the kernel, which skips longer names without a word. */
#define CPIO_NAME_MAX 4095

/* Layout is public; start with {.out = buffer}. */
struct cpio {
	struct buf *out;
	u32 last_inode;
};

struct cpio_entry {
	const char *name; /* "lib/modules/ext4.ko", without a leading '/' */
	u32 mode;	  /* type and permissions as in st_mode */
	const void *data; /* of a file, or the target of a symbolic link */
	size_t len;
	u32 device_major, device_minor; /* of a device node */
};

/* Append one entry. Directories must come before what is in them. ERR_USAGE naming the
 * entry if the name is empty, absolute, too long or the archive's trailer, or the data is 4
 * GiB or longer. */
must_check struct err *cpio_add(struct cpio *c, const struct cpio_entry *entry);

/* Reading: start with {.data = …, .len = …}. Layout is public, nothing is owned. */
struct cpio_reader {
	const void *data;
	size_t len, pos;
};

/* The next entry; its strings point into the archive. At the trailer *@ret_end is true.
 * ERR_BAD_DATA naming the offset if there is no whole entry. */
must_check struct err *cpio_next(struct cpio_reader *r, struct cpio_entry *ret,
				 bool *ret_end);

/* Append the trailer, padded to the 512 bytes that cpio(1) writes. Nothing may follow. */
must_check struct err *cpio_end(struct cpio *c);

#endif
