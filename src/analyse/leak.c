#include "analyse/leak.h"

#include "base/str.h"

static void tell_share(const struct inquest *q, struct verdict *v,
		       enum memory_count_kind kind, const char *what)
{
	const struct memory_counts *c = &q->memory->counts;
	char text[STR_SIZE_TEXT_LEN];
	u64 bytes, total;

	if (!memory_count_get(c, kind, &bytes) ||
	    !memory_count_get(c, MEMORY_TOTAL, &total) || !total)
		return;
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN, "%s: %s, %llu %% of memory",
		    what, str_format_size(text, bytes),
		    (unsigned long long)percent_of(bytes, total));
}

/* vmalloc notes who asked: that is the one to look at. */
static void tell_vmalloc(const struct inquest *q, struct verdict *v, const char *size)
{
	const struct vmalloc_caller *c = q->memory->callers;
	struct symbol_at at;
	bool is_known = q->memory->num_callers && c->caller &&
			kernel_symbol_at(q->k, c->caller - 1, &at);

	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
		    "%s in vmalloc, %llu areas of them asked for by %s", size,
		    (unsigned long long)(q->memory->num_callers ? c->num_areas : 0),
		    is_known ? at.name : "code without a name");
	if (!is_known)
		return;
	verdict_add_addr(v, c->caller);
	verdict_blame_function(q, v, c->caller - 1);
}

/* Who ran out of memory is seldom who took it; a leak stands out in the counters. */
void leak_find(const struct inquest *q, struct verdict *v)
{
	const struct memory_use *m = q->memory;
	char text[STR_SIZE_TEXT_LEN];

	tell_share(q, v, MEMORY_FREE, "free");
	tell_share(q, v, MEMORY_ANON, "in processes");
	if (m->leak == LEAK_NONE)
		return;
	v->class = CRASH_MEMORY_LEAK;
	v->confidence = CONFIDENCE_LIKELY;
	str_format_size(text, m->leaked);
	if (m->leak == LEAK_SLAB)
		verdict_add(
			v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			"%s in %llu objects of slab cache %s, which cannot be reclaimed",
			text, (unsigned long long)m->top[0].num_objects, m->top[0].name);
	else if (m->leak == LEAK_VMALLOC)
		tell_vmalloc(q, v, text);
	else
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "%s in pages that nobody accounts for: a driver's, mostly",
			    text);
	if (m->leak != LEAK_SLAB)
		return;
	verdict_add_addr(v, m->top[0].addr);
	snprintf(v->subject, sizeof(v->subject), "%s", m->top[0].name);
}

/* A module that was allocating when memory ran out is worth a look, no more. */
void leak_suspect(const struct inquest *q, struct verdict *v)
{
	if (v->class == CRASH_MEMORY_LEAK && q->memory->leak == LEAK_VMALLOC)
		return;
	if (v->culprit.is_known && *v->culprit.module && v->class == CRASH_MEMORY_LEAK)
		verdict_add(v, EVIDENCE_STACK, CONFIDENCE_HINT,
			    "%s [%s] was allocating when memory ran out",
			    v->culprit.function, v->culprit.module);
	else
		verdict_acquit(v);
}
