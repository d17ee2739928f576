/* The banner: the lines that crash prints first, and of `sys`. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/clock.h"
#include "kernel/machine.h"
#include "kernel/uts.h"

#include <string.h>
#include <time.h>

static void line(struct shell *s, const char *label, const char *raw)
{
	buf_printf(shell_out(s), "%12s: ", label);
	shell_text(s, raw);
	buf_add_char(shell_out(s), '\n');
}

static void add_files(struct shell *s)
{
	if (s->options.vmlinux)
		line(s, "KERNEL", s->options.vmlinux);
	buf_printf(shell_out(s), "%12s: ", "DUMPFILE");
	shell_text(s, dump_path(s->d));
	buf_printf(shell_out(s), "%s%s\n", dump_is_partial(s->d) ? "  [PARTIAL DUMP]" : "",
		   dump_is_incomplete(s->d) ? "  [INCOMPLETE]" : "");
}

static void add_cpus(struct shell *s)
{
	size_t offline = s->cpus.num_present - s->cpus.num_online;

	if (!s->cpus.count)
		return;
	buf_printf(shell_out(s), "%12s: %zu", "CPUS", s->cpus.num_present);
	if (offline)
		buf_printf(shell_out(s), " [OFFLINE: %zu]", offline);
	buf_add_char(shell_out(s), '\n');
}

static void add_clock(struct shell *s)
{
	struct buf *b = shell_out(s);
	struct kernel_clock c;
	char text[64];
	struct tm tm;
	time_t date;

	kernel_clock_read(s->k, &c);
	date = (time_t)c.date_s;
	if (c.has_date && localtime_r(&date, &tm) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm))
		line(s, "DATE", text);
	if (c.has_uptime) {
		buf_printf(b, "%12s: ", "UPTIME");
		if (c.uptime_s >= 86400)
			buf_printf(b, "%llu days, ",
				   (unsigned long long)(c.uptime_s / 86400));
		buf_printf(b, "%02u:%02u:%02u\n", (unsigned)(c.uptime_s % 86400 / 3600),
			   (unsigned)(c.uptime_s % 3600 / 60), (unsigned)(c.uptime_s % 60));
	}
	if (c.has_load)
		buf_printf(b, "%12s: %u.%02u, %u.%02u, %u.%02u\n", "LOAD AVERAGE",
			   c.load[0] / 100, c.load[0] % 100, c.load[1] / 100,
			   c.load[1] % 100, c.load[2] / 100, c.load[2] % 100);
}

static void add_names(struct shell *s, struct uts *uts)
{
	struct err *err = uts_read(s->k, uts);

	if (err) {
		notices_add_err(&s->notices, err);
		*uts = (struct uts){0};
		return;
	}
	line(s, "NODENAME", uts->nodename);
	line(s, "RELEASE", uts->release);
	line(s, "VERSION", uts->version);
}

static struct err *add_machine(struct shell *s, const struct uts *uts)
{
	cleanup(freep) struct machine_facts *m = calloc(1, sizeof(*m));
	struct buf *b = shell_out(s);

	if (!m)
		return err_nomem();
	machine_facts_read(s->k, m);
	if (*uts->machine) {
		buf_printf(b, "%12s: ", "MACHINE");
		shell_text(s, uts->machine);
		if (m->cpu_mhz)
			buf_printf(b, "  (%u Mhz)\n", m->cpu_mhz);
		else
			buf_add_str(b, "  (unknown Mhz)\n");
	}
	if (m->memory_bytes) {
		buf_printf(b, "%12s: ", "MEMORY");
		memory_format(b, m->memory_bytes);
		buf_add_char(b, '\n');
	}
	return NULL;
}

/* The labels of `set`, in the banner's column. */
static void add_context(struct shell *s, const struct task *t)
{
	cleanup(buf_deinit) struct buf lines = BUF_INIT;
	struct buf out = s->out.b;

	s->out.b = lines;
	shell_print_context(s, t);
	lines = s->out.b;
	s->out.b = out;
	for (const char *at = buf_text(&lines); *at;) {
		size_t len = strcspn(at, "\n");

		buf_printf(shell_out(s), "     %.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

struct err *shell_banner(struct shell *s, bool with_context)
{
	const struct task_table *tasks;
	const char *panic;
	struct uts uts;
	struct err *err = shell_tasks(s, &tasks);

	if (err && err_code(err) == ERR_NOMEM)
		return err;
	notices_add_err(&s->notices, err);
	add_files(s);
	add_cpus(s);
	add_clock(s);
	if (tasks->count)
		buf_printf(shell_out(s), "%12s: %zu\n", "TASKS", tasks->tasks.count);
	add_names(s, &uts);
	err = add_machine(s, &uts);
	if (err)
		return err;
	panic = panic_log_text(&s->log);
	buf_printf(shell_out(s), "%12s: \"", "PANIC");
	shell_text(s, panic);
	buf_add_str(shell_out(s), "\"\n");
	if (with_context && task_table_find(tasks, s->context))
		add_context(s, &task_table_find(tasks, s->context)->task);
	return NULL;
}

struct err *shell_print_banner(struct shell *s)
{
	struct err *err = shell_banner(s, true);

	if (err)
		return err;
	buf_add_char(shell_out(s), '\n');
	sink_flush(&s->out);
	return s->out.fd < 0 ? buf_check(&s->out.b) : NULL;
}
