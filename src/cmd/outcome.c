#include "cmd/outcome.h"

#include "base/io.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* Its releases whose options are known here. */
#define MAKEDUMPFILE_VERSION "1.7.8"

typedef unsigned long long ull;

void outcome_add_targets(struct buf *b, const struct makedumpfile_words *w)
{
	if (!w->num_targets)
		buf_add_str(b, "standard output");
	for (size_t i = 0; i < w->num_targets; i++) {
		bool is_last = i + 1 == w->num_targets;

		if (i)
			buf_add_str(b, is_last ? " and " : ", ");
		buf_add_str(b, w->targets[i]);
	}
}

/* ---- as makedumpfile has them ---- */

/* It has one row for them, and does not look for those on CPUs' own lists. */
static u64 free_pages(const struct collect_stats *s)
{
	return s->excluded[PAGE_FREE] + s->excluded[PAGE_PCP_FREE];
}

static void add_count(struct buf *b, const char *what, u64 pages)
{
	buf_printf(b, "%-28s: 0x%016llx\n", what, (ull)pages);
}

void outcome_add_statistics(struct buf *b, const struct job *j)
{
	const struct collect_stats *s = &j->stats;
	u64 zeros = j->level & COLLECT_ZERO ? s->pages_zero : 0;
	u64 remaining = s->pages_written - zeros, max_pfn = dump_max_pfn(j->dump);

	buf_printf(b, "STEP [Excluding unnecessary pages] : %llu.%06llu seconds\n",
		   (ull)s->filter_ms / 1000, (ull)s->filter_ms % 1000 * 1000);
	buf_printf(b, "STEP [Copying data               ] : %llu.%06llu seconds\n\n",
		   (ull)s->copy_ms / 1000, (ull)s->copy_ms % 1000 * 1000);
	buf_printf(b, "Original pages  : 0x%016llx\n", (ull)s->pages_ram);
	buf_printf(b, "  Excluded pages   : 0x%016llx\n", (ull)(s->pages_ram - remaining));
	add_count(b, "    Pages filled with zero", zeros);
	add_count(b, "    Non-private cache pages", s->excluded[PAGE_CACHE]);
	add_count(b, "    Private cache pages", s->excluded[PAGE_CACHE_PRIVATE]);
	add_count(b, "    User process data pages", s->excluded[PAGE_USER]);
	add_count(b, "    Free pages", free_pages(s));
	add_count(b, "    Hwpoison pages", s->excluded[PAGE_HWPOISON]);
	add_count(b, "    Offline pages", s->excluded[PAGE_OFFLINE]);
	if (s->pages_not_in_source)
		add_count(b, "    Not in the source", s->pages_not_in_source);
	if (s->excluded_memmap)
		add_count(b, "    Unused memory map", s->excluded_memmap);
	buf_printf(b, "  Remaining pages  : 0x%016llx\n", (ull)remaining);
	if (s->pages_ram)
		buf_printf(b, "  (The number of pages is reduced to %llu%%.)\n",
			   (ull)(remaining * 100 / s->pages_ram));
	buf_printf(b, "Memory Hole     : 0x%016llx\n",
		   (ull)(max_pfn - min_u64(s->pages_ram, max_pfn)));
	buf_add_str(b, "--------------------------------------------------\n");
	buf_printf(b, "Total pages     : 0x%016llx\n", (ull)max_pfn);
	buf_printf(b, "Write bytes     : %llu\n\n", (ull)s->bytes_written);
}

/* What a running system has set aside for its capture kernel; no dump of it will hold that.
 */
static u64 crashkernel_bytes(const struct dump *d)
{
	cleanup(freep) char *text = NULL;
	u64 size = 0;

	if (strcmp(dump_path(d), "/proc/kcore") != 0)
		return 0;
	err_ignore(io_read_file("/sys/kernel/kexec_crash_size", 64, &text, NULL));
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text && str_parse_u64(text, &size) ? size : 0;
}

void outcome_add_mem_usage(struct buf *b, const struct job *j)
{
	const struct collect_stats *s = &j->stats;
	u64 reserved = crashkernel_bytes(j->dump);
	const struct {
		const char *type;
		u64 pages;
		const char *excludable, *what;
	} rows[] = {
		{"ZERO\t", s->pages_zero, "yes", "Pages filled with zero"},
		{"NON_PRI_CACHE", s->excluded[PAGE_CACHE], "yes",
		 "Cache pages without private flag"},
		{"PRI_CACHE", s->excluded[PAGE_CACHE_PRIVATE], "yes",
		 "Cache pages with private flag"},
		{"USER\t", s->excluded[PAGE_USER], "yes", "User process pages"},
		{"FREE\t", free_pages(s), "yes", "Free pages"},
		{"KERN_DATA", s->pages_written - s->pages_zero, "no",
		 "Dumpable kernel data"},
		{"NOT_IN_FILE", s->pages_not_in_source, "-", "Left out of it before"},
	};

	buf_add_str(b,
		    "\nTYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n"
		    "--------------------------------------------------------------------"
		    "--\n");
	for (size_t i = 0; i + !s->pages_not_in_source < ARRAY_SIZE(rows); i++)
		buf_printf(b, "%s\t%-16llu\t%s\t\t%s\n", rows[i].type, (ull)rows[i].pages,
			   rows[i].excludable, rows[i].what);
	if (reserved)
		buf_printf(b,
			   "CRASHKERNEL\t%-16llu\tyes\t\tReserved; counted above, mostly "
			   "as zero\n",
			   (ull)(reserved / dump_page_size(j->dump)));
	buf_printf(b, "\npage size:\t\t%-16llu\n", (ull)dump_page_size(j->dump));
	buf_printf(b, "Total pages on system:\t%-16llu\n", (ull)s->pages_ram);
	buf_printf(b, "Total size on system:\t%-16llu Byte\n\n",
		   (ull)(s->pages_ram * dump_page_size(j->dump)));
}

void outcome_add_version(struct buf *b)
{
	buf_add_str(b, "makedumpfile: version " MAKEDUMPFILE_VERSION
		       " (its command line; the program is inquest " INQUEST_VERSION ")\n"
		       "lzo\tenabled\nsnappy\tenabled\nzstd\tenabled\n\n");
}

/* ---- ours ---- */

void outcome_add_verified(struct buf *b, const struct job *j)
{
	const struct verify_result *v = &j->verified;
	unsigned coverage = verify_coverage(v);

	buf_printf(b, "%s: %s\n", dump_path(j->dump),
		   j->is_incomplete ? "not whole" : "whole");
	buf_printf(b, "%10llu pages of RAM, %u.%02u %% of them can be read\n",
		   (ull)(v->pages_present + v->pages_excluded + v->pages_lost),
		   coverage / 100, coverage % 100);
	buf_printf(b, "%10llu decoded, of which %llu are zero\n", (ull)v->pages_decoded,
		   (ull)v->pages_zero);
	if (v->pages_excluded)
		buf_printf(b, "%10llu were left out\n", (ull)v->pages_excluded);
	if (v->pages_damaged)
		buf_printf(b, "%10llu do not decode\n", (ull)v->pages_damaged);
	if (v->pages_lost)
		buf_printf(b, "%10llu are lost\n", (ull)v->pages_lost);
	for (size_t i = 0; i < v->num_damage; i++)
		buf_printf(b, "  page frame %#llx, %llu pages: %s\n", (ull)v->damage[i].pfn,
			   (ull)v->damage[i].count,
			   v->damage[i].why ? v->damage[i].why : "lost");
	if (v->notes_are_damaged)
		buf_add_str(b, "  the notes are damaged\n");
	if (v->is_incomplete)
		buf_add_str(b, "  the file is marked incomplete, or cut short\n");
}

void outcome_tell_ignored(const struct opts_result *given, const char *program)
{
	struct notices n = {0};

	makedumpfile_words_ignored(given, &n);
	for (size_t i = 0; i < n.count; i++)
		fprintf(stderr, "%s: %s\n", program, n.texts[i]);
	notices_deinit(&n);
}
