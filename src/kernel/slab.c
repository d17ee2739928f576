#include "kernel/slab.h"

#include "kernel/field.h"
#include "kernel/memory_page.h"

#define MAX_PARTIAL (1u << 20) /* slabs on one list */

/* The members of struct slab; of struct page before it was split off it, in d122019bf061
 * ("mm: Split slab into its own type"), v5.17. */
struct slab_type {
	const char *name;
	struct field cache, free_list, objects, used, next, list;
};

struct slabs {
	struct kernel *k;
	struct memory_pages *pages;
	struct slab_type type;
	struct field free_offset, random, percpu;	   /* of kmem_cache */
	struct field cpu_slab, cpu_free_list, cpu_partial; /* of kmem_cache_cpu */
	struct field node_partial, node_num_partial;	   /* of kmem_cache_node */
};

static bool find_type(struct kernel *k, struct slab_type *ret)
{
	static const char *const names[] = {"slab", "page"};
	static const char *const lists[] = {"slab_list", "lru"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		*ret = (struct slab_type){.name = names[i],
					  .cache = field_find(k, names[i], "slab_cache"),
					  .free_list = field_find(k, names[i], "freelist"),
					  .objects = field_find(k, names[i], "objects"),
					  .used = field_find(k, names[i], "inuse"),
					  .next = field_find(k, names[i], "next")};
		for (size_t n = 0; n < ARRAY_SIZE(lists) && !ret->list.present; n++)
			ret->list = field_find(k, names[i], lists[n]);
		if (ret->cache.present && ret->free_list.present && ret->objects.present)
			return true;
	}
	return false;
}

struct err *slabs_open(struct kernel *k, struct slabs **ret)
{
	cleanup(slabs_closep) struct slabs *s = calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_nomem();
	s->k = k;
	if (!find_type(k, &s->type))
		return err_new(ERR_ABSENT, "the crashed kernel has no struct slab, and no "
					   "struct page with slab_cache");
	err = memory_pages_open(k, &s->pages);
	if (err)
		return err;
	s->free_offset = field_find(k, "kmem_cache", "offset");
	s->random = field_find(k, "kmem_cache", "random");
	s->percpu = field_find(k, "kmem_cache", "cpu_slab");
	s->cpu_slab = field_find(k, "kmem_cache_cpu", "slab");
	if (!s->cpu_slab.present)
		s->cpu_slab = field_find(k, "kmem_cache_cpu", "page");
	s->cpu_free_list = field_find(k, "kmem_cache_cpu", "freelist");
	s->cpu_partial = field_find(k, "kmem_cache_cpu", "partial");
	s->node_partial = field_find(k, "kmem_cache_node", "partial");
	s->node_num_partial = field_find(k, "kmem_cache_node", "nr_partial");
	*ret = steal(s);
	return NULL;
}

void slabs_close(struct slabs *s)
{
	if (!s)
		return;
	memory_pages_close(s->pages);
	free(s);
}

bool slab_kind_find(struct slabs *s, vaddr_t cache, struct slab_kind *ret)
{
	struct slab_kind kind = {.is_scrambled = s->random.present};
	struct err *err;

	if (!slab_cache_find(s->k, cache, &kind.cache) || !kind.cache.size)
		return false;
	err = field_read(s->k, cache, &s->free_offset, &kind.free_offset);
	if (!err && s->random.present)
		err = field_read(s->k, cache, &s->random, &kind.random);
	if (!err && s->percpu.present)
		err = field_read(s->k, cache, &s->percpu, &kind.percpu);
	if (err) {
		err_free(err);
		return false;
	}
	*ret = kind;
	return true;
}

/* Where the objects of the slab whose struct is at @at begin. */
static bool find_memory(struct slabs *s, vaddr_t at, struct slab *ret)
{
	struct dump *d = kernel_dump(s->k);
	vaddr_t base, start;
	pfn_t pfn;

	if (!dump_direct_map(d, &base) ||
	    !memory_page_find_pfn(s->pages, at, &pfn, &start) || start != at)
		return false;
	ret->memory = base + (pfn << dump_page_shift(d));
	ret->node = memory_page_node(s->pages, pfn);
	return true;
}

struct err *slab_read(struct slabs *s, const struct slab_kind *kind, vaddr_t at,
		      struct slab *ret)
{
	struct slab slab = {.kind = *kind, .addr = at};
	vaddr_t cache;
	struct err *err = field_read(s->k, at, &s->type.cache, &cache);

	if (!err)
		err = field_read(s->k, at, &s->type.objects, &slab.num_objects);
	if (!err && s->type.used.present)
		err = field_read(s->k, at, &s->type.used, &slab.num_used);
	if (!err)
		err = field_read(s->k, at, &s->type.free_list, &slab.free_list);
	if (err)
		return err_wrap(err, "struct %s at 0x%llx", s->type.name,
				(unsigned long long)at);
	if (cache != kind->cache.addr || slab.num_objects > SLAB_MAX_OBJECTS ||
	    !find_memory(s, at, &slab))
		return err_new(ERR_BAD_DATA, "0x%llx is no struct %s of cache 0x%llx",
			       (unsigned long long)at, s->type.name,
			       (unsigned long long)kind->cache.addr);
	slab.num_used = min_u64(slab.num_used, slab.num_objects);
	*ret = slab;
	return NULL;
}

bool slab_find(struct slabs *s, vaddr_t addr, struct slab *ret)
{
	struct slab_kind kind;
	vaddr_t page, cache = 0;
	pfn_t pfn;
	struct err *err;

	if (!memory_page_of_direct_map(s->k, addr, &pfn) ||
	    !memory_page_find(s->pages, pfn, &page))
		return false;
	page = memory_page_head(s->pages, page);
	err = field_read(s->k, page, &s->type.cache, &cache);
	if (!err && !slab_kind_find(s, cache, &kind))
		err = err_new(ERR_ABSENT, "it is of no cache");
	if (!err)
		err = slab_read(s, &kind, page, ret);
	if (!err)
		return true;
	err_free(err);
	return false;
}

/* ---- what CPUs and nodes keep ---- */

struct err *slab_cpu_read(struct slabs *s, const struct slab_kind *kind, unsigned cpu,
			  struct slab_cpu *ret)
{
	struct slab_cpu c = {0};
	struct err *err = kernel_percpu(s->k, kind->percpu, cpu, &c.addr);

	if (!err)
		err = field_read(s->k, c.addr, &s->cpu_slab, &c.slab);
	if (!err)
		err = field_read(s->k, c.addr, &s->cpu_free_list, &c.free_list);
	if (!err && s->cpu_partial.present)
		err = field_read(s->k, c.addr, &s->cpu_partial, &c.partial);
	if (err)
		return err_wrap(err, "kmem_cache_cpu of CPU %u", cpu);
	*ret = c;
	return NULL;
}

struct err *slab_next_partial(struct slabs *s, vaddr_t at, vaddr_t *ret)
{
	return field_read(s->k, at, &s->type.next, ret);
}

struct err *slab_each_partial(struct slabs *s, vaddr_t node,
			      bool (*each)(void *ctx, vaddr_t slab), void *ctx)
{
	vaddr_t head = node + s->node_partial.offset, link;
	u64 left;
	struct err *err = field_read(s->k, node, &s->node_num_partial, &left);

	if (!err && (!s->node_partial.present || !s->type.list.present))
		err = err_new(ERR_ABSENT,
			      "the kernel's list of partial slabs is not known");
	if (!err)
		err = kernel_read_ptr(s->k, head, &link);
	left = err ? 0 : min_u64(left, MAX_PARTIAL);
	while (!err && link != head) {
		if (!left--)
			return err_new(ERR_BAD_DATA,
				       "node at 0x%llx: more partial slabs than it counts",
				       (unsigned long long)node);
		if (!each(ctx, link - s->type.list.offset))
			return NULL;
		err = kernel_read_ptr(s->k, link, &link);
	}
	return err_wrap(err, "partial slabs of node at 0x%llx", (unsigned long long)node);
}

struct err *slab_node_count(struct slabs *s, vaddr_t node, u64 *ret)
{
	return field_read_by_name(s->k, node, "kmem_cache_node", "nr_slabs.counter", ret);
}

/* ---- lists of free objects ---- */

/* Since 1ad53d9fa3f6 ("slub: improve bit diffusion for freelist ptr obfuscation"), v5.7,
 * the bytes of the address are swapped. No type tells of it; where it is not so, the list
 * makes no sense and nothing is claimed. */
static vaddr_t unscramble(const struct slab_kind *kind, u64 value, vaddr_t at)
{
	return kind->is_scrambled ? value ^ kind->random ^ __builtin_bswap64(at) : value;
}

/* The number of the object at *@object, which then is the next one. False at the end of the
 * list; *@ret_is_whole: it was one. */
static bool next_free(struct slabs *s, const struct slab *slab, vaddr_t *object,
		      u64 *ret_index, bool *ret_is_whole)
{
	const struct slab_kind *kind = &slab->kind;
	u64 offset = *object - slab->memory, value;
	vaddr_t at = *object + kind->free_offset;
	struct err *err;

	*ret_is_whole = !*object;
	if (!*object || offset >= slab->num_objects * kind->cache.size)
		return false;
	*ret_index = offset / kind->cache.size;
	err = kernel_read_u64(s->k, at, &value);
	if (err) {
		/* This one is free all the same; a bad pointer ends the list. */
		err_free(err);
		*object = slab->memory - 1;
		return true;
	}
	*object = unscramble(kind, value, at);
	return true;
}

/* Note those of the list that begins with @object as @state. Is it whole? */
static bool note_list(struct slabs *s, const struct slab *slab, vaddr_t object, s32 state,
		      s32 *states)
{
	bool is_whole = false;
	u64 index;

	for (u64 i = 0; i <= slab->num_objects; i++) {
		if (!next_free(s, slab, &object, &index, &is_whole))
			return is_whole;
		states[index] = state;
	}
	return false;
}

/* The same for @cpu, which allocates from this slab: other CPUs gave what is on the slab's
 * own list back, and it will be this one's. */
static bool note_cpu(struct slabs *s, const struct slab *slab, const struct slab_cpu *c,
		     unsigned cpu, s32 *states)
{
	for (u64 i = 0; i < slab->num_objects; i++)
		if (states[i] == SLAB_FREE)
			states[i] = (s32)cpu;
	return note_list(s, slab, c->free_list, (s32)cpu, states);
}

void slab_states(struct slabs *s, const struct cpu_table *cpus, const struct slab *slab,
		 s32 *states)
{
	bool is_whole;

	for (u64 i = 0; i < slab->num_objects; i++)
		states[i] = SLAB_USED;
	is_whole = note_list(s, slab, slab->free_list, SLAB_FREE, states);
	for (size_t i = 0; i < cpus->count && slab->kind.percpu; i++) {
		struct slab_cpu c;
		struct err *err;

		if (!cpus->cpus[i].is_online)
			continue;
		err = slab_cpu_read(s, &slab->kind, cpus->cpus[i].number, &c);
		if (!err && c.slab == slab->addr)
			is_whole &= note_cpu(s, slab, &c, cpus->cpus[i].number, states);
		err_ignore(err);
	}
	for (u64 i = 0; i < slab->num_objects && !is_whole; i++)
		if (states[i] == SLAB_USED)
			states[i] = SLAB_UNKNOWN;
}

u64 slab_count_free(struct slabs *s, const struct slab *slab, vaddr_t first)
{
	vaddr_t object = first;
	bool is_whole;
	u64 index, count = 0;

	while (count < slab->num_objects && next_free(s, slab, &object, &index, &is_whole))
		count++;
	return count;
}
