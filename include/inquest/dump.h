/*
 * An open dump of a Linux machine: what can be said of it, its memory and its symbols.
 *
 * A struct inquest is opened from the dump alone, in whatever format it is; names, types
 * and unwind tables come out of it. It belongs to one thread; several can be open at once.
 * Strings that come from a dump are whatever was in its memory: escape them before a
 * terminal or a page shows them (inquest_escape()).
 */
#ifndef INQUEST_DUMP_H
#define INQUEST_DUMP_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct inquest;

/* Open the dump in file @paths[0], or that of which @paths are the parts. What it lacks is
 * no error but told by inquest_notice(). */
INQUEST_MUST_CHECK struct inquest_error *inquest_open(const char *const *paths,
						      size_t count, struct inquest **ret);
/* NULL is fine. */
void inquest_close(struct inquest *q);

/* Health: what could not be had so far, a sentence each. NULL past the last. Good until the
 * next call with @q. */
const char *inquest_notice(const struct inquest *q, size_t index);

/* "6.12.117+deb12-amd64", NULL if the dump does not tell. Good as long as @q. */
const char *inquest_release(const struct inquest *q);

/* ---- memory, by kernel virtual address ---- */

INQUEST_MUST_CHECK struct inquest_error *inquest_read(struct inquest *q, uint64_t address,
						      void *data, size_t len);
/* By physical address. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_read_physical(struct inquest *q, uint64_t address, void *data, size_t len);
/* An unsigned number of 1, 2, 4 or 8 bytes, in the byte order of the dump. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_read_number(struct inquest *q, uint64_t address, unsigned bytes, uint64_t *ret);
/* At most @size - 1 bytes, and '\0' behind them. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_read_string(struct inquest *q, uint64_t address, char *text, size_t size);

/* ---- symbols of the kernel and its modules ---- */

/* Filled in by the library only. */
struct inquest_symbol {
	char name[512];
	char module[64]; /* "" for the kernel itself */
	uint64_t offset; /* of the address that was asked for */
};

INQUEST_MUST_CHECK struct inquest_error *
inquest_symbol_address(struct inquest *q, const char *name, uint64_t *ret);
/* The symbol that @address lies in or behind. False if there is none. */
bool inquest_symbol_at(struct inquest *q, uint64_t address, struct inquest_symbol *ret);

/* Where the copy of per-CPU variable @name for @cpu is. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_percpu_address(struct inquest *q, const char *name, unsigned cpu, uint64_t *ret);

/* ---- text ---- */

/* @text without control characters and as valid UTF-8; to be given back with
 * inquest_free(). NULL without memory. */
char *inquest_escape(const char *text);
/* What the library says is to be given back so. NULL is fine. */
void inquest_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
