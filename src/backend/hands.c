#include "backend/hands_priv.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>

struct hands {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	hands_call_fn *call; /* what is to be done or is being done; NULL: nothing */
	bool is_released;
	hands_call_fn *last;
	void *self;
	void (*free_self)(void *self);
};

static void hands_free(struct hands *h)
{
	if (h->last)
		h->last(h->self);
	h->free_self(h->self);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static void *work(void *arg)
{
	struct hands *h = arg;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		hands_call_fn *call = h->call;

		if (call) {
			pthread_mutex_unlock(&h->lock);
			call(h->self);
			pthread_mutex_lock(&h->lock);
			h->call = NULL;
			pthread_cond_broadcast(&h->changed);
		} else if (h->is_released) {
			break;
		} else {
			pthread_cond_wait(&h->changed, &h->lock);
		}
	}
	pthread_mutex_unlock(&h->lock);
	hands_free(h);
	return NULL;
}

static bool init_condition(pthread_cond_t *c)
{
	pthread_condattr_t attr;
	bool is_good;

	if (pthread_condattr_init(&attr))
		return false;
	is_good = !pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) &&
		  !pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
	return is_good;
}

struct err *hands_start(void *self, void (*free_self)(void *self), struct hands **ret)
{
	struct hands *h = calloc(1, sizeof(*h));
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (!h)
		return err_nomem();
	h->self = self;
	h->free_self = free_self;
	if (pthread_mutex_init(&h->lock, NULL) || !init_condition(&h->changed) ||
	    pthread_attr_init(&attr)) {
		free(h);
		return err_nomem();
	}
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, work, h);
	pthread_attr_destroy(&attr);
	if (rc) {
		pthread_cond_destroy(&h->changed);
		pthread_mutex_destroy(&h->lock);
		free(h);
		return err_os(rc, "cannot start a thread");
	}
	*ret = h;
	return NULL;
}

void hands_release(struct hands *h, hands_call_fn *last)
{
	pthread_mutex_lock(&h->lock);
	h->is_released = true;
	h->last = last;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

/* With the lock held. */
static enum hands_outcome wait_locked(struct hands *h, u64 deadline_ms)
{
	const struct timespec until = {.tv_sec = (time_t)(deadline_ms / 1000),
				       .tv_nsec = (long)(deadline_ms % 1000) * 1000000};

	while (h->call)
		if (pthread_cond_timedwait(&h->changed, &h->lock, &until) == ETIMEDOUT)
			break;
	return h->call ? HANDS_RUNNING : HANDS_DONE;
}

enum hands_outcome hands_do(struct hands *h, hands_call_fn *fn, u64 deadline_ms)
{
	enum hands_outcome outcome = HANDS_BUSY;

	pthread_mutex_lock(&h->lock);
	if (!h->call) {
		h->call = fn;
		pthread_cond_broadcast(&h->changed);
		outcome = wait_locked(h, deadline_ms);
	}
	pthread_mutex_unlock(&h->lock);
	return outcome;
}

enum hands_outcome hands_wait(struct hands *h, u64 deadline_ms)
{
	enum hands_outcome outcome;

	pthread_mutex_lock(&h->lock);
	outcome = wait_locked(h, deadline_ms);
	pthread_mutex_unlock(&h->lock);
	return outcome;
}
