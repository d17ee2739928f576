#include "kernel/slab_object.h"

#include "kernel/slab.h"

static struct err *find(struct kernel *k, const struct cpu_table *cpus, vaddr_t addr,
			struct slab_object *ret, bool *ret_is_found)
{
	cleanup(slabs_closep) struct slabs *s = NULL;
	cleanup(freep) s32 *states = NULL;
	struct slab slab;
	u64 index;
	struct err *err = slabs_open(k, &s);

	*ret_is_found = false;
	if (err)
		return err;
	if (!slab_find(s, addr, &slab))
		return NULL;
	index = (addr - slab.memory) / slab.kind.cache.size;
	if (addr < slab.memory || index >= slab.num_objects)
		return NULL;
	states = calloc(slab.num_objects, sizeof(*states));
	if (!states)
		return err_nomem();
	slab_states(s, cpus, &slab, states);
	*ret = (struct slab_object){
		.cache = slab.kind.cache,
		.addr = slab.memory + index * slab.kind.cache.size,
		.offset = addr - slab.memory - index * slab.kind.cache.size,
		.has_state = states[index] != SLAB_UNKNOWN,
		.is_free = states[index] == SLAB_FREE || states[index] >= 0};
	*ret_is_found = true;
	return NULL;
}

bool slab_object_at(struct kernel *k, const struct cpu_table *cpus, vaddr_t addr,
		    struct slab_object *ret)
{
	bool is_found = false;

	/* What cannot be read is not found. */
	err_ignore(find(k, cpus, addr, ret, &is_found));
	return is_found;
}
