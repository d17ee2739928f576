#include "kernel/types_priv.h"

#include "base/bytes.h"

#include <string.h>

/* Symbols of modules that are not code, which the unwinder has no use for. struct
 * mod_kallsyms: include/linux/module.h. */

#define MAX_DATA_SYMBOLS (1u << 20)
#define SYMBOL_CHUNK	 256
#define ELF_SYM_LEN	 24 /* st_name, st_info, st_other, st_shndx, st_value, st_size */

void data_symbols_deinit(struct types *t)
{
	free(t->symbols);
	t->symbols = NULL;
	t->num_symbols = 0;
}

/* Add @num data symbols of module @module from @bytes. */
static struct err *take(struct types *t, u32 module, const u8 *bytes, size_t num)
{
	struct data_symbol *grown =
		reallocarray(t->symbols, t->num_symbols + num + 1, sizeof(*t->symbols));

	if (!grown)
		return err_nomem();
	t->symbols = grown;
	for (size_t i = 0; i < num; i++, bytes += ELF_SYM_LEN) {
		struct data_symbol s = {.module = module,
					.name = get_le32(bytes),
					.addr = get_le64(bytes + 8),
					.size = get_le64(bytes + 16)};
		bool is_defined = get_le16(bytes + 6) != 0;

		if (is_defined && s.name && s.size)
			t->symbols[t->num_symbols++] = s;
	}
	return NULL;
}

static struct err *read_module(struct types *t, u32 module)
{
	u8 chunk[SYMBOL_CHUNK * ELF_SYM_LEN];
	vaddr_t kallsyms = t->k->details[module].kallsyms, table;
	u64 num;
	struct err *err;

	if (!kallsyms)
		return NULL;
	err = field_read_by_name(t->k, kallsyms, "mod_kallsyms", "symtab", &table);
	if (!err)
		err = field_read_by_name(t->k, kallsyms, "mod_kallsyms", "num_symtab",
					 &num);
	if (err)
		return err;
	if (num > MAX_DATA_SYMBOLS - t->num_symbols)
		return err_new(ERR_BAD_DATA, "%llu symbols are too many",
			       (unsigned long long)num);
	for (u64 i = 0; i < num; i += SYMBOL_CHUNK) {
		size_t len = min_u64(SYMBOL_CHUNK, num - i);

		err = kernel_read(t->k, table + i * ELF_SYM_LEN, chunk, len * ELF_SYM_LEN);
		if (!err)
			err = take(t, module, chunk, len);
		if (err)
			return err;
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct data_symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void load(struct types *t)
{
	size_t num_modules;

	if (t->are_symbols_tried)
		return;
	t->are_symbols_tried = true;
	if (!kernel_symbol_find(t->k, "_text", &t->image_start) &&
	    !kernel_symbol_find(t->k, "_stext", &t->image_start))
		t->image_start = t->image_end = 0;
	else if (!kernel_symbol_find(t->k, "_end", &t->image_end))
		t->image_end = t->image_start + ((u64)1 << 30);
	(void)kernel_modules(t->k, &num_modules);
	/* A module whose symbols cannot be read is told of where its code is named. */
	for (size_t i = 0; i < num_modules; i++)
		err_ignore(read_module(t, (u32)i));
	if (t->num_symbols)
		qsort(t->symbols, t->num_symbols, sizeof(*t->symbols), compare);
}

static bool module_data_at(struct types *t, vaddr_t addr, struct symbol_at *ret)
{
	size_t low = 0, high = t->num_symbols, num_modules;
	const struct kernel_module *modules = kernel_modules(t->k, &num_modules);
	const struct data_symbol *s;
	u64 strings = 0;
	struct err *err;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->symbols[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	s = &t->symbols[low - 1];
	if (addr - s->addr >= s->size)
		return false;
	err = field_read_by_name(t->k, t->k->details[s->module].kallsyms, "mod_kallsyms",
				 "strtab", &strings);
	if (!err)
		err = kernel_read_str(t->k, strings + s->name, ret->name,
				      sizeof(ret->name));
	if (err) {
		err_free(err);
		return false;
	}
	memcpy(ret->module, modules[s->module].name, sizeof(ret->module));
	ret->offset = addr - s->addr;
	ret->size = s->size;
	return ret->name[0] != '\0';
}

bool types_symbol_at(struct types *t, vaddr_t addr, struct symbol_at *ret)
{
	struct kallsyms_symbol symbol;

	if (kernel_symbol_at(t->k, addr, ret))
		return true;
	load(t);
	if (addr < t->image_start || addr >= t->image_end)
		return module_data_at(t, addr, ret);
	if (!t->k->symbols.kallsyms || !kallsyms_at(t->k->symbols.kallsyms, addr, &symbol))
		return false;
	*ret = (struct symbol_at){.offset = addr - symbol.addr, .size = symbol.size};
	memcpy(ret->name, symbol.name, sizeof(ret->name));
	return true;
}
