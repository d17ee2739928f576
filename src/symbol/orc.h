/*
 * Lookup in the kernel's ORC tables by code address, straight from the dump's memory.
 *
 * A table is two arrays in the crashed kernel: the addresses (sorted, each 4 bytes relative
 * to its own place) and the rows. They are read as needed, nothing is kept: a search
 * touches about twenty words. Layout is public and owns nothing; the image has one table,
 * each module one more.
 *
 * Source: arch/x86/kernel/unwind_orc.c.
 */
#ifndef SYMBOL_ORC_H
#define SYMBOL_ORC_H

#include "format/orc_entry.h"

#define ORC_MAX_ENTRIES (1u << 22)

/* Read @len bytes of the crashed kernel's memory. */
typedef struct err *(*orc_read)(void *ctx, vaddr_t addr, void *data, size_t len);

struct orc_table {
	vaddr_t ips;  /* of s32[count] */
	vaddr_t rows; /* of ORC_ENTRY_LEN bytes each */
	u32 count;
	enum orc_encoding encoding;
};

/* Find the row for the instruction at @ip: the last one that begins at or below it. False
 * in
 * *@ret_found if @ip is below all. ERR_FAULT if the table cannot be read, ERR_BAD_DATA for
 * a row that the encoding does not have. */
must_check struct err *orc_find(const struct orc_table *t, orc_read read, void *ctx,
				vaddr_t ip, bool *ret_found, struct orc_row *ret);

/* Tell the encoding from the rows themselves, all of which are read: for tables without a
 * header, in a dump without types. ERR_UNSUPPORTED if they look like none. */
must_check struct err *orc_guess_encoding(const struct orc_table *t, orc_read read,
					  void *ctx, enum orc_encoding *ret);

#endif
