#include "capture/save.h"

#include "base/io.h"
#include "kernel/printk.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MEMINFO	    "/proc/meminfo"
#define BATCH_BYTES 65536

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

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

static struct err *write_record(void *ctx, int fd, const char *path)
{
	const struct buf *b = ctx;

	return io_write_all(fd, b->data, b->len, path);
}

struct err *save_record(struct dumpdir *d, const struct record *r, size_t mount_len)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = record_format(r, mount_len, time(NULL), &b);
	u64 bytes = 0;

	if (err)
		return err;
	return dumpdir_save(d, ".capture.json.tmp", "capture.json", write_record, &b,
			    &bytes);
}
