#include "collect/collect.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/job.h"
#include "cmd/outcome.h"
#include "format/console_line.h"

static const struct words_defaults defaults = {
	.dump_level = COLLECT_MAX_LEVEL,
	.codec = WORDS_CODEC_ZSTD,
	.takes_many_sources = true,
};

static void add_summary(struct buf *b, const struct job *j)
{
	static const struct {
		enum page_class class;
		const char *name;
	} classes[] = {
		{PAGE_FREE, "free"},
		{PAGE_PCP_FREE, "free, on a CPU's own list"},
		{PAGE_CACHE, "page cache"},
		{PAGE_USER, "user memory"},
		{PAGE_CACHE_PRIVATE, "private page cache"},
		{PAGE_OFFLINE, "offline"},
		{PAGE_DEAD_MEMMAP, "memory map of what is left out"},
		{PAGE_HWPOISON, "broken memory"},
	};
	const struct collect_stats *s = &j->stats;
	char size[STR_SIZE_TEXT_LEN];

	outcome_add_targets(b, j->words);
	buf_printf(b, ": %s%s\n", str_format_size(size, s->bytes_written),
		   s->is_incomplete ? ", marked incomplete" : "");
	buf_printf(b, "%10llu pages of RAM\n", (unsigned long long)s->pages_ram);
	if (s->pages_not_in_source)
		buf_printf(b, "%10llu not in the source\n",
			   (unsigned long long)s->pages_not_in_source);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (s->excluded[classes[i].class])
			buf_printf(b, "%10llu left out: %s\n",
				   (unsigned long long)s->excluded[classes[i].class],
				   classes[i].name);
	if (s->excluded_memmap)
		buf_printf(b, "%10llu left out: memory map of pages left out\n",
			   (unsigned long long)s->excluded_memmap);
	buf_printf(b, "%10llu kept, of which %llu are zero%s\n",
		   (unsigned long long)s->pages_written, (unsigned long long)s->pages_zero,
		   j->words->is_elf ? "" : " and stored once");
	if (s->pages_unreadable)
		buf_printf(b, "%10llu of these could not be read and are zeros\n",
			   (unsigned long long)s->pages_unreadable);
	buf_printf(b, "%6llu.%03llu s to choose the pages, %llu.%03llu s to copy them\n",
		   (unsigned long long)s->filter_ms / 1000,
		   (unsigned long long)s->filter_ms % 1000,
		   (unsigned long long)s->copy_ms / 1000,
		   (unsigned long long)s->copy_ms % 1000);
}

/* For a log, in place of the summary. */
static void add_event(struct buf *b, const struct collect_stats *s)
{
	console_line_begin(b, "collected");
	console_line_add_u64(b, "pages_ram", s->pages_ram);
	console_line_add_u64(b, "pages_written", s->pages_written);
	console_line_add_u64(b, "pages_zero", s->pages_zero);
	console_line_add_u64(b, "pages_unreadable", s->pages_unreadable);
	console_line_add_u64(b, "bytes", s->bytes_written);
	console_line_add_u64(b, "filter_ms", s->filter_ms);
	console_line_add_u64(b, "copy_ms", s->copy_ms);
	console_line_end(b);
}

/* Standard output, unless the dump went there. */
static struct err *print_outcome(const struct job *j)
{
	const struct makedumpfile_words *w = j->words;
	bool is_common = w->message_level & WORDS_SHOW_COMMON;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;

	switch (w->job) {
	case WORDS_COLLECT:
	case WORDS_REASSEMBLE:
		if (is_common)
			add_summary(&b, j);
		if (w->message_level & WORDS_SHOW_REPORT)
			outcome_add_statistics(&b, j);
		if (j->meter->style == METER_LOG) {
			cleanup(buf_deinit) struct buf event = BUF_INIT;

			add_event(&event, &j->stats);
			fputs(buf_text(&event), stderr);
		}
		break;
	case WORDS_MEM_USAGE:
		outcome_add_mem_usage(&b, j);
		break;
	case WORDS_VERIFY:
		outcome_add_verified(&b, j);
		break;
	case WORDS_SHOW_VERSION:
		outcome_add_version(&b);
		break;
	case WORDS_REARRANGE:
	case WORDS_DUMP_DMESG:
	default:
		break;
	}
	err = buf_check(&b);
	if (err || !w->is_flattened)
		return err ? err : cmd_print(&b);
	fputs(buf_text(&b), stderr);
	return NULL;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	struct makedumpfile_words words;
	struct meter meter;
	cleanup(job_deinit) struct job j = {
		.program = "inquest", .words = &words, .meter = &meter};
	struct err *err = makedumpfile_words_read(given, &defaults, &words);

	if (err)
		return err_wrap(err, "collect");
	outcome_tell_ignored(given, j.program);
	if (words.only_checks)
		return NULL;
	meter = meter_new(words.message_level & WORDS_SHOW_PROGRESS
				  ? meter_style_for_stderr()
				  : METER_NONE);
	err = job_run(&j);
	if (err) {
		if (err_code(err) == ERR_REFUSED)
			*status = EXIT_UNSAFE;
		return err;
	}
	if (j.is_incomplete)
		*status = EXIT_INCOMPLETE;
	return print_outcome(&j);
}

const struct cmd cmd_collect = {
	.opts = {.name = "collect",
		 .operands = "SOURCE… TARGET",
		 .summary = "Filter and compress a dump; does what makedumpfile does.",
		 .options = makedumpfile_options,
		 .max_operands = SIZE_MAX,
		 .takes_abbreviations = true},
	.run = run,
};
