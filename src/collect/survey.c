/* Which pages are to be written: all chunks of page frames decided, by several workers. */
#include "base/workers.h"
#include "collect/bits_priv.h"
#include "collect/page_batch_priv.h"

#include <string.h>

struct survey {
	struct collection *c;
	pfn_t next;
	bool is_over;
};

/* What one worker needs. */
struct surveyor {
	struct dump_reader *reader;
	struct filter_scan *scan;
	u8 *pages; /* BATCH_BYTES; only where zero pages are looked for */
	struct filter_chunk chunk;
};

static bool seeks_zeros(const struct collection *c)
{
	return c->container->omits_zero_pages && c->options->dump_level & COLLECT_ZERO;
}

static void surveyor_close(struct collection *c, struct surveyor *s)
{
	if (!s)
		return;
	/* It hands its remarks to the dump. */
	pthread_mutex_lock(&c->lock);
	filter_scan_close(s->scan);
	pthread_mutex_unlock(&c->lock);
	dump_reader_close(s->reader);
	free(s->pages);
	free(s);
}

static struct err *surveyor_open(struct collection *c, struct surveyor **ret)
{
	struct surveyor *s = calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_nomem();
	err = dump_reader_open(c->d, &s->reader);
	if (!err)
		err = filter_scan_open(c->filter, s->reader, &s->scan);
	if (!err && seeks_zeros(c)) {
		s->pages = malloc(BATCH_BYTES);
		if (!s->pages)
			err = err_nomem();
	}
	if (err) {
		surveyor_close(c, s);
		return err;
	}
	*ret = s;
	return NULL;
}

/* Take zero pages away from a run of those kept; returns how many. */
static u64 omit_zeros_of_run(struct surveyor *s, size_t page_size, u64 bit, u64 end)
{
	u64 num = 0;

	while (bit < end) {
		u64 count = min_u64(end - bit, BATCH_BYTES / page_size);
		struct err *why;
		size_t len;

		dump_reader_read_some(s->reader, ADDR_PHYSICAL,
				      (s->chunk.first + bit) * page_size, s->pages,
				      count * page_size, &len, &why);
		for (u64 i = 0; i < len / page_size; i++)
			if (page_is_zero(s->pages + i * page_size, page_size))
				num += bits_clear(s->chunk.kept, bit + i, bit + i + 1);
		/* What cannot be read is for the copy to deal with. */
		bit += why ? len / page_size + 1 : count;
		err_ignore(why);
	}
	return num;
}

static u64 omit_zeros(struct surveyor *s, size_t page_size)
{
	u64 num = 0;

	for (u64 bit = 0; bit < CHUNK_PAGES;) {
		u64 first = bits_find(s->chunk.kept, bit, CHUNK_PAGES, true);

		bit = bits_find(s->chunk.kept, first, CHUNK_PAGES, false);
		num += omit_zeros_of_run(s, page_size, first, bit);
	}
	s->chunk.num_kept -= num;
	return num;
}

/* Returns how many zero pages were left out. */
static u64 decide(struct collection *c, struct surveyor *s, pfn_t first)
{
	filter_scan_chunk(s->scan, first, dump_max_pfn(c->d), &s->chunk);
	return seeks_zeros(c) ? omit_zeros(s, dump_page_size(c->d)) : 0;
}

static void add_up(struct collection *c, const struct filter_chunk *chunk, u64 num_zero)
{
	struct collect_stats *s = c->stats;

	pthread_mutex_lock(&c->lock);
	c->pages_total += chunk->num_kept;
	s->pages_ram += chunk->pages_ram;
	s->pages_not_in_source += chunk->pages_not_in_source;
	s->pages_zero += num_zero;
	for (size_t i = 0; i < PAGE_NUM_CLASSES; i++)
		s->excluded[i] += chunk->excluded[i];
	pthread_mutex_unlock(&c->lock);
}

/* The next chunk; UINT64_MAX: there is none. */
static struct err *take_chunk(struct survey *survey, pfn_t *ret)
{
	struct collection *c = survey->c;
	struct err *err = NULL;

	*ret = UINT64_MAX;
	pthread_mutex_lock(&c->lock);
	if (!survey->is_over) {
		err = check_stop(c->options);
		if (!err)
			*ret = cursor_find_chunk(c->d, survey->next);
	}
	if (*ret != UINT64_MAX)
		survey->next = *ret + CHUNK_PAGES;
	pthread_mutex_unlock(&c->lock);
	return err;
}

static struct err *survey_chunks(struct survey *survey, struct surveyor *s)
{
	struct collection *c = survey->c;

	for (;;) {
		pfn_t first;
		u64 num_zero;
		struct err *err = take_chunk(survey, &first);

		if (err || first == UINT64_MAX)
			return err;
		num_zero = decide(c, s, first);
		err = c->container->put_chunk(c, &s->chunk);
		if (err)
			return err;
		pagemap_put(&c->map, first, s->chunk.kept);
		add_up(c, &s->chunk, num_zero);
	}
}

static struct err *work(void *ctx, unsigned worker)
{
	struct survey *survey = ctx;
	struct collection *c = survey->c;
	struct surveyor *s = NULL;
	struct err *err = surveyor_open(c, &s);

	if (!err)
		err = survey_chunks(survey, s);
	else if (worker && err_code(err) == ERR_NOMEM) {
		err_ignore(err);
		return NULL;
	}
	surveyor_close(c, s);
	if (err) {
		pthread_mutex_lock(&c->lock);
		survey->is_over = true;
		pthread_mutex_unlock(&c->lock);
	}
	return err;
}

struct err *survey(struct collection *c)
{
	struct survey survey = {.c = c};
	struct err *err = workers_run(c->num_workers, work, &survey);

	if (err || pagemap_is_whole(&c->map))
		return err;
	return surveyor_open(c, &c->surveyor);
}

void survey_close(struct collection *c)
{
	surveyor_close(c, c->surveyor);
	c->surveyor = NULL;
}

const struct filter_chunk *survey_again(struct collection *c, pfn_t first)
{
	(void)decide(c, c->surveyor, first);
	return &c->surveyor->chunk;
}
