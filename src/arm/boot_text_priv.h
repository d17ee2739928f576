/*
 * crashkernel= in the text of the files that boot loaders are configured with: which words
 * there are, and the text with others in their place. All else in a file stays as it is,
 * byte for byte. Pure.
 */
#ifndef ARM_BOOT_TEXT_PRIV_H
#define ARM_BOOT_TEXT_PRIV_H

#include "base/buf.h"

enum boot_text {
	BOOT_TEXT_WORDS, /* /etc/kernel/cmdline: one line of words */
	BOOT_TEXT_ENTRY, /* an entry of the Boot Loader Specification: lines "options …" */
	BOOT_TEXT_GRUB,	 /* /etc/default/grub: shell variables */
};

/* The variables of GRUB's defaults that end up on command lines, in this order. */
#define BOOT_TEXT_GRUB_ALL    "GRUB_CMDLINE_LINUX"
#define BOOT_TEXT_GRUB_NORMAL "GRUB_CMDLINE_LINUX_DEFAULT"

/* Append the words "crashkernel=…" of @text to @words, separated by blanks. */
must_check struct err *boot_text_words(enum boot_text kind, const char *text,
				       struct buf *words);

/* Put into @b, which is empty, what @text becomes with @words, "" for none, as its only
 * crashkernel= words: where the first one stood, else behind the others. ERR_UNSUPPORTED if
 * there is no place that can be changed safely. */
must_check struct err *boot_text_replace(enum boot_text kind, const char *text,
					 const char *words, struct buf *b);

#endif
