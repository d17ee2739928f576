/*
 * crashkernel= in the configuration of the boot loader, so that memory is reserved from the
 * next boot on.
 *
 * Known are GRUB (a file of our own in /etc/default/grub.d where it reads those, else
 * /etc/default/grub), entries of the Boot Loader Specification (below /boot, /boot/efi,
 * /efi), /etc/kernel/cmdline, from which new entries are made, and grubby where none of
 * these is there. What a file was before is remembered in BOOTLOADER_STATE, so that
 * bootloader_restore() leaves no trace. All can be done again without further effect.
 *
 * Files are read and written below @root, "" on a real machine; programs (update-grub,
 * grub-mkconfig, grubby) are run only there. No state is kept between calls.
 */
#ifndef ARM_BOOTLOADER_H
#define ARM_BOOTLOADER_H

#include "base/buf.h"

#define BOOTLOADER_STATE  "/var/lib/inquest/bootloader.json"
#define BOOTLOADER_DROPIN "/etc/default/grub.d/zz-inquest.cfg"

struct bootloader_options {
	const char *root;
	/* What stands behind crashkernel=, several separated by blanks:
	 * "384M-2G:64M,2G-:128M", "512M,high 72M,low". */
	const char *value;
	/* Only the entry of this kernel's file; NULL for all. Needs entries of its own. */
	const char *kernel;
	bool dry_run; /* say what would be done, and do nothing */
	/* Receives sentences of what is being done, without a newline; NULL for none. */
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	bool *changed; /* set if anything was changed, else left alone; NULL: not asked */
};

/* Have the machine booted with that reservation. ERR_USAGE if @value cannot be read by a
 * kernel, ERR_ABSENT if no boot loader that is known is configured here, ERR_REFUSED if
 * another file would have its way, which is named. After another error what was changed
 * is remembered, and can be restored. */
must_check struct err *bootloader_set(const struct bootloader_options *options);

/* Put back what there was before the first bootloader_set(); what a person changed since
 * then stays, but for crashkernel=. Of @options, root, say and ctx count. Nothing set:
 * nothing done. */
must_check struct err *bootloader_restore(const struct bootloader_options *options);

/* Append the words "crashkernel=…" that the next boot is to have, as far as the
 * configuration tells; "" for none. *@ret_certain is false where a file does what only a
 * shell can tell. ERR_ABSENT as above. */
must_check struct err *bootloader_read(const char *root, struct buf *words,
				       bool *ret_certain);

#endif
