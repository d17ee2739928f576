#include "analyse/brief.h"

#include "analyse/frames.h"
#include "analyse/panic.h"

/* What the log says; left as it is where there is no log. */
static void read_log(struct dump *d, struct panic_log *p)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	struct printk_record r;
	struct err *err = printk_source_from_dump(d, &src);

	if (!err)
		err = printk_open(&src, &log);
	while (!err && printk_next(log, &r))
		panic_log_add(p, &r);
	notices_add_err(dump_notices(d), err);
}

static struct err *format(struct buf *b, struct kernel *k, bool with_stack)
{
	cleanup(cpu_table_deinit) struct cpu_table cpus = {0};
	cleanup(freep) struct stack *stack = calloc(1, sizeof(*stack));
	struct notices *n = dump_notices(kernel_dump(k));
	struct panic_place place = {.how = ""};
	struct panic_log log = {0};
	struct err *err;

	if (!stack)
		return err_nomem();
	read_log(kernel_dump(k), &log);
	err = cpu_table_read(k, n, &cpus);
	if (!err)
		panic_place_find(k, &cpus, n, stack, &place);
	else if (!*panic_log_text(&log))
		return err_wrap(err, "%s: neither a kernel log nor CPUs",
				dump_path(kernel_dump(k)));
	notices_add_err(n, err);
	panic_verdict_format(b, &log, &place);
	buf_add_char(b, '\n');
	if (!with_stack || !place.has_cpu)
		return NULL;
	if (panic_unwind(k, cpu_find(&cpus, place.cpu), stack))
		stack_format(b, stack);
	else
		buf_printf(b, "CPU %u left no registers, so there is no backtrace\n",
			   place.cpu);
	return NULL;
}

struct err *brief_format(struct buf *b, struct kernel *k)
{
	return format(b, k, true);
}

struct err *brief_verdict(struct buf *b, struct kernel *k)
{
	return format(b, k, false);
}
