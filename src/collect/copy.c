/* The pages themselves: batch by batch, each in the hands of one worker from reading to
 * writing. Nothing is passed between workers but the cursor. */
#include "base/workers.h"
#include "collect/page_batch_priv.h"

struct copy {
	struct collection *c;
	struct cursor *cursor;
	bool is_over;	     /* an error, or somebody wants us to stop */
	u64 rank_done;	     /* all pages before are written, while nothing has failed */
	u64 rank_lost;	     /* the first page that was taken and not written */
	struct err *failure; /* the first */
};

static void report_progress(struct collection *c)
{
	struct collect_progress p = {.pages_done = c->stats->pages_written,
				     .pages_total = c->pages_total};

	if (!c->options->progress)
		return;
	for (size_t i = 0; i < c->num_outputs; i++) {
		pthread_mutex_lock(&c->outputs[i].lock);
		p.bytes_written += c->outputs[i].end;
		pthread_mutex_unlock(&c->outputs[i].lock);
	}
	c->options->progress(c->options->progress_ctx, &p);
}

/* Take the next batch. No pages: it is over. */
static struct err *take(struct copy *copy, struct batch *ret)
{
	struct collection *c = copy->c;
	struct err *err;

	ret->num_pages = 0;
	pthread_mutex_lock(&c->lock);
	if (copy->is_over) {
		pthread_mutex_unlock(&c->lock);
		return NULL;
	}
	report_progress(c);
	err = check_stop(c->options);
	if (!err)
		err = cursor_take(copy->cursor, ret);
	if (err) {
		copy->is_over = true;
		ret->num_pages = 0;
	}
	copy->rank_done = max_u64(copy->rank_done, ret->rank + ret->num_pages);
	pthread_mutex_unlock(&c->lock);
	return err;
}

static void give_back(struct copy *copy, const struct page_batch *b, bool is_written)
{
	struct collection *c = copy->c;

	pthread_mutex_lock(&c->lock);
	if (is_written) {
		c->stats->pages_written += b->which.num_pages;
		c->stats->pages_zero += b->num_zero;
		c->stats->pages_unreadable += b->num_unreadable;
	} else {
		copy->is_over = true;
		copy->rank_lost = min_u64(copy->rank_lost, b->which.rank);
	}
	pthread_mutex_unlock(&c->lock);
}

/* Only the first failure tells the cause: others may follow from it. */
static void fail(struct copy *copy, struct err *err)
{
	struct collection *c = copy->c;

	pthread_mutex_lock(&c->lock);
	copy->is_over = true;
	if (copy->failure)
		err_ignore(err);
	else
		copy->failure = err;
	pthread_mutex_unlock(&c->lock);
}

static void copy_batches(struct copy *copy, struct page_batch *b)
{
	struct collection *c = copy->c;
	struct err *err;

	for (;;) {
		err = take(copy, &b->which);
		if (err || !b->which.num_pages)
			break;
		b->num_zero = b->num_unreadable = 0;
		err = c->container->put_pages(c, b);
		give_back(copy, b, !err);
		if (!err)
			continue;
		fail(copy, err);
		/* The turns behind this batch will never come. */
		output_break(&c->outputs[b->which.part]);
		return;
	}
	if (err)
		fail(copy, err);
}

static struct err *work(void *ctx, unsigned worker)
{
	struct copy *copy = ctx;
	struct page_batch b = {0};
	struct err *err = page_batch_open(copy->c, &b);

	if (!err)
		copy_batches(copy, &b);
	else if (worker && err_code(err) == ERR_NOMEM)
		err_ignore(err); /* the others have enough for them */
	else
		fail(copy, err);
	page_batch_close(copy->c, &b);
	return NULL;
}

struct err *copy_pages(struct collection *c)
{
	struct copy copy = {.c = c, .rank_lost = UINT64_MAX};
	struct err *err;

	err = cursor_open(c->d, &c->map, c->stripes, c->num_stripes, c->num_outputs > 1,
			  &copy.cursor);
	if (err)
		return err;
	err = workers_run(c->num_workers, work, &copy);
	cursor_close(copy.cursor);
	if (err)
		fail(&copy, err);
	if (copy.failure) {
		err = c->container->rescue(c, min_u64(copy.rank_done, copy.rank_lost));
		/* The first failure is the one to be told. */
		err_ignore(err);
	}
	return copy.failure;
}
