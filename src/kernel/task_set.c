#include "kernel/task_set_priv.h"

#define FIRST_CAPACITY 256 /* a power of two */

/* Open addressing; 0 marks a free slot, address 0 itself is kept apart. */
struct task_set {
	u64 *slots;
	size_t capacity, count;
	bool has_zero;
};

struct err *task_set_new(struct task_set **ret)
{
	cleanup(task_set_freep) struct task_set *s = calloc(1, sizeof(*s));

	if (!s)
		return err_nomem();
	s->capacity = FIRST_CAPACITY;
	s->slots = calloc(s->capacity, sizeof(*s->slots));
	if (!s->slots)
		return err_nomem();
	*ret = steal(s);
	return NULL;
}

void task_set_free(struct task_set *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s);
}

/* The slot where @addr is or belongs. */
static u64 *find_slot(u64 *slots, size_t capacity, vaddr_t addr)
{
	size_t i = (size_t)(addr * 0x9e3779b97f4a7c15ull >> 20) & (capacity - 1);

	while (slots[i] && slots[i] != addr)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

static struct err *grow(struct task_set *s)
{
	size_t capacity = s->capacity * 2;
	u64 *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return err_nomem();
	for (size_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			*find_slot(slots, capacity, s->slots[i]) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->capacity = capacity;
	return NULL;
}

struct err *task_set_add(struct task_set *s, vaddr_t addr, bool *ret_is_new)
{
	u64 *slot;

	if (addr == 0) {
		*ret_is_new = !s->has_zero;
		s->has_zero = true;
		return NULL;
	}
	if (s->count >= s->capacity / 2) {
		struct err *err = grow(s);

		if (err)
			return err;
	}
	slot = find_slot(s->slots, s->capacity, addr);
	*ret_is_new = *slot == 0;
	if (*ret_is_new) {
		*slot = addr;
		s->count++;
	}
	return NULL;
}
