/*
 * The names of the crashed kernel's addresses as a person asks for them: of the image and
 * of its modules, of code and of data, with the letter of their type.
 *
 * kernel/kernel.h has what code needs (a symbol by its name, the function at an address);
 * this is for lists, patterns and lookups. Plain values; names are hostile text.
 */
#ifndef KERNEL_SYMBOLS_H
#define KERNEL_SYMBOLS_H

#include "kernel/kernel.h"
#include "kernel/module.h"

struct symbol {
	vaddr_t addr;
	u64 size;  /* up to the next symbol, 0 if unknown */
	char type; /* as nm(1) prints it, '?' if unknown */
	char name[512];
	char module[MODULE_NAME_MAX_LEN]; /* "" for the image */
};

/* The symbol @name of the image, else of a module. */
bool symbol_find(struct kernel *k, const char *name, struct symbol *ret);
/* The symbol that @addr lies in, at most @max_offset bytes into it. *@ret_offset: how far.
 */
bool symbol_at(struct kernel *k, vaddr_t addr, u64 max_offset, struct symbol *ret,
	       u64 *ret_offset);

/* Called with a symbol that is valid only in the call; false ends the walk. */
typedef bool (*symbol_visit)(void *ctx, const struct symbol *s);

/* Each symbol of the image, by address; of @m; of all modules, the oldest first. False if
 * @visit ended it. */
bool symbol_each(struct kernel *k, symbol_visit visit, void *ctx);
bool symbol_each_of(struct kernel *k, const struct kernel_module *m, symbol_visit visit,
		    void *ctx);
bool symbol_each_of_modules(struct kernel *k, symbol_visit visit, void *ctx);

#endif
