#include "trigger/audit_queue.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "trigger/audit_priv.h"
#include "trigger/bucket.h"

#define NUM_SOURCES 16384u
#define CODES_MAX   32u

/* Whoever keeps to limits.principal's default has a line for each request. One who has no
 * key can bring a line to 2.5 KB, so all of those together make some 200 MB a day. */
const struct audit_queue_rules audit_queue_rules = {
	.source_tokens = 20,
	.source_refill_per_s = 0.1,
	.all_tokens = 1000,
	.all_refill_per_s = 1,
	.capacity = 2048,
	.pause_ms = 500,
	.report_ms = 60000,
};

struct waiting {
	struct waiting *next;
	struct audit_event event; /* its strings are ours */
	char code[AUDIT_CODE_MAX];
};

/* What was left out since it was last said. */
struct left_out {
	struct audit_left codes[CODES_MAX], reasons[AUDIT_NUM_REASONS];
	size_t num_codes;
	s64 since_ms; /* UTC */
	u64 due_ms;   /* when it is to be said; 0: there is nothing to say */
};

struct audit_queue {
	struct audit *audit;
	struct audit_queue_rules rules;
	audit_queue_log_fn *log;
	void *ctx;
	struct buckets *sources, *all;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work;
	struct waiting *first, **end;
	size_t num;
	bool is_ending;
	struct left_out left;
	struct audit_queue_counters counters;

	u64 complained_ms; /* of the thread: when the log could not be written; 0: never */
};

const char *audit_reason_name(enum audit_reason reason)
{
	static const char *const names[] = {
		[AUDIT_LEFT_RATE] = "rate",
		[AUDIT_LEFT_QUEUE] = "queue",
		[AUDIT_LEFT_WRITE] = "write",
	};

	return names[reason];
}

static void decrefp(json_t **j)
{
	json_decref(*j);
}

static s64 utc_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (s64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void waiting_free(struct waiting *w)
{
	if (!w)
		return;
	free((void *)(uintptr_t)w->event.error_message);
	audit_event_deinit(&w->event);
	free(w);
}
CLEANUP_FREEP(waiting)

static struct waiting *waiting_new(const struct audit_event *from)
{
	cleanup(waiting_freep) struct waiting *w = calloc(1, sizeof(*w));

	if (!w || !audit_event_copy(&w->event, from))
		return NULL;
	snprintf(w->code, sizeof(w->code), "%s", from->error_code);
	w->event.error_code = w->code;
	if (from->error_message) {
		w->event.error_message = strndup(from->error_message, AUDIT_STRING_MAX);
		if (!w->event.error_message)
			return NULL;
	}
	return steal(w);
}

static void count_code(struct left_out *l, const char *code, u64 count)
{
	size_t i = 0;

	while (i < l->num_codes && !str_eq(l->codes[i].code, code))
		i++;
	if (i == CODES_MAX)
		i--;
	if (i == l->num_codes) {
		snprintf(l->codes[i].code, sizeof(l->codes[i].code), "%s", code);
		l->num_codes++;
	}
	l->codes[i].count += count;
}

/* The lock is held. */
static void begin_left(struct audit_queue *q)
{
	if (q->left.due_ms)
		return;
	q->left.since_ms = utc_ms();
	q->left.due_ms = clock_now_ms() + q->rules.report_ms;
	pthread_cond_signal(&q->work);
}

static void leave_out(struct audit_queue *q, const char *code, enum audit_reason reason)
{
	pthread_mutex_lock(&q->lock);
	begin_left(q);
	count_code(&q->left, code, 1);
	q->left.reasons[reason].count++;
	q->counters.left[reason]++;
	pthread_mutex_unlock(&q->lock);
}

static bool is_within_rates(struct audit_queue *q, const char *code, const char *source,
			    bool is_known, u64 now_ms)
{
	const struct audit_queue_rules *r = &q->rules;
	char key[512];

	/* What names a source is bounded: an address, or an ARN of the configuration. */
	snprintf(key, sizeof(key), "%s %s", code, source);
	return buckets_take(q->sources, key, r->source_tokens, r->source_refill_per_s,
			    now_ms) &&
	       buckets_take(q->all, is_known ? "known" : "others", r->all_tokens,
			    r->all_refill_per_s, now_ms);
}

void audit_queue_add(struct audit_queue *q, const struct audit_event *e, const char *source,
		     bool is_known, u64 now_ms)
{
	cleanup(waiting_freep) struct waiting *w = NULL;

	if (!is_within_rates(q, e->error_code, source, is_known, now_ms)) {
		leave_out(q, e->error_code, AUDIT_LEFT_RATE);
		return;
	}
	w = waiting_new(e);
	pthread_mutex_lock(&q->lock);
	if (w && q->num < q->rules.capacity) {
		*q->end = w;
		q->end = &w->next;
		q->num++;
		(void)steal(w);
		pthread_cond_signal(&q->work);
		pthread_mutex_unlock(&q->lock);
		return;
	}
	pthread_mutex_unlock(&q->lock);
	leave_out(q, e->error_code, AUDIT_LEFT_QUEUE);
}

/* Say why lines are missing, not more often than they are counted. */
static void complain(struct audit_queue *q, struct err *err)
{
	u64 now = clock_now_ms();

	if (!q->complained_ms || now - q->complained_ms >= q->rules.report_ms) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		buf_printf(&b, "lines of refused requests are left out: %s",
			   err_message(err));
		q->log(q->ctx, buf_text(&b));
		q->complained_ms = max_u64(now, 1);
	}
	err_free(err);
}

/* Write the lines of @list, sync them together, and count and free them. */
static void write_list(struct audit_queue *q, struct waiting *list)
{
	struct audit_ticket ticket = {0};
	struct err *err = NULL;
	struct waiting *w;
	u64 written = 0;

	for (w = list; w && !err; w = w->next) {
		err = audit_write(q->audit, &w->event, &ticket);
		written += !err;
	}
	if (written) {
		struct err *unsynced = audit_sync(q->audit, &ticket);

		/* Those before it are of the same sync, so they are gone as well. */
		if (unsynced) {
			written = 0;
			err_free(err);
			err = unsynced;
		}
	}
	pthread_mutex_lock(&q->lock);
	q->counters.written += written;
	pthread_mutex_unlock(&q->lock);
	while ((w = list)) {
		list = w->next;
		if (written)
			written--;
		else
			leave_out(q, w->code, AUDIT_LEFT_WRITE);
		waiting_free(w);
	}
	if (err)
		complain(q, err);
}

/* What could not be said is to be said later. */
static void put_back(struct audit_queue *q, const struct left_out *l)
{
	pthread_mutex_lock(&q->lock);
	begin_left(q);
	q->left.since_ms = l->since_ms;
	for (size_t i = 0; i < l->num_codes; i++)
		count_code(&q->left, l->codes[i].code, l->codes[i].count);
	for (size_t i = 0; i < AUDIT_NUM_REASONS; i++)
		q->left.reasons[i].count += l->reasons[i].count;
	pthread_mutex_unlock(&q->lock);
}

static void report(struct audit_queue *q, struct left_out *l)
{
	cleanup(decrefp) json_t *event = NULL;
	struct audit_ticket ticket;
	struct err *err;

	for (size_t i = 0; i < AUDIT_NUM_REASONS; i++)
		snprintf(l->reasons[i].code, sizeof(l->reasons[i].code), "%s",
			 audit_reason_name((enum audit_reason)i));
	err = audit_left_json(l->codes, l->num_codes, l->reasons, AUDIT_NUM_REASONS,
			      l->since_ms, utc_ms(), &event);
	if (!err)
		err = audit_write_json(q->audit, event, &ticket);
	if (!err)
		err = audit_sync(q->audit, &ticket);
	if (!err)
		return;
	put_back(q, l);
	complain(q, err);
}

/* All that waits; then what was left out, if that is due. The lock is held, and let go of
 * meanwhile. */
static void write_all(struct audit_queue *q)
{
	struct waiting *list = q->first;
	struct left_out left = {0};

	q->first = NULL;
	q->end = &q->first;
	q->num = 0;
	pthread_mutex_unlock(&q->lock);
	if (list)
		write_list(q, list);
	pthread_mutex_lock(&q->lock);
	if (q->left.due_ms && (q->is_ending || q->left.due_ms <= clock_now_ms())) {
		left = q->left;
		q->left = (struct left_out){0};
	}
	pthread_mutex_unlock(&q->lock);
	if (left.due_ms)
		report(q, &left);
	pthread_mutex_lock(&q->lock);
}

/* Until @until_ms at most, or until something was signalled. The lock is held. */
static void wait_until(struct audit_queue *q, u64 until_ms)
{
	struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
				 .tv_nsec = (long)(until_ms % 1000) * 1000000};

	pthread_cond_timedwait(&q->work, &q->lock, &until);
}

static void *write_loop(void *ctx)
{
	struct audit_queue *q = ctx;
	u64 next_ms = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->is_ending) {
		u64 now = clock_now_ms();

		if (now < next_ms) {
			wait_until(q, next_ms);
		} else if (q->first || (q->left.due_ms && q->left.due_ms <= now)) {
			write_all(q);
			next_ms = clock_now_ms() + q->rules.pause_ms;
		} else if (q->left.due_ms) {
			wait_until(q, q->left.due_ms);
		} else {
			pthread_cond_wait(&q->work, &q->lock);
		}
	}
	write_all(q);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

must_check struct err *audit_queue_new(struct audit *a,
				       const struct audit_queue_rules *rules,
				       audit_queue_log_fn *log, void *ctx,
				       struct audit_queue **ret)
{
	cleanup(audit_queue_freep) struct audit_queue *q = calloc(1, sizeof(*q));
	pthread_condattr_t monotonic;
	struct err *err;
	int failed;

	if (!q)
		return err_nomem();
	q->audit = a;
	q->rules = *rules;
	q->log = log;
	q->ctx = ctx;
	q->end = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = buckets_new(NUM_SOURCES, &q->sources);
	if (!err)
		err = buckets_new(2, &q->all);
	if (err)
		return err;
	failed = pthread_create(&q->thread, NULL, write_loop, q);
	if (failed)
		return err_os(failed, "a thread for the audit log");
	q->has_thread = true;
	*ret = steal(q);
	return NULL;
}

void audit_queue_free(struct audit_queue *q)
{
	if (!q)
		return;
	if (q->has_thread) {
		pthread_mutex_lock(&q->lock);
		q->is_ending = true;
		pthread_cond_signal(&q->work);
		pthread_mutex_unlock(&q->lock);
		pthread_join(q->thread, NULL);
	}
	buckets_free(q->sources);
	buckets_free(q->all);
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

void audit_queue_read_counters(struct audit_queue *q, struct audit_queue_counters *ret)
{
	pthread_mutex_lock(&q->lock);
	*ret = q->counters;
	pthread_mutex_unlock(&q->lock);
}
