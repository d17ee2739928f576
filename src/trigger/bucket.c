#include "trigger/bucket.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

/* A key's bucket is in one of this many places. */
#define WAYS 8u

struct bucket {
	u64 hash; /* of the key; 0: empty */
	u64 at_ms;
	double tokens;
};

struct buckets {
	pthread_mutex_t lock;
	u64 seed; /* so that nobody can choose keys that crowd */
	size_t num_sets;
	struct bucket *places;
};

must_check struct err *buckets_new(size_t max, struct buckets **ret)
{
	cleanup(buckets_freep) struct buckets *b = calloc(1, sizeof(*b));

	if (!b)
		return err_nomem();
	pthread_mutex_init(&b->lock, NULL);
	if (max < 1 || max > BUCKETS_MAX)
		return err_new(ERR_USAGE, "a table of %zu rates: 1 to %u are possible", max,
			       BUCKETS_MAX);
	if (getrandom(&b->seed, sizeof(b->seed), 0) != (ssize_t)sizeof(b->seed))
		return err_os(errno, "random bytes for a table of rates");
	b->num_sets = (max + WAYS - 1) / WAYS;
	b->places = calloc(b->num_sets * WAYS, sizeof(*b->places));
	if (!b->places)
		return err_nomem();
	*ret = steal(b);
	return NULL;
}

void buckets_free(struct buckets *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b->places);
	free(b);
}

/* FNV-1a with a seed, then mixed (the finalizer of MurmurHash3). Never 0. */
static u64 hash_of(const struct buckets *b, const char *key)
{
	u64 h = b->seed ^ 0xcbf29ce484222325;

	for (; *key; key++)
		h = (h ^ (u8)*key) * 0x100000001b3;
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
	h ^= h >> 33;
	return h ? h : 1;
}

static void refill(struct bucket *p, double tokens, double refill_per_s, u64 now_ms)
{
	if (now_ms > p->at_ms)
		p->tokens += refill_per_s * (double)(now_ms - p->at_ms) / 1000;
	if (p->tokens > tokens)
		p->tokens = tokens;
	p->at_ms = max_u64(p->at_ms, now_ms);
}

/* The place of @hash: its own, an empty one, or that of the fullest bucket. */
static struct bucket *place_of(struct buckets *b, u64 hash, double tokens,
			       double refill_per_s, u64 now_ms)
{
	struct bucket *set = &b->places[(size_t)(hash % b->num_sets) * WAYS];
	struct bucket *best = NULL;

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].hash == hash)
			return &set[i];
	for (unsigned i = 0; i < WAYS; i++) {
		if (!set[i].hash) {
			best = &set[i];
			break;
		}
		refill(&set[i], tokens, refill_per_s, now_ms);
		if (!best || set[i].tokens > best->tokens)
			best = &set[i];
	}
	*best = (struct bucket){.hash = hash, .at_ms = now_ms, .tokens = tokens};
	return best;
}

/* Take @count tokens, 0 or 1, if there is one. */
static bool take(struct buckets *b, const char *key, double tokens, double refill_per_s,
		 u64 now_ms, double count)
{
	u64 hash = hash_of(b, key);
	struct bucket *p;
	bool has_one;

	pthread_mutex_lock(&b->lock);
	p = place_of(b, hash, tokens, refill_per_s, now_ms);
	refill(p, tokens, refill_per_s, now_ms);
	has_one = p->tokens >= 1;
	if (has_one)
		p->tokens -= count;
	pthread_mutex_unlock(&b->lock);
	return has_one;
}

bool buckets_take(struct buckets *b, const char *key, double tokens, double refill_per_s,
		  u64 now_ms)
{
	return take(b, key, tokens, refill_per_s, now_ms, 1);
}

bool buckets_have(struct buckets *b, const char *key, double tokens, double refill_per_s,
		  u64 now_ms)
{
	return take(b, key, tokens, refill_per_s, now_ms, 0);
}
