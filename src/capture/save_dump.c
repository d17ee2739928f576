/* The dump itself: the collector over the crashed kernel's memory. */
#include "capture/save.h"

#include "base/clock.h"
#include "base/str.h"
#include "capture/names.h"
#include "capture/plain_copy.h"
#include "collect/collect.h"
#include "format/console_line.h"

#include <errno.h>
#include <sys/stat.h>

#define MEMINFO	    "/proc/meminfo"
#define PROGRESS_MS 1000

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct dump_job {
	const struct target *target;
	const char *vmcore;
	const struct collector *collector;
	struct dump *dump;
	struct collect_options options;
	const struct sink *sink;
	struct record *record;
	bool is_stream;
	bool does_not_fit;  /* foreseen, or come true */
	bool is_unreadable; /* in parts */
	u64 limit; /* of bytes, 0: none; a dump cut short there is better than none */
	u64 written;
	u64 last_said_ms;
};

/* Called about once per megabyte: every call counts as progress, few are said. */
static void on_progress(void *ctx, const struct collect_progress *p)
{
	struct dump_job *job = ctx;
	u64 now = clock_now_ms();
	struct buf line = BUF_INIT;

	job->record->progress++;
	job->written = p->bytes_written;
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

/* A sample may be off by so much. */
#define FORESIGHT_PERCENT 95

static struct err *on_foreseen(void *ctx, u64 bytes)
{
	struct dump_job *job = ctx;
	u64 space = 0;
	struct buf line = BUF_INIT;
	struct err *err;

	if (!job->target->kind->space)
		return NULL;
	err = job->target->kind->space(job->target, &space);
	if (err) {
		sink_warn(job->sink, err);
		return NULL;
	}
	console_line_begin(&line, "foreseen");
	console_line_add_u64(&line, "level", job->options.dump_level);
	console_line_add_u64(&line, "bytes", bytes);
	console_line_add_u64(&line, "space", space);
	sink_fact(job->sink, &line);
	if (job->limit) {
		job->limit = space / 100 * FORESIGHT_PERCENT;
		return NULL;
	}
	if (bytes / 100 * FORESIGHT_PERCENT <= space)
		return NULL;
	job->does_not_fit = true;
	return err_new(ERR_REFUSED,
		       "a dump of level %u takes about %llu bytes, and there is room for "
		       "%llu",
		       job->options.dump_level, (unsigned long long)bytes,
		       (unsigned long long)space);
}

static bool is_at_limit(void *ctx)
{
	struct dump_job *job = ctx;

	/* Also asked while pages are only looked at, which takes its time on a large
	 * machine. */
	job->record->progress++;
	return job->limit && job->written >= job->limit;
}

static struct err *filter(struct dump_job *job, int fd, const char *path)
{
	struct collect_stats stats = {0};
	struct err *err = (job->is_stream ? collect_to_stream : collect_to_fd)(
		job->dump, fd, path, &job->options, &stats);

	say_notices(job->sink, job->dump);
	record_step(job->record, MEMINFO);
	job->does_not_fit |= stats.is_out_of_space;
	if (err)
		return err;
	say_filtered(job->sink, &stats);
	job->is_unreadable = stats.is_incomplete;
	if (stats.is_incomplete)
		return err_new(ERR_INCOMPLETE,
			       "%llu pages of the crashed kernel could not be read",
			       (unsigned long long)stats.pages_unreadable);
	return NULL;
}

static struct err *write_dump(void *ctx, int fd, const char *path)
{
	struct dump_job *job = ctx;

	if (job->collector->way == COLLECTOR_COPY)
		return plain_copy(job->vmcore, fd, path, job->collector->is_sparse,
				  job->record);
	if (job->collector->way == COLLECTOR_PROGRAM)
		return run_program(job->collector, job->vmcore, fd, path, job->is_stream,
				   job->record);
	return filter(job, fd, path);
}

/* Write it once, in the way that @job says. */
static struct err *save_once(struct dump_job *job)
{
	const struct target *t = job->target;
	struct target_file file = {.write = write_dump, .ctx = job};
	struct names names;
	u64 bytes = 0;
	struct err *err;

	names_make(t->manifest->naming, t->record->started,
		   collector_form(job->collector, job->is_stream), &names);
	file.incomplete = names.dump_incomplete;
	file.name = names.dump;
	job->does_not_fit = false;
	err = t->kind->save(t, &file, &bytes);
	if (!err)
		record_add_dump(t->record, names.dump, bytes);
	return err;
}

/* Each level in turn, while the dump does not fit. */
static struct err *save_filtered(struct dump_job *job)
{
	const struct collector *c = job->collector;
	struct err *err = NULL;

	for (size_t i = 0; i < c->num_levels; i++) {
		job->options.dump_level = c->levels[i];
		job->record->dump_level = c->levels[i];
		err = save_once(job);
		if (!err || !job->does_not_fit || i + 1 == c->num_levels)
			return err;
		sink_warn(job->sink, err);
		err = NULL;
	}
	return err;
}

/* Nothing fits: the kernel itself comes first in a dump, so what there is room for has its
 * text, its data and the stacks of its CPUs. It is an incomplete dump and says so. */
static struct err *save_what_fits(struct dump_job *job, struct err *why)
{
	struct err *err;

	if (!job->does_not_fit || job->target->kind->is_stream)
		return why;
	job->options.excludes_memmap = true;
	job->limit = 1;
	err = save_once(job);
	if (err && !is_at_limit(job))
		sink_warn(job->sink, err);
	else
		err_ignore(err);
	return why;
}

static struct err *save_in_process(struct dump_job *job)
{
	cleanup(dump_closep) struct dump *dump = NULL;
	struct err *err = dump_open(job->vmcore, formats, &dump);

	if (err)
		return err;
	job->dump = dump;
	job->options.progress = on_progress;
	job->options.progress_ctx = job;
	job->options.foresee = on_foreseen;
	job->options.foresee_ctx = job;
	job->options.should_stop = is_at_limit;
	job->options.should_stop_ctx = job;
	err = save_filtered(job);
	job->record->is_copy_futile = job->does_not_fit || job->is_unreadable;
	return err ? save_what_fits(job, err) : NULL;
}

static struct dump_job job_of(const char *vmcore, const struct target *t,
			      const struct collector *c)
{
	return (struct dump_job){
		.target = t,
		.vmcore = vmcore,
		.collector = c,
		.sink = t->sink,
		.record = t->record,
		.is_stream = t->kind->is_stream,
		.last_said_ms = clock_now_ms(),
	};
}

struct err *save_dump(const char *vmcore, const struct target *t)
{
	cleanup(collector_deinit) struct collector collector = {0};
	struct dump_job job = job_of(vmcore, t, &collector);

	sink_warn(t->sink, collector_init(t->manifest, &collector));
	job.options = collector.options;
	t->record->is_copy_futile = collector.way == COLLECTOR_COPY;
	if (collector.way != COLLECTOR_FILTER)
		return save_once(&job);
	snprintf(t->record->compression, sizeof(t->record->compression), "%s",
		 collect_codec_name(collector.options.codec));
	return save_in_process(&job);
}

bool save_may_copy(const struct target *t)
{
	return !t->record->is_copy_futile && (t->kind == &target_kind_rootfs ||
					      str_eq(t->manifest->naming, "kdump-tools"));
}

/* All of memory: to fill a disk with the beginning of it is worse than nothing. */
static struct err *check_room_for_copy(const char *vmcore, const struct target *t)
{
	struct stat st;
	u64 space = 0;
	struct err *err;

	if (!t->kind->space)
		return NULL;
	if (stat(vmcore, &st) < 0)
		return err_os(errno, "cannot open %s", vmcore);
	err = t->kind->space(t, &space);
	if (err || (u64)st.st_size <= space)
		return err;
	return err_new(ERR_REFUSED,
		       "a plain copy takes %lld bytes, and there is room for %llu",
		       (long long)st.st_size, (unsigned long long)space);
}

struct err *save_copy(const char *vmcore, const struct target *t)
{
	struct collector collector = {.way = COLLECTOR_COPY, .is_sparse = true};
	struct dump_job job = job_of(vmcore, t, &collector);
	struct err *err = check_room_for_copy(vmcore, t);

	if (err)
		return err;
	t->record->dump_level = 0;
	snprintf(t->record->compression, sizeof(t->record->compression), "none");
	return save_once(&job);
}
