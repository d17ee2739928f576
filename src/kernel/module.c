#include "kernel/module.h"

#include "base/bytes.h"
#include "kernel/kernel_priv.h"

#include <string.h>

#define MAX_MODULES	   8192
#define MAX_MEMORY_PARTS   32
#define MAX_MODULE_SYMBOLS (1u << 20) /* of all modules together */
#define SYMBOL_CHUNK	   256
#define LINK_LEN	   8 /* list_head.next, before list_head.prev */

/* Elf64_Sym: st_name 4, st_info 1, st_other 1, st_shndx 2, st_value 8, st_size 8. */
#define ELF_SYM_LEN	  24
#define SECTION_UNDEFINED 0
#define SECTION_ABSOLUTE  0xfff1

/* ---- where a module's parts lie ---- */

static void add_part(struct kernel_module *m, vaddr_t start, u64 len)
{
	if (len && m->num_parts < MODULE_MAX_PARTS)
		m->parts[m->num_parts++] = (struct text_range){start, len};
}

/* Add struct module_layout @prefix, as kernels before ac3b43283923 ("module: replace
 * module_layout with module_memory") have two of. */
static void add_layout(struct kernel *k, struct kernel_module *m, const char *prefix,
		       struct text_range *text)
{
	static const char *const members[] = {"base", "size", "text_size"};
	u64 value[ARRAY_SIZE(members)];

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		char path[64];
		struct err *err;

		snprintf(path, sizeof(path), "%s.%s", prefix, members[i]);
		err = field_read_by_name(k, m->address, "module", path, &value[i]);
		if (err) {
			err_free(err);
			return;
		}
	}
	m->size += value[1];
	add_part(m, value[0], value[1]);
	*text = (struct text_range){value[0], min_u64(value[2], value[1])};
}

static bool part_type(struct kernel *k, const char *name, u64 *ret)
{
	return constant_find(k, name, ret) && *ret < MAX_MEMORY_PARTS;
}

/* Add the parts of `mem`, one per enum mod_mem_type. */
static void add_memory(struct kernel *k, struct kernel_module *m, const struct field *mem)
{
	u64 part_len = mem->count ? mem->size / mem->count : 0;
	u64 text_type, init_text_type;
	bool has_text = part_type(k, "MOD_TEXT", &text_type);
	bool has_init_text = part_type(k, "MOD_INIT_TEXT", &init_text_type);

	for (u64 i = 0; i < mem->count && i < MAX_MEMORY_PARTS; i++) {
		vaddr_t part = m->address + mem->offset + i * part_len;
		u64 base = 0, size = 0;
		struct err *err =
			field_read_by_name(k, part, "module_memory", "base", &base);

		if (!err)
			err = field_read_by_name(k, part, "module_memory", "size", &size);
		err_ignore(err);
		m->size += size;
		add_part(m, base, size);
		if (has_text && i == text_type)
			m->text = (struct text_range){base, size};
		else if (has_init_text && i == init_text_type)
			m->init_text = (struct text_range){base, size};
	}
}

static void read_parts(struct kernel *k, struct kernel_module *m)
{
	struct field mem = field_find(k, "module", "mem");

	if (mem.present) {
		add_memory(k, m, &mem);
	} else {
		add_layout(k, m, "core_layout", &m->text);
		add_layout(k, m, "init_layout", &m->init_text);
	}
	m->base = m->text.start;
}

/* ---- one module ---- */

/* The number in member @path of struct module, 0 if it cannot be had. */
static u64 read_member(struct kernel *k, vaddr_t module, const char *path)
{
	u64 value = 0;
	struct err *err = field_read_by_name(k, module, "module", path, &value);

	err_ignore(err);
	return value;
}

static struct err *read_module(struct kernel *k, vaddr_t address, struct kernel_module *ret,
			       struct module_details *ret_details)
{
	struct kernel_module m = {.address = address};
	struct module_details d = {0};
	struct field name;
	struct err *err = field_get(k, "module", "name", &name);

	if (!err)
		err = kernel_read_str(k, address + name.offset, m.name, sizeof(m.name));
	if (err)
		return err;
	m.state = (unsigned)read_member(k, address, "state");
	m.taints = read_member(k, address, "taints");
	read_parts(k, &m);
	d.kallsyms = read_member(k, address, "kallsyms");
	d.orc.count =
		(u32)min_u64(read_member(k, address, "arch.num_orcs"), ORC_MAX_ENTRIES);
	d.orc.ips = read_member(k, address, "arch.orc_unwind_ip");
	d.orc.rows = read_member(k, address, "arch.orc_unwind");
	*ret = m;
	*ret_details = d;
	return NULL;
}

/* ---- the list ---- */

static struct err *append(struct kernel *k, size_t *capacity, const struct kernel_module *m,
			  const struct module_details *d)
{
	if (k->num_modules == *capacity) {
		size_t bigger = *capacity ? 2 * *capacity : 32;
		void *modules = reallocarray(k->modules, bigger, sizeof(*k->modules));
		void *details;

		if (!modules)
			return err_nomem();
		k->modules = modules;
		details = reallocarray(k->details, bigger, sizeof(*k->details));
		if (!details)
			return err_nomem();
		k->details = details;
		*capacity = bigger;
	}
	k->modules[k->num_modules] = *m;
	k->details[k->num_modules] = *d;
	k->num_modules++;
	return NULL;
}

static bool is_known(const struct kernel *k, vaddr_t address)
{
	for (size_t i = 0; i < k->num_modules; i++)
		if (k->modules[i].address == address)
			return true;
	return false;
}

/* Add the modules found along one of the two links of a list_head (@link bytes into it), up
 * to the end, to where it cannot be followed, or to what is known already. */
static struct err *follow_list(struct kernel *k, vaddr_t head, const struct field *list,
			       u64 link, size_t *capacity)
{
	vaddr_t at = 0;
	struct err *err = kernel_read_ptr(k, head + link, &at);

	while (!err && at != head) {
		struct kernel_module m;
		struct module_details d;

		if (is_known(k, at - list->offset))
			return link ? NULL
				    : err_new(ERR_BAD_DATA, "the list loops at 0x%llx",
					      (unsigned long long)at);
		if (k->num_modules == MAX_MODULES)
			return err_new(ERR_BAD_DATA,
				       "the list does not end within %d modules",
				       MAX_MODULES);
		err = read_module(k, at - list->offset, &m, &d);
		if (!err)
			err = append(k, capacity, &m, &d);
		if (!err)
			err = kernel_read_ptr(k, at + link, &at);
	}
	return err;
}

static struct err *read_list(struct kernel *k)
{
	size_t capacity = 0;
	struct field list;
	vaddr_t head;
	struct err *err = kernel_symbol_get(k, "modules", &head);

	if (!err)
		err = field_get(k, "module", "list", &list);
	if (err)
		return err;
	err = follow_list(k, head, &list, 0, &capacity);
	/* What lies behind a gap can be reached from the other end. */
	if (err && k->num_modules < MAX_MODULES)
		err_ignore(follow_list(k, head, &list, LINK_LEN, &capacity));
	return err;
}

static int compare_texts(const void *a, const void *b)
{
	const struct module_text *x = a, *y = b;

	return x->range.start < y->range.start ? -1 : x->range.start > y->range.start;
}

/* Sort what text there is by address. */
static struct err *index_texts(struct kernel *k)
{
	k->module_texts = calloc(2 * k->num_modules + 1, sizeof(*k->module_texts));
	if (!k->module_texts)
		return err_nomem();
	for (size_t i = 0; i < k->num_modules; i++) {
		const struct text_range ranges[] = {k->modules[i].text,
						    k->modules[i].init_text};

		for (size_t n = 0; n < ARRAY_SIZE(ranges); n++)
			if (ranges[n].len)
				k->module_texts[k->num_module_texts++] =
					(struct module_text){ranges[n], i};
	}
	qsort(k->module_texts, k->num_module_texts, sizeof(*k->module_texts),
	      compare_texts);
	return NULL;
}

const struct kernel_module *kernel_modules(struct kernel *k, size_t *ret_count)
{
	if (!k->are_modules_tried) {
		struct err *err;

		k->are_modules_tried = true;
		err = read_list(k);
		k->are_modules_incomplete = err != NULL;
		notices_add_err(dump_notices(k->dump),
				err_wrap(err,
					 "the list of modules is broken, %zu were found",
					 k->num_modules));
		notices_add_err(dump_notices(k->dump), index_texts(k));
	}
	*ret_count = k->num_modules;
	return k->modules;
}

void modules_deinit(struct kernel *k)
{
	for (size_t i = 0; i < k->num_modules; i++)
		free(k->details[i].symbols);
	free(k->modules);
	free(k->details);
	free(k->module_texts);
}

const struct kernel_module *kernel_module_at(struct kernel *k, vaddr_t addr)
{
	size_t count, low = 0, high;
	const struct kernel_module *modules = kernel_modules(k, &count);

	high = k->num_module_texts;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->module_texts[middle].range.start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || !text_range_has(&k->module_texts[low - 1].range, addr))
		return NULL;
	return &modules[k->module_texts[low - 1].module];
}

const struct orc_table *module_orc_table(struct kernel *k, vaddr_t addr)
{
	const struct kernel_module *m = kernel_module_at(k, addr);
	struct orc_table *table;

	if (!m)
		return NULL;
	table = &k->details[m - k->modules].orc;
	table->encoding = k->orc.encoding;
	return table->count ? table : NULL;
}

/* ---- symbols ---- */

static int compare_symbols(const void *a, const void *b)
{
	const struct module_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* Take the entries that are defined from @num Elf64_Syms at @bytes; the letters of their
 * types are at @types. */
static void take_symbols(struct module_details *d, const u8 *bytes, const char *types,
			 size_t num)
{
	for (size_t i = 0; i < num; i++, bytes += ELF_SYM_LEN) {
		struct module_symbol s = {.name = get_le32(bytes),
					  .addr = get_le64(bytes + 8),
					  .size = get_le64(bytes + 16),
					  .type = types[i]};
		u16 section = get_le16(bytes + 6);

		if (section != SECTION_UNDEFINED && section != SECTION_ABSOLUTE && s.name)
			d->symbols[d->num_symbols++] = s;
	}
}

/* The letters of @num symbols from @first on, as nm(1) prints them. Since 1c7651f43777
 * ("kallsyms: store type information in its own array") they have a table of their own. */
static void read_types(struct kernel *k, const struct module_details *d, u64 first,
		       size_t num, char types[SYMBOL_CHUNK])
{
	u64 table = 0;
	struct err *err =
		field_read_by_name(k, d->kallsyms, "mod_kallsyms", "typetab", &table);

	memset(types, '?', SYMBOL_CHUNK);
	if (!err)
		err = kernel_read(k, table + first, types, num);
	err_ignore(err);
}

static struct err *read_symbols(struct kernel *k, struct module_details *d)
{
	u8 chunk[SYMBOL_CHUNK * ELF_SYM_LEN];
	char types[SYMBOL_CHUNK];
	u64 table = 0, num = 0, strings = 0;
	struct err *err =
		field_read_by_name(k, d->kallsyms, "mod_kallsyms", "symtab", &table);

	if (!err)
		err = field_read_by_name(k, d->kallsyms, "mod_kallsyms", "num_symtab",
					 &num);
	if (!err)
		err = field_read_by_name(k, d->kallsyms, "mod_kallsyms", "strtab",
					 &strings);
	if (err)
		return err;
	if (num > MAX_MODULE_SYMBOLS - k->num_module_symbols)
		return err_new(ERR_BAD_DATA,
			       "%llu symbols, after %zu of other modules, are too many",
			       (unsigned long long)num, k->num_module_symbols);
	k->num_module_symbols += num;
	d->symbols = calloc(num + 1, sizeof(*d->symbols));
	if (!d->symbols)
		return err_nomem();
	d->strings = strings;
	for (u64 i = 0; i < num; i += SYMBOL_CHUNK) {
		size_t len = min_u64(SYMBOL_CHUNK, num - i);

		err = kernel_read(k, table + i * ELF_SYM_LEN, chunk, len * ELF_SYM_LEN);
		if (err)
			return err;
		read_types(k, d, i, len, types);
		take_symbols(d, chunk, types, len);
	}
	return NULL;
}

static void load_symbols(struct kernel *k, const struct kernel_module *m,
			 struct module_details *d)
{
	struct err *err;

	if (d->has_symbols_tried)
		return;
	d->has_symbols_tried = true;
	if (!d->kallsyms)
		return;
	err = read_symbols(k, d);
	if (err)
		notices_add_err(dump_notices(k->dump),
				err_wrap(err, "symbols of module %s", m->name));
	/* NULL where the read failed at once. */
	if (d->symbols)
		qsort(d->symbols, d->num_symbols, sizeof(*d->symbols), compare_symbols);
}

/* One past the last symbol at or below @addr. */
static size_t upper_bound(const struct module_details *d, vaddr_t addr)
{
	size_t low = 0, high = d->num_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->symbols[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The part of @m that @addr lies in, NULL if none. */
static const struct text_range *part_of(const struct kernel_module *m, vaddr_t addr)
{
	for (size_t i = 0; i < m->num_parts; i++)
		if (text_range_has(&m->parts[i], addr))
			return &m->parts[i];
	return NULL;
}

const struct kernel_module *kernel_module_of(struct kernel *k, vaddr_t addr)
{
	size_t count;
	const struct kernel_module *modules = kernel_modules(k, &count);

	for (size_t i = 0; i < count; i++)
		if (part_of(&modules[i], addr))
			return &modules[i];
	return NULL;
}

size_t module_num_symbols(struct kernel *k, const struct kernel_module *m)
{
	struct module_details *d = &k->details[m - k->modules];

	load_symbols(k, m, d);
	return d->num_symbols;
}

bool module_symbol(struct kernel *k, const struct kernel_module *m, size_t index,
		   struct symbol_at *ret, vaddr_t *ret_addr, char *ret_type)
{
	const struct module_details *d = &k->details[m - k->modules];
	const struct module_symbol *s = &d->symbols[index];
	struct err *err =
		kernel_read_str(k, d->strings + s->name, ret->name, sizeof(ret->name));

	if (err) {
		err_free(err);
		return false;
	}
	memcpy(ret->module, m->name, sizeof(ret->module));
	ret->offset = 0;
	ret->size = s->size;
	if (!ret->size && index + 1 < d->num_symbols)
		ret->size = d->symbols[index + 1].addr - s->addr;
	*ret_addr = s->addr;
	*ret_type = s->type;
	return ret->name[0] != '\0';
}

bool module_symbol_at(struct kernel *k, vaddr_t addr, struct symbol_at *ret)
{
	const struct kernel_module *m = kernel_module_at(k, addr);
	char type;

	return m && module_symbol_in(k, m, addr, ret, &type);
}

bool module_symbol_in(struct kernel *k, const struct kernel_module *m, vaddr_t addr,
		      struct symbol_at *ret, char *ret_type)
{
	const struct module_details *d = &k->details[m - k->modules];
	const struct text_range *part = part_of(m, addr);
	vaddr_t start;
	size_t end;

	module_num_symbols(k, m);
	end = upper_bound(d, addr);
	if (end == 0 || !part || !text_range_has(part, d->symbols[end - 1].addr))
		return false;
	/* The first of those with the same address. */
	end--;
	while (end > 0 && d->symbols[end - 1].addr == d->symbols[end].addr)
		end--;
	if (!module_symbol(k, m, end, ret, &start, ret_type))
		return false;
	if (!d->symbols[end].size) {
		size_t next = upper_bound(d, start);

		ret->size = next < d->num_symbols ? d->symbols[next].addr - start : 0;
	}
	ret->offset = addr - start;
	return true;
}
