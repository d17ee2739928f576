#include "capture/save.h"

#include "base/io.h"
#include "kernel/printk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MEMINFO	    "/proc/meminfo"
#define BATCH_BYTES 65536

/* Several times what a record takes. */
#define RECORD_ROOM_BYTES 8192
#define REPORT_MAX_BYTES  (1u << 20)

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

static const char record_incomplete[] = ".capture.json.tmp";
static const char dmesg_incomplete[] = "vmcore-dmesg-incomplete.txt";

void save_left_over(struct dumpdir *d, struct record *r)
{
	static const char *const names[] = {dmesg_incomplete, "vmcore-incomplete"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fstatat(d->fd, names[i], &st, 0) == 0)
			record_add_file(r, names[i], (u64)st.st_size, false);
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

struct err *save_dmesg(const char *vmcore, struct dumpdir *d, struct record *r)
{
	static const char name[] = "vmcore-dmesg.txt";
	cleanup(dump_closep) struct dump *dump = NULL;
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct dmesg_job job = {.record = r};
	struct printk_source src;
	struct err *err = dump_open(vmcore, formats, &dump);
	u64 bytes = 0;

	if (!err)
		err = printk_source_from_dump(dump, &src);
	if (!err)
		err = printk_open(&src, &log);
	if (err)
		return err;
	job.log = log;
	err = dumpdir_save(d, dmesg_incomplete, name, write_dmesg, &job, &bytes);
	if (!err)
		record_add_file(r, name, bytes, true);
	return err;
}

static struct err *write_buf(void *ctx, int fd, const char *path)
{
	const struct buf *b = ctx;

	return io_write_all(fd, b->data, b->len, path);
}

struct err *save_report(const char *report, struct dumpdir *d, struct record *r)
{
	static const char name[] = "vmcore-report.txt";
	cleanup(freep) char *text = NULL;
	struct buf b = BUF_INIT;
	struct err *err;
	u64 bytes = 0;

	/* The diagnosis may have come to nothing, and has said so. */
	if (access(report, F_OK) < 0)
		return NULL;
	err = io_read_file(report, REPORT_MAX_BYTES, &text, &b.len);
	if (err)
		return err;
	b.data = text;
	err = dumpdir_save(d, ".vmcore-report.txt.tmp", name, write_buf, &b, &bytes);
	if (!err)
		record_add_file(r, name, bytes, true);
	return err;
}

struct err *save_record(struct dumpdir *d, const struct record *r, size_t mount_len)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = record_format(r, mount_len, time(NULL), &b);
	u64 bytes = 0;

	if (err)
		return err;
	return dumpdir_save(d, record_incomplete, "capture.json", write_buf, &b, &bytes);
}

/* A dump that fills the disk must not leave us without room to say so: the unfinished file
 * holds the place until it is written over. */
static struct err *keep_room(struct dumpdir *d)
{
	cleanup(closep) int fd =
		openat(d->fd, record_incomplete, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char zeros[RECORD_ROOM_BYTES] = "";
	struct err *err;

	if (fd < 0)
		return err_os(errno, "cannot create %s/%s", d->path, record_incomplete);
	err = io_write_all(fd, zeros, sizeof(zeros), record_incomplete);
	if (!err && fsync(fd) < 0)
		err = err_os(errno, "cannot fsync %s/%s", d->path, record_incomplete);
	return err;
}

struct err *save_first_record(struct dumpdir *d, struct record *r, size_t mount_len)
{
	struct err *err;

	record_fail(r, "the capture was cut short: it never came to its end");
	err = save_record(d, r, mount_len);
	r->reason[0] = '\0';
	return err ? err : keep_room(d);
}
