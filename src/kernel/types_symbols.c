#include "kernel/types_priv.h"

#include <string.h>

#define IMAGE_MAX_LEN ((u64)1 << 30)

/* Find the bounds of the image, once: a table is searched through for each. */
static void find_image(struct types *t)
{
	t->is_image_known = true;
	if (!kernel_symbol_find(t->k, "_text", &t->image_start) &&
	    !kernel_symbol_find(t->k, "_stext", &t->image_start))
		t->image_start = t->image_end = 0;
	else if (!kernel_symbol_find(t->k, "_end", &t->image_end))
		t->image_end = t->image_start + IMAGE_MAX_LEN;
}

bool types_symbol_at(struct types *t, vaddr_t addr, struct symbol_at *ret)
{
	struct kallsyms_symbol symbol;
	const struct kernel_module *m;
	char type;

	if (!t->is_image_known)
		find_image(t);
	if (addr < t->image_start || addr >= t->image_end) {
		m = kernel_module_of(t->k, addr);
		return m && module_symbol_in(t->k, m, addr, ret, &type);
	}
	if (!t->k->symbols.kallsyms || !kallsyms_at(t->k->symbols.kallsyms, addr, &symbol))
		return false;
	*ret = (struct symbol_at){.offset = addr - symbol.addr, .size = symbol.size};
	memcpy(ret->name, symbol.name, sizeof(ret->name));
	return true;
}
