#include "collect/collect.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/open.h"

#include <string.h>

#define PROGRESS_MS 200

static const struct opt options[] = {
	{.name = "dump-level",
	 .letter = 'd',
	 .arg = OPTS_VALUE,
	 .value_name = "LEVEL",
	 .help = "Sum of page classes to leave out: 1 zero, 2 cache, 4 private cache, 8 user, "
		 "16 free (31)."},
	{.name = "compress",
	 .arg = OPTS_VALUE,
	 .value_name = "HOW",
	 .help = "zlib[:LEVEL], zstd[:LEVEL] or none (zlib)."},
	{.name = "force", .letter = 'f', .help = "Replace TARGET if it exists."},
	OPTS_END,
};

static const struct collect_codec *const codecs[] = {
	&collect_codec_zlib, &collect_codec_zstd, &collect_codec_none};

static struct err *read_codec(const char *text, struct collect_options *ret)
{
	const char *colon = strchrnul(text, ':');
	char *end;
	long level;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		const char *name = collect_codec_name(codecs[i]);

		if (strlen(name) == (size_t)(colon - text) &&
		    strncmp(text, name, strlen(name)) == 0)
			ret->codec = codecs[i];
	}
	if (!ret->codec)
		return err_new(ERR_USAGE,
			       "collect: --compress %s: zlib, zstd or none would be right",
			       text);
	if (!*colon)
		return NULL;
	level = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || level != (int)level)
		return err_new(ERR_USAGE, "collect: --compress %s: \"%s\" is not a level",
			       text, colon + 1);
	ret->has_codec_level = true;
	ret->codec_level = (int)level;
	return NULL;
}

static struct err *read_options(const struct opts_result *given,
				struct collect_options *ret)
{
	const char *text = opts_value(given, "dump-level", "31");
	u64 level;

	if (!str_parse_u64(text, &level) || level > COLLECT_MAX_LEVEL)
		return err_new(ERR_USAGE,
			       "collect: --dump-level %s: a number from 0 to %u is right",
			       text, COLLECT_MAX_LEVEL);
	ret->dump_level = (unsigned)level;
	return read_codec(opts_value(given, "compress", "zlib"), ret);
}

/* A line on a terminal, redrawn a few times a second. */
struct meter {
	u64 last_ms;
	bool is_shown;
};

static void show(void *ctx, const struct collect_progress *p)
{
	struct meter *m = ctx;
	u64 now = clock_now_ms();
	char size[STR_SIZE_TEXT_LEN];

	if (now - m->last_ms < PROGRESS_MS)
		return;
	m->last_ms = now;
	m->is_shown = true;
	fprintf(stderr, "\r%3llu %%  %s written\033[K",
		(unsigned long long)(p->pages_total ? p->pages_done * 100 / p->pages_total
						    : 0),
		str_format_size(size, p->bytes_written));
}

static void hide(const struct meter *m)
{
	if (m->is_shown)
		fprintf(stderr, "\r\033[K");
}

static void add_summary(struct buf *b, const char *path, const struct collect_stats *s)
{
	static const struct {
		enum page_class class;
		const char *name;
	} classes[] = {
		{PAGE_FREE, "free"},	    {PAGE_CACHE, "page cache"},
		{PAGE_USER, "user memory"}, {PAGE_CACHE_PRIVATE, "private page cache"},
		{PAGE_OFFLINE, "offline"},  {PAGE_HWPOISON, "broken memory"},
	};
	char size[STR_SIZE_TEXT_LEN];

	buf_printf(b, "%s: %s%s\n", path, str_format_size(size, s->bytes_written),
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
	buf_printf(b, "%10llu kept, of which %llu are zero and stored once\n",
		   (unsigned long long)s->pages_written, (unsigned long long)s->pages_zero);
	if (s->pages_unreadable)
		buf_printf(b, "%10llu of these could not be read and are zeros\n",
			   (unsigned long long)s->pages_unreadable);
	buf_printf(b, "%6llu.%03llu s to choose the pages, %llu.%03llu s to copy them\n",
		   (unsigned long long)s->filter_ms / 1000,
		   (unsigned long long)s->filter_ms % 1000,
		   (unsigned long long)s->copy_ms / 1000,
		   (unsigned long long)s->copy_ms % 1000);
}

static void print_notices(struct dump *d)
{
	const struct notices *n = dump_notices(d);

	for (size_t i = 0; i < n->count; i++)
		fprintf(stderr, "inquest: %s\n", n->texts[i]);
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *target = given->operands[1];
	struct collect_options o = {0};
	struct collect_stats stats;
	struct meter meter = {0};
	struct err *err = read_options(given, &o);

	if (!err)
		err = cmd_open_dump(given->operands[0], &d);
	if (err)
		return err;
	if (isatty(STDERR_FILENO)) {
		o.progress = show;
		o.progress_ctx = &meter;
	}
	err = collect_to_path(d, target, opts_has(given, "force"), &o, &stats);
	hide(&meter);
	print_notices(d);
	if (err) {
		if (err_code(err) == ERR_REFUSED)
			*status = EXIT_UNSAFE;
		return err;
	}
	add_summary(&b, target, &stats);
	if (stats.is_incomplete)
		*status = EXIT_INCOMPLETE;
	return cmd_print(&b);
}

const struct cmd cmd_collect = {
	.opts = {.name = "collect",
		 .operands = "SOURCE TARGET",
		 .summary = "Filter and compress a dump.",
		 .options = options,
		 .min_operands = 2,
		 .max_operands = 2},
	.run = run,
};
