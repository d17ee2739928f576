#include "analyse/render_text.h"

#include "analyse/render_text_priv.h"
#include "base/str.h"
#include "kernel/printk.h"

#include <string.h>
#include <time.h>

static void line_text(struct buf *b, const char *label, const char *text)
{
	if (text)
		buf_printf(b, "%12s: %s\n", label, text);
}

static void line_date(struct buf *b, json_t *banner)
{
	time_t date = (time_t)tree_get_int(banner, "date_s");
	char text[64];
	struct tm tm;

	if (tree_has(banner, "date_s") && localtime_r(&date, &tm) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm))
		line_text(b, "DATE", text);
}

static void line_uptime(struct buf *b, json_t *banner)
{
	u64 s = tree_get_int(banner, "uptime_s");

	if (!tree_has(banner, "uptime_s"))
		return;
	buf_printf(b, "%12s: ", "UPTIME");
	if (s >= 86400)
		buf_printf(b, "%llu days, ", (unsigned long long)(s / 86400));
	buf_printf(b, "%02u:%02u:%02u\n", (unsigned)(s % 86400 / 3600),
		   (unsigned)(s % 3600 / 60), (unsigned)(s % 60));
}

static void line_load(struct buf *b, json_t *banner)
{
	json_t *load = json_object_get(banner, "load_average"), *value;
	size_t i;

	if (!load)
		return;
	buf_printf(b, "%12s: ", "LOAD AVERAGE");
	json_array_foreach(load, i, value)
		buf_printf(b, "%s%s", i ? ", " : "", tree_text_of(value));
	buf_add_char(b, '\n');
}

static void line_cpus(struct buf *b, json_t *banner)
{
	u64 offline = tree_get_int(banner, "cpus_offline");

	if (!tree_has(banner, "cpus"))
		return;
	buf_printf(b, "%12s: %llu", "CPUS",
		   (unsigned long long)tree_get_int(banner, "cpus"));
	if (offline)
		buf_printf(b, " [OFFLINE: %llu]", (unsigned long long)offline);
	buf_add_char(b, '\n');
}

static void line_machine(struct buf *b, json_t *banner)
{
	const char *machine = tree_get_text(banner, "machine");

	if (!machine)
		return;
	buf_printf(b, "%12s: %s  ", "MACHINE", machine);
	if (tree_has(banner, "mhz"))
		buf_printf(b, "(%llu Mhz)\n",
			   (unsigned long long)tree_get_int(banner, "mhz"));
	else
		buf_add_str(b, "(unknown Mhz)\n");
}

static void lines_task(struct buf *b, json_t *banner)
{
	if (tree_has(banner, "task")) {
		buf_printf(b, "%12s: %llu\n", "PID",
			   (unsigned long long)tree_get_int(banner, "pid"));
		buf_printf(b, "%12s: \"%s\"\n", "COMMAND", tree_show(banner, "command"));
		buf_printf(b, "%12s: %llx  ", "TASK",
			   (unsigned long long)tree_get_hex(banner, "task"));
		if (tree_has(banner, "task_index"))
			buf_printf(
				b, "(%llu of %llu)  ",
				(unsigned long long)tree_get_int(banner, "task_index"),
				(unsigned long long)tree_get_int(banner, "task_same_pid"));
		buf_printf(b, "[THREAD_INFO: %llx]\n",
			   (unsigned long long)tree_get_hex(banner, "thread_info"));
	}
	if (tree_has(banner, "cpu"))
		buf_printf(b, "%12s: %llu\n", "CPU",
			   (unsigned long long)tree_get_int(banner, "cpu"));
	line_text(b, "STATE", tree_get_text(banner, "state"));
}

static void render_banner(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");
	json_t *dump = json_object_get(report, "dump");
	const char *text = tree_get_text(banner, "panic");

	buf_printf(b, "%12s: %s%s%s\n", "DUMPFILE", tree_show(banner, "dumpfile"),
		   json_is_true(json_object_get(dump, "partial")) ? "  [PARTIAL DUMP]" : "",
		   json_is_true(json_object_get(dump, "incomplete")) ? "  [INCOMPLETE]"
								     : "");
	line_cpus(b, banner);
	line_date(b, banner);
	line_uptime(b, banner);
	line_load(b, banner);
	if (tree_has(banner, "tasks"))
		buf_printf(b, "%12s: %llu\n", "TASKS",
			   (unsigned long long)tree_get_int(banner, "tasks"));
	line_text(b, "NODENAME", tree_get_text(banner, "nodename"));
	line_text(b, "RELEASE", tree_get_text(banner, "release"));
	line_text(b, "VERSION", tree_get_text(banner, "kernel_version"));
	line_machine(b, banner);
	line_text(b, "MEMORY", tree_get_text(banner, "memory"));
	if (text)
		buf_printf(b, "%12s: \"%s\"\n", "PANIC", text);
	lines_task(b, banner);
}

static void render_signature(struct buf *b, json_t *report)
{
	json_t *s = json_object_get(json_object_get(report, "crash"), "signature");

	if (s)
		buf_printf(b, "\nSignature: %s\n           %s\n", tree_show(s, "bucket"),
			   tree_show(s, "hash"));
}

static void render_evidence(struct buf *b, json_t *report)
{
	json_t *list = json_object_get(json_object_get(report, "crash"), "evidence"), *e;
	size_t i;

	if (!json_array_size(list))
		return;
	buf_add_str(b, "\nEvidence:\n");
	json_array_foreach(list, i, e)
	{
		buf_printf(b, "  %-7s %s (%s", tree_show(e, "confidence"),
			   tree_show(e, "text"), tree_show(e, "source"));
		if (tree_has(e, "address"))
			buf_printf(b, ", %s", tree_show(e, "address"));
		buf_add_str(b, ")\n");
	}
}

static void render_taint(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner"), *reason, *module;
	size_t i, k;

	if (!json_array_size(json_object_get(banner, "taints")))
		return;
	buf_printf(b, "\nTaint (%s):\n", tree_show(banner, "taint"));
	json_array_foreach(json_object_get(banner, "taints"), i, reason)
	{
		buf_printf(b, "  %s  %s", tree_show(reason, "letter"),
			   tree_show(reason, "meaning"));
		json_array_foreach(json_object_get(reason, "modules"), k, module)
			buf_printf(b, "%s%s", k ? ", " : ": ", tree_text_of(module));
		buf_add_char(b, '\n');
	}
}

static void render_command_line(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");

	if (tree_has(banner, "command_line"))
		buf_printf(b, "\nCommand line:\n  %s\n", tree_show(banner, "command_line"));
}

static void render_modules(struct buf *b, json_t *report)
{
	json_t *modules = json_object_get(report, "modules"), *module;
	size_t i;

	buf_printf(b, "\nModules (%zu):\n", json_array_size(modules));
	json_array_foreach(modules, i, module)
	{
		const char *taint = tree_get_text(module, "taint");

		buf_printf(b, "  %-24s 0x%016llx %10llu%s%s\n", tree_show(module, "name"),
			   (unsigned long long)tree_get_hex(module, "base"),
			   (unsigned long long)tree_get_int(module, "size"),
			   taint && *taint ? "  " : "", taint ? taint : "");
	}
}

static void render_log(struct buf *b, json_t *report)
{
	json_t *log = json_object_get(report, "log_tail"), *record;
	size_t i;

	if (!json_array_size(log))
		return;
	buf_add_str(b, "\nEnd of the kernel log:\n");
	json_array_foreach(log, i, record)
	{
		const char *text = tree_get_text(record, "text");
		struct printk_record r = {.ts_ns = tree_get_int(record, "ts_ns"),
					  .text = text ? text : "",
					  .len = text ? strlen(text) : 0};

		printk_format(b, &r, true);
	}
}

static void render_health(struct buf *b, json_t *report)
{
	json_t *health = json_object_get(report, "health"), *remark;
	size_t i;

	buf_add_str(b, "\nDump health:\n");
	if (!json_array_size(health))
		buf_add_str(b, "  nothing that this report needed was missing\n");
	json_array_foreach(health, i, remark) buf_printf(b, "  %s\n", tree_text_of(remark));
}

void report_render_text(struct buf *b, json_t *report)
{
	buf_printf(b, "%s\n", tree_show(report, "verdict"));
	render_evidence(b, report);
	render_signature(b, report);
	buf_add_char(b, '\n');
	render_banner(b, report);
	render_text_blocked(b, report);
	render_text_block_io(b, report);
	render_text_backtraces(b, report);
	render_text_run_queues(b, report);
	render_text_memory(b, report);
	render_taint(b, report);
	render_command_line(b, report);
	render_modules(b, report);
	render_log(b, report);
	render_health(b, report);
}
