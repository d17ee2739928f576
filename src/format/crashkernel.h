/*
 * The crashkernel= parameter of the kernel command line, as far as x86-64 knows it
 * (kernel/crash_core.c; Documentation/admin-guide/kdump/kdump.rst).
 *
 *	SIZE[KMGTPE][@OFFSET]                    "128M", "64M@16M"
 *	START-[END]:SIZE[,…][@OFFSET]            "384M-2G:64M,2G-:128M"
 *	SIZE,high  SIZE,low  SIZE,cma            "512M,high"
 *
 * Stricter than the kernel, which silently reserves nothing for what it cannot read: this
 * parser says which word is off. Layout is public, nothing is allocated.
 */
#ifndef FORMAT_CRASHKERNEL_H
#define FORMAT_CRASHKERNEL_H

#include "base/err.h"

#define CRASHKERNEL_RANGES_MAX 32

enum crashkernel_kind {
	CRASHKERNEL_PLAIN,
	CRASHKERNEL_HIGH,
	CRASHKERNEL_LOW,
	CRASHKERNEL_CMA
};

/* For RAM of start_bytes <= RAM < end_bytes (end_bytes is ~0 where it is open). */
struct crashkernel_range {
	u64 start_bytes, end_bytes, size_bytes;
};

struct crashkernel {
	enum crashkernel_kind kind;
	struct crashkernel_range
		ranges[CRASHKERNEL_RANGES_MAX]; /* one, 0 to ~0, if plain */
	size_t num_ranges;
	bool has_offset;
	u64 offset_bytes;
};

/* Parse what stands behind "crashkernel=". ERR_USAGE naming the word. */
must_check struct err *crashkernel_parse(const char *text, struct crashkernel *ret);

/* The size asked for on a machine of @ram_bytes, which the kernel rounds up to 128 MiB
 * before it looks for a range. 0: no range matches and nothing gets reserved. */
u64 crashkernel_evaluate(const struct crashkernel *c, u64 ram_bytes);

/* What the crashkernel= words of a whole command line come to. */
struct crashkernel_reservation {
	bool is_given; /* there is such a word */
	u64 bytes;     /* 0: nothing is reserved */
	u64 low_bytes; /* below 4 GiB beside it, for ",high" (256 MiB where not said) */
	u64 cma_bytes; /* reserved as CMA beside it (6.17 and later) */
	char why[256]; /* nothing is reserved, as a sentence; "" if something is */
};

/* As the kernel does it: of words without ",high", ",low" or ",cma" the last one counts; if
 * there is none, the last ",high" and ",low". On a machine of @ram_bytes. A word that no
 * kernel of today reads, such as "auto", reserves nothing; that is told, and no error. */
void crashkernel_reserved(const char *cmdline, u64 ram_bytes,
			  struct crashkernel_reservation *ret);

#endif
