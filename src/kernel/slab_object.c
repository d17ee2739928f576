#include "kernel/slab_object.h"

#include "kernel/field.h"
#include "kernel/memmap.h"

#define MAX_OBJECTS 32767 /* 15 bits of struct slab */

/* The members of struct slab; of struct page before it was split off it in v5.17. */
struct slab_type {
	const char *name;
	struct field cache, freelist, objects;
};

struct slab {
	struct slab_type type;
	vaddr_t addr;	 /* of its struct */
	vaddr_t objects; /* of the first one */
	u64 num_objects;
	struct slab_cache cache;
	u64 free_offset; /* of the pointer to the next free one */
	bool is_scrambled;
	u64 random;
};

static bool read_type(struct kernel *k, struct slab_type *ret)
{
	static const char *const names[] = {"slab", "page"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		*ret = (struct slab_type){.name = names[i],
					  .cache = field_find(k, names[i], "slab_cache"),
					  .freelist = field_find(k, names[i], "freelist"),
					  .objects = field_find(k, names[i], "objects")};
		if (ret->cache.present && ret->freelist.present && ret->objects.present)
			return true;
	}
	return false;
}

/* The struct page that stands for @addr's, the head's if it is part of a larger one. */
static bool find_page(struct kernel *k, const struct memmap *m, vaddr_t addr,
		      vaddr_t *ret_page, pfn_t *ret_pfn)
{
	cleanup(dump_reader_closep) struct dump_reader *r = NULL;
	struct dump *d = kernel_dump(k);
	struct memmap_cursor c;
	vaddr_t base, page;
	u64 head = 0;
	pfn_t pfn, end;
	struct err *why = NULL, *err;

	if (!dump_direct_map(d, &base) || addr < base)
		return false;
	pfn = (addr - base) / dump_page_size(d);
	if (pfn >= dump_max_pfn(d))
		return false;
	err = dump_reader_open(d, &r);
	if (!err) {
		c = memmap_cursor_init(m, r);
		if (!memmap_find(&c, pfn, &page, &end, &why)) {
			err_ignore(why);
			return false;
		}
		err = field_read_by_name(k, page, "page", "compound_head", &head);
	}
	if (!err && head & 1) {
		page = head - 1;
		if (!memmap_find_pfn(&c, page, &pfn))
			err = err_new(ERR_BAD_DATA, "no page has its struct there");
	}
	if (err) {
		err_free(err);
		return false;
	}
	*ret_page = page;
	*ret_pfn = pfn;
	return true;
}

struct search {
	vaddr_t wanted;
	struct slab_cache found;
};

static void take_cache(void *ctx, const struct slab_cache *c)
{
	struct search *s = ctx;

	if (c->addr == s->wanted)
		s->found = *c;
}

static bool read_slab(struct kernel *k, vaddr_t page, pfn_t pfn, struct slab *ret)
{
	struct slab s = {.addr = page};
	struct field random = field_find(k, "kmem_cache", "random");
	struct search search = {0};
	vaddr_t base = 0;
	struct err *err = NULL;

	if (!read_type(k, &s.type) || !dump_direct_map(kernel_dump(k), &base))
		return false;
	err = field_read(k, page, &s.type.cache, &search.wanted);
	if (!err)
		err = field_read(k, page, &s.type.objects, &s.num_objects);
	if (!err)
		err = slab_cache_each(k, take_cache, &search);
	if (!err && search.found.addr)
		err = field_read_by_name(k, search.found.addr, "kmem_cache", "offset",
					 &s.free_offset);
	if (!err && search.found.addr && random.present)
		err = field_read(k, search.found.addr, &random, &s.random);
	if (err || !search.found.addr || !search.found.size ||
	    s.num_objects > MAX_OBJECTS) {
		err_ignore(err);
		return false;
	}
	s.cache = search.found;
	s.is_scrambled = random.present;
	s.objects = base + pfn * dump_page_size(kernel_dump(k));
	*ret = s;
	return true;
}

/* Since "slub: improve bit diffusion for freelist ptr obfuscation", v5.7, the bytes of the
 * address are swapped. No type tells of it; where it is not so, the list makes no sense and
 * nothing is claimed. */
static vaddr_t unscramble(const struct slab *s, u64 value, vaddr_t at)
{
	return s->is_scrambled ? value ^ s->random ^ __builtin_bswap64(at) : value;
}

/* Is the object with number @index on the list that begins with @first? *@ret_is_whole: the
 * list was followed to its end. */
static bool is_on_list(struct kernel *k, const struct slab *s, vaddr_t first, u64 index,
		       bool *ret_is_whole)
{
	vaddr_t object = first;

	*ret_is_whole = false;
	for (u64 i = 0; i <= s->num_objects; i++) {
		vaddr_t at = object + s->free_offset;
		u64 value;
		struct err *err;

		if (!object) {
			*ret_is_whole = true;
			return false;
		}
		if (object - s->objects >= s->num_objects * s->cache.size)
			return false;
		if ((object - s->objects) / s->cache.size == index)
			return true;
		err = kernel_read_u64(k, at, &value);
		if (err) {
			err_free(err);
			return false;
		}
		object = unscramble(s, value, at);
	}
	return false;
}

/* The list of @cpu, if it allocates from this very slab just now. */
static vaddr_t list_of_cpu(struct kernel *k, const struct slab *s, unsigned cpu)
{
	struct field slab = field_find(k, "kmem_cache_cpu", "slab");
	vaddr_t percpu, at, current = 0, list = 0;
	struct err *err =
		field_read_by_name(k, s->cache.addr, "kmem_cache", "cpu_slab", &percpu);

	if (!slab.present)
		slab = field_find(k, "kmem_cache_cpu", "page");
	if (!err)
		err = kernel_percpu(k, percpu, cpu, &at);
	if (!err)
		err = field_read(k, at, &slab, &current);
	if (!err && current == s->addr)
		err = field_read_by_name(k, at, "kmem_cache_cpu", "freelist", &list);
	if (err)
		list = 0;
	err_ignore(err);
	return list;
}

static void find_state(struct kernel *k, const struct cpu_table *cpus, const struct slab *s,
		       u64 index, struct slab_object *o)
{
	vaddr_t list = 0;
	bool is_whole = false;
	struct err *err = field_read(k, s->addr, &s->type.freelist, &list);

	o->is_free = !err && is_on_list(k, s, list, index, &is_whole);
	o->has_state = o->is_free || is_whole;
	err_ignore(err);
	for (size_t i = 0; !o->is_free && i < cpus->count; i++) {
		if (!cpus->cpus[i].is_online)
			continue;
		list = list_of_cpu(k, s, cpus->cpus[i].number);
		o->is_free = is_on_list(k, s, list, index, &is_whole);
		o->has_state &= is_whole || o->is_free;
	}
	o->has_state |= o->is_free;
}

bool slab_object_at(struct kernel *k, const struct cpu_table *cpus, vaddr_t addr,
		    struct slab_object *ret)
{
	cleanup(memmap_closep) struct memmap *m = NULL;
	struct err *err = memmap_open(kernel_dump(k), &m);
	struct slab s;
	vaddr_t page;
	pfn_t pfn;
	u64 index;

	if (err) {
		err_free(err);
		return false;
	}
	if (!find_page(k, m, addr, &page, &pfn) || !read_slab(k, page, pfn, &s))
		return false;
	index = (addr - s.objects) / s.cache.size;
	if (addr < s.objects || index >= s.num_objects)
		return false;
	*ret = (struct slab_object){.cache = s.cache,
				    .addr = s.objects + index * s.cache.size,
				    .offset = addr - s.objects - index * s.cache.size};
	find_state(k, cpus, &s, index, ret);
	return true;
}
