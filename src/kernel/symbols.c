#include "kernel/symbols.h"

#include "base/str.h"
#include "kernel/kernel_priv.h"

#include <string.h>

#define IMAGE_MAX_LEN ((u64)1 << 30)

static void take_image_symbol(const struct kallsyms_symbol *from, struct symbol *ret)
{
	ret->addr = from->addr;
	ret->size = from->size;
	ret->type = from->type;
	memcpy(ret->name, from->name, sizeof(ret->name));
	ret->module[0] = '\0';
}

bool symbol_each(struct kernel *k, symbol_visit visit, void *ctx)
{
	const struct kallsyms *table = k->symbols.kallsyms;
	struct kallsyms_symbol from;
	struct symbol s;

	for (u32 i = 0; table && i < kallsyms_count(table); i++) {
		kallsyms_get(table, i, &from);
		take_image_symbol(&from, &s);
		if (!visit(ctx, &s))
			return false;
	}
	return true;
}

static void take_module_symbol(const struct symbol_at *from, struct symbol *ret)
{
	ret->size = from->size;
	memcpy(ret->name, from->name, sizeof(ret->name));
	memcpy(ret->module, from->module, sizeof(ret->module));
}

bool symbol_each_of(struct kernel *k, const struct kernel_module *m, symbol_visit visit,
		    void *ctx)
{
	size_t count = module_num_symbols(k, m);
	struct symbol_at from;
	struct symbol s;

	for (size_t i = 0; i < count; i++) {
		if (!module_symbol(k, m, i, &from, &s.addr, &s.type))
			continue;
		take_module_symbol(&from, &s);
		if (!visit(ctx, &s))
			return false;
	}
	return true;
}

bool symbol_each_of_modules(struct kernel *k, symbol_visit visit, void *ctx)
{
	size_t count;
	const struct kernel_module *modules = kernel_modules(k, &count);

	while (count-- > 0)
		if (!symbol_each_of(k, &modules[count], visit, ctx))
			return false;
	return true;
}

struct search {
	const char *name;
	struct symbol *ret;
};

static bool match_name(void *ctx, const struct symbol *s)
{
	struct search *search = ctx;

	if (!str_eq(s->name, search->name))
		return true;
	*search->ret = *s;
	return false;
}

/* What the table has at @addr under @name, which other names may share. */
static bool find_at(struct kernel *k, const char *name, vaddr_t addr, struct symbol *ret)
{
	struct kallsyms_symbol from;

	if (!kallsyms_at(k->symbols.kallsyms, addr, &from))
		return false;
	take_image_symbol(&from, ret);
	if (!str_eq(from.name, name)) {
		struct search search = {name, ret};

		return !symbol_each(k, match_name, &search);
	}
	return true;
}

bool symbol_find(struct kernel *k, const char *name, struct symbol *ret)
{
	struct search search = {name, ret};
	vaddr_t addr;

	if (kernel_symbol_find(k, name, &addr)) {
		if (k->symbols.kallsyms && find_at(k, name, addr, ret))
			return true;
		*ret = (struct symbol){.addr = addr, .type = '?'};
		snprintf(ret->name, sizeof(ret->name), "%s", name);
		return true;
	}
	return !symbol_each_of_modules(k, match_name, &search);
}

/* Find the bounds of the image, once: a table is searched through for each. */
static void find_image(struct kernel *k)
{
	vaddr_t start, end;

	k->is_image_tried = true;
	if (!kernel_symbol_find(k, "_text", &start) &&
	    !kernel_symbol_find(k, "_stext", &start))
		return;
	k->is_image_open = !kernel_symbol_find(k, "_end", &end);
	if (k->is_image_open)
		end = start + IMAGE_MAX_LEN;
	if (end > start)
		k->image = (struct text_range){start, end - start};
}

static bool is_in_image(struct kernel *k, vaddr_t addr)
{
	if (!k->is_image_tried)
		find_image(k);
	return text_range_has(&k->image, addr) &&
	       !(k->is_image_open && kernel_module_of(k, addr));
}

bool symbol_at(struct kernel *k, vaddr_t addr, u64 max_offset, struct symbol *ret,
	       u64 *ret_offset)
{
	const struct kernel_module *m;
	struct kallsyms_symbol from;
	struct symbol_at at;

	if (is_in_image(k, addr)) {
		if (!k->symbols.kallsyms || !kallsyms_at(k->symbols.kallsyms, addr, &from))
			return false;
		take_image_symbol(&from, ret);
	} else {
		m = kernel_module_of(k, addr);
		if (!m || !module_symbol_in(k, m, addr, &at, &ret->type))
			return false;
		take_module_symbol(&at, ret);
		ret->addr = addr - at.offset;
	}
	*ret_offset = addr - ret->addr;
	return *ret_offset <= max_offset;
}
