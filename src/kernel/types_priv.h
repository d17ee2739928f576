/* The inside of a struct types, shared by types.c, module_types.c and data_symbols.c. */
#ifndef KERNEL_TYPES_PRIV_H
#define KERNEL_TYPES_PRIV_H

#include "kernel/kernel_priv.h"
#include "kernel/types.h"

/* A module's own types. */
struct module_types {
	char name[MODULE_NAME_MAX_LEN];
	struct dump_view view;
	struct btf *btf;
};

/* A variable of a module. */
struct data_symbol {
	vaddr_t addr;
	u64 size;
	u32 name;   /* offset in the module's strings */
	u32 module; /* index */
};

struct types {
	struct kernel *k;

	bool are_modules_tried;
	struct module_types *modules; /* owned; the oldest first */
	size_t num_modules;

	bool are_symbols_tried;
	vaddr_t image_start, image_end;
	struct data_symbol *symbols; /* owned; of all modules, by address */
	size_t num_symbols;
};

/* Load the modules' types if that was not tried yet. What fails is told in the dump's
 * notices. */
void module_types_load(struct types *t);
void module_types_deinit(struct types *t);

void data_symbols_deinit(struct types *t);

#endif
