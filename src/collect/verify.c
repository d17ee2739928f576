#include "collect/verify.h"

#include "base/workers.h"
#include "format/note.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#define READ_BYTES ((size_t)1 << 20)

/* Page frames that are taken for one go. */
#define CLAIM_PAGES 512u

#define MAX_WORKERS 64u

/* One verification. The lock guards everything but the constant pointers, and calls of the
 * user's function. */
struct verifier {
	struct dump *d;
	const struct verify_options *options;
	pthread_mutex_t lock;
	pfn_t next; /* page frames before are claimed */
	u64 bytes_read;
	bool is_over;	  /* somebody failed: no more is claimed */
	bool is_given_up; /* by the user */
	struct verify_result found;
};

/* One thread's part. Its result is added to the verification's at the end. */
struct checker {
	struct verifier *v;
	struct dump_reader *reader;
	u8 *pages; /* READ_BYTES */
	struct verify_result found;
};

void verify_result_deinit(struct verify_result *r)
{
	for (size_t i = 0; i < r->num_damage; i++)
		free(r->damage[i].why);
	*r = (struct verify_result){0};
}

unsigned verify_coverage(const struct verify_result *r)
{
	u64 total = r->pages_present + r->pages_excluded + r->pages_lost;

	/* 128 bits wide: the claims of a damaged file are added up here as well. */
	return total ? (unsigned)((unsigned __int128)r->pages_decoded * 10000 / total) : 0;
}

/* Keep the sentence of @err for the page frame. Addresses ascend from call to call. */
static struct err *add_damaged(struct verify_result *r, pfn_t pfn, struct err *err)
{
	char *why = NULL;

	if (err_code(err) == ERR_NOMEM)
		return err;
	r->pages_damaged++;
	if (r->num_damage < VERIFY_DAMAGE_MAX) {
		why = strdup(err_message(err));
		if (!why) {
			err_free(err);
			return err_nomem();
		}
		r->damage[r->num_damage++] =
			(struct verify_damage){.pfn = pfn, .count = 1, .why = why};
	}
	err_free(err);
	return NULL;
}

static void add_lost(struct verify_result *r, pfn_t pfn, u64 count)
{
	struct verify_damage *last = r->num_damage ? &r->damage[r->num_damage - 1] : NULL;

	r->pages_lost += count;
	if (last && !last->why && last->pfn + last->count == pfn)
		last->count += count;
	else if (r->num_damage < VERIFY_DAMAGE_MAX)
		r->damage[r->num_damage++] =
			(struct verify_damage){.pfn = pfn, .count = count};
}

static bool is_zero(const u8 *page, size_t size)
{
	return !page[0] && memcmp(page, page + 1, size - 1) == 0;
}

static void count_decoded(struct checker *c, u64 count)
{
	size_t size = dump_page_size(c->v->d);

	c->found.pages_decoded += count;
	c->found.bytes_decoded += count * size;
	for (u64 i = 0; i < count; i++)
		c->found.pages_zero += is_zero(c->pages + i * size, size);
}

/* Index of the first stretch of RAM that ends past @addr. */
static size_t find_ram(const struct ram_range *ram, size_t count, paddr_t addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ram[mid].start + ram[mid].len <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A page that cannot be had in one piece is damaged, unless RAM begins or ends inside it:
 * then those pieces must be there. */
static struct err *check_ragged(struct checker *c, pfn_t pfn, struct err *why)
{
	struct dump *d = c->v->d;
	u64 size = dump_page_size(d), start = pfn << dump_page_shift(d);
	u64 covered = 0;
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);

	memset(c->pages, 0, size);
	for (size_t i = find_ram(ram, count, start);
	     i < count && ram[i].start < start + size; i++) {
		paddr_t from = max_u64(start, ram[i].start);
		paddr_t to = min_u64(start + size, ram[i].start + ram[i].len);
		struct err *err = dump_reader_read(c->reader, ADDR_PHYSICAL, from,
						   c->pages + (from - start), to - from);

		if (err) {
			err_free(why);
			return add_damaged(&c->found, pfn, err);
		}
		covered += to - from;
	}
	if (covered == 0 || covered == size)
		return add_damaged(&c->found, pfn, why);
	err_free(why);
	count_decoded(c, 1);
	return NULL;
}

static struct err *report_progress(struct verifier *v, u64 len)
{
	struct verify_progress p = {.pfns_total = dump_max_pfn(v->d)};
	bool is_given_up;

	pthread_mutex_lock(&v->lock);
	v->bytes_read += len;
	p.pfns_done = v->next;
	p.bytes_read = v->bytes_read;
	if (!v->is_given_up && v->options->progress)
		v->is_given_up = v->options->progress(v->options->progress_ctx, &p);
	is_given_up = v->is_given_up;
	pthread_mutex_unlock(&v->lock);
	return is_given_up ? err_new(ERR_INCOMPLETE, "%s: verifying was given up",
				     dump_path(v->d))
			   : NULL;
}

/* Read @count pages, all present. */
static struct err *check_present(struct checker *c, pfn_t first, u64 count)
{
	size_t size = dump_page_size(c->v->d), len;
	struct err *err = NULL;

	c->found.pages_present += count;
	for (u64 done = 0; done < count && !err;) {
		struct err *why;
		u64 n = min_u64(count - done, READ_BYTES / size);

		dump_reader_read_some(c->reader, ADDR_PHYSICAL, (first + done) * size,
				      c->pages, n * size, &len, &why);
		n = len / size;
		count_decoded(c, n);
		done += n;
		if (why)
			err = check_ragged(c, first + done++, why);
		if (!err)
			err = report_progress(c->v, max_u64(len, size));
	}
	return err;
}

static struct err *check_run(struct checker *c, enum pfn_state state, pfn_t first,
			     pfn_t end)
{
	if (state == PFN_PRESENT)
		return check_present(c, first, end - first);
	if (state == PFN_LOST)
		add_lost(&c->found, first, end - first);
	else if (state == PFN_EXCLUDED)
		c->found.pages_excluded += end - first;
	return NULL;
}

/* The run of equal states that begins at @first, as far as a format tells them one by one.
 */
static enum pfn_state find_run(struct checker *c, pfn_t first, pfn_t limit, pfn_t *ret_end)
{
	enum pfn_state state = dump_reader_pfn_run(c->reader, first, ret_end);
	pfn_t end;

	while (*ret_end < limit && dump_reader_pfn_run(c->reader, *ret_end, &end) == state)
		*ret_end = end;
	*ret_end = min_u64(*ret_end, limit);
	return state;
}

/* Take the next page frames; false if there are none. A long run that needs no work is
 * taken in one go, whatever a file claims of empty address space. */
static bool claim(struct checker *c, pfn_t *ret_first, pfn_t *ret_end)
{
	struct verifier *v = c->v;
	pfn_t max = dump_max_pfn(v->d), end;
	enum pfn_state state;

	pthread_mutex_lock(&v->lock);
	*ret_first = v->next;
	if (v->next < max && !v->is_over) {
		state = dump_reader_pfn_run(c->reader, v->next, &end);
		if (state == PFN_PRESENT || end - v->next < CLAIM_PAGES)
			end = v->next + CLAIM_PAGES;
		v->next = min_u64(end, max);
	}
	*ret_end = v->is_over ? *ret_first : v->next;
	pthread_mutex_unlock(&v->lock);
	return *ret_first < *ret_end;
}

static struct err *check_pages(struct checker *c)
{
	pfn_t first, end, run_end;

	while (claim(c, &first, &end)) {
		for (; first < end; first = run_end) {
			enum pfn_state state = find_run(c, first, end, &run_end);
			struct err *err = check_run(c, state, first, run_end);

			if (err)
				return err;
		}
	}
	return NULL;
}

/* Put the damage at @from into its place among that at @to; what is too much goes. Each
 * thread goes upwards through the address space, so that its own list has its lowest. */
static void merge_damage(struct verify_result *to, struct verify_result *from)
{
	struct verify_damage all[2 * VERIFY_DAMAGE_MAX];
	size_t num = 0, i = 0, j = 0;

	while (i < to->num_damage || j < from->num_damage) {
		bool is_first =
			j == from->num_damage ||
			(i < to->num_damage && to->damage[i].pfn < from->damage[j].pfn);
		struct verify_damage next = is_first ? to->damage[i++] : from->damage[j++];

		if (num && !next.why && !all[num - 1].why &&
		    all[num - 1].pfn + all[num - 1].count == next.pfn)
			all[num - 1].count += next.count;
		else
			all[num++] = next;
	}
	to->num_damage = min_u64(num, VERIFY_DAMAGE_MAX);
	memcpy(to->damage, all, to->num_damage * sizeof(*all));
	while (num > to->num_damage)
		free(all[--num].why);
	from->num_damage = 0;
}

static void merge(struct verifier *v, struct verify_result *from)
{
	struct verify_result *to = &v->found;

	to->pages_present += from->pages_present;
	to->pages_decoded += from->pages_decoded;
	to->pages_zero += from->pages_zero;
	to->pages_damaged += from->pages_damaged;
	to->pages_excluded += from->pages_excluded;
	to->pages_lost += from->pages_lost;
	to->bytes_decoded += from->bytes_decoded;
	merge_damage(to, from);
}

static struct err *check(void *ctx, unsigned worker)
{
	cleanup(dump_reader_closep) struct dump_reader *reader = NULL;
	cleanup(freep) u8 *pages = malloc(READ_BYTES);
	struct verifier *v = ctx;
	struct checker c = {.v = v, .pages = pages};
	struct err *err = pages ? dump_reader_open(v->d, &reader) : err_nomem();

	c.reader = reader;
	if (!err)
		err = check_pages(&c);
	pthread_mutex_lock(&v->lock);
	if (err)
		v->is_over = true;
	merge(v, &c.found);
	pthread_mutex_unlock(&v->lock);
	return err;
}

static bool notes_are_damaged(const struct dump *d)
{
	size_t len;
	const void *notes = dump_notes(d, &len);
	struct note_iter it = note_iter_init(notes, len);
	struct note n;

	while (note_next(&it, &n))
		;
	return it.is_damaged;
}

static void judge(struct verifier *v)
{
	struct verify_result *r = &v->found;

	r->is_incomplete = dump_is_incomplete(v->d);
	r->notes_are_damaged = notes_are_damaged(v->d);
	r->is_whole = r->pages_present > 0 && r->pages_decoded == r->pages_present &&
		      !r->pages_lost && !r->pages_damaged && !r->is_incomplete &&
		      !r->notes_are_damaged;
}

static unsigned num_workers(const struct verify_options *options)
{
	unsigned count = options->num_workers;
	cpu_set_t cpus;

	if (!count && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = (unsigned)CPU_COUNT(&cpus);
	return (unsigned)max_u64(1, min_u64(count, MAX_WORKERS));
}

struct err *verify_dump(struct dump *d, const struct verify_options *options,
			struct verify_result *ret)
{
	struct verifier v = {.d = d, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct err *err = workers_run(num_workers(options), check, &v);

	pthread_mutex_destroy(&v.lock);
	*ret = (struct verify_result){0};
	if (err) {
		verify_result_deinit(&v.found);
		return err;
	}
	judge(&v);
	*ret = v.found;
	return NULL;
}
