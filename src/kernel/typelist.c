#include "kernel/typelist.h"

#include "base/str.h"
#include "kernel/kernel.h"
#include "symbol/btf.h"

/* All that is ever asked for: page classes, then lists of free pages. Names that only some
 * kernels have are normal. */
static const struct btf_want all_wants[] = {
	{.type = "page"},
	{.type = "page", .member = "flags"},
	{.type = "page", .member = "mapping"},
	{.type = "page", .member = "_mapcount"},
	{.type = "page", .member = "_refcount"},
	{.type = "page", .member = "private"},
	{.type = "page", .member = "compound_head"},
	{.type = "page", .member = "compound_order"},
	{.type = "page", .member = "compound_dtor"},
	{.type = "folio", .member = "_folio_order"},
	{.type = "folio", .member = "_folio_dtor"},
	{.member = "PG_lru"},
	{.member = "PG_private"},
	{.member = "PG_swapcache"},
	{.member = "PG_swapbacked"},
	{.member = "PG_slab"},
	{.member = "PG_hwpoison"},
	{.member = "PG_head"},
	{.member = "PG_buddy"},
	{.member = "PG_offline"},
	{.member = "PG_hugetlb"},
	{.member = "PGTY_buddy"},
	{.member = "PGTY_slab"},
	{.member = "PGTY_offline"},
	{.member = "PGTY_hugetlb"},
	{.member = "HUGETLB_PAGE_DTOR"},
	{.type = "zone", .member = "free_area"},

	{.type = "page", .member = "lru"},
	{.type = "page", .member = "pcp_list"},
	{.type = "zone"},
	{.type = "zone", .member = "per_cpu_pageset"},
	{.type = "zone", .member = "pageset"},
	{.type = "per_cpu_pageset", .member = "pcp"},
	{.type = "per_cpu_pages", .member = "count"},
	{.type = "per_cpu_pages", .member = "lists"},
	{.type = "pglist_data", .member = "node_zones"},
	{.type = "cpumask"},
	{.member = "MIGRATE_PCPTYPES"},
};

_Static_assert(ARRAY_SIZE(all_wants) <= BTF_SCAN_MAX_WANTS, "too many wants");

/* Where the BTF is. */
struct place {
	struct dump *d;
	vaddr_t start;
	u64 len;
};

static struct err *read_btf(void *ctx, u64 offset, void *data, size_t len)
{
	const struct place *p = ctx;

	return dump_read(p->d, ADDR_VIRTUAL, p->start + offset, data, len);
}

/* The symbol table is open only while this looks at it. */
static struct err *find_symbols(struct dump *d, struct typelist *t, struct place *ret)
{
	cleanup(kernel_closep) struct kernel *k = NULL;
	struct err *err = kernel_open(d, &k);
	vaddr_t start, end;

	if (err)
		return err;
	if (!kernel_symbol_find(k, "__per_cpu_offset", &t->percpu_offsets))
		t->percpu_offsets = 0;
	if (!kernel_symbol_find(k, "__cpu_possible_mask", &t->possible_cpus))
		t->possible_cpus = 0;
	err = kernel_symbol_get(k, "__start_BTF", &start);
	if (!err)
		err = kernel_symbol_get(k, "__stop_BTF", &end);
	if (err)
		return err;
	if (end <= start || end - start > BTF_MAX_LEN)
		return err_new(ERR_BAD_DATA, "__start_BTF … __stop_BTF is 0x%llx … 0x%llx",
			       (unsigned long long)start, (unsigned long long)end);
	*ret = (struct place){.d = d, .start = start, .len = end - start};
	return NULL;
}

struct err *typelist_read(struct dump *d, struct typelist *ret)
{
	struct place place = {0};
	struct err *err;

	*ret = (struct typelist){0};
	err = find_symbols(d, ret, &place);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(all_wants); i++)
		ret->wants[i] = all_wants[i];
	err = btf_scan(read_btf, &place, place.len, ret->wants, ARRAY_SIZE(all_wants));
	if (!err)
		ret->num_wants = ARRAY_SIZE(all_wants);
	return err;
}

static bool same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

static const struct btf_want *find(const struct typelist *t, const char *type,
				   const char *member)
{
	for (size_t i = 0; i < t->num_wants; i++)
		if (t->wants[i].present && same(t->wants[i].type, type) &&
		    same(t->wants[i].member, member))
			return &t->wants[i];
	return NULL;
}

const struct btf_want *typelist_member(const struct typelist *t, const char *type,
				       const char *member)
{
	return find(t, type, member);
}

bool typelist_size(const struct typelist *t, const char *type, u64 *ret)
{
	const struct btf_want *w = find(t, type, NULL);

	if (w)
		*ret = w->value;
	return w;
}

bool typelist_number(const struct typelist *t, const char *name, u64 *ret)
{
	const struct btf_want *w = find(t, NULL, name);

	if (w)
		*ret = w->value;
	return w;
}
