#include "kernel/field.h"

#include "base/bytes.h"
#include "kernel/kernel_priv.h"

#include <string.h>

#define CACHE_FIRST_SIZE 256
#define CACHE_MAX_USED	 4096
#define NAME_MAX_LEN	 256
#define MAX_NAMESAKES	 16 /* structs of one name that are looked into */

/* ---- cache ---- */

static size_t hash_name(const char *name)
{
	u32 hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (u8)*name) * 16777619u;
	return hash;
}

/* The entry of @name, or the free one where it belongs. */
static struct field_cache_entry *cache_slot(const struct field_cache *c, const char *name)
{
	size_t i = hash_name(name);

	for (;; i++) {
		struct field_cache_entry *e = &c->entries[i & (c->num_entries - 1)];

		if (!e->name || strcmp(e->name, name) == 0)
			return e;
	}
}

static bool cache_grow(struct field_cache *c)
{
	struct field_cache bigger = {
		.num_entries = c->num_entries ? 2 * c->num_entries : CACHE_FIRST_SIZE,
		.num_used = c->num_used,
	};

	bigger.entries = calloc(bigger.num_entries, sizeof(*bigger.entries));
	if (!bigger.entries)
		return false;
	for (size_t i = 0; i < c->num_entries; i++)
		if (c->entries[i].name)
			*cache_slot(&bigger, c->entries[i].name) = c->entries[i];
	free(c->entries);
	*c = bigger;
	return true;
}

/* Without memory, or with very many, a field is just not remembered. */
static void cache_add(struct field_cache *c, const char *name, const struct field *field)
{
	struct field_cache_entry *e;

	if (c->num_used >= CACHE_MAX_USED)
		return;
	if (2 * (c->num_used + 1) > c->num_entries && !cache_grow(c))
		return;
	e = cache_slot(c, name);
	e->name = strdup(name);
	if (!e->name)
		return;
	e->field = *field;
	c->num_used++;
}

void field_cache_deinit(struct field_cache *c)
{
	for (size_t i = 0; i < c->num_entries; i++)
		free(c->entries[i].name);
	free(c->entries);
	*c = (struct field_cache){0};
}

/* ---- lookup ---- */

static bool find_in_types(const struct btf *types, const char *type, const char *member,
			  struct field *ret)
{
	struct btf_member m;
	u32 id = 0;

	/* Unrelated structs can share a name: the one that has the member is meant. */
	for (unsigned i = 0; i < MAX_NAMESAKES; i++) {
		id = btf_find_struct(types, type, id);
		if (!id)
			return false;
		if (!btf_find_member(types, id, member, &m))
			continue;
		*ret = (struct field){.present = true,
				      .offset = m.offset,
				      .size = m.size,
				      .bit_offset = m.bit_offset,
				      .bit_size = m.bit_size,
				      .count = m.count};
		return true;
	}
	return false;
}

static struct field look_up(struct kernel *k, const char *type, const char *member,
			    const char *name)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);
	const struct btf *types = kernel_types(k);
	struct field field = {.count = 1};
	u64 offset;

	/* VMCOREINFO knows offsets only: what the types say besides is taken along, unless
	 * they contradict it. */
	if (types)
		find_in_types(types, type, member, &field);
	if (vi && vmcoreinfo_offset(vi, name, &offset) &&
	    (!field.present || field.offset != offset))
		field = (struct field){.present = true, .offset = offset, .count = 1};
	return field;
}

struct field field_find(struct kernel *k, const char *type, const char *member)
{
	char name[NAME_MAX_LEN];
	struct field field;

	if (snprintf(name, sizeof(name), "%s.%s", type, member) >= (int)sizeof(name))
		return (struct field){0};
	if (k->fields.num_entries) {
		const struct field_cache_entry *e = cache_slot(&k->fields, name);

		if (e->name)
			return e->field;
	}
	field = look_up(k, type, member, name);
	cache_add(&k->fields, name, &field);
	return field;
}

struct err *field_get(struct kernel *k, const char *type, const char *member,
		      struct field *ret)
{
	struct field field = field_find(k, type, member);

	if (!field.present)
		return err_new(ERR_ABSENT, "the crashed kernel has no struct %s with %s%s",
			       type, member,
			       kernel_types(k) ? "" : ", as far as VMCOREINFO alone tells");
	*ret = field;
	return NULL;
}

static struct field look_up_size(struct kernel *k, const char *type)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);
	const struct btf *types;
	struct field size = {0};
	u32 id;

	size.present = vi && vmcoreinfo_size(vi, type, &size.size);
	types = size.present ? NULL : kernel_types(k);
	id = types ? btf_find_struct(types, type, 0) : 0;
	size.present |= id && btf_type_size(types, id, &size.size);
	return size;
}

static struct field look_up_constant(struct kernel *k, const char *name)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);
	const struct btf *types;
	struct field value = {0};

	value.present = vi && vmcoreinfo_number(vi, name, &value.offset);
	types = value.present ? NULL : kernel_types(k);
	value.present |= types && btf_find_enumerator(types, name, &value.offset);
	return value;
}

/* Sizes and constants are kept with the fields, under names that no field has: some are
 * asked for once per task or module, and a hostile table is slow to search. */
static struct field find_cached(struct kernel *k, const char *prefix, const char *name,
				struct field (*look_up_it)(struct kernel *k,
							   const char *name))
{
	char key[NAME_MAX_LEN];
	const struct field_cache_entry *e;
	struct field field;

	if (snprintf(key, sizeof(key), "%s%s", prefix, name) >= (int)sizeof(key))
		return look_up_it(k, name);
	e = k->fields.num_entries ? cache_slot(&k->fields, key) : NULL;
	if (e && e->name)
		return e->field;
	field = look_up_it(k, name);
	cache_add(&k->fields, key, &field);
	return field;
}

bool type_size_find(struct kernel *k, const char *type, u64 *ret)
{
	struct field size = find_cached(k, "sizeof ", type, look_up_size);

	if (size.present)
		*ret = size.size;
	return size.present;
}

bool constant_find(struct kernel *k, const char *name, u64 *ret)
{
	struct field value = find_cached(k, "constant ", name, look_up_constant);

	if (value.present)
		*ret = value.offset;
	return value.present;
}

/* ---- reading ---- */

static struct err *read_sized(struct kernel *k, vaddr_t addr, u64 size, u64 *ret)
{
	struct err *err;
	u8 value8 = 0;
	u16 value16 = 0;
	u32 value32 = 0;

	switch (size) {
	case 1:
		err = kernel_read_u8(k, addr, &value8);
		*ret = value8;
		return err;
	case 2:
		err = kernel_read_u16(k, addr, &value16);
		*ret = value16;
		return err;
	case 4:
		err = kernel_read_u32(k, addr, &value32);
		*ret = value32;
		return err;
	case 8:
		return kernel_read_u64(k, addr, ret);
	default:
		return err_new(ERR_UNSUPPORTED, "a member of %llu bytes is not a number",
			       (unsigned long long)size);
	}
}

struct err *field_read(struct kernel *k, vaddr_t base, const struct field *f, u64 *ret)
{
	u64 value = 0;
	struct err *err;

	if (!f->present)
		return err_new(ERR_ABSENT, "the crashed kernel has no such member");
	err = read_sized(k, base + f->offset, f->size ? f->size : 8, &value);
	if (err)
		return err;
	if (f->bit_size)
		value >>= f->bit_offset;
	if (f->bit_size && f->bit_size < 64)
		value &= ((u64)1 << f->bit_size) - 1;
	*ret = value;
	return NULL;
}

struct err *field_read_by_name(struct kernel *k, vaddr_t base, const char *type,
			       const char *member, u64 *ret)
{
	struct field field;
	struct err *err = field_get(k, type, member, &field);

	if (err)
		return err;
	return err_wrap(field_read(k, base, &field, ret), "%s.%s at 0x%llx", type, member,
			(unsigned long long)base);
}
