#include "dump/segment_index.h"

#include "format/flattened.h"

/* Bounds the memory to about 20 MB while the index is made. */
#define MAX_RUNS ((size_t)1 << 17)

/* Streams that are followed at once. */
#define NUM_OPEN 4

/* A run spans so many segments of the file at least, its own and those between. More in a
 * file so large that there would be too many runs if segments have a usual size. */
#define MIN_SPAN      64
#define USUAL_SEGMENT 8192

/* Runs that may overlap at one place: each rewrite of a header makes one more. */
#define MAX_DEPTH 256

struct maker {
	const struct byte_source *src;
	struct segment_index *index;
	u64 span;
	u64 pos;    /* in the flattened file */
	u32 number; /* of the segment at it */
	/* Runs that may go on, the latest first; they all end at different places. */
	size_t open[NUM_OPEN];
	size_t num_open;
};

static u64 run_end(const struct segment_run *r)
{
	return r->start + r->len;
}

static void open_remove(struct maker *m, size_t at)
{
	m->num_open--;
	for (; at < m->num_open; at++)
		m->open[at] = m->open[at + 1];
}

/* Make @run the latest, and shut what ends where it does: else a walk could go wrong. */
static void open_add(struct maker *m, size_t run)
{
	const struct segment_run *runs = m->index->runs;

	for (size_t i = m->num_open; i > 0; i--)
		if (run_end(&runs[m->open[i - 1]]) == run_end(&runs[run]))
			open_remove(m, i - 1);
	if (m->num_open == NUM_OPEN)
		m->num_open--;
	for (size_t i = m->num_open; i > 0; i--)
		m->open[i] = m->open[i - 1];
	m->open[0] = run;
	m->num_open++;
}

/* The open run that @offset continues, taken off the list; false if there is none. */
static bool open_take(struct maker *m, u64 offset, size_t *ret)
{
	const struct segment_run *runs = m->index->runs;

	for (size_t i = 0; i < m->num_open; i++) {
		size_t run = m->open[i];

		if (run_end(&runs[run]) != offset)
			continue;
		open_remove(m, i);
		*ret = run;
		return m->number - runs[run].first < m->span;
	}
	return false;
}

/* False if there are too many runs. */
static bool take_segment(struct maker *m, u64 offset, u64 len)
{
	struct segment_index *x = m->index;
	size_t run;

	if (!len)
		return true;
	x->size = max_u64(x->size, offset + len);
	if (open_take(m, offset, &run)) {
		x->runs[run].len += len;
		x->runs[run].last = m->number;
	} else {
		if (x->num_runs == MAX_RUNS)
			return false;
		run = x->num_runs++;
		x->runs[run] = (struct segment_run){.start = offset,
						    .len = len,
						    .first_header = m->pos,
						    .first_start = offset,
						    .first = m->number,
						    .last = m->number};
	}
	open_add(m, run);
	return true;
}

static struct err *too_many(const struct maker *m)
{
	return err_new(
		ERR_UNSUPPORTED,
		"%s: a flattened file in too many pieces (at offset 0x%llx) to be read "
		"in place; rearrange it first (makedumpfile -R)",
		m->src->name, (unsigned long long)m->pos);
}

/* Go through the file once. *@ret_is_full: there are more runs than may be. */
static struct err *collect_runs(struct maker *m, bool *ret_is_full)
{
	u64 size = m->src->size;

	*ret_is_full = false;
	for (m->pos = FLATTENED_HEADER_LEN;; m->number++) {
		u8 bytes[FLATTENED_SEGMENT_LEN];
		struct flattened_segment s;
		u64 fitting;
		struct err *err;

		m->index->end = m->pos;
		if (!range_fits(m->pos, sizeof(bytes), size))
			return NULL;
		err = source_read(m->src, m->pos, bytes, sizeof(bytes));
		if (err)
			return err;
		if (!flattened_parse_segment(bytes, &s))
			return NULL;
		if (s.is_end) {
			m->index->is_cut = false;
			return NULL;
		}
		fitting = min_u64(s.size, size - m->pos - sizeof(bytes));
		if (m->number == UINT32_MAX)
			return too_many(m);
		if (!take_segment(m, s.offset, fitting)) {
			*ret_is_full = true;
			return NULL;
		}
		m->pos += sizeof(bytes) + fitting;
		if (fitting < s.size) {
			m->index->end = m->pos;
			return NULL;
		}
	}
}

static int compare_runs(const void *a, const void *b)
{
	const struct segment_run *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool runs_overlap(const struct segment_index *x)
{
	for (size_t i = 1; i < x->num_runs; i++)
		if (x->runs[i].start < run_end(&x->runs[i - 1]))
			return true;
	return false;
}

/* Cuts overlapping runs into pieces of which each has the latest data. */
struct cutter {
	const struct segment_run *runs; /* sorted */
	size_t num_runs, next;
	const struct segment_run
		*active[MAX_DEPTH]; /* that reach past the place looked at */
	size_t num_active;
	struct segment_run *pieces; /* room for 2 * num_runs */
	size_t num_pieces;
};

/* False if it cannot be said which of two runs is the later one. */
static bool cutter_enter(struct cutter *c)
{
	const struct segment_run *run = &c->runs[c->next++];

	if (c->num_active == MAX_DEPTH)
		return false;
	for (size_t i = 0; i < c->num_active; i++)
		if (c->active[i]->last >= run->first && run->last >= c->active[i]->first)
			return false;
	c->active[c->num_active++] = run;
	return true;
}

static void cutter_leave(struct cutter *c, u64 pos)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->num_active; i++)
		if (run_end(c->active[i]) > pos)
			c->active[kept++] = c->active[i];
	c->num_active = kept;
}

/* Emit what is on top at @pos; returns where that may change. */
static u64 cutter_emit(struct cutter *c, u64 pos)
{
	const struct segment_run *top = c->active[0];
	struct segment_run *last = c->num_pieces ? &c->pieces[c->num_pieces - 1] : NULL;
	u64 end;

	for (size_t i = 1; i < c->num_active; i++)
		if (c->active[i]->first > top->first)
			top = c->active[i];
	end = run_end(top);
	if (c->next < c->num_runs)
		end = min_u64(end, c->runs[c->next].start);
	if (last && last->first == top->first && run_end(last) == pos) {
		last->len = end - last->start;
		return end;
	}
	last = &c->pieces[c->num_pieces++];
	*last = *top;
	last->start = pos;
	last->len = end - pos;
	return end;
}

static bool cutter_run(struct cutter *c)
{
	u64 pos = 0;

	while (c->next < c->num_runs || c->num_active) {
		if (!c->num_active)
			pos = c->runs[c->next].start;
		while (c->next < c->num_runs && c->runs[c->next].start == pos)
			if (!cutter_enter(c))
				return false;
		pos = cutter_emit(c, pos);
		cutter_leave(c, pos);
	}
	return true;
}

/* Let later segments override earlier ones. *@ret_is_done is false if for that the runs
 * would have to be shorter. */
static struct err *cut_runs(struct segment_index *x, bool *ret_is_done)
{
	struct cutter *c;

	qsort(x->runs, x->num_runs, sizeof(*x->runs), compare_runs);
	*ret_is_done = true;
	if (!runs_overlap(x))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_nomem();
	c->runs = x->runs;
	c->num_runs = x->num_runs;
	c->pieces = calloc(2 * x->num_runs, sizeof(*c->pieces));
	if (!c->pieces) {
		free(c);
		return err_nomem();
	}
	*ret_is_done = cutter_run(c);
	if (*ret_is_done) {
		free(x->runs);
		x->runs = steal(c->pieces);
		x->num_runs = c->num_pieces;
	}
	free(c->pieces);
	free(c);
	return NULL;
}

static struct err *make_with(const struct byte_source *src, u64 span,
			     struct segment_index **ret, bool *ret_is_full,
			     bool *ret_is_done)
{
	cleanup(segment_index_freep) struct segment_index *x = calloc(1, sizeof(*x));
	struct maker m = {.src = src, .index = x, .span = span};
	struct segment_run *fitting;
	struct err *err;

	if (!x)
		return err_nomem();
	x->is_cut = true;
	x->runs = calloc(MAX_RUNS, sizeof(*x->runs));
	if (!x->runs)
		return err_nomem();
	err = collect_runs(&m, ret_is_full);
	if (err || *ret_is_full)
		return err;
	err = cut_runs(x, ret_is_done);
	if (err || !*ret_is_done)
		return err;
	fitting = realloc(x->runs, max_u64(1, x->num_runs) * sizeof(*x->runs));
	if (fitting)
		x->runs = fitting;
	*ret = steal(x);
	return NULL;
}

struct err *segment_index_make(const struct byte_source *src, struct segment_index **ret)
{
	u8 head[FLATTENED_USED_LEN];
	u64 span = MIN_SPAN;
	bool is_full = false, is_done = false;
	struct err *err = source_read(src, 0, head, sizeof(head));

	if (!err)
		err = flattened_check_header(head, src->name);
	while (span * MAX_RUNS / 2 < src->size / USUAL_SEGMENT)
		span *= 2;
	if (!err)
		err = make_with(src, span, ret, &is_full, &is_done);
	if (err)
		return err;
	/* What overlaps is taken segment by segment if the runs are at odds. */
	if (!is_full && !is_done)
		err = make_with(src, 1, ret, &is_full, &is_done);
	if (!err && (is_full || !is_done))
		err = too_many(&(struct maker){.src = src});
	return err;
}

void segment_index_free(struct segment_index *x)
{
	if (!x)
		return;
	free(x->runs);
	free(x);
}

const struct segment_run *segment_index_find(const struct segment_index *x, u64 offset)
{
	size_t low = 0, high = x->num_runs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (run_end(&x->runs[mid]) <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low < x->num_runs ? &x->runs[low] : NULL;
}
