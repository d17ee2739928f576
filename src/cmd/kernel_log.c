#include "cmd/kernel_log.h"

#include "base/io.h"
#include "kernel/printk.h"

#define BATCH_BYTES 65536

static struct err *write_batch(struct buf *b, int fd, const char *name)
{
	struct err *err = buf_check(b);

	if (!err)
		err = io_write_all(fd, b->data, b->len, name);
	b->len = 0;
	return err;
}

/* The log may be long: a batch at a time. */
static struct err *write_records(struct printk_log *log, bool indents, u64 first_seq,
				 int fd, const char *name)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct printk_record r;
	struct err *err = NULL;

	while (!err && printk_next(log, &r)) {
		if (r.seq >= first_seq)
			printk_format(&b, &r, indents);
		if (b.len >= BATCH_BYTES || b.failed)
			err = write_batch(&b, fd, name);
	}
	return err ? err : write_batch(&b, fd, name);
}

struct err *kernel_log_write(struct dump *d, const struct kernel_log_options *o, int fd,
			     const char *name, u64 *ret_num_lost)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	u64 first_seq = 0;
	struct err *err = printk_source_from_dump(d, &src);

	if (err)
		return err;
	err = printk_open(&src, &log);
	if (!err && o->since_clear)
		err = printk_first_not_cleared(&src, &first_seq);
	if (err)
		return err_wrap(err, "%s", dump_path(d));
	err = write_records(log, o->indents, first_seq, fd, name);
	*ret_num_lost = printk_num_lost(log);
	return err;
}
