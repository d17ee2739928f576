#include "analyse/memory_use.h"

#include <string.h>

#define STANDS_OUT 4 /* a quarter of all memory */

static void take_cache(void *ctx, const struct slab_cache *c)
{
	struct memory_use *m = ctx;
	size_t i = m->num_top;

	if (i == MEMORY_USE_TOP && c->bytes <= m->top[i - 1].bytes)
		return;
	if (i < MEMORY_USE_TOP)
		m->num_top++;
	else
		i--;
	for (; i > 0 && m->top[i - 1].bytes < c->bytes; i--)
		m->top[i] = m->top[i - 1];
	m->top[i] = *c;
}

/* Areas come by the thousand, their callers by the dozen. */
static void take_area(void *ctx, const struct vmalloc_area *a)
{
	struct memory_use *m = ctx;
	size_t i = 0;

	while (i < m->num_callers && m->callers[i].caller != a->caller)
		i++;
	if (i == MEMORY_USE_CALLERS)
		return;
	if (i == m->num_callers)
		m->callers[m->num_callers++] = (struct vmalloc_caller){.caller = a->caller};
	m->callers[i].num_areas++;
	m->callers[i].bytes += a->num_pages * m->page_size;
}

static int compare_callers(const void *a, const void *b)
{
	const struct vmalloc_caller *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static void find_leak(struct memory_use *m)
{
	u64 total, slab = 0, vmalloc = 0;

	if (!memory_count_get(&m->counts, MEMORY_TOTAL, &total) || !total)
		return;
	memory_count_get(&m->counts, MEMORY_SLAB_UNRECLAIMABLE, &slab);
	memory_count_get(&m->counts, MEMORY_VMALLOC, &vmalloc);
	if (m->num_top && slab >= total / STANDS_OUT &&
	    m->top[0].bytes >= total / STANDS_OUT) {
		m->leak = LEAK_SLAB;
		m->leaked = m->top[0].bytes;
	}
	if (vmalloc >= total / STANDS_OUT && vmalloc > m->leaked) {
		m->leak = LEAK_VMALLOC;
		m->leaked = vmalloc;
	}
	if (m->has_unaccounted && m->unaccounted >= total / STANDS_OUT &&
	    m->unaccounted > m->leaked) {
		m->leak = LEAK_UNACCOUNTED;
		m->leaked = m->unaccounted;
	}
}

void memory_use_read(struct kernel *k, struct memory_use *ret)
{
	struct memory_use m = {0};

	memory_counts_read(k, &m.counts);
	m.has_unaccounted = memory_counts_unaccounted(&m.counts, &m.unaccounted);
	m.page_size = dump_page_size(kernel_dump(k));
	notices_add_err(dump_notices(kernel_dump(k)), slab_cache_each(k, take_cache, &m));
	notices_add_err(dump_notices(kernel_dump(k)), vmalloc_area_each(k, take_area, &m));
	qsort(m.callers, m.num_callers, sizeof(*m.callers), compare_callers);
	find_leak(&m);
	*ret = m;
}
