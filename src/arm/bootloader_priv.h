/*
 * What the files of the boot loader's configuration share.
 *
 *   bootloader.c          set crashkernel=, read it
 *   bootloader_restore.c  put back what there was before
 *   bootloader_change.c   a file is written or removed, and that is said
 *   bootloader_grub.c     GRUB's own configuration is made anew
 */
#ifndef ARM_BOOTLOADER_PRIV_H
#define ARM_BOOTLOADER_PRIV_H

#include "arm/boot_places_priv.h"
#include "arm/bootloader.h"

#define BOOTLOADER_PARAMETER "crashkernel="

/* --- bootloader_change.c --- */

void bootloader_say(const struct bootloader_options *o, const char *fmt, ...)
	printf_like(2, 3);

/* Make the file what @place has as `after`, NULL for no file, unless it is that. @changed
 * is set if it was not. */
must_check struct err *bootloader_change(const struct bootloader_options *o,
					 const struct boot_place *place, bool *changed);

/* Forget what was remembered; our own directory goes with its last file. */
must_check struct err *bootloader_forget(const char *root);

/* Run a program for at most ten minutes, or say that it would be. */
must_check struct err *bootloader_run(const struct bootloader_options *o,
				      const char *const *argv);

bool bootloader_is_dropin(const struct boot_place *place);

/* --- bootloader_grub.c --- */

/* Have GRUB's own configuration follow its defaults, and look whether it did. @words: what
 * kernels are to get, "" for what is left when ours is taken back. */
must_check struct err *bootloader_regenerate(const struct bootloader_options *o,
					     const char *words, bool changed);

#endif
