/* The dump itself: the collector over the crashed kernel's memory. */
#include "capture/save.h"

#include "base/clock.h"
#include "base/str.h"
#include "capture/names.h"
#include "collect/collect.h"
#include "format/console_line.h"

#include <sys/stat.h>

#define MEMINFO	    "/proc/meminfo"
#define PROGRESS_MS 1000

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct dump_job {
	struct dump *dump;
	struct collect_options options;
	const struct sink *sink;
	struct record *record;
	bool is_flattened;
	u64 last_said_ms;
};

/* Called about once per megabyte: every call counts as progress, few are said. */
static void on_progress(void *ctx, const struct collect_progress *p)
{
	struct dump_job *job = ctx;
	u64 now = clock_now_ms();
	struct buf line = BUF_INIT;

	job->record->progress++;
	if (now - job->last_said_ms < PROGRESS_MS)
		return;
	job->last_said_ms = now;
	record_step(job->record, MEMINFO);
	console_line_begin(&line, "progress");
	console_line_add(&line, "phase", "dump");
	console_line_add_u64(&line, "done", p->pages_done);
	console_line_add_u64(&line, "total", p->pages_total);
	console_line_add_u64(&line, "bytes", p->bytes_written);
	sink_fact(job->sink, &line);
}

static void say_filtered(const struct sink *sink, const struct collect_stats *s)
{
	struct buf line = BUF_INIT;

	console_line_begin(&line, "collected");
	console_line_add_u64(&line, "pages_ram", s->pages_ram);
	console_line_add_u64(&line, "pages_written", s->pages_written);
	console_line_add_u64(&line, "pages_zero", s->pages_zero);
	console_line_add_u64(&line, "pages_unreadable", s->pages_unreadable);
	console_line_add_u64(&line, "bytes", s->bytes_written);
	console_line_add_u64(&line, "filter_ms", s->filter_ms);
	console_line_add_u64(&line, "copy_ms", s->copy_ms);
	sink_fact(sink, &line);
}

static void say_notices(const struct sink *sink, struct dump *dump)
{
	const struct notices *n = dump_notices(dump);

	for (size_t i = 0; i < n->count; i++)
		sink_warn(sink, err_new(ERR_BAD_DATA, "%s", n->texts[i]));
}

static struct err *write_dump(void *ctx, int fd, const char *path)
{
	struct dump_job *job = ctx;
	struct collect_stats stats = {0};
	struct err *err = (job->is_flattened ? collect_to_stream : collect_to_fd)(
		job->dump, fd, path, &job->options, &stats);

	say_notices(job->sink, job->dump);
	record_step(job->record, MEMINFO);
	if (err)
		return err;
	say_filtered(job->sink, &stats);
	if (stats.is_incomplete)
		return err_new(ERR_INCOMPLETE,
			       "%llu pages of the crashed kernel could not be read",
			       (unsigned long long)stats.pages_unreadable);
	return NULL;
}

static const struct collect_codec *find_codec(const char *name)
{
	return str_eq(name, "zlib") ? &collect_codec_zlib : &collect_codec_zstd;
}

struct err *save_dump(const char *vmcore, const struct target *t)
{
	const struct manifest_dump *how = &t->manifest->dump;
	cleanup(dump_closep) struct dump *dump = NULL;
	struct dump_job job = {
		.options = {.dump_level = (unsigned)how->level,
			    .codec = find_codec(how->compression),
			    .has_codec_level = true,
			    .codec_level = (int)how->compression_level,
			    .progress = on_progress,
			    .progress_ctx = &job},
		.sink = t->sink,
		.record = t->record,
		.is_flattened = t->kind->is_stream,
		.last_said_ms = clock_now_ms(),
	};
	struct target_file file = {.write = write_dump, .ctx = &job};
	struct names names;
	u64 bytes = 0;
	struct err *err = dump_open(vmcore, formats, &dump);

	if (err)
		return err;
	names_make(t->manifest->naming, t->record->started,
		   job.is_flattened ? DUMP_FLATTENED : DUMP_KDUMP, &names);
	job.dump = dump;
	file.incomplete = names.dump_incomplete;
	file.name = names.dump;
	err = t->kind->save(t, &file, &bytes);
	if (!err)
		record_add_dump(t->record, names.dump, bytes);
	return err;
}
