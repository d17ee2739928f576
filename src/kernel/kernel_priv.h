/* The inside of a struct kernel, shared by kernel.c, field.c, module.c and stack.c. */
#ifndef KERNEL_KERNEL_PRIV_H
#define KERNEL_KERNEL_PRIV_H

#include "kernel/field.h"
#include "kernel/kernel.h"
#include "kernel/module.h"
#include "symbol/btf.h"
#include "symbol/kallsyms.h"
#include "symbol/orc.h"

#define IMAGE_TEXT_RANGES 2 /* _stext … _etext, _sinittext … _einittext */

/* The image's symbol table and the views it borrows. */
struct image_symbols {
	struct dump_view names, token_table, token_index, offsets;
	struct kallsyms *kallsyms; /* NULL: could not be had */
};

/* The image's types. Loaded when first asked for. */
struct image_types {
	bool is_tried;
	struct dump_view view;
	struct btf *btf; /* NULL: could not be had */
};

struct field_cache_entry {
	char *name; /* "type.member", owned; NULL: free */
	struct field field;
};

/* Open addressing, never more than half full. */
struct field_cache {
	struct field_cache_entry *entries;
	size_t num_entries, num_used;
};

struct module_symbol {
	vaddr_t addr;
	u64 size; /* 0: not known */
	u32 name; /* offset in the string table */
	char type;
};

/* What is loaded of a module when it is first asked for. */
struct module_details {
	bool has_symbols_tried;
	vaddr_t strings;
	struct module_symbol *symbols; /* owned; by address */
	size_t num_symbols;
	vaddr_t kallsyms; /* struct mod_kallsyms, 0 if none */
	struct orc_table orc;
};

/* One stretch of a module's text. */
struct module_text {
	struct text_range range;
	size_t module; /* index */
};

struct kernel {
	struct dump *dump;
	const struct arch *arch;
	struct image_symbols symbols;
	struct image_types types;
	struct field_cache fields;
	struct text_range text[IMAGE_TEXT_RANGES];
	bool is_image_tried;
	struct text_range image; /* text and data; empty: not known */
	bool is_image_open;	 /* its end is not known: modules may lie in `image` */

	bool is_orc_tried;
	bool has_orc; /* the image's table is there */
	struct orc_table orc;

	/* kernel_stand_in(): borrowed, and NULL for most of the time */
	const u8 *stand_in;
	vaddr_t stand_in_addr;
	size_t stand_in_len;

	vaddr_t percpu_offsets; /* __per_cpu_offset, 0: not known */

	bool are_modules_tried;
	bool are_modules_incomplete;
	struct kernel_module *modules;	/* owned */
	struct module_details *details; /* beside them */
	size_t num_modules;
	struct module_text *module_texts; /* owned; by address */
	size_t num_module_texts;
	size_t num_module_symbols; /* loaded so far, of all modules */
};

/* The image's types, NULL if there are none (told once in the dump's notices). */
const struct btf *kernel_types(struct kernel *k);

/* The ORC table that covers code address @addr, NULL if there is none. */
const struct orc_table *kernel_orc_table(struct kernel *k, vaddr_t addr);

/* kernel_read() as a callback; @ctx is the struct kernel. */
struct err *kernel_read_callback(void *ctx, vaddr_t addr, void *data, size_t len);

void field_cache_deinit(struct field_cache *c);

void modules_deinit(struct kernel *k);
const struct orc_table *module_orc_table(struct kernel *k, vaddr_t addr);
bool module_symbol_at(struct kernel *k, vaddr_t addr, struct symbol_at *ret);
/* The same in module @m, of data too, with the letter of its type. */
bool module_symbol_in(struct kernel *k, const struct kernel_module *m, vaddr_t addr,
		      struct symbol_at *ret, char *ret_type);
/* A module's symbols by address: how many, and one of them. False if its name cannot be
 * read. */
size_t module_num_symbols(struct kernel *k, const struct kernel_module *m);
bool module_symbol(struct kernel *k, const struct kernel_module *m, size_t index,
		   struct symbol_at *ret, vaddr_t *ret_addr, char *ret_type);

static inline bool text_range_has(const struct text_range *r, vaddr_t addr)
{
	return addr - r->start < r->len;
}

#endif
