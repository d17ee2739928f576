/*
 * What files of the boot loader's configuration were before they were changed the first
 * time, and what they were made then: BOOTLOADER_STATE, JSON (docs/formats.md).
 */
#ifndef ARM_BOOT_STATE_PRIV_H
#define ARM_BOOT_STATE_PRIV_H

#include "arm/boot_places_priv.h"

/* Read what is remembered; nothing is no error. */
must_check struct err *boot_state_read(const char *root, struct boot_places *ret);

/* Remember @p on disk before it is carried out: what is remembered of a file already stays
 * the state it goes back to. */
must_check struct err *boot_state_remember(const char *root, const struct boot_places *p);

#endif
