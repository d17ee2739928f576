#include "base/workers.h"

#include <pthread.h>

/* Our frames are small; a capture kernel may not overcommit. */
#define STACK_BYTES ((size_t)256 << 10)

struct worker {
	pthread_t thread;
	bool is_running;
	worker_fn f;
	void *ctx;
	unsigned index;
	struct err *err;
};

static void *run(void *arg)
{
	struct worker *w = arg;

	w->err = w->f(w->ctx, w->index);
	return NULL;
}

static void start(struct worker *w, unsigned count)
{
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) != 0)
		return;
	/* Where this fails, the default does as well. */
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned i = 1; i < count; i++)
		w[i].is_running = pthread_create(&w[i].thread, &attr, run, &w[i]) == 0;
	pthread_attr_destroy(&attr);
}

struct err *workers_run(unsigned count, worker_fn f, void *ctx)
{
	cleanup(freep) struct worker *w = NULL;
	struct err *err = NULL;

	if (count <= 1)
		return f(ctx, 0);
	w = calloc(count, sizeof(*w));
	if (!w)
		return err_nomem();
	for (unsigned i = 0; i < count; i++)
		w[i] = (struct worker){.f = f, .ctx = ctx, .index = i};
	start(w, count);
	run(&w[0]);
	for (unsigned i = 0; i < count; i++) {
		if (w[i].is_running)
			pthread_join(w[i].thread, NULL);
		if (!err)
			err = w[i].err;
		else
			err_ignore(w[i].err);
	}
	return err;
}
