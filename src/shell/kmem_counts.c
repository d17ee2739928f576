/* kmem -i, -V, -z, -h, -o: what the kernel counted. */
#include "shell/kmem_priv.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/memory_count.h"

#include <string.h>

#define KB	     1024
#define MB	     ((u64)1 << 20)
#define GB	     ((u64)1 << 30)
#define SIZE_LEN     32
#define MAX_COUNTERS 512
#define MAX_HSTATES  16
#define HSTATE_NAME  64

/* "766.4 MB", "10 MB": in units of 1024, ".0" left out, 0 without a unit. */
static const char *size_text(char text[SIZE_LEN], u64 bytes)
{
	u64 unit = bytes >= GB ? GB : MB;
	size_t len;

	if (bytes < MB) {
		snprintf(text, SIZE_LEN, bytes ? "%llu KB" : "%llu",
			 (unsigned long long)bytes / KB);
		return text;
	}
	len = (size_t)snprintf(text, SIZE_LEN, "%.1f", (double)bytes / (double)unit);
	if (text[len - 1] == '0')
		len -= 2;
	snprintf(text + len, SIZE_LEN - len, unit == GB ? " GB" : " MB");
	return text;
}

/* ---- -i ---- */

struct usage {
	struct shell *s;
	u64 page_size;
	struct memory_counts counts;
};

/* A line of the table: pages, and which share of @whole, which is called @of. NULL: it is a
 * whole itself. */
static void print_share(const struct usage *u, const char *label, u64 bytes, u64 whole,
			const char *of)
{
	struct buf *b = shell_out(u->s);
	u64 pages = bytes / u->page_size, all = whole / u->page_size;
	char text[SIZE_LEN];

	buf_printf(b, "%13s  %7llu  %11s", label, (unsigned long long)pages,
		   size_text(text, bytes));
	if (of)
		buf_printf(b, " %4llu%% of %s\n",
			   (unsigned long long)(all ? pages * 100 / all : 0), of);
	else
		buf_add_str(b, "         ----\n");
}

/* The same of a count, if it is known. */
static void print_count(const struct usage *u, const char *label,
			enum memory_count_kind kind, u64 whole, const char *of)
{
	u64 bytes;

	if (memory_count_get(&u->counts, kind, &bytes))
		print_share(u, label, bytes, whole, of);
}

static bool should_stop(void *ctx)
{
	return shell_is_over(ctx);
}

static void print_shared(const struct usage *u, u64 total)
{
	cleanup(memory_pages_closep) struct memory_pages *pages = NULL;
	struct err *err = memory_pages_open(u->s->k, &pages);
	u64 shared = 0;

	if (!err)
		err = memory_pages_shared(pages, should_stop, u->s, &shared);
	if (!err)
		print_share(u, "SHARED", shared * u->page_size, total, "TOTAL MEM");
	err_ignore(err);
}

static void print_memory(const struct usage *u)
{
	const struct memory_counts *c = &u->counts;
	u64 total, free_bytes, file, cached = 0, buffers, slab, part;

	print_count(u, "TOTAL MEM", MEMORY_TOTAL, 0, NULL);
	memory_count_get(c, MEMORY_TOTAL, &total);
	print_count(u, "FREE", MEMORY_FREE, total, "TOTAL MEM");
	if (memory_count_get(c, MEMORY_FREE, &free_bytes))
		print_share(u, "USED", total > free_bytes ? total - free_bytes : 0, total,
			    "TOTAL MEM");
	print_shared(u, total);
	print_count(u, "BUFFERS", MEMORY_BUFFERS, total, "TOTAL MEM");
	memory_count_get(c, MEMORY_BUFFERS, &buffers);
	memory_count_get(c, MEMORY_SWAP_CACHE, &part);
	if (memory_count_get(c, MEMORY_FILE, &file)) {
		cached = file > buffers + part ? file - buffers - part : 0;
		print_share(u, "CACHED", cached, total, "TOTAL MEM");
	}
	memory_count_get(c, MEMORY_SLAB_UNRECLAIMABLE, &part);
	if (memory_count_get(c, MEMORY_SLAB_RECLAIMABLE, &slab))
		print_share(u, "SLAB", slab + part, total, "TOTAL MEM");
}

struct err *kmem_usage(struct shell *s)
{
	struct usage u = {.s = s, .page_size = dump_page_size(s->d)};
	struct buf *b = shell_out(s);
	u64 whole, part;

	memory_counts_read(s->k, &u.counts);
	if (!memory_count_get(&u.counts, MEMORY_TOTAL, &whole))
		return err_new(ERR_ABSENT, "the kernel's counters of memory cannot be had: "
					   "_totalram_pages is not known or not readable");
	buf_add_str(b, "                 PAGES        TOTAL      PERCENTAGE\n");
	print_memory(&u);
	if (memory_count_get(&u.counts, MEMORY_HUGETLB, &whole)) {
		buf_add_char(b, '\n');
		print_share(&u, "TOTAL HUGE", whole, 0, NULL);
		print_count(&u, "HUGE FREE", MEMORY_HUGETLB_FREE, whole, "TOTAL HUGE");
	}
	if (memory_count_get(&u.counts, MEMORY_SWAP_TOTAL, &whole)) {
		memory_count_get(&u.counts, MEMORY_SWAP_FREE, &part);
		buf_add_char(b, '\n');
		print_share(&u, "TOTAL SWAP", whole, 0, NULL);
		print_share(&u, "SWAP USED", whole > part ? whole - part : 0, whole,
			    "TOTAL SWAP");
		print_share(&u, "SWAP FREE", part, whole, "TOTAL SWAP");
	}
	if (memory_count_get(&u.counts, MEMORY_COMMIT_LIMIT, &whole)) {
		buf_add_char(b, '\n');
		print_share(&u, "COMMIT LIMIT", whole, 0, NULL);
		print_count(&u, "COMMITTED", MEMORY_COMMITTED, whole, "TOTAL LIMIT");
	}
	return NULL;
}

/* ---- -V, -z ---- */

/* An enum of counters. */
struct counters {
	const struct btf *btf;
	struct btf_type type;
	int width; /* of the longest name */
};

/* The end of the enum, and of the counters: NR_VM_ZONE_STAT_ITEMS and the like. */
static bool is_end(const char *name)
{
	return str_has_prefix(name, "NR_VM_");
}

static bool find_counters(struct shell *s, const char *name, struct counters *c)
{
	struct types *t;
	struct type_ref ref;
	const char *item;
	u64 index;
	struct err *err = shell_types(s, &t);

	if (err || !types_find(t, name, BTF_ENUMS, &ref) ||
	    !btf_get_type(ref.btf, ref.id, &c->type)) {
		err_ignore(err);
		return false;
	}
	c->btf = ref.btf;
	c->width = 0;
	for (u32 i = 0;
	     i < MAX_COUNTERS && btf_get_enumerator(c->btf, &c->type, i, &item, &index);
	     i++)
		if (!is_end(item) && (int)strnlen(item, 80) > c->width)
			c->width = (int)strnlen(item, 80);
	return true;
}

/* Is there another name for @index further on in the enum? The last is the one: those in
 * front of it are bases of groups. */
static bool is_named_again(const struct counters *c, u32 after, u64 index)
{
	const char *name;
	u64 value;

	for (u32 i = after + 1;
	     i < MAX_COUNTERS && btf_get_enumerator(c->btf, &c->type, i, &name, &value);
	     i++)
		if (value == index && !is_end(name))
			return true;
	return false;
}

/* Append a line for each counter; read() has their values by index. */
static void print_counters(struct shell *s, const struct counters *c, int width,
			   struct err *(*read)(void *ctx, u64 index, u64 *ret), void *ctx)
{
	const char *name;
	u64 index, value;

	for (u32 i = 0;
	     i < MAX_COUNTERS && btf_get_enumerator(c->btf, &c->type, i, &name, &index);
	     i++) {
		struct err *err;

		if (is_end(name) || is_named_again(c, i, index))
			continue;
		err = read(ctx, index, &value);
		if (!err) {
			buf_printf(shell_out(s), "%*s", width - (int)strnlen(name, 80), "");
			str_escape(shell_out(s), name, strnlen(name, 80), false);
			buf_printf(shell_out(s), ": %lld\n", (long long)value);
		}
		err_ignore(err);
	}
}

/* An array of counters of the whole machine. */
struct array {
	struct shell *s;
	vaddr_t at;
};

static struct err *read_array(void *ctx, u64 index, u64 *ret)
{
	struct array *a = ctx;

	return kernel_read_u64(a->s->k, a->at + index * 8, ret);
}

/* The sum of what all CPUs counted. */
static struct err *read_events(void *ctx, u64 index, u64 *ret)
{
	struct array *a = ctx;
	u64 sum = 0;

	for (size_t i = 0; i < a->s->cpus.count; i++) {
		vaddr_t at;
		u64 value;
		struct err *err =
			kernel_percpu(a->s->k, a->at, a->s->cpus.cpus[i].number, &at);

		if (!err)
			err = kernel_read_u64(a->s->k, at + index * 8, &value);
		if (err)
			return err;
		sum += value;
	}
	*ret = sum;
	return NULL;
}

struct err *kmem_counters(struct shell *s)
{
	static const struct {
		const char *title, *symbol, *type;
		struct err *(*read)(void *ctx, u64 index, u64 *ret);
	} tables[] = {
		{"VM_ZONE_STAT", "vm_zone_stat", "zone_stat_item", read_array},
		{"VM_NODE_STAT", "vm_node_stat", "node_stat_item", read_array},
		{"VM_NUMA_STAT", "vm_numa_stat", "numa_stat_item", read_array},
		{"VM_EVENT_STATES", "vm_event_states", "vm_event_item", read_events},
	};
	const struct task_table *tasks;
	const char *separator = "";
	struct counters c;
	int width = find_counters(s, "node_stat_item", &c) ? c.width : 0;
	struct err *err = shell_tasks(s, &tasks);

	for (size_t i = 0; !err && i < ARRAY_SIZE(tables); i++) {
		struct array a = {.s = s};

		if (!kernel_symbol_find(s->k, tables[i].symbol, &a.at) ||
		    !find_counters(s, tables[i].type, &c))
			continue;
		buf_printf(shell_out(s), "%s  %s:\n", separator, tables[i].title);
		/* Zones and nodes are one table. */
		print_counters(s, &c, i < 2 && c.width < width ? width : c.width,
			       tables[i].read, &a);
		separator = "\n";
	}
	if (!err && !*separator)
		err = err_new(ERR_ABSENT, "the kernel's counters, or the enums that name "
					  "them, are not known");
	return err;
}

struct zone_reader {
	struct shell *s;
	const struct counters *counters;
	const struct memory_zone *zone;
};

static struct err *read_zone(void *ctx, u64 index, u64 *ret)
{
	struct zone_reader *r = ctx;

	return memory_zone_counter(r->s->k, r->zone, index, ret);
}

static bool print_zone(void *ctx, const struct memory_zone *z)
{
	struct zone_reader *r = ctx;
	struct buf *b = shell_out(r->s);

	buf_printf(b, "NODE: %u  ZONE: %u  ADDR: %llx  NAME: \"", z->node, z->index,
		   (unsigned long long)z->addr);
	shell_text(r->s, z->name);
	buf_add_str(b, "\"\n");
	if (!z->spanned_pages) {
		buf_add_str(b, "  [unpopulated]\n\n");
		return !shell_is_over(r->s);
	}
	buf_printf(b, "  SIZE: %llu", (unsigned long long)z->spanned_pages);
	if (z->present_pages < z->spanned_pages)
		buf_printf(b, "  PRESENT: %llu", (unsigned long long)z->present_pages);
	buf_printf(b, "  MIN/LOW/HIGH: %llu/%llu/%llu\n  VM_STAT:\n",
		   (unsigned long long)(z->min - z->boost),
		   (unsigned long long)(z->low - z->boost),
		   (unsigned long long)(z->high - z->boost));
	r->zone = z;
	if (r->counters)
		print_counters(r->s, r->counters, r->counters->width, read_zone, r);
	buf_add_str(b, "\n\n");
	return !shell_is_over(r->s);
}

struct err *kmem_zones(struct shell *s)
{
	struct counters c;
	struct zone_reader r = {.s = s};

	if (find_counters(s, "zone_stat_item", &c))
		r.counters = &c;
	return memory_zone_each(s->k, print_zone, &r);
}

/* ---- -h, -o ---- */

static struct err *print_hstate(struct shell *s, vaddr_t at)
{
	struct buf *b = shell_out(s);
	struct field name = field_find(s->k, "hstate", "name");
	char text[HSTATE_NAME] = "";
	u64 order, total, free_pages, bytes;
	struct err *err = field_read_by_name(s->k, at, "hstate", "order", &order);

	if (!err)
		err = field_read_by_name(s->k, at, "hstate", "nr_huge_pages", &total);
	if (!err)
		err = field_read_by_name(s->k, at, "hstate", "free_huge_pages",
					 &free_pages);
	if (!err && name.present)
		err = kernel_read_str(s->k, at + name.offset, text, sizeof(text));
	if (err)
		return err;
	bytes = dump_page_size(s->d) << (order & 63);
	buf_printf(b, "%-16llx %4llu%s %7llu %7llu  ", (unsigned long long)at,
		   (unsigned long long)(bytes >= GB ? bytes / GB : bytes / MB),
		   bytes >= GB ? "GB" : "MB", (unsigned long long)free_pages,
		   (unsigned long long)total);
	shell_text(s, text);
	buf_add_char(b, '\n');
	return NULL;
}

struct err *kmem_hstates(struct shell *s)
{
	vaddr_t at;
	u32 count;
	u64 size;
	struct err *err = kernel_symbol_get(s->k, "hugetlb_max_hstate", &at);

	if (!err)
		err = kernel_read_u32(s->k, at, &count);
	if (!err)
		err = kernel_symbol_get(s->k, "hstates", &at);
	if (!err && !type_size_find(s->k, "hstate", &size))
		err = err_new(ERR_ABSENT, "the size of struct hstate is not known");
	if (err)
		return err;
	buf_add_str(shell_out(s), "     HSTATE        SIZE    FREE   TOTAL  NAME\n");
	for (u32 i = 0; !err && i < count && i < MAX_HSTATES; i++)
		err = print_hstate(s, at + i * size);
	return err;
}

struct err *kmem_percpu(struct shell *s)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);
	vaddr_t at;

	if (err)
		return err;
	buf_add_str(shell_out(s), "PER-CPU OFFSET VALUES:\n");
	for (size_t i = 0; i < s->cpus.count; i++) {
		unsigned number = s->cpus.cpus[i].number;

		if (!s->cpus.cpus[i].is_present)
			continue;
		err = kernel_percpu(s->k, 0, number, &at);
		if (err)
			return err;
		buf_printf(shell_out(s), "  CPU %u: %llx\n", number,
			   (unsigned long long)at);
	}
	return NULL;
}
