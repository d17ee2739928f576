/*
 * One run of the collector, and what a file format has to do in it.
 *
 * The run goes through the steps of struct container in the order they stand there. Facts
 * that the steps share are here; each step keeps its own elsewhere. The lock guards the
 * dump itself (not its readers), the statistics, the cursor, and calls back to the user.
 */
#ifndef COLLECT_COLLECTION_PRIV_H
#define COLLECT_COLLECTION_PRIV_H

#include "collect/codec_priv.h"
#include "collect/cursor_priv.h"
#include "collect/output_priv.h"

struct container;
struct page_batch;
struct surveyor;

struct collection {
	struct dump *d;
	const struct collect_options *options;
	struct collect_stats *stats;
	struct output *outputs; /* more than one: the parts of a split dump */
	size_t num_outputs;
	unsigned num_workers;
	const struct container *container;
	void *file; /* the container's own */
	struct filter *filter;
	struct pagemap map;
	struct surveyor *surveyor; /* for survey_again() */
	struct stripe *stripes;	   /* owned; the order in which pages go into the dump */
	size_t num_stripes;
	u64 pages_total; /* to be written */
	pthread_mutex_t lock;
};

/* A dump file format that can be written. */
struct container {
	/* Zero pages of dump level 1 are left out, and not kept as one shared page. */
	bool omits_zero_pages;

	/* Write what is known at the start, marked incomplete. The container's own state
	 * goes to c->file; `close` copes with a half-built one. */
	struct err *(*begin)(struct collection *c);
	void (*close)(struct collection *c);
	/* Take note of a chunk, in any order, by several threads. More pages may be kept.
	 */
	struct err *(*put_chunk)(struct collection *c, struct filter_chunk *chunk);
	/* Did the survey yield what the format can hold? If not, all chunks are decided and
	 * put once more. NULL: always. */
	bool (*is_settled)(struct collection *c);
	/* Give back the bits of a chunk that did not fit into memory. */
	struct err *(*recall)(struct collection *c, pfn_t first, u8 kept[CHUNK_BYTES]);
	/* All chunks are decided, c->map and c->pages_total final: plan c->stripes and the
	 * places of everything. */
	struct err *(*lay_out)(struct collection *c);
	/* Write a batch of pages, by several threads. */
	struct err *(*put_pages)(struct collection *c, struct page_batch *b);
	/* Everything is written: take the mark away if @is_whole. */
	struct err *(*finish)(struct collection *c, bool is_whole);
	/* Writing failed: @rank pages precede the first that is missing, in the order of
	 * the only stripe, if there is but one. Make the best of what there is. */
	struct err *(*rescue)(struct collection *c, u64 rank);
};

extern const struct container container_kdump;
extern const struct container container_elf;

/* Decide all chunks: c->map, c->pages_total and the statistics of the filter. */
must_check struct err *survey(struct collection *c);
/* Decide one chunk once more; after a survey whose bits did not all fit into memory. Valid
 * until the next call; one thread at a time. */
const struct filter_chunk *survey_again(struct collection *c, pfn_t first);
void survey_close(struct collection *c);

/* Tell the user of the dump's size to be. */
must_check struct err *foresee(struct collection *c);

/* Write all pages. */
must_check struct err *copy_pages(struct collection *c);

/* Descriptors that a dump goes to; all borrowed. */
struct collect_outputs {
	const int *fds;
	const char *const *names;
	size_t num;
	bool as_stream;
};

must_check struct err *collect_to_outputs(struct dump *d, const struct collect_outputs *to,
					  const struct collect_options *options,
					  struct collect_stats *ret);

/* Does somebody want us to stop? Under the lock. */
static inline struct err *check_stop(const struct collect_options *o)
{
	if (o->should_stop && o->should_stop(o->should_stop_ctx))
		return err_new(ERR_INCOMPLETE, "stopped by a signal");
	return NULL;
}

/* How many workers are right for this machine, now: by its CPUs and its free memory. */
unsigned capacity_workers(void);

#endif
