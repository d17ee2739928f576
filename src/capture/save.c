#include "capture/save.h"

#include "base/io.h"
#include "capture/names.h"
#include "kernel/printk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MEMINFO	    "/proc/meminfo"
#define BATCH_BYTES 65536

/* More than a record takes. */
#define RECORD_ROOM_BYTES 16384
#define REPORT_MAX_BYTES  (1u << 20)

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

static const char record_incomplete[] = ".capture.json.tmp";

/* Save a file and put it on record. */
static struct err *save_file(const struct target *t, const struct target_file *file)
{
	u64 bytes = 0;
	struct err *err = t->kind->save(t, file, &bytes);

	if (!err)
		record_add_file(t->record, file->name, bytes, true);
	return err;
}

void save_left_over(const struct target *t)
{
	struct names names;

	if (!t->kind->left_over)
		return;
	for (enum dump_form form = DUMP_KDUMP; form <= DUMP_PLAIN; form++) {
		u64 bytes;

		names_make(t->manifest->naming, t->record->started, form, &names);
		bytes = t->kind->left_over(t, names.dump_incomplete);
		if (bytes)
			record_add_file(t->record, names.dump_incomplete, bytes, false);
		if (bytes)
			break;
	}
	if (t->kind->left_over(t, names.log_incomplete))
		record_add_file(t->record, names.log_incomplete,
				t->kind->left_over(t, names.log_incomplete), false);
}

struct dmesg_job {
	struct printk_log *log;
	struct record *record;
};

static struct err *write_dmesg(void *ctx, int fd, const char *path)
{
	struct dmesg_job *job = ctx;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct printk_record record;
	struct err *err = NULL;
	bool more = true;

	while (!err && more) {
		more = printk_next(job->log, &record);
		if (more)
			printk_format(&b, &record, true);
		if (more && b.len < BATCH_BYTES)
			continue;
		err = buf_check(&b);
		if (!err)
			err = io_write_all(fd, buf_text(&b), b.len, path);
		b.len = 0;
		record_step(job->record, MEMINFO);
	}
	return err;
}

struct err *save_dmesg_of(struct dump *dump, const struct target *t)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct dmesg_job job = {.record = t->record};
	struct target_file file = {.write = write_dmesg, .ctx = &job};
	struct printk_source src;
	struct names names;
	struct err *err = printk_source_from_dump(dump, &src);

	if (!err)
		err = printk_open(&src, &log);
	if (err)
		return err;
	names_make(t->manifest->naming, t->record->started, DUMP_KDUMP, &names);
	job.log = log;
	file.incomplete = names.log_incomplete;
	file.name = names.log;
	return save_file(t, &file);
}

struct err *save_dmesg(const char *vmcore, const struct target *t)
{
	cleanup(dump_closep) struct dump *dump = NULL;
	struct err *err = dump_open(vmcore, formats, &dump);

	return err ? err : save_dmesg_of(dump, t);
}

static struct err *write_buf(void *ctx, int fd, const char *path)
{
	const struct buf *b = ctx;

	return io_write_all(fd, b->data, b->len, path);
}

struct err *save_report(const char *report, const struct target *t)
{
	cleanup(freep) char *text = NULL;
	struct buf b = BUF_INIT;
	const struct target_file file = {.incomplete = ".vmcore-report.txt.tmp",
					 .name = "vmcore-report.txt",
					 .write = write_buf,
					 .ctx = &b};
	struct err *err;

	/* The diagnosis may have come to nothing, and has said so. */
	if (access(report, F_OK) < 0)
		return NULL;
	err = io_read_file(report, REPORT_MAX_BYTES, &text, &b.len);
	if (err)
		return err;
	b.data = text;
	return save_file(t, &file);
}

struct err *save_record(const struct target *t)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const struct target_file file = {.incomplete = record_incomplete,
					 .name = "capture.json",
					 .write = write_buf,
					 .ctx = &b};
	struct err *err = record_format(t->record, time(NULL), &b);
	u64 bytes = 0;

	return err ? err : t->kind->save(t, &file, &bytes);
}

/* A dump that fills the disk must not leave us without room to say so: the unfinished file
 * holds the place until it is written over. */
static struct err *keep_room(const struct target *t)
{
	char zeros[RECORD_ROOM_BYTES] = "";
	struct buf b = {.data = zeros, .len = sizeof(zeros)};
	const struct target_file file = {.incomplete = record_incomplete,
					 .name = record_incomplete,
					 .write = write_buf,
					 .ctx = &b};
	u64 bytes = 0;

	return t->kind->save(t, &file, &bytes);
}

struct err *save_first_record(const struct target *t)
{
	char reason[sizeof(t->record->reason)];
	struct err *err;

	snprintf(reason, sizeof(reason), "%s", t->record->reason);
	record_fail(t->record, "the capture was cut short: it never came to its end");
	err = save_record(t);
	snprintf(t->record->reason, sizeof(t->record->reason), "%s", reason);
	return err || t->kind->is_stream ? err : keep_room(t);
}
