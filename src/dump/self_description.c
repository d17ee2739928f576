/*
 * The kernel's description of itself, looked for in memory where the file has no VMCOREINFO
 * note: dumps of QEMU have none unless the guest helped (drivers/firmware/qemu_fw_cfg.c).
 *
 * The kernel keeps the text in a page of its own and, behind the header of a note, in a
 * second place (kernel/vmcore_info.c); at a panic it adds CRASHTIME. The same text can lie
 * around in buffers, be that of a kernel before this one, or of the capture kernel if that
 * was running. So what is found has to agree with the memory that it describes.
 */
#include "dump/dump_priv.h"

#include <string.h>

#define WORDS	       "OSRELEASE=" /* what the text begins with */
#define WINDOW	       ((size_t)256 << 10)
#define MAX_TEXT       ((size_t)16 << 10) /* the kernel has a page for it */
#define MAX_PAGES      ((u64)16 << 20)	  /* that are searched: 64 GiB of 4 KiB */
#define MAX_STEPS      ((u64)1 << 22)
#define MAX_HITS       65536 /* of the words alone */
#define MAX_CANDIDATES 256
#define UTS_LEN	       65 /* of each name in struct new_utsname; release is the third */

struct search {
	struct dump *d;
	char *window;
	struct vmcoreinfo *best; /* owned */
	paddr_t best_at;
	bool best_has_time;
	unsigned num_hits, num_candidates, num_kernels;
	u64 pages, steps;
};

/* ---- does it agree with memory? ---- */

enum agreement { CONTRADICTS, NOT_KNOWN, AGREES };

static bool image_address(const struct arch_paging *p, vaddr_t addr, paddr_t *ret)
{
	if (!p->has_image || addr - p->image_start >= p->image_len)
		return false;
	*ret = addr - p->image_offset;
	return true;
}

/* The release in init_uts_ns is the one that the text begins with. */
static enum agreement check_release(struct search *s, const struct vmcoreinfo *vi,
				    const struct arch_paging *p)
{
	const char *release = vmcoreinfo_find(vi, "OSRELEASE");
	size_t len = release ? strlen(release) : 0;
	char found[UTS_LEN];
	vaddr_t addr;
	u64 offset;
	paddr_t at;
	struct err *err;

	if (!vmcoreinfo_symbol(vi, "init_uts_ns", &addr) ||
	    !vmcoreinfo_offset(vi, "uts_namespace.name", &offset) || offset > 4096 ||
	    !image_address(p, addr + offset + 2 * UTS_LEN, &at))
		return NOT_KNOWN;
	err = dump_reader_read(&s->d->own, ADDR_PHYSICAL, at, found, sizeof(found));
	if (err) {
		err_ignore(err);
		return NOT_KNOWN;
	}
	return len < sizeof(found) && memcmp(found, release, len + 1) == 0 ? AGREES
									   : CONTRADICTS;
}

/* Its page tables lead from _stext to where the image says it is. */
static enum agreement check_tables(struct search *s, const struct vmcoreinfo *vi,
				   const struct arch_paging *p)
{
	vaddr_t text;
	paddr_t linear, walked;
	u64 len;
	struct err *err;

	if (!p->has_root || !vmcoreinfo_symbol(vi, "_stext", &text) ||
	    !image_address(p, text, &linear))
		return NOT_KNOWN;
	err = s->d->arch->walk(p, reader_read_table_entry, &s->d->own, text, &walked, &len);
	if (err) {
		err_ignore(err);
		return NOT_KNOWN;
	}
	return walked == linear ? AGREES : CONTRADICTS;
}

static bool is_true(struct search *s, const struct vmcoreinfo *vi)
{
	struct arch_paging paging;
	enum agreement release, tables;
	u64 page_size;
	struct err *err = s->d->arch->init_paging(vi, s->d->page_shift, &paging);

	if (err) {
		err_ignore(err);
		return false;
	}
	if (!vmcoreinfo_value(vi, "PAGESIZE", 10, &page_size) ||
	    page_size != dump_page_size(s->d))
		return false;
	release = check_release(s, vi, &paging);
	tables = check_tables(s, vi, &paging);
	return release != CONTRADICTS && tables != CONTRADICTS &&
	       (release == AGREES || tables == AGREES);
}

/* ---- what is found ---- */

static bool is_text(char c)
{
	return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

static size_t text_len(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && is_text(text[i]))
		i++;
	return i;
}

static bool is_same_kernel(const struct vmcoreinfo *a, const struct vmcoreinfo *b)
{
	vaddr_t x = 0, y = 0;
	u64 p = 0, q = 0;

	vmcoreinfo_symbol(a, "_stext", &x);
	vmcoreinfo_symbol(b, "_stext", &y);
	vmcoreinfo_number(a, "phys_base", &p);
	vmcoreinfo_number(b, "phys_base", &q);
	return x == y && p == q;
}

/* The one with the time of the crash is the crashed kernel's, and complete. */
static void consider(struct search *s, struct vmcoreinfo *vi, paddr_t at)
{
	bool has_time = vmcoreinfo_find(vi, "CRASHTIME") != NULL;

	if (!s->best || !is_same_kernel(vi, s->best))
		s->num_kernels++;
	if (s->best && (s->best_has_time || !has_time)) {
		vmcoreinfo_free(vi);
		return;
	}
	vmcoreinfo_free(s->best);
	s->best = vi;
	s->best_at = at;
	s->best_has_time = has_time;
}

static struct err *take(struct search *s, paddr_t at)
{
	cleanup(freep) char *text = malloc(MAX_TEXT);
	cleanup(vmcoreinfo_freep) struct vmcoreinfo *vi = NULL;
	struct err *why = NULL, *err;
	size_t len;

	if (!text)
		return err_nomem();
	dump_reader_read_some(&s->d->own, ADDR_PHYSICAL, at, text, MAX_TEXT, &len, &why);
	err_ignore(why);
	len = text_len(text, len);
	if (!memmem(text, len, "\nPAGESIZE=", 10) || !memmem(text, len, "\nSYMBOL(", 8))
		return NULL;
	if (s->num_candidates++ >= MAX_CANDIDATES)
		return NULL;
	err = vmcoreinfo_parse(text, len, &vi);
	if (err) {
		err_ignore(err);
		return NULL;
	}
	if (is_true(s, vi))
		consider(s, steal(vi), at);
	return NULL;
}

/* ---- the search ---- */

static struct err *search_bytes(struct search *s, paddr_t at, const char *bytes, size_t len)
{
	const char *from = bytes, *hit;

	while (s->num_hits < MAX_HITS &&
	       (hit = memmem(from, len - (size_t)(from - bytes), WORDS, strlen(WORDS)))) {
		struct err *err = take(s, at + (u64)(hit - bytes));

		s->num_hits++;
		if (err)
			return err;
		from = hit + 1;
	}
	return NULL;
}

/* Pages that are all there, window by window, each beginning with the end of the last. */
static struct err *search_run(struct search *s, paddr_t at, u64 len)
{
	size_t kept = 0;

	while (len) {
		size_t step = min_u64(len, WINDOW - kept), got, got_all;
		struct err *why = NULL, *err;

		dump_reader_read_some(&s->d->own, ADDR_PHYSICAL, at, s->window + kept, step,
				      &got, &why);
		err = search_bytes(s, at - kept, s->window, kept + got);
		if (err) {
			err_ignore(why);
			return err;
		}
		got_all = kept + got;
		kept = min_u64(got_all, strlen(WORDS) - 1);
		memmove(s->window, s->window + got_all - kept, kept);
		if (why) {
			/* Damaged here; go on behind this page. */
			err_ignore(why);
			kept = 0;
			got = min_u64(len,
				      align_up(at + got + 1, dump_page_size(s->d)) - at);
		}
		at += got;
		len -= got;
	}
	return NULL;
}

static struct err *search_range(struct search *s, const struct ram_range *range)
{
	unsigned shift = s->d->page_shift;
	pfn_t pfn = range->start >> shift, end = (range->start + range->len) >> shift;

	while (pfn < end && s->pages < MAX_PAGES && s->steps++ < MAX_STEPS) {
		pfn_t run_end = pfn + 1;
		enum pfn_state state = dump_reader_pfn_run(&s->d->own, pfn, &run_end);
		struct err *err;

		run_end = min_u64(min_u64(run_end, end), pfn + (MAX_PAGES - s->pages));
		if (state == PFN_PRESENT) {
			s->pages += run_end - pfn;
			err = search_run(s, pfn << shift, (run_end - pfn) << shift);
			if (err)
				return err;
		}
		pfn = run_end;
	}
	return NULL;
}

static void tell(struct search *s)
{
	const char *name = s->d->src->name;
	u64 mb = s->pages << s->d->page_shift >> 20;

	if (!s->best) {
		notices_add(&s->d->notices,
			    "%s: no VMCOREINFO note: the kernel's own description is "
			    "missing, and %llu MiB of memory were searched for it in vain",
			    name, (unsigned long long)mb);
		return;
	}
	notices_add(&s->d->notices,
		    "%s: no VMCOREINFO note: the kernel's own description was found in "
		    "memory at 0x%llx and agrees with it",
		    name, (unsigned long long)s->best_at);
	if (s->num_kernels > 1)
		notices_add(&s->d->notices,
			    "%s: memory holds the descriptions of %u kernels; the one with "
			    "%s was taken",
			    name, s->num_kernels,
			    s->best_has_time ? "the time of a crash"
					     : "the lowest address");
}

struct err *dump_find_self_description(struct dump *d)
{
	struct search s = {.d = d, .window = malloc(WINDOW)};
	struct err *err = s.window ? NULL : err_nomem();

	for (size_t i = 0; !err && i < d->num_ram; i++)
		err = search_range(&s, &d->ram[i]);
	free(s.window);
	if (err) {
		vmcoreinfo_free(s.best);
		return err;
	}
	tell(&s);
	d->vmcoreinfo = s.best;
	return NULL;
}
