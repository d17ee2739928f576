/*
 * Who crashed: the words that carry machine-id and boot-id from the kernel that loads a
 * capture kernel to the capture kernel, on its command line.
 */
#ifndef KEXEC_IDENTITY_H
#define KEXEC_IDENTITY_H

#include "base/buf.h"

/* "8c0f…-…", or 32 digits without dashes. */
#define IDENTITY_SIZE 40

/* Layout is public. A text is "" where it is not known. */
struct identity {
	char machine_id[IDENTITY_SIZE];	  /* machine-id(5) */
	char boot_id[IDENTITY_SIZE];	  /* /proc/sys/kernel/random/boot_id */
	char product_uuid[IDENTITY_SIZE]; /* DMI, the name a hypervisor knows it by */
};

/* Read that of the running system below @root ("" on a real one). */
void identity_read(const char *root, struct identity *ret);

/* Take machine-id and boot-id from the command line @text of a capture kernel; the others
 * stay as they are. */
void identity_from_cmdline(const char *text, struct identity *id);

/* Append @base and the words that carry @id. */
void identity_add_to_cmdline(const struct identity *id, const char *base, struct buf *b);

#endif
