#include "kernel/block_request.h"

#include "kernel/clock.h"
#include "kernel/field.h"

#include <string.h>

#define OP_MASK	   0xff /* REQ_OP_MASK */
#define NO_TAG	   UINT32_MAX
#define NS_PER_S   1000000000ull
#define MAX_SHIFT  6 /* a word of a bitmap has at most 64 bits */
#define MAX_TYPES  3 /* HCTX_MAX_TYPES: default, read, poll */
#define WORK	   (1u << 21)
#define WORK_OF_RQ 8

struct walk {
	struct kernel *k;
	const struct cpu_table *cpus;
	vaddr_t queue;
	bool (*each)(void *ctx, const struct block_request *r);
	void *ctx;
	bool is_over;
	bool has_now;
	u64 now_ns;
	/* Queues, words and requests that may still be looked at: whatever a hostile dump
	 * claims.
	 */
	u64 *work;
	vaddr_t last_tags; /* hardware queues can share one set of tags */
	u64 seen[(BLOCK_QUEUES_MAX + 63) / 64];
};

static bool spend(struct walk *w, u64 work)
{
	if (*w->work < work)
		w->is_over = true;
	else
		*w->work -= work;
	return !w->is_over;
}

static struct err *read_member(struct walk *w, vaddr_t at, const char *type,
			       const char *member, u64 *ret)
{
	return field_read_by_name(w->k, at, type, member, ret);
}

/* Times of a request are CLOCK_MONOTONIC, 0 where nobody wanted to know. */
static bool read_age(struct walk *w, vaddr_t request, const char *member, u64 *ret)
{
	struct field f = field_find(w->k, "request", member);
	u64 start = 0;
	struct err *err;

	if (!w->has_now || !f.present)
		return false;
	err = field_read(w->k, request, &f, &start);
	if (err)
		start = 0;
	err_ignore(err);
	if (!start)
		return false;
	/* The clock stands still between two ticks. */
	*ret = start < w->now_ns ? w->now_ns - start : 0;
	return start < w->now_ns + NS_PER_S;
}

static struct err *read_request(struct walk *w, vaddr_t addr, struct block_request *ret)
{
	struct block_request r = {.addr = addr};
	u64 state, flags, bytes;
	struct err *err = read_member(w, addr, "request", "state", &state);

	if (!err)
		err = read_member(w, addr, "request", "cmd_flags", &flags);
	if (!err)
		err = read_member(w, addr, "request", "__sector", &r.sector);
	if (!err)
		err = read_member(w, addr, "request", "__data_len", &bytes);
	if (err)
		return err;
	r.state = state <= BLOCK_REQUEST_COMPLETE ? (enum block_request_state)state
						  : BLOCK_REQUEST_WAITING;
	r.op = flags & OP_MASK;
	r.has_sector = r.sector != UINT64_MAX;
	r.bytes = (u32)bytes;
	r.has_age = read_age(w, addr, "start_time_ns", &r.age_ns);
	r.has_driver_age = r.state != BLOCK_REQUEST_WAITING &&
			   read_age(w, addr, "io_start_time_ns", &r.driver_age_ns);
	*ret = r;
	return NULL;
}

/* ---- tags ---- */

/* A set of tags of which one bitmap is looked through. */
struct tag_set {
	vaddr_t requests; /* struct request *[] */
	u64 first;	  /* tag of bit 0 */
	u64 num_tags;
	bool is_scheduler;
};

static struct err *take_tag(struct walk *w, const struct tag_set *t, u64 tag)
{
	struct block_request r;
	vaddr_t addr;
	u64 queue, driver_tag = NO_TAG;
	struct err *err;

	if (tag >= t->num_tags || !spend(w, WORK_OF_RQ))
		return NULL;
	err = kernel_read_ptr(w->k, t->requests + tag * 8, &addr);
	if (err || !addr)
		return err;
	err = read_member(w, addr, "request", "q", &queue);
	/* What the scheduler has given to the driver is found by the driver's tag. */
	if (!err && t->is_scheduler)
		err = read_member(w, addr, "request", "tag", &driver_tag);
	if (err || queue != w->queue || (u32)driver_tag != NO_TAG)
		return err;
	err = read_request(w, addr, &r);
	if (!err && !w->each(w->ctx, &r))
		w->is_over = true;
	return err;
}

static struct err *walk_word(struct walk *w, const struct tag_set *t, vaddr_t word,
			     u64 first, u64 bits)
{
	struct field cleared = field_find(w->k, "sbitmap_word", "cleared");
	u64 used, freed = 0;
	struct err *err = read_member(w, word, "sbitmap_word", "word", &used);

	/* Since ea86ea2cdced ("sbitmap: ammortize cost of clearing bits"), v5.0, bits are
	 * taken back in bunches. */
	if (!err && cleared.present)
		err = field_read(w->k, word, &cleared, &freed);
	used &= ~freed;
	for (u64 bit = 0; !err && bit < bits && !w->is_over; bit++)
		if (used >> bit & 1)
			err = take_tag(w, t, t->first + first + bit);
	return err;
}

static struct err *walk_bitmap(struct walk *w, const struct tag_set *t, vaddr_t bitmap)
{
	u64 depth, shift, num_words, word_size;
	vaddr_t words;
	struct err *err = read_member(w, bitmap, "sbitmap", "depth", &depth);

	if (!err)
		err = read_member(w, bitmap, "sbitmap", "shift", &shift);
	if (!err)
		err = read_member(w, bitmap, "sbitmap", "map_nr", &num_words);
	if (!err)
		err = read_member(w, bitmap, "sbitmap", "map", &words);
	if (!err && !type_size_find(w->k, "sbitmap_word", &word_size))
		err = err_new(ERR_ABSENT, "the size of struct sbitmap_word is not known");
	if (!err && (depth > BLOCK_TAGS_MAX || shift > MAX_SHIFT))
		err = err_new(ERR_BAD_DATA, "the bitmap of tags at 0x%llx cannot be",
			      (unsigned long long)bitmap);
	for (u64 i = 0; !err && i < num_words && i << shift < depth && !w->is_over; i++) {
		if (!spend(w, 1))
			break;
		err = walk_word(w, t, words + i * word_size, i << shift,
				min_u64((u64)1 << shift, depth - (i << shift)));
	}
	return err;
}

/* Where the struct sbitmap of @member is. */
static struct err *find_bitmap(struct walk *w, vaddr_t tags, const char *member,
			       vaddr_t *ret)
{
	struct field queue, bitmap;
	struct err *err = field_get(w->k, "blk_mq_tags", member, &queue);

	if (!err)
		err = field_get(w->k, "sbitmap_queue", "sb", &bitmap);
	if (err)
		return err;
	*ret = tags + queue.offset;
	/* From 222a5ae03cdd, v5.10, to ae0f1a732f4a ("blk-mq: Stop using pointers for
	 * blk_mq_tags bitmap tags"), v5.16, it was a pointer. */
	if (queue.size == 8)
		err = kernel_read_ptr(w->k, *ret, ret);
	*ret += bitmap.offset;
	return err;
}

static struct err *walk_tags(struct walk *w, vaddr_t tags, bool is_scheduler)
{
	struct tag_set t = {.is_scheduler = is_scheduler};
	u64 num_reserved = 0;
	vaddr_t bitmap;
	struct err *err = read_member(w, tags, "blk_mq_tags", "nr_tags", &t.num_tags);

	if (!err)
		err = read_member(w, tags, "blk_mq_tags", "nr_reserved_tags",
				  &num_reserved);
	if (!err)
		err = read_member(w, tags, "blk_mq_tags",
				  is_scheduler ? "static_rqs" : "rqs", &t.requests);
	if (!err)
		err = find_bitmap(w, tags, "breserved_tags", &bitmap);
	if (!err && num_reserved)
		err = walk_bitmap(w, &t, bitmap);
	if (!err)
		err = find_bitmap(w, tags, "bitmap_tags", &bitmap);
	t.first = num_reserved;
	return err ? err : walk_bitmap(w, &t, bitmap);
}

/* ---- queues ---- */

static struct err *walk_hardware_queue(struct walk *w, vaddr_t hctx)
{
	u64 number, tags, scheduler;
	struct err *err = read_member(w, hctx, "blk_mq_hw_ctx", "queue_num", &number);

	if (!err && number >= BLOCK_QUEUES_MAX)
		err = err_new(ERR_BAD_DATA, "a hardware queue number %llu cannot be",
			      (unsigned long long)number);
	if (err || w->seen[number / 64] >> number % 64 & 1)
		return err;
	w->seen[number / 64] |= (u64)1 << number % 64;
	err = read_member(w, hctx, "blk_mq_hw_ctx", "tags", &tags);
	if (!err)
		err = read_member(w, hctx, "blk_mq_hw_ctx", "sched_tags", &scheduler);
	if (!err && tags && tags != w->last_tags)
		err = walk_tags(w, tags, false);
	w->last_tags = tags;
	if (!err && scheduler && !w->is_over)
		err = walk_tags(w, scheduler, true);
	return err;
}

/* Each CPU has a software queue, which leads to the hardware queues that it uses. */
static struct err *walk_cpu(struct walk *w, vaddr_t contexts, unsigned cpu)
{
	struct field hctxs = field_find(w->k, "blk_mq_ctx", "hctxs");
	vaddr_t at, hctx;
	struct err *err = kernel_percpu(w->k, contexts, cpu, &at);

	if (!err && !hctxs.present)
		err = err_new(ERR_ABSENT, "the layout of struct blk_mq_ctx is not known");
	for (u64 i = 0; !err && i < min_u64(hctxs.count, MAX_TYPES); i++) {
		err = kernel_read_ptr(w->k, at + hctxs.offset + i * 8, &hctx);
		if (!err && hctx)
			err = walk_hardware_queue(w, hctx);
	}
	return err;
}

static struct err *walk_disk(struct walk *w, const struct disk *d)
{
	u64 contexts = 0;
	struct err *err;

	w->queue = d->queue;
	w->last_tags = 0;
	memset(w->seen, 0, sizeof(w->seen));
	err = d->queue ? read_member(w, d->queue, "request_queue", "queue_ctx", &contexts)
		       : NULL;
	/* Drivers that take bios, as those of stacked devices, have no requests. */
	for (size_t i = 0; !err && contexts && i < w->cpus->count && spend(w, 1); i++)
		err = walk_cpu(w, contexts, w->cpus->cpus[i].number);
	return err_wrap(err, "requests of %s", d->name);
}

struct err *block_request_each(struct kernel *k, const struct cpu_table *cpus,
			       const struct disk *d,
			       bool (*each)(void *ctx, const struct block_request *r),
			       void *ctx)
{
	u64 work = WORK;
	struct walk w = {.k = k, .cpus = cpus, .each = each, .ctx = ctx, .work = &work};

	w.has_now = kernel_clock_monotonic(k, &w.now_ns);
	return walk_disk(&w, d);
}

/* ---- names ---- */

const char *block_request_op_name(const struct block_request *r)
{
	/* enum req_op of include/linux/blk_types.h; the numbers of those for zones have
	 * changed. */
	static const char *const names[] = {
		[0] = "read",	    [1] = "write",	  [2] = "flush",
		[3] = "discard",    [5] = "secure erase", [9] = "write zeroes",
		[34] = "driver in", [35] = "driver out",
	};

	return r->op < ARRAY_SIZE(names) && names[r->op] ? names[r->op] : "operation";
}

const char *block_request_state_name(const struct block_request *r)
{
	static const char *const names[] = {
		[BLOCK_REQUEST_WAITING] = "waiting",
		[BLOCK_REQUEST_IN_FLIGHT] = "in flight",
		[BLOCK_REQUEST_COMPLETE] = "complete",
	};

	return names[r->state];
}

/* ---- all disks ---- */

struct gathering {
	struct walk walk;
	struct notices *n;
	const struct disk *disk;
	vaddr_t driver;
	struct block_requests *all;
};

/* The older first, and what has an age before what has none. */
static bool is_older(const struct block_request *a, const struct block_request *b)
{
	if (a->has_age != b->has_age)
		return a->has_age;
	return a->age_ns > b->age_ns;
}

static bool gather(void *ctx, const struct block_request *r)
{
	struct gathering *g = ctx;
	struct block_requests *all = g->all;
	size_t at = all->num_oldest;

	all->count++;
	all->num_in_flight += r->state == BLOCK_REQUEST_IN_FLIGHT;
	while (at && is_older(r, &all->oldest[at - 1].request))
		at--;
	if (at == BLOCK_REQUESTS_MAX)
		return true;
	if (all->num_oldest < BLOCK_REQUESTS_MAX)
		all->num_oldest++;
	memmove(&all->oldest[at + 1], &all->oldest[at],
		(all->num_oldest - at - 1) * sizeof(all->oldest[0]));
	all->oldest[at].request = *r;
	memcpy(all->oldest[at].disk, g->disk->name, sizeof(all->oldest[at].disk));
	all->oldest[at].driver = g->driver;
	return true;
}

static void gather_disk(void *ctx, const struct disk *d)
{
	struct gathering *g = ctx;

	g->all->num_disks++;
	g->disk = d;
	g->driver = disk_driver(g->walk.k, d);
	if (!g->walk.is_over)
		notices_add_err(g->n, walk_disk(&g->walk, d));
}

void block_requests_read(struct kernel *k, const struct cpu_table *cpus, struct notices *n,
			 struct block_requests *ret)
{
	u64 work = WORK;
	struct gathering g = {
		.walk = {.k = k, .cpus = cpus, .each = gather, .ctx = &g, .work = &work},
		.n = n,
		.all = ret};
	struct err *err;

	*ret = (struct block_requests){0};
	g.walk.has_now = kernel_clock_monotonic(k, &g.walk.now_ns);
	err = disk_each(k, n, gather_disk, &g);
	ret->is_known = !err;
	notices_add_err(n, err);
	if (g.walk.is_over)
		notices_add(n, "block I/O: there are more tags than can be looked at");
}
