/*
 * The modules that were loaded in the crashed kernel.
 *
 * The list is read once, when it is first asked for, and lives as long as the kernel. Names
 * are hostile text. Source: include/linux/module.h, kernel/module/.
 */
#ifndef KERNEL_MODULE_H
#define KERNEL_MODULE_H

#include "kernel/kernel.h"

#define MODULE_NAME_MAX_LEN 64
#define MODULE_MAX_PARTS    16

struct text_range {
	vaddr_t start;
	u64 len;
};

/* enum module_state. */
enum module_state { MODULE_LIVE, MODULE_COMING, MODULE_GOING, MODULE_UNFORMED };

struct kernel_module {
	vaddr_t address; /* of the struct module */
	char name[MODULE_NAME_MAX_LEN];
	unsigned state; /* an enum module_state, or what else was there */
	u64 taints;	/* bits as in the kernel's tainted_mask */
	vaddr_t base;	/* where its text lies */
	u64 size;	/* bytes of all its parts, as lsmod prints */
	struct text_range text, init_text;
	struct text_range parts[MODULE_MAX_PARTS]; /* all it has: text, data … */
	size_t num_parts;
};

/* All modules, the newest first. Empty, with a notice in the dump, if the list cannot be
 * read. */
const struct kernel_module *kernel_modules(struct kernel *k, size_t *ret_count);

/* The module in whose text @addr lies, NULL if none. */
const struct kernel_module *kernel_module_at(struct kernel *k, vaddr_t addr);
/* The module in any of whose parts @addr lies, NULL if none. */
const struct kernel_module *kernel_module_of(struct kernel *k, vaddr_t addr);

#endif
