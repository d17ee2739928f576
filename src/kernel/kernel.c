#include "kernel/kernel_priv.h"

#include "base/bytes.h"

#include <assert.h>

#define TOKEN_TABLE_MAX_LEN ((size_t)32 << 10)
#define MAX_CPUS	    65536
#define STR_CHUNK	    256
/* The direct map begins at a multiple of what one entry of a third-level table maps. */
#define DIRECT_MAP_ALIGN ((u64)1 << 30)

struct dump *kernel_dump(struct kernel *k)
{
	return k->dump;
}

void kernel_stand_in(struct kernel *k, vaddr_t addr, const void *data, size_t len)
{
	k->stand_in = len ? data : NULL;
	k->stand_in_addr = addr;
	k->stand_in_len = len;
}

struct err *kernel_read(struct kernel *k, vaddr_t addr, void *data, size_t len)
{
	if (k->stand_in && range_fits(addr - k->stand_in_addr, len, k->stand_in_len)) {
		memcpy(data, k->stand_in + (addr - k->stand_in_addr), len);
		return NULL;
	}
	return dump_read(k->dump, ADDR_VIRTUAL, addr, data, len);
}

struct err *kernel_read_callback(void *ctx, vaddr_t addr, void *data, size_t len)
{
	return kernel_read(ctx, addr, data, len);
}

struct err *kernel_read_u8(struct kernel *k, vaddr_t addr, u8 *ret)
{
	return kernel_read(k, addr, ret, sizeof(*ret));
}

struct err *kernel_read_u16(struct kernel *k, vaddr_t addr, u16 *ret)
{
	u8 bytes[2];
	struct err *err = kernel_read(k, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = k->arch->is_big_endian ? get_be16(bytes) : get_le16(bytes);
	return err;
}

struct err *kernel_read_u32(struct kernel *k, vaddr_t addr, u32 *ret)
{
	u8 bytes[4];
	struct err *err = kernel_read(k, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = k->arch->is_big_endian ? get_be32(bytes) : get_le32(bytes);
	return err;
}

struct err *kernel_read_u64(struct kernel *k, vaddr_t addr, u64 *ret)
{
	u8 bytes[8];
	struct err *err = kernel_read(k, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = k->arch->is_big_endian ? get_be64(bytes) : get_le64(bytes);
	return err;
}

struct err *kernel_read_words(struct kernel *k, vaddr_t addr, u64 *ret, size_t count)
{
	u8 *bytes = (u8 *)ret;
	struct err *err = kernel_read(k, addr, bytes, count * sizeof(*ret));

	for (size_t i = 0; !err && i < count; i++)
		ret[i] = k->arch->is_big_endian ? get_be64(bytes + i * sizeof(*ret))
						: get_le64(bytes + i * sizeof(*ret));
	return err;
}

struct err *kernel_read_ptr(struct kernel *k, vaddr_t addr, vaddr_t *ret)
{
	return kernel_read_u64(k, addr, ret);
}

struct err *kernel_read_str(struct kernel *k, vaddr_t addr, char *text, size_t size)
{
	size_t used = 0;

	assert(size > 0);
	/* Bit by bit: the page behind a string need not be there. */
	while (used < size - 1) {
		size_t len = size - 1 - used < STR_CHUNK ? size - 1 - used : STR_CHUNK;
		size_t got = 0;
		struct err *why = NULL;

		dump_read_some(k->dump, ADDR_VIRTUAL, addr + used, text + used, len, &got,
			       &why);
		if (memchr(text + used, '\0', got)) {
			err_free(why);
			return NULL;
		}
		if (why)
			return err_wrap(why, "string at 0x%llx", (unsigned long long)addr);
		used += got;
	}
	text[used] = '\0';
	return NULL;
}

/* ---- symbols of the image ---- */

/* What VMCOREINFO says of the tables (kernels since 6.0). */
struct kallsyms_places {
	vaddr_t num_symbols, names, token_table, token_index, offsets, relative_base;
	bool has_relative_base;
};

static struct err *find_places(const struct vmcoreinfo *vi, struct kallsyms_places *ret)
{
	const struct {
		const char *name;
		vaddr_t *addr;
	} needed[] = {
		{"kallsyms_num_syms", &ret->num_symbols},
		{"kallsyms_names", &ret->names},
		{"kallsyms_token_table", &ret->token_table},
		{"kallsyms_token_index", &ret->token_index},
		{"kallsyms_offsets", &ret->offsets},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!vmcoreinfo_symbol(vi, needed[i].name, needed[i].addr))
			return err_new(ERR_ABSENT, "VMCOREINFO has no SYMBOL(%s)",
				       needed[i].name);
	ret->has_relative_base =
		vmcoreinfo_symbol(vi, "kallsyms_relative_base", &ret->relative_base);
	return NULL;
}

/* The names end somewhere before the next table. */
static size_t names_max_len(const struct kallsyms_places *p, u32 num_symbols)
{
	const vaddr_t others[] = {p->num_symbols, p->token_table, p->token_index,
				  p->offsets, p->relative_base};
	u64 len = min_u64((u64)num_symbols * KALLSYMS_NAME_LEN, KALLSYMS_MAX_NAMES_LEN);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] > p->names)
			len = min_u64(len, others[i] - p->names);
	return len;
}

static struct err *view_tables(struct kernel *k, const struct kallsyms_places *p,
			       struct kallsyms_tables *t)
{
	struct image_symbols *s = &k->symbols;
	u64 tokens_len = p->token_index - p->token_table;
	struct err *err;

	if (tokens_len > TOKEN_TABLE_MAX_LEN)
		tokens_len = TOKEN_TABLE_MAX_LEN;
	err = dump_view(k->dump, p->names, names_max_len(p, t->num_symbols), &s->names);
	if (!err)
		err = dump_view(k->dump, p->token_table, tokens_len, &s->token_table);
	if (!err)
		err = dump_view(k->dump, p->token_index, KALLSYMS_TOKEN_INDEX_LEN,
				&s->token_index);
	if (!err)
		err = dump_view(k->dump, p->offsets, (size_t)t->num_symbols * 4,
				&s->offsets);
	if (err)
		return err;
	t->names = s->names.data;
	t->names_len = s->names.len;
	t->token_table = s->token_table.data;
	t->token_table_len = s->token_table.len;
	t->token_index = s->token_index.data;
	t->offsets = s->offsets.data;
	t->offsets_addr = p->offsets;
	return NULL;
}

static struct err *open_symbols(struct kernel *k)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);
	struct kallsyms_places places = {0};
	struct kallsyms_tables tables = {0};
	struct err *err;

	if (!vi)
		return err_new(ERR_ABSENT, "the dump has no VMCOREINFO");
	if (!vmcoreinfo_symbol(vi, "_stext", &tables.text_start))
		return err_new(ERR_ABSENT, "VMCOREINFO has no SYMBOL(_stext)");
	err = find_places(vi, &places);
	if (!err)
		err = kernel_read_u32(k, places.num_symbols, &tables.num_symbols);
	if (err)
		return err;
	if (tables.num_symbols == 0 || tables.num_symbols > KALLSYMS_MAX_SYMBOLS)
		return err_new(ERR_BAD_DATA, "an impossible number of symbols: %u",
			       tables.num_symbols);
	if (places.has_relative_base) {
		tables.has_relative_base = true;
		err = kernel_read_u64(k, places.relative_base, &tables.relative_base);
	}
	if (!err)
		err = view_tables(k, &places, &tables);
	if (!err)
		err = kallsyms_open(&tables, &k->symbols.kallsyms);
	return err;
}

static void close_symbols(struct image_symbols *s)
{
	kallsyms_free(s->kallsyms);
	s->kallsyms = NULL;
	dump_view_release(&s->names);
	dump_view_release(&s->token_table);
	dump_view_release(&s->token_index);
	dump_view_release(&s->offsets);
}

bool kernel_symbol_find(struct kernel *k, const char *name, vaddr_t *ret)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);

	if (k->symbols.kallsyms && kallsyms_find(k->symbols.kallsyms, name, ret))
		return true;
	return vi && vmcoreinfo_symbol(vi, name, ret);
}

struct err *kernel_symbol_get(struct kernel *k, const char *name, vaddr_t *ret)
{
	if (!kernel_symbol_find(k, name, ret))
		return err_new(ERR_ABSENT, "the crashed kernel has no symbol %s%s", name,
			       k->symbols.kallsyms ? ""
						   : ", as far as VMCOREINFO alone tells");
	return NULL;
}

static bool image_symbol_at(struct kernel *k, vaddr_t addr, struct symbol_at *ret)
{
	struct kallsyms_symbol symbol;

	if (!k->symbols.kallsyms || !kallsyms_at(k->symbols.kallsyms, addr, &symbol))
		return false;
	memcpy(ret->name, symbol.name, sizeof(ret->name));
	ret->module[0] = '\0';
	ret->offset = addr - symbol.addr;
	ret->size = symbol.size;
	return true;
}

static bool is_image_text(const struct kernel *k, vaddr_t addr)
{
	for (size_t i = 0; i < IMAGE_TEXT_RANGES; i++)
		if (text_range_has(&k->text[i], addr))
			return true;
	return false;
}

bool kernel_symbol_at(struct kernel *k, vaddr_t addr, struct symbol_at *ret)
{
	if (is_image_text(k, addr))
		return image_symbol_at(k, addr, ret);
	return module_symbol_at(k, addr, ret);
}

bool kernel_is_text(struct kernel *k, vaddr_t addr)
{
	return is_image_text(k, addr) || kernel_module_at(k, addr);
}

static void find_text(struct kernel *k)
{
	static const char *const bounds[IMAGE_TEXT_RANGES][2] = {
		{"_stext", "_etext"}, {"_sinittext", "_einittext"}};
	vaddr_t start, end;

	for (size_t i = 0; i < IMAGE_TEXT_RANGES; i++)
		if (kernel_symbol_find(k, bounds[i][0], &start) &&
		    kernel_symbol_find(k, bounds[i][1], &end) && start < end)
			k->text[i] = (struct text_range){start, end - start};
}

/* ---- types ---- */

static struct err *open_types(struct kernel *k)
{
	struct image_types *t = &k->types;
	vaddr_t start, end;
	struct err *err = kernel_symbol_get(k, "__start_BTF", &start);

	if (!err)
		err = kernel_symbol_get(k, "__stop_BTF", &end);
	if (err)
		return err;
	if (end <= start || end - start > BTF_MAX_LEN)
		return err_new(ERR_BAD_DATA, "__start_BTF … __stop_BTF is 0x%llx … 0x%llx",
			       (unsigned long long)start, (unsigned long long)end);
	err = dump_view(k->dump, start, end - start, &t->view);
	if (!err)
		err = btf_open(t->view.data, t->view.len, &t->btf);
	return err;
}

const struct btf *kernel_types(struct kernel *k)
{
	struct err *err;

	if (k->types.is_tried)
		return k->types.btf;
	k->types.is_tried = true;
	err = open_types(k);
	if (err) {
		dump_view_release(&k->types.view);
		notices_add_err(dump_notices(k->dump),
				err_wrap(err,
					 "types (BTF) cannot be had, so what depends on "
					 "them is missing"));
	}
	return k->types.btf;
}

/* ---- unwind tables ---- */

static struct err *find_orc_encoding(struct kernel *k, struct orc_table *t)
{
	const struct btf *types;
	struct btf_member type, other;
	vaddr_t header;
	u32 id;

	if (kernel_symbol_find(k, "__start_orc_header", &header)) {
		u8 hash[ORC_HASH_LEN];
		struct err *err = kernel_read(k, header, hash, sizeof(hash));

		if (err)
			return err;
		if (!orc_encoding_from_hash(hash, &t->encoding))
			return err_new(ERR_UNSUPPORTED,
				       "ORC tables of an unknown encoding (hash "
				       "%02x%02x%02x%02x…)",
				       hash[0], hash[1], hash[2], hash[3]);
		return NULL;
	}
	types = kernel_types(k);
	id = types ? btf_find_struct(types, "orc_entry", 0) : 0;
	if (id && btf_find_member(types, id, "type", &type) &&
	    orc_encoding_from_layout(
		    type.bit_size, btf_find_member(types, id, "signal", &other),
		    btf_find_member(types, id, "end", &other), &t->encoding))
		return NULL;
	return orc_guess_encoding(t, kernel_read_callback, k, &t->encoding);
}

static struct err *open_orc(struct kernel *k)
{
	static const char *const names[] = {"__start_orc_unwind_ip", "__stop_orc_unwind_ip",
					    "__start_orc_unwind", "__stop_orc_unwind"};
	vaddr_t at[ARRAY_SIZE(names)];
	u64 count;
	struct err *err;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		err = kernel_symbol_get(k, names[i], &at[i]);
		if (err)
			return err;
	}
	count = (at[1] - at[0]) / 4;
	if (count == 0 || count > ORC_MAX_ENTRIES || at[3] - at[2] < count * ORC_ENTRY_LEN)
		return err_new(ERR_BAD_DATA, "ORC tables of 0x%llx and 0x%llx bytes",
			       (unsigned long long)(at[1] - at[0]),
			       (unsigned long long)(at[3] - at[2]));
	k->orc = (struct orc_table){.ips = at[0], .rows = at[2], .count = (u32)count};
	err = find_orc_encoding(k, &k->orc);
	if (err)
		return err;
	k->has_orc = true;
	return NULL;
}

const struct orc_table *kernel_orc_table(struct kernel *k, vaddr_t addr)
{
	if (!k->is_orc_tried) {
		k->is_orc_tried = true;
		notices_add_err(dump_notices(k->dump),
				err_wrap(open_orc(k), "backtraces cannot be had"));
	}
	if (!k->has_orc)
		return NULL;
	return is_image_text(k, addr) ? &k->orc : module_orc_table(k, addr);
}

/* ---- per-CPU variables ---- */

struct err *kernel_percpu(struct kernel *k, vaddr_t base, unsigned cpu, vaddr_t *ret)
{
	u64 offset;
	struct err *err;

	if (cpu >= MAX_CPUS)
		return err_new(ERR_BAD_DATA, "CPU number %u is impossible", cpu);
	if (!k->percpu_offsets) {
		/* A kernel for one CPU has no such array: there is one copy. */
		if (k->symbols.kallsyms && cpu == 0) {
			*ret = base;
			return NULL;
		}
		return err_new(ERR_ABSENT,
			       "per-CPU data cannot be found without __per_cpu_offset");
	}
	err = kernel_read_u64(k, k->percpu_offsets + (u64)cpu * 8, &offset);
	if (err)
		return err_wrap(err, "__per_cpu_offset[%u]", cpu);
	*ret = base + offset;
	return NULL;
}

struct err *kernel_percpu_symbol(struct kernel *k, const char *symbol, unsigned cpu,
				 vaddr_t *ret)
{
	vaddr_t base;
	struct err *err = kernel_symbol_get(k, symbol, &base);

	if (err)
		return err;
	return err_wrap(kernel_percpu(k, base, cpu, ret), "%s of CPU %u", symbol, cpu);
}

/* ---- opening ---- */

/* Physical memory is mapped as a whole somewhere; the kernel keeps the address in a
 * variable since 021182e52fe0 ("x86/mm: Enable KASLR for physical mapping memory regions").
 */
static struct err *find_direct_map(struct kernel *k)
{
	const char *name = k->arch->direct_map_symbol;
	vaddr_t symbol, base;
	struct err *err;

	if (!name || !kernel_symbol_find(k, name, &symbol))
		return NULL;
	err = kernel_read_ptr(k, symbol, &base);
	if (err)
		return err_wrap(err, "%s", name);
	if (base % DIRECT_MAP_ALIGN || !(base >> 63))
		return err_new(ERR_BAD_DATA, "%s is 0x%llx, which cannot be", name,
			       (unsigned long long)base);
	dump_set_direct_map(k->dump, base,
			    dump_max_pfn(k->dump) << dump_page_shift(k->dump));
	return NULL;
}

struct err *kernel_open(struct dump *d, struct kernel **ret)
{
	struct kernel *k = calloc(1, sizeof(*k));
	struct err *err;

	if (!k)
		return err_nomem();
	k->dump = d;
	k->arch = dump_arch(d);
	err = open_symbols(k);
	if (err) {
		close_symbols(&k->symbols);
		notices_add_err(dump_notices(d),
				err_wrap(err, "the kernel's symbol table cannot be had"));
	}
	notices_add_err(dump_notices(d), find_direct_map(k));
	find_text(k);
	if (!kernel_symbol_find(k, "__per_cpu_offset", &k->percpu_offsets))
		k->percpu_offsets = 0;
	*ret = k;
	return NULL;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	modules_deinit(k);
	field_cache_deinit(&k->fields);
	btf_free(k->types.btf);
	dump_view_release(&k->types.view);
	close_symbols(&k->symbols);
	free(k);
}
