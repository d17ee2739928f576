/*
 * ELF cores: /proc/vmcore, files of dump-guest-memory and of makedumpfile -E.
 *
 * PT_LOADs may overlap (kdump describes the kernel image twice), begin at any offset and be
 * cut off. They become three sorted, disjoint lists: what the file holds, what it lost, and
 * what was filtered out (p_memsz beyond p_filesz, as makedumpfile -E writes it).
 */
#include "dump/dump_priv.h"

#include "format/elfcore.h"
#include "format/note.h"

#include <elf.h>
#include <string.h>

struct stretch {
	paddr_t start;
	u64 len;
	u64 offset; /* in the file */
};

/* Sorted by start and disjoint once closed. */
struct stretches {
	struct stretch *list;
	size_t count;
};

struct elf_dump {
	struct stretches data, lost, excluded;
};

static int compare_stretches(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return 0;
}

static void stretches_add(struct stretches *s, paddr_t start, u64 len, u64 offset)
{
	if (len)
		s->list[s->count++] =
			(struct stretch){.start = start, .len = len, .offset = offset};
}

/* Sort, and of each overlap keep the part that starts first: it is the same memory. */
static void stretches_close(struct stretches *s)
{
	size_t kept = 0;
	paddr_t end = 0;

	qsort(s->list, s->count, sizeof(*s->list), compare_stretches);
	for (size_t i = 0; i < s->count; i++) {
		struct stretch next = s->list[i];
		u64 overlap = next.start < end ? min_u64(next.len, end - next.start) : 0;

		next.start += overlap;
		next.offset += overlap;
		next.len -= overlap;
		if (!next.len)
			continue;
		end = next.start + next.len;
		s->list[kept++] = next;
	}
	s->count = kept;
}

/* Index of the first stretch that ends past @addr, s->count if none. */
static size_t stretches_search(const struct stretches *s, paddr_t addr)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct stretch *m = &s->list[mid];

		if (m->start + m->len <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct stretch *stretches_find(const struct stretches *s, paddr_t addr)
{
	size_t i = stretches_search(s, addr);

	return i < s->count && s->list[i].start <= addr ? &s->list[i] : NULL;
}

/* Where the stretch after @addr begins: how far an answer about @addr holds. */
static paddr_t stretches_next(const struct stretches *s, paddr_t addr)
{
	size_t i = stretches_search(s, addr);

	if (i < s->count && s->list[i].start <= addr)
		i++;
	return i < s->count ? s->list[i].start : MAX_PADDR;
}

static void take_load(struct dump *d, const struct elfcore_segment *p)
{
	struct elf_dump *e = d->state;
	u64 memsz = max_u64(p->memsz, p->filesz);
	u64 filesz = p->filesz;
	u64 in_file = p->offset < d->src->size ? d->src->size - p->offset : 0;

	/* What /proc/kcore has for memory that is only virtual: vmalloc, modules. It is
	 * read through the page tables. */
	if (p->paddr == UINT64_MAX)
		return;
	if (!range_fits(p->paddr, memsz, MAX_PADDR)) {
		notices_add(&d->notices,
			    "%s: a segment of 0x%llx bytes at physical address 0x%llx is "
			    "left out: no CPU can address it",
			    d->src->name, (unsigned long long)memsz,
			    (unsigned long long)p->paddr);
		return;
	}
	if (in_file < filesz) {
		stretches_add(&e->lost, p->paddr + in_file, filesz - in_file, 0);
		d->is_incomplete = true;
		notices_add(
			&d->notices,
			"%s: truncated: the file ends at offset 0x%llx, inside or before "
			"a segment of 0x%llx bytes at offset 0x%llx",
			d->src->name, (unsigned long long)d->src->size,
			(unsigned long long)filesz, (unsigned long long)p->offset);
	}
	stretches_add(&e->data, p->paddr, min_u64(filesz, in_file), p->offset);
	stretches_add(&e->excluded, p->paddr + filesz, memsz - filesz, 0);
	if (memsz > filesz)
		d->is_partial = true;
}

/* Virtual addresses are advisory. kdump writes __va(p_paddr) for RAM, QEMU p_paddr itself;
 * take them as the direct map if all but the kernel image agree. */
static void guess_direct_map(struct dump *d, const struct elfcore *core)
{
	vaddr_t base = 0;
	u64 end = 0;

	for (size_t i = 0; i < core->num_segments; i++) {
		const struct elfcore_segment *p = &core->segments[i];
		vaddr_t this_base = p->vaddr - p->paddr;

		/* The image lies above the direct map: the lowest base is the latter's. */
		if (p->type != PT_LOAD || !(p->vaddr >> 63) || (base && this_base > base))
			continue;
		if (this_base != base)
			end = 0;
		base = this_base;
		end = max_u64(end, p->paddr + p->memsz);
	}
	if (base && end < MAX_PADDR) {
		d->translation.hint_map = base;
		d->translation.hint_map_len = end;
	}
}

static struct err *take_loads(struct dump *d, const struct elfcore *core)
{
	struct elf_dump *e = d->state;
	struct stretches *lists[] = {&e->data, &e->lost, &e->excluded};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		lists[i]->list = calloc(core->num_segments, sizeof(struct stretch));
		if (!lists[i]->list)
			return err_nomem();
	}
	for (size_t i = 0; i < core->num_segments; i++)
		if (core->segments[i].type == PT_LOAD && core->segments[i].memsz)
			take_load(d, &core->segments[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		stretches_close(lists[i]);
	guess_direct_map(d, core);
	return NULL;
}

static struct err *find_ram(struct dump *d)
{
	struct elf_dump *e = d->state;
	const struct stretches *lists[] = {&e->data, &e->lost, &e->excluded};
	cleanup(freep) struct stretch *all = NULL;
	struct stretches merged = {0};
	struct err *err = NULL;

	all = calloc(e->data.count + e->lost.count + e->excluded.count + 1, sizeof(*all));
	if (!all)
		return err_nomem();
	merged.list = all;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			stretches_add(&merged, lists[i]->list[j].start,
				      lists[i]->list[j].len, 0);
	stretches_close(&merged);
	for (size_t i = 0; i < merged.count && !err; i++)
		err = dump_add_ram(d, all[i].start, all[i].len);
	return err;
}

/* All PT_NOTEs, one behind the other. */
static struct err *load_notes(struct dump *d, const struct elfcore *core)
{
	for (size_t i = 0; i < core->num_segments; i++) {
		const struct elfcore_segment *p = &core->segments[i];
		struct err *err;

		if (p->type != PT_NOTE || !p->filesz)
			continue;
		err = dump_load_notes(d, p->offset, p->filesz);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *open_core(struct dump *d, const struct elfcore *core)
{
	struct err *err;

	d->arch = arch_find(core->machine);
	if (!d->arch)
		return err_new(
			ERR_UNSUPPORTED,
			"%s: a dump of ELF machine %u (offset 0x12), a CPU that is not "
			"known here",
			d->src->name, core->machine);
	if (core->num_segments_lost) {
		d->is_incomplete = true;
		notices_add(&d->notices,
			    "%s: truncated: %llu of its program headers are missing",
			    d->src->name, (unsigned long long)core->num_segments_lost);
	}
	err = take_loads(d, core);
	if (!err)
		err = find_ram(d);
	if (!err)
		err = load_notes(d, core);
	return err;
}

static struct err *elf_open(struct dump *d)
{
	cleanup(elfcore_freep) struct elfcore *core = NULL;
	struct err *err = elfcore_parse(d->src, &core);

	if (err)
		return err;
	d->state = calloc(1, sizeof(struct elf_dump));
	if (!d->state)
		return err_nomem();
	err = open_core(d, core);
	if (err)
		return err;
	if (!d->num_ram)
		notices_add(&d->notices, "%s: no segment describes any memory",
			    d->src->name);
	return NULL;
}

static void elf_close(struct dump *d)
{
	struct elf_dump *e = d->state;

	if (!e)
		return;
	free(e->data.list);
	free(e->lost.list);
	free(e->excluded.list);
	free(e);
}

/* State of the byte at @addr, and where that answer ends. */
static enum pfn_state state_at(const struct elf_dump *e, paddr_t addr, paddr_t *ret_end)
{
	const struct stretch *s = stretches_find(&e->data, addr);

	if (s) {
		*ret_end = s->start + s->len;
		return PFN_PRESENT;
	}
	*ret_end = stretches_next(&e->data, addr);
	s = stretches_find(&e->lost, addr);
	if (s) {
		*ret_end = min_u64(*ret_end, s->start + s->len);
		return PFN_LOST;
	}
	*ret_end = min_u64(*ret_end, stretches_next(&e->lost, addr));
	s = stretches_find(&e->excluded, addr);
	if (s) {
		*ret_end = min_u64(*ret_end, s->start + s->len);
		return PFN_EXCLUDED;
	}
	*ret_end = min_u64(*ret_end, stretches_next(&e->excluded, addr));
	return PFN_ABSENT;
}

/* RAM may begin or end inside a page: what is not RAM does not count, and of the rest the
 * worst does. */
static enum pfn_state elf_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end)
{
	const struct elf_dump *e = r->d->state;
	paddr_t addr = pfn << r->d->page_shift, next;
	paddr_t end = addr + dump_page_size(r->d);
	enum pfn_state worst = state_at(e, addr, &next);

	if (next >= end) {
		if (ret_end)
			*ret_end = next >> r->d->page_shift;
		return worst;
	}
	while (next < end) {
		enum pfn_state state = state_at(e, next, &next);

		if (state != PFN_ABSENT && (worst == PFN_ABSENT || state > worst))
			worst = state;
	}
	return worst;
}

static struct err *elf_read_phys(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len)
{
	const struct elf_dump *e = r->d->state;
	const struct stretch *s = stretches_find(&e->data, addr);
	struct err *err;
	paddr_t end;

	if (!s)
		return dump_page_fault(addr, state_at(e, addr, &end));
	len = min_u64(len, s->start + s->len - addr);
	err = source_read(r->src, s->offset + (addr - s->start), data, len);
	if (!err)
		*ret_len = len;
	return err;
}

static const void *elf_map_phys(struct dump_reader *r, paddr_t addr, size_t len,
				u64 *ret_len)
{
	const struct elf_dump *e = r->d->state;
	const struct stretch *s = stretches_find(&e->data, addr);

	const void *p = NULL;
	u64 offset;

	if (!s)
		return NULL;
	*ret_len = min_u64(len, s->start + s->len - addr);
	offset = s->offset + (addr - s->start);
	if (r->src->map)
		p = r->src->map(r->src, offset, (size_t)*ret_len);
	if (!p && r->src->hold)
		p = r->src->hold(r->src, offset, (size_t)*ret_len);
	return p;
}

static const void *elf_look_phys(struct dump_reader *r, paddr_t addr, size_t len)
{
	const struct elf_dump *e = r->d->state;
	const struct stretch *s = stretches_find(&e->data, addr);

	if (!s || !r->src->look || len > s->start + s->len - addr)
		return NULL;
	return r->src->look(r->src, s->offset + (addr - s->start), len);
}

const struct dump_format dump_format_elfcore = {
	.name = "ELF core",
	.recognises = elfcore_recognises,
	.open = elf_open,
	.close = elf_close,
	.pfn_run = elf_pfn_run,
	.read_phys = elf_read_phys,
	.map_phys = elf_map_phys,
	.look_phys = elf_look_phys,
};
