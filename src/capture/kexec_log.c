/* The capture kernel's own log, for when the capture itself is in question. */
#include "capture/save.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KMSG	     "/dev/kmsg"
#define RECORD_BYTES 8192 /* more than the kernel gives at once */
#define BATCH_BYTES  32768

/* "6,342,1934500,-;text\n SUBSYSTEM=…\n" (Documentation/ABI/testing/dev-kmsg) as dmesg has
 * it. */
static void add_record(struct buf *b, const char *record)
{
	const char *text = strchr(record, ';');
	const char *sequence = strchr(record, ',');
	const char *time = sequence ? strchr(sequence + 1, ',') : NULL;
	unsigned long long us;

	if (!text || !time || time > text)
		return;
	us = strtoull(time + 1, NULL, 10);
	buf_printf(b, "[%5llu.%06llu] ", us / 1000000, us % 1000000);
	buf_add(b, text + 1, strcspn(text + 1, "\n"));
	buf_add_char(b, '\n');
}

static struct err *write_log(void *ctx, int fd, const char *path)
{
	cleanup(closep) int kmsg = open(KMSG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	char record[RECORD_BYTES];
	struct err *err = NULL;

	if (kmsg < 0)
		return err_os(errno, "cannot open " KMSG);
	while (!err) {
		ssize_t len = read(kmsg, record, sizeof(record) - 1);

		/* EPIPE: some were overwritten before we came. */
		if (len < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (len > 0) {
			record[len] = '\0';
			add_record(&b, record);
		}
		if (len > 0 && b.len < BATCH_BYTES)
			continue;
		err = buf_check(&b);
		if (!err)
			err = io_write_all(fd, buf_text(&b), b.len, path);
		b.len = 0;
		if (len <= 0)
			break;
	}
	return err;
}

struct err *save_capture_log(const struct target *t)
{
	const struct target_file file = {.incomplete = "kexec-dmesg-incomplete.log",
					 .name = "kexec-dmesg.log",
					 .write = write_log};
	u64 bytes = 0;
	struct err *err = t->kind->save(t, &file, &bytes);

	if (!err)
		record_add_file(t->record, file.name, bytes, true);
	return err;
}
