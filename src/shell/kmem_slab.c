/* kmem -s, -S: slab caches, their slabs, the objects in them. */
#include "shell/kmem_priv.h"

#include "base/str.h"
#include "kernel/slab.h"

#define MAX_CHAIN (1u << 20) /* slabs that a CPU keeps for later */

#define CACHE_HEADING "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n"
#define SLAB_HEADING  "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n"

/* Caches as they were listed. */
struct cache_list {
	struct slab_cache *caches;
	size_t count, room;
	bool is_short; /* of memory */
};

static void cache_list_deinit(struct cache_list *l)
{
	free(l->caches);
}

static void take_cache(void *ctx, const struct slab_cache *c)
{
	struct cache_list *l = ctx;

	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct slab_cache *grown =
			reallocarray(l->caches, room, sizeof(*l->caches));

		if (!grown) {
			l->is_short = true;
			return;
		}
		l->caches = grown;
		l->room = room;
	}
	l->caches[l->count++] = *c;
}

/* One cache being shown. */
struct view {
	struct shell *s;
	struct slabs *slabs;
	const struct slab_kind *kind;
	s32 *states; /* room for SLAB_MAX_OBJECTS */
	u64 num_free;
	bool is_first;
	const char *cpus; /* only these, NULL: all */
};

/* ---- how many objects are in use ---- */

static bool add_free_of(void *ctx, vaddr_t at)
{
	struct view *v = ctx;
	struct slab slab;
	struct err *err = slab_read(v->slabs, v->kind, at, &slab);

	if (!err)
		v->num_free += slab.num_objects - slab.num_used;
	err_ignore(err);
	return !shell_is_over(v->s);
}

static struct err *add_free_of_node(void *ctx, unsigned node, vaddr_t at)
{
	struct view *v = ctx;

	return slab_each_partial(v->slabs, at, add_free_of, v);
}

static bool is_shown(const struct view *v, const struct cpu *cpu)
{
	return cpu->is_present && (!v->cpus || shell_has_cpu(v->cpus, cpu->number));
}

/* What @cpu allocates from, whose list is its own, and what it keeps for later. */
static struct err *add_free_of_cpu(struct view *v, unsigned cpu)
{
	struct slab_cpu c;
	struct slab slab;
	struct err *err = slab_cpu_read(v->slabs, v->kind, cpu, &c);

	if (!err && c.slab) {
		err = slab_read(v->slabs, v->kind, c.slab, &slab);
		if (!err)
			v->num_free += slab.num_objects - slab.num_used +
				       slab_count_free(v->slabs, &slab, c.free_list);
	}
	for (u32 i = 0; !err && c.partial && i < MAX_CHAIN && add_free_of(v, c.partial);
	     i++)
		err = slab_next_partial(v->slabs, c.partial, &c.partial);
	return err;
}

/* *@ret: objects of the cache that are in use. */
static struct err *count_used(struct view *v, u64 *ret)
{
	u64 total = v->kind->cache.num_objects;
	struct err *err =
		slab_cache_each_node(v->s->k, v->kind->cache.addr, add_free_of_node, v);

	for (size_t i = 0; !err && i < v->s->cpus.count; i++)
		if (v->s->cpus.cpus[i].is_present)
			err = add_free_of_cpu(v, v->s->cpus.cpus[i].number);
	*ret = total > v->num_free ? total - v->num_free : 0;
	return err;
}

/* The line of a cache; how many objects are in use is told only if it is known. */
static struct err *print_cache(struct view *v)
{
	const struct slab_cache *c = &v->kind->cache;
	struct buf *b = shell_out(v->s);
	u64 used;
	struct err *err = count_used(v, &used);

	buf_printf(b, "%-16llx %8llu ", (unsigned long long)c->addr,
		   (unsigned long long)c->object_size);
	if (err)
		buf_printf(b, "%10s", "-");
	else
		buf_printf(b, "%10llu", (unsigned long long)used);
	buf_printf(b, " %9llu %6llu %5lluk  ", (unsigned long long)c->num_objects,
		   (unsigned long long)c->num_slabs,
		   (unsigned long long)c->slab_bytes / 1024);
	shell_text(v->s, c->name);
	buf_add_char(b, '\n');
	return err && err_code(err) != ERR_NOMEM ? (shell_tell(v->s, "kmem", err), NULL)
						 : err;
}

/* ---- a slab and its objects ---- */

/* Note the state of each object, and count those that are free. */
static void note_states(struct view *v, const struct slab *slab)
{
	slab_states(v->slabs, &v->s->cpus, slab, v->states);
	v->num_free = 0;
	for (u64 i = 0; i < slab->num_objects; i++)
		v->num_free += v->states[i] >= 0 || v->states[i] == SLAB_FREE;
}

static void print_slab_row(const struct view *v, const struct slab *slab, u64 num_free)
{
	buf_printf(shell_out(v->s), "  %llx  %llx %5u  %5llu  %9llu  %4llu\n",
		   (unsigned long long)slab->addr, (unsigned long long)slab->memory,
		   slab->node, (unsigned long long)slab->num_objects,
		   (unsigned long long)(slab->num_objects - num_free),
		   (unsigned long long)num_free);
}

static void print_object(const struct view *v, const struct slab *slab, u64 index)
{
	struct buf *b = shell_out(v->s);
	s32 state = v->states[index];
	u64 addr = slab->memory + index * slab->kind.cache.size;

	if (state == SLAB_USED)
		buf_printf(b, "  [%llx]\n", (unsigned long long)addr);
	else if (state == SLAB_FREE)
		buf_printf(b, "   %llx  \n", (unsigned long long)addr);
	else if (state == SLAB_UNKNOWN)
		buf_printf(b, "   %llx  (unknown: the list of free objects is broken)\n",
			   (unsigned long long)addr);
	else
		buf_printf(b, "   %llx  (cpu %d cache)\n", (unsigned long long)addr, state);
}

static void print_slab_head(struct view *v, const struct slab *slab)
{
	note_states(v, slab);
	buf_add_str(shell_out(v->s), SLAB_HEADING);
	print_slab_row(v, slab, v->num_free);
	buf_add_str(shell_out(v->s), "  FREE / [ALLOCATED]\n");
}

static void print_slab(struct view *v, const struct slab *slab)
{
	print_slab_head(v, slab);
	for (u64 i = 0; i < slab->num_objects && !shell_is_over(v->s); i++)
		print_object(v, slab, i);
}

/* ---- -S ---- */

static struct err *print_slab_at(struct view *v, vaddr_t at)
{
	struct slab slab;
	struct err *err = slab_read(v->slabs, v->kind, at, &slab);

	if (!err)
		print_slab(v, &slab);
	return err;
}

static struct err *print_cpu(struct view *v, unsigned cpu)
{
	struct buf *b = shell_out(v->s);
	struct slab_cpu c;
	struct err *err = slab_cpu_read(v->slabs, v->kind, cpu, &c);

	if (err)
		return err;
	buf_printf(b, "CPU %u KMEM_CACHE_CPU:\n  %llx\nCPU %u SLAB:\n", cpu,
		   (unsigned long long)c.addr, cpu);
	if (c.slab)
		err = print_slab_at(v, c.slab);
	else
		buf_add_str(b, "  (empty)\n");
	buf_printf(b, "CPU %u PARTIAL:\n", cpu);
	if (!c.partial)
		buf_add_str(b, "  (empty)\n");
	for (u32 i = 0; !err && c.partial && i < MAX_CHAIN && !shell_is_over(v->s); i++) {
		err = print_slab_at(v, c.partial);
		if (!err)
			err = slab_next_partial(v->slabs, c.partial, &c.partial);
	}
	return err;
}

static bool print_partial(void *ctx, vaddr_t at)
{
	struct view *v = ctx;
	struct slab slab;
	struct err *err = slab_read(v->slabs, v->kind, at, &slab);

	if (v->is_first)
		buf_add_str(shell_out(v->s), SLAB_HEADING);
	v->is_first = false;
	if (err)
		shell_tell(v->s, "kmem", err);
	else
		print_slab_row(v, &slab, slab.num_objects - slab.num_used);
	return !shell_is_over(v->s);
}

/* Slabs of the node at @at that some CPU allocates from. */
static u64 count_cpu_slabs(struct view *v, unsigned node)
{
	u64 count = 0;

	for (size_t i = 0; i < v->s->cpus.count; i++) {
		struct slab_cpu c;
		struct slab slab;
		struct err *err;

		if (!is_shown(v, &v->s->cpus.cpus[i]))
			continue;
		err = slab_cpu_read(v->slabs, v->kind, v->s->cpus.cpus[i].number, &c);
		if (!err && c.slab) {
			err = slab_read(v->slabs, v->kind, c.slab, &slab);
			count += !err && slab.node == node;
		}
		err_ignore(err);
	}
	return count;
}

static bool count_one(void *ctx, vaddr_t at)
{
	++*(u64 *)ctx;
	return true;
}

static struct err *print_node(void *ctx, unsigned node, vaddr_t at)
{
	struct view *v = ctx;
	struct buf *b = shell_out(v->s);
	u64 num_partial = 0, num_slabs = 0;
	struct err *err = slab_each_partial(v->slabs, at, count_one, &num_partial);

	if (!err)
		err = slab_node_count(v->slabs, at, &num_slabs);
	if (err)
		return err;
	buf_printf(b,
		   "KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n"
		   "%-16llx %5u %6llu %8llu %8llu\nNODE %u PARTIAL:\n",
		   (unsigned long long)at, node, (unsigned long long)num_slabs,
		   (unsigned long long)num_partial,
		   (unsigned long long)count_cpu_slabs(v, node), node);
	v->is_first = true;
	err = slab_each_partial(v->slabs, at, print_partial, v);
	if (v->is_first)
		buf_add_str(b, "  (empty)\n");
	/* With slub_debug they are on a list, but nothing here needs that. */
	buf_printf(b, "NODE %u FULL:\n  (not tracked)\n", node);
	return err;
}

static struct err *print_objects(struct view *v)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < v->s->cpus.count; i++)
		if (is_shown(v, &v->s->cpus.cpus[i]))
			err = print_cpu(v, v->s->cpus.cpus[i].number);
	if (!err)
		err = slab_cache_each_node(v->s->k, v->kind->cache.addr, print_node, v);
	buf_add_char(shell_out(v->s), '\n');
	return err;
}

static bool is_wanted(const struct slab_cache *c, char *const *names, size_t num_names)
{
	for (size_t i = 0; i < num_names; i++)
		if (str_eq(c->name, names[i]) || c->addr == strtoull(names[i], NULL, 16))
			return true;
	return !num_names;
}

static struct err *show_cache(struct view *v, const struct slab_cache *c, bool with_objects)
{
	struct slab_kind kind;
	struct err *err;

	if (!slab_kind_find(v->slabs, c->addr, &kind))
		return err_new(ERR_BAD_DATA, "the cache at 0x%llx cannot be read",
			       (unsigned long long)c->addr);
	kind.cache = *c;
	v->kind = &kind;
	v->num_free = 0;
	err = print_cache(v);
	if (!err && with_objects)
		err = print_objects(v);
	return err;
}

static struct err *open_view(struct shell *s, struct slabs **slabs, s32 **states)
{
	const struct task_table *tasks;
	/* The CPUs of the machine. */
	struct err *err = shell_tasks(s, &tasks);

	if (!err)
		err = slabs_open(s->k, slabs);
	*states = calloc(SLAB_MAX_OBJECTS, sizeof(**states));
	return !err && !*states ? err_nomem() : err;
}

struct err *kmem_caches(struct shell *s, char *const *names, size_t num_names,
			bool with_objects, const char *cpus)
{
	cleanup(slabs_closep) struct slabs *slabs = NULL;
	cleanup(freep) s32 *states = NULL;
	cleanup(cache_list_deinit) struct cache_list list = {.count = 0};
	struct view v = {.s = s, .cpus = cpus};
	size_t num_shown = 0;
	struct err *err = open_view(s, &slabs, &states), *why;

	if (err)
		return err;
	v.slabs = slabs;
	v.states = states;
	/* What was listed until the list broke is shown. */
	why = slab_cache_each(s->k, take_cache, &list);
	for (size_t i = 0; !list.is_short && i < list.count && !shell_is_over(s); i++) {
		const struct slab_cache *c = &list.caches[i];

		if (!is_wanted(c, names, num_names))
			continue;
		if (!num_shown++ || with_objects)
			buf_add_str(shell_out(s), CACHE_HEADING);
		err = show_cache(&v, c, with_objects);
		if (err && err_code(err) == ERR_NOMEM)
			break;
		if (err)
			shell_tell(s, "kmem", err);
		err = NULL;
	}
	if (list.is_short && !err)
		err = err_nomem();
	if (!err && !why && !num_shown && num_names)
		err = err_new(ERR_ABSENT, "there is no slab cache of that name: %s",
			      names[0]);
	if (!err)
		return why;
	err_ignore(why);
	return err;
}

/* ---- one address ---- */

/* The counts of all slabs of a cache, which finding it leaves out. */
static struct err *count_cache(struct shell *s, struct slab_kind *kind)
{
	cleanup(cache_list_deinit) struct cache_list list = {.count = 0};
	struct err *err = slab_cache_each(s->k, take_cache, &list);

	for (size_t i = 0; i < list.count; i++)
		if (list.caches[i].addr == kind->cache.addr)
			kind->cache = list.caches[i];
	return err;
}

struct err *kmem_slab_at(struct shell *s, vaddr_t addr, bool with_all, bool *ret_is_found)
{
	cleanup(slabs_closep) struct slabs *slabs = NULL;
	cleanup(freep) s32 *states = NULL;
	struct view v = {.s = s};
	struct slab slab;
	u64 index;
	struct err *err = open_view(s, &slabs, &states);

	*ret_is_found = false;
	if (err || !slab_find(slabs, addr, &slab))
		return err;
	index = (addr - slab.memory) / slab.kind.cache.size;
	*ret_is_found = true;
	v.slabs = slabs;
	v.states = states;
	v.kind = &slab.kind;
	err = count_cache(s, &slab.kind);
	if (err)
		return err;
	buf_add_str(shell_out(s), CACHE_HEADING);
	err = print_cache(&v);
	if (err)
		return err;
	if (with_all)
		print_slab(&v, &slab);
	else
		print_slab_head(&v, &slab);
	/* Behind the last one, a slab has a rest that is nobody's. */
	if (!with_all && index < slab.num_objects)
		print_object(&v, &slab, index);
	return NULL;
}
