#include "base/io.h"
#include "cmd/cmd.h"
#include "cmd/open.h"
#include "kernel/printk.h"

#define BATCH_BYTES 65536

static void warn(const char *text)
{
	fprintf(stderr, "inquest: %s\n", text);
}

static struct err *print_batch(struct buf *b)
{
	struct err *err = cmd_print(b);

	b->len = 0;
	return err;
}

/* Print every record. The log may be long: a batch at a time. */
static struct err *print_log(struct printk_log *log, bool indent)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct printk_record r;
	struct err *err = NULL;

	while (!err && printk_next(log, &r)) {
		printk_format(&b, &r, indent);
		if (b.len >= BATCH_BYTES || b.failed)
			err = print_batch(&b);
	}
	return err ? err : print_batch(&b);
}

static struct err *run(const char *path, bool indent)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	struct err *err = cmd_open_dump(path, &d);

	if (err)
		return err;
	err = printk_source_from_dump(d, &src);
	if (err)
		return err;
	err = printk_open(&src, &log);
	if (err)
		return err_wrap(err, "%s", path);
	err = print_log(log, indent);
	if (!err && printk_num_lost(log)) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		buf_printf(&b, "%s: %llu records of the log could not be read", path,
			   (unsigned long long)printk_num_lost(log));
		warn(buf_text(&b));
	}
	return err;
}

static struct err *run_dmesg(const struct opts_result *given, enum exit_status *status)
{
	return run(given->operands[0], true);
}

static struct err *run_vmcore_dmesg(const struct opts_result *given,
				    enum exit_status *status)
{
	return run(given->operands[0], false);
}

#define DMESG_OPTS(verb)                                                                   \
	{                                                                                  \
		.name = verb, .operands = "VMCORE",                                        \
		.summary = "Print the kernel log of a dump.",                              \
		.options = (const struct opt[]){OPTS_END}, .min_operands = 1,              \
		.max_operands = 1                                                          \
	}

const struct cmd cmd_dmesg = {.opts = DMESG_OPTS("dmesg"), .run = run_dmesg};
const struct cmd cmd_vmcore_dmesg = {.opts = DMESG_OPTS("vmcore-dmesg"),
				     .run = run_vmcore_dmesg};
