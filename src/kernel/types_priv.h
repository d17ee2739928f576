/* The inside of a struct types, shared by types.c and module_types.c. */
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

struct types {
	struct kernel *k;
	const struct debuginfo *debuginfo; /* borrowed, may be NULL */

	bool are_modules_tried;
	struct module_types *modules; /* owned; the oldest first */
	size_t num_modules;
};

/* Load the modules' types if that was not tried yet. What fails is told in the dump's
 * notices. */
void module_types_load(struct types *t);
void module_types_deinit(struct types *t);

#endif
