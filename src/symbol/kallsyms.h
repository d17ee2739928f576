/*
 * The kernel's own symbol table, read where it lies in the dump.
 *
 * kallsyms holds the names of all functions (and with CONFIG_KALLSYMS_ALL all variables) of
 * the kernel image, compressed with a table of 256 tokens, and an offset for each name,
 * sorted by address. It has no sizes: a symbol ends where the next one begins. The object
 * borrows the bytes of the tables, which must outlive it, and owns two small indexes (about
 * 2.1 bytes per symbol). Nothing changes after kallsyms_open(), so any number of threads
 * may look things up.
 *
 * Source: kernel/kallsyms.c, scripts/kallsyms.c.
 */
#ifndef SYMBOL_KALLSYMS_H
#define SYMBOL_KALLSYMS_H

#include "base/err.h"

#define KALLSYMS_NAME_LEN	 512 /* KSYM_NAME_LEN, with the terminating 0 */
#define KALLSYMS_MAX_SYMBOLS	 (1u << 21)
#define KALLSYMS_TOKEN_INDEX_LEN 512
#define KALLSYMS_MAX_NAMES_LEN	 ((size_t)32 << 20)

/* The tables as found in memory. Lengths may exceed what is used: the names end after
 * num_symbols of them. */
struct kallsyms_tables {
	u32 num_symbols;
	const void *names;
	size_t names_len;
	const void *token_table;
	size_t token_table_len;
	const void *token_index; /* KALLSYMS_TOKEN_INDEX_LEN bytes */
	const void *offsets;	 /* 4 bytes per symbol */
	vaddr_t offsets_addr;	 /* where they lie in the crashed kernel */
	bool has_relative_base;	 /* newer kernels have none */
	vaddr_t relative_base;
	vaddr_t text_start; /* VMCOREINFO SYMBOL(_stext): tells how offsets are meant */
};

struct kallsyms;

/* Index the tables. ERR_BAD_DATA, naming the symbol, if they contradict themselves, or if
 * no known reading of the offsets puts _stext at `text_start`. */
must_check struct err *kallsyms_open(const struct kallsyms_tables *tables,
				     struct kallsyms **ret);
void kallsyms_free(struct kallsyms *k);
CLEANUP_FREEP(kallsyms)

u32 kallsyms_count(const struct kallsyms *k);

/* One symbol: `type` is a letter as nm(1) prints it, upper case for a global one. */
struct kallsyms_symbol {
	vaddr_t addr;
	u64 size; /* up to the next address that has a symbol, 0 for the last one */
	char type;
	char name[KALLSYMS_NAME_LEN];
};

/* The symbol at @index < kallsyms_count(). */
void kallsyms_get(const struct kallsyms *k, u32 index, struct kallsyms_symbol *ret);

/* Find the address of @name. Of several the first global one is taken, else the first. */
bool kallsyms_find(const struct kallsyms *k, const char *name, vaddr_t *ret);

/* Find the symbol that @addr lies in: the last one at or below it, the first of those with
 * the same address (as the kernel prints it). False below the first symbol. */
bool kallsyms_at(const struct kallsyms *k, vaddr_t addr, struct kallsyms_symbol *ret);

#endif
