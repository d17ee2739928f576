/* log: the printk buffer, record by record. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/clock.h"
#include "kernel/field.h"
#include "kernel/printk.h"

#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ull

struct how {
	bool no_time, date, level, dictionary, caller;
	bool has_boot;
	u64 boot_s; /* when the machine was booted */
};

/* "[    0.000000] ", "[Fri Nov 20 …] " or nothing; returns its width. */
static size_t add_stamp(struct buf *b, const struct how *how, u64 ts_ns)
{
	size_t before = b->len;
	char text[64];
	struct tm tm;
	time_t date = (time_t)(how->boot_s + ts_ns / NS_PER_S);

	if (how->no_time)
		return 0;
	if (how->date && how->has_boot && localtime_r(&date, &tm) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm))
		buf_printf(b, "[%s] ", text);
	else
		buf_printf(b, "[%5llu.%06llu] ", (unsigned long long)(ts_ns / NS_PER_S),
			   (unsigned long long)(ts_ns % NS_PER_S / 1000));
	return b->len - before;
}

static void add_caller(struct buf *b, u32 caller)
{
	char text[16];

	snprintf(text, sizeof(text), "%c%u", caller >> 31 ? 'C' : 'T', caller & 0x7fffffff);
	buf_printf(b, "[%6s] ", text);
}

static void add_dictionary(struct shell *s, size_t width, const char *key, const char *raw)
{
	if (!*raw)
		return;
	buf_printf(shell_out(s), "%*s%s=", (int)width, "", key);
	shell_text(s, raw);
	buf_add_char(shell_out(s), '\n');
}

static void add_record(struct shell *s, const struct how *how,
		       const struct printk_record *r)
{
	struct buf *b = shell_out(s);
	const char *at = r->text, *end = r->text + r->len;
	size_t width = add_stamp(b, how, r->ts_ns), before = b->len;

	if (how->caller)
		add_caller(b, r->caller);
	if (how->level && r->has_level)
		buf_printf(b, "<%u>", r->level);
	width += b->len - before;
	for (;;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		str_escape(b, at, (size_t)((stop ? stop : end) - at), true);
		buf_add_char(b, '\n');
		if (!stop)
			break;
		buf_printf(b, "%*s", (int)width, "");
		at = stop + 1;
	}
	if (how->dictionary) {
		add_dictionary(s, width, "SUBSYSTEM", r->subsystem);
		add_dictionary(s, width, "DEVICE", r->device);
	}
}

static struct err *print_records(struct shell *s, const struct how *how)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	struct printk_record r;
	struct err *err = printk_source_from_dump(s->d, &src);

	if (!err)
		err = printk_open(&src, &log);
	if (err)
		return err;
	while (!shell_is_over(s) && printk_next(log, &r))
		add_record(s, how, &r);
	if (printk_num_lost(log))
		buf_printf(shell_out(s), "log: %llu records could not be read\n",
			   (unsigned long long)printk_num_lost(log));
	return NULL;
}

/* Records of audit that were on their way to auditd: sk_buffs of a queue. */
static struct err *print_audit(struct shell *s)
{
	vaddr_t queue;
	u64 count = 0;
	struct err *err = kernel_symbol_get(s->k, "audit_queue", &queue);

	if (!err)
		err = field_read_by_name(s->k, queue, "sk_buff_head", "qlen", &count);
	if (err)
		return err;
	if (!count) {
		buf_add_str(shell_out(s), "log: kernel audit log is empty\n");
		return NULL;
	}
	return err_new(
		ERR_UNSUPPORTED,
		"%llu records are in audit_queue at 0x%llx; they are not decoded yet",
		(unsigned long long)count, (unsigned long long)queue);
}

static void find_boot(struct shell *s, struct how *how)
{
	struct kernel_clock c;

	kernel_clock_read(s->k, &c);
	how->has_boot = c.has_date && c.has_uptime;
	how->boot_s = c.date_s - c.uptime_s;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {0};
	bool audit = false;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "tTdmac", &option)) && option) {
		how.no_time |= option == 't';
		how.date |= option == 'T';
		how.dictionary |= option == 'd';
		how.level |= option == 'm';
		how.caller |= option == 'c';
		audit |= option == 'a';
	}
	if (!err)
		err = shell_check_operands(w, 0, 0);
	if (err)
		return err;
	if (audit)
		return print_audit(s);
	if (how.date)
		find_boot(s, &how);
	return print_records(s, &how);
}

const struct shell_command shell_cmd_log = {
	.name = "log",
	.synopsis = "[-Ttdmac]",
	.summary = "dump the kernel's message buffer",
	.help = "Show the kernel log in the order of its records.\n\n"
		"    -T  time stamps as dates, in the time zone of TZ.\n"
		"    -t  no time stamps.\n"
		"    -d  SUBSYSTEM= and DEVICE= of the records that have them, below each.\n"
		"    -m  each record's level, as <number>: 0 emergency ... 7 debug.\n"
		"    -c  the thread (T) or CPU (C) that wrote each record.\n"
		"    -a  the records that audit had not handed to user space yet.",
	.run = run,
};
