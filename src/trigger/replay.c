#include "trigger/replay.h"

#include <pthread.h>
#include <string.h>

/* One slot of an open-addressed table: linear probing, at most half full. */
struct slot {
	char hash[REPLAY_HASH_LEN + 1]; /* "": free */
	bool is_ended;
	enum engine_outcome outcome;
	s64 until;
};

struct replay {
	pthread_mutex_t lock;
	struct slot *slots;
	size_t num_slots; /* a power of two */
	size_t capacity, count;
	s64 earliest; /* no slot's time is over before this */
};

static size_t slots_for(size_t capacity)
{
	size_t slots = 16;

	while (slots / 2 < capacity)
		slots *= 2;
	return slots;
}

must_check struct err *replay_new(size_t capacity, struct replay **ret)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return err_nomem();
	r->capacity = capacity;
	r->num_slots = slots_for(capacity);
	r->slots = calloc(r->num_slots, sizeof(r->slots[0]));
	r->earliest = INT64_MAX;
	if (!r->slots) {
		free(r);
		return err_nomem();
	}
	pthread_mutex_init(&r->lock, NULL);
	*ret = r;
	return NULL;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r->slots);
	free(r);
}

/* The slot of @hash, or the free one where it would go. A hash is spread evenly already. */
static struct slot *find_slot(struct slot *slots, size_t num_slots, const char *hash)
{
	u64 start;

	memcpy(&start, hash, sizeof(start));
	/* Hexadecimal digits: the low bits of each byte say most. */
	start = (start * 0x9e3779b97f4a7c15) >> 20;
	for (size_t i = (size_t)start & (num_slots - 1);; i = (i + 1) & (num_slots - 1))
		if (!slots[i].hash[0] || strcmp(slots[i].hash, hash) == 0)
			return &slots[i];
}

/* A table of @num_slots with those of @r whose time is not over. */
static bool rebuild(struct replay *r, size_t num_slots, s64 now)
{
	struct slot *slots = calloc(num_slots, sizeof(slots[0]));

	if (!slots)
		return false;
	r->count = 0;
	r->earliest = INT64_MAX;
	for (size_t i = 0; i < r->num_slots; i++) {
		struct slot *was = &r->slots[i];

		if (!was->hash[0] || was->until < now)
			continue;
		*find_slot(slots, num_slots, was->hash) = *was;
		r->count++;
		if (was->until < r->earliest)
			r->earliest = was->until;
	}
	free(r->slots);
	r->slots = slots;
	r->num_slots = num_slots;
	return true;
}

must_check struct err *replay_resize(struct replay *r, size_t capacity)
{
	bool good = true;

	pthread_mutex_lock(&r->lock);
	if (slots_for(capacity) > r->num_slots)
		good = rebuild(r, slots_for(capacity), INT64_MIN);
	if (good)
		r->capacity = capacity;
	pthread_mutex_unlock(&r->lock);
	return good ? NULL : err_nomem();
}

enum replay_verdict replay_enter(struct replay *r, const char *hash, s64 until, s64 now,
				 enum engine_outcome *ret)
{
	enum replay_verdict verdict = REPLAY_NEW;
	struct slot *slot;

	pthread_mutex_lock(&r->lock);
	slot = find_slot(r->slots, r->num_slots, hash);
	if (!slot->hash[0] && r->count >= r->capacity && r->earliest < now &&
	    rebuild(r, r->num_slots, now))
		slot = find_slot(r->slots, r->num_slots, hash);
	if (slot->hash[0]) {
		verdict = slot->is_ended ? REPLAY_ENDED : REPLAY_UNKNOWN;
		if (slot->is_ended)
			*ret = slot->outcome;
	} else if (r->count >= r->capacity) {
		verdict = REPLAY_FULL;
	} else {
		*slot = (struct slot){.until = until};
		memcpy(slot->hash, hash, REPLAY_HASH_LEN);
		r->count++;
		if (until < r->earliest)
			r->earliest = until;
	}
	pthread_mutex_unlock(&r->lock);
	return verdict;
}

void replay_end(struct replay *r, const char *hash, enum engine_outcome outcome)
{
	struct slot *slot;

	pthread_mutex_lock(&r->lock);
	slot = find_slot(r->slots, r->num_slots, hash);
	if (slot->hash[0]) {
		slot->is_ended = true;
		slot->outcome = outcome;
	}
	pthread_mutex_unlock(&r->lock);
}

size_t replay_count(struct replay *r)
{
	size_t count;

	pthread_mutex_lock(&r->lock);
	count = r->count;
	pthread_mutex_unlock(&r->lock);
	return count;
}
