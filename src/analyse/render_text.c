#include "analyse/render_text.h"

#include "analyse/frames.h"
#include "base/str.h"
#include "kernel/printk.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define MAX_PIDS    16 /* that are named as having one stack */
#define MAX_WAITING 8  /* for one CPU, that are named */

/* Registers in the order, the width and the lines in which crash prints them. */
static const struct reg_place {
	const char *name;
	int digits;
	int line;
} reg_order[] = {
	{"rip", 16, 0}, {"rsp", 16, 0}, {"rflags", 8, 0},    {"rax", 16, 1},
	{"rbx", 16, 1}, {"rcx", 16, 1}, {"rdx", 16, 2},	     {"rsi", 16, 2},
	{"rdi", 16, 2}, {"rbp", 16, 3}, {"r8", 16, 3},	     {"r9", 16, 3},
	{"r10", 16, 4}, {"r11", 16, 4}, {"r12", 16, 4},	     {"r13", 16, 5},
	{"r14", 16, 5}, {"r15", 16, 5}, {"orig_rax", 16, 6}, {"cs", 4, 6},
	{"ss", 4, 6},
};

/* The text at @key, NULL if there is none. */
static const char *get_text(json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static const char *text_of(json_t *j)
{
	const char *text = json_string_value(j);

	return text ? text : "";
}

/* The same for printing: "" if there is none. */
static const char *show(json_t *j, const char *key)
{
	const char *text = get_text(j, key);

	return text ? text : "";
}

static u64 get_int(json_t *j, const char *key)
{
	return (u64)json_integer_value(json_object_get(j, key));
}

static bool has(json_t *j, const char *key)
{
	return json_object_get(j, key) != NULL;
}

static u64 get_hex(json_t *j, const char *key)
{
	const char *text = get_text(j, key);
	u64 value = 0;

	if (text && !str_parse_u64(text, &value))
		value = 0;
	return value;
}

static void line_text(struct buf *b, const char *label, const char *text)
{
	if (text)
		buf_printf(b, "%12s: %s\n", label, text);
}

static void line_date(struct buf *b, json_t *banner)
{
	time_t date = (time_t)get_int(banner, "date_s");
	char text[64];
	struct tm tm;

	if (has(banner, "date_s") && localtime_r(&date, &tm) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm))
		line_text(b, "DATE", text);
}

static void line_uptime(struct buf *b, json_t *banner)
{
	u64 s = get_int(banner, "uptime_s");

	if (!has(banner, "uptime_s"))
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
		buf_printf(b, "%s%s", i ? ", " : "", text_of(value));
	buf_add_char(b, '\n');
}

static void line_cpus(struct buf *b, json_t *banner)
{
	u64 offline = get_int(banner, "cpus_offline");

	if (!has(banner, "cpus"))
		return;
	buf_printf(b, "%12s: %llu", "CPUS", (unsigned long long)get_int(banner, "cpus"));
	if (offline)
		buf_printf(b, " [OFFLINE: %llu]", (unsigned long long)offline);
	buf_add_char(b, '\n');
}

static void line_machine(struct buf *b, json_t *banner)
{
	const char *machine = get_text(banner, "machine");

	if (!machine)
		return;
	buf_printf(b, "%12s: %s  ", "MACHINE", machine);
	if (has(banner, "mhz"))
		buf_printf(b, "(%llu Mhz)\n", (unsigned long long)get_int(banner, "mhz"));
	else
		buf_add_str(b, "(unknown Mhz)\n");
}

static void lines_task(struct buf *b, json_t *banner)
{
	if (has(banner, "task")) {
		buf_printf(b, "%12s: %llu\n", "PID",
			   (unsigned long long)get_int(banner, "pid"));
		buf_printf(b, "%12s: \"%s\"\n", "COMMAND", show(banner, "command"));
		buf_printf(b, "%12s: %llx  ", "TASK",
			   (unsigned long long)get_hex(banner, "task"));
		if (has(banner, "task_index"))
			buf_printf(b, "(%llu of %llu)  ",
				   (unsigned long long)get_int(banner, "task_index"),
				   (unsigned long long)get_int(banner, "task_same_pid"));
		buf_printf(b, "[THREAD_INFO: %llx]\n",
			   (unsigned long long)get_hex(banner, "thread_info"));
	}
	if (has(banner, "cpu"))
		buf_printf(b, "%12s: %llu\n", "CPU",
			   (unsigned long long)get_int(banner, "cpu"));
	line_text(b, "STATE", get_text(banner, "state"));
}

static void render_banner(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");
	json_t *dump = json_object_get(report, "dump");
	const char *text = get_text(banner, "panic");

	buf_printf(b, "%12s: %s%s%s\n", "DUMPFILE", show(banner, "dumpfile"),
		   json_is_true(json_object_get(dump, "partial")) ? "  [PARTIAL DUMP]" : "",
		   json_is_true(json_object_get(dump, "incomplete")) ? "  [INCOMPLETE]"
								     : "");
	line_cpus(b, banner);
	line_date(b, banner);
	line_uptime(b, banner);
	line_load(b, banner);
	if (has(banner, "tasks"))
		buf_printf(b, "%12s: %llu\n", "TASKS",
			   (unsigned long long)get_int(banner, "tasks"));
	line_text(b, "NODENAME", get_text(banner, "nodename"));
	line_text(b, "RELEASE", get_text(banner, "release"));
	line_text(b, "VERSION", get_text(banner, "kernel_version"));
	line_machine(b, banner);
	line_text(b, "MEMORY", get_text(banner, "memory"));
	if (text)
		buf_printf(b, "%12s: \"%s\"\n", "PANIC", text);
	lines_task(b, banner);
}

static void render_register(struct buf *b, json_t *regs, const char *name, int digits)
{
	char upper[16];
	size_t i = 0;

	for (; name[i] && i + 1 < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	upper[i] = '\0';
	buf_printf(b, "%*s: %0*llx", digits == 16 && i < 3 ? 3 : 0, upper, digits,
		   (unsigned long long)get_hex(regs, name));
}

static void render_registers(struct buf *b, json_t *regs)
{
	int line = -1;

	for (size_t i = 0; i < ARRAY_SIZE(reg_order); i++) {
		const struct reg_place *r = &reg_order[i];

		if (!has(regs, r->name))
			continue;
		if (line >= 0 && r->line != line)
			buf_add_char(b, '\n');
		buf_add_str(b, r->line == line ? "  " : "    ");
		render_register(b, regs, r->name, r->digits);
		line = r->line;
	}
	if (line >= 0)
		buf_add_char(b, '\n');
}

/* The line of a frame, and those that its inlined functions were called from. */
static void render_source(struct buf *b, json_t *frame)
{
	const char *source = get_text(frame, "source");
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(frame, "inlined"), i, call)
	{
		if (source)
			buf_printf(b, "    %s (%s, inlined)\n", source,
				   show(call, "function"));
		source = get_text(call, "source");
	}
	if (source)
		buf_printf(b, "    %s\n", source);
}

static void render_frame(struct buf *b, size_t number, json_t *frame)
{
	const char *function = get_text(frame, "function"),
		   *module = get_text(frame, "module");
	const char *kind = get_text(frame, "kind");
	u64 pc = get_hex(frame, "pc"), offset = get_int(frame, "offset");

	if (kind && str_eq(kind, "exception")) {
		if (function)
			buf_printf(b, "    [exception RIP: %s+0x%llx]\n", function,
				   (unsigned long long)offset);
		else
			buf_printf(b, "    [exception RIP: 0x%llx]\n",
				   (unsigned long long)pc);
		render_registers(b, json_object_get(frame, "registers"));
		buf_add_str(b, "--- <exception> ---\n");
	}
	frame_format(b, number, get_hex(frame, "sp"), pc, function, offset,
		     module ? module : "");
	render_source(b, frame);
}

/* A backtrace under the heading that crash gives it. */
static void render_backtrace(struct buf *b, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");
	json_t *backtrace = json_object_get(cpu, "backtrace"), *frame;
	size_t i;

	if (task)
		buf_printf(b, "PID: %-8llu TASK: 0x%016llx  CPU: %-4llu COMMAND: \"%s\"\n",
			   (unsigned long long)get_int(task, "pid"),
			   (unsigned long long)get_hex(task, "address"),
			   (unsigned long long)get_int(cpu, "cpu"), show(task, "comm"));
	else
		buf_printf(b, "CPU: %llu, its task is not known\n",
			   (unsigned long long)get_int(cpu, "cpu"));
	if (!backtrace) {
		buf_add_str(b, "    no registers of this CPU, so there is no backtrace\n");
		return;
	}
	json_array_foreach(json_object_get(backtrace, "frames"), i, frame)
		render_frame(b, i, frame);
	buf_printf(b, "    ends %s\n", show(backtrace, "end"));
}

static void render_backtraces(struct buf *b, json_t *report)
{
	json_t *panic = json_object_get(report, "panic"), *cpu;
	const char *cause = get_text(panic, "cause");
	size_t i;
	bool is_first = true;

	if (cause)
		buf_printf(b, "\nThe log before the panic: %s\n", cause);
	if (has(panic, "cpu")) {
		buf_add_str(b, json_is_true(json_object_get(panic, "panicked"))
				       ? "\nBacktrace of the task that panicked:\n"
				       : "\nBacktrace:\n");
		render_backtrace(b, panic);
	}
	json_array_foreach(json_object_get(report, "cpus"), i, cpu)
	{
		if ((!json_is_true(json_object_get(cpu, "online")) &&
		     !has(cpu, "backtrace")) ||
		    (has(panic, "cpu") && get_int(cpu, "cpu") == get_int(panic, "cpu")))
			continue;
		buf_add_str(b, is_first ? "\nOther CPUs:\n" : "\n");
		is_first = false;
		render_backtrace(b, cpu);
	}
}

static void render_signature(struct buf *b, json_t *report)
{
	json_t *s = json_object_get(json_object_get(report, "crash"), "signature");

	if (s)
		buf_printf(b, "\nSignature: %s\n           %s\n", show(s, "bucket"),
			   show(s, "hash"));
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
		buf_printf(b, "  %-7s %s (%s", show(e, "confidence"), show(e, "text"),
			   show(e, "source"));
		if (has(e, "address"))
			buf_printf(b, ", %s", show(e, "address"));
		buf_add_str(b, ")\n");
	}
}

static void render_blocked_task(struct buf *b, json_t *t)
{
	buf_printf(b, "  PID %-7llu %-16s waits ", (unsigned long long)get_int(t, "pid"),
		   show(t, "comm"));
	if (has(t, "since_ms"))
		buf_printf(b, "%llu.%llu s ",
			   (unsigned long long)get_int(t, "since_ms") / 1000,
			   (unsigned long long)get_int(t, "since_ms") / 100 % 10);
	buf_printf(b, "for %s", show(t, "waits_for"));
	if (has(t, "lock"))
		buf_printf(b, " at %s", show(t, "lock"));
	if (has(t, "function"))
		buf_printf(b, " in %s", show(t, "function"));
	if (has(t, "module"))
		buf_printf(b, " [%s]", show(t, "module"));
	if (has(t, "ring"))
		buf_printf(b, ", in deadlock %llu", (unsigned long long)get_int(t, "ring"));
	buf_add_char(b, '\n');
}

/* One stack, and the tasks that have it. */
static void render_blocked_stack(struct buf *b, json_t *stack)
{
	json_t *pids = json_object_get(stack, "pids"), *pid, *frame;
	json_t *backtrace = json_object_get(stack, "backtrace");
	size_t i;

	buf_add_str(b, "\nStack of PID");
	json_array_foreach(pids, i, pid)
	{
		if (i == MAX_PIDS) {
			buf_printf(b, " and %zu more", json_array_size(pids) - i);
			break;
		}
		buf_printf(b, " %llu", (unsigned long long)json_integer_value(pid));
	}
	buf_add_str(b, ":\n");
	json_array_foreach(json_object_get(backtrace, "frames"), i, frame)
		render_frame(b, i, frame);
	buf_printf(b, "    ends %s\n", show(backtrace, "end"));
}

static void render_lock(struct buf *b, json_t *l)
{
	json_t *owner = json_object_get(l, "owner");

	buf_printf(b, "  %s at %s", show(l, "kind"), show(l, "address"));
	if (has(l, "what"))
		buf_printf(b, " (%s)", show(l, "what"));
	buf_printf(b, ": %s", show(l, "state"));
	if (owner)
		buf_printf(b, " by PID %llu %s", (unsigned long long)get_int(owner, "pid"),
			   show(owner, "comm"));
	buf_printf(b, ", owner %s, %llu waiting\n", show(l, "owner_is"),
		   (unsigned long long)get_int(l, "waiters_behind"));
}

static void render_blocked(struct buf *b, json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *j;
	json_t *tasks = json_object_get(blocked, "tasks");
	size_t i;

	if (!json_array_size(tasks))
		return;
	buf_printf(b, "\nBlocked tasks (%zu):\n", json_array_size(tasks));
	json_array_foreach(tasks, i, j) render_blocked_task(b, j);
	json_array_foreach(json_object_get(blocked, "locks"), i, j) render_lock(b, j);
	json_array_foreach(json_object_get(blocked, "stacks"), i, j)
		render_blocked_stack(b, j);
}

static void add_seconds(struct buf *b, const char *before, json_t *j, const char *key)
{
	u64 ms = get_int(j, key);

	if (has(j, key))
		buf_printf(b, "%s%llu.%03llu s", before, (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
}

static void render_run_queue(struct buf *b, json_t *cpu)
{
	json_t *queue = json_object_get(cpu, "run_queue"), *t;
	json_t *task = json_object_get(cpu, "task");
	json_t *waiting = json_object_get(queue, "waiting");
	size_t i, num = json_array_size(waiting);
	u64 left_out = get_int(queue, "waiting_left_out");

	buf_printf(b, "  CPU %llu runs ", (unsigned long long)get_int(cpu, "cpu"));
	if (task)
		buf_printf(b, "PID %llu %s", (unsigned long long)get_int(task, "pid"),
			   show(task, "comm"));
	add_seconds(b, " for ", queue, "running_ms");
	buf_add_str(b, "; ready and waiting:\n");
	json_array_foreach(waiting, i, t)
	{
		if (i == MAX_WAITING) {
			left_out += num - i;
			break;
		}
		buf_printf(b, "    PID %-7llu %-16s", (unsigned long long)get_int(t, "pid"),
			   show(t, "comm"));
		add_seconds(b, " for ", t, "waiting_ms");
		buf_printf(b, ", %s, priority %llu\n", show(t, "class"),
			   (unsigned long long)get_int(t, "priority"));
	}
	if (left_out)
		buf_printf(b, "    … and %llu more\n", (unsigned long long)left_out);
}

/* CPUs for which somebody waits. */
static void render_run_queues(struct buf *b, json_t *report)
{
	json_t *cpus = json_object_get(report, "cpus"), *cpu;
	size_t i, num_known = 0, num_waited_for = 0;

	json_array_foreach(cpus, i, cpu)
	{
		json_t *queue = json_object_get(cpu, "run_queue");

		num_known += queue != NULL;
		if (!json_array_size(json_object_get(queue, "waiting")))
			continue;
		buf_add_str(b, num_waited_for++ ? "" : "\nRun queues:\n");
		render_run_queue(b, cpu);
	}
	if (num_known && !num_waited_for)
		buf_add_str(b, "\nRun queues: nobody waits for a CPU\n");
}

static void render_request(struct buf *b, json_t *r)
{
	u64 ms = get_int(r, "age_ms");

	buf_printf(b, "  %-12s %-12s ", show(r, "device"), show(r, "operation"));
	if (has(r, "sector"))
		buf_printf(b, "sector %-12llu %8llu bytes  ",
			   (unsigned long long)get_int(r, "sector"),
			   (unsigned long long)get_int(r, "bytes"));
	else
		buf_printf(b, "%36s", "");
	if (has(r, "age_ms"))
		buf_printf(b, "%6llu.%03llu s  ", (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
	buf_printf(b, "%s, %s\n", show(r, "state"), show(r, "address"));
}

static void render_block_io(struct buf *b, json_t *report)
{
	json_t *io = json_object_get(report, "block_io"), *r;
	json_t *list = json_object_get(io, "oldest");
	u64 count = get_int(io, "requests");
	size_t i, num = json_array_size(list);

	if (!num)
		return;
	buf_printf(b, "\nBlock I/O under way (%llu), the oldest first:\n",
		   (unsigned long long)count);
	json_array_foreach(list, i, r) render_request(b, r);
	if (count > num)
		buf_printf(b, "  … and %llu more\n", (unsigned long long)(count - num));
}

static void line_memory(struct buf *b, json_t *memory, const char *key, const char *label)
{
	char text[STR_SIZE_TEXT_LEN];
	u64 total = get_int(memory, "total_bytes"), value = get_int(memory, key);

	if (!has(memory, key))
		return;
	buf_printf(b, "  %-20s %10s", label, str_format_size(text, value));
	if (total)
		buf_printf(b, "  %3llu %%", (unsigned long long)percent_of(value, total));
	buf_add_char(b, '\n');
}

/* "    Normal      4.1 GB managed,  12.3 MB free, below low (min 8.2 MB, low …)" */
static void line_zone(struct buf *b, json_t *zone)
{
	static const char *const keys[] = {"managed_bytes", "free_bytes", "min_bytes",
					   "low_bytes", "high_bytes"};
	char text[ARRAY_SIZE(keys)][STR_SIZE_TEXT_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		str_format_size(text[i], get_int(zone, keys[i]));
	buf_printf(b, "%10s managed, %9s free", text[0], text[1]);
	if (has(zone, "level"))
		buf_printf(b, ", %s", show(zone, "level"));
	buf_printf(b, " (min %s, low %s, high %s)\n", text[2], text[3], text[4]);
}

static void render_nodes(struct buf *b, json_t *memory)
{
	json_t *node, *zone;
	size_t i, n;

	if (json_array_size(json_object_get(memory, "nodes")))
		buf_add_str(b, "  free memory against its marks:\n");
	json_array_foreach(json_object_get(memory, "nodes"), i, node)
	{
		buf_printf(b, "    node %-10llu",
			   (unsigned long long)get_int(node, "node"));
		line_zone(b, node);
		json_array_foreach(json_object_get(node, "zones"), n, zone)
		{
			buf_printf(b, "      %-13s", show(zone, "name"));
			line_zone(b, zone);
		}
	}
}

static void render_largest_tasks(struct buf *b, json_t *memory)
{
	json_t *task;
	size_t i;

	if (json_array_size(json_object_get(memory, "largest_tasks")))
		buf_add_str(b, "  largest tasks by resident memory:\n");
	json_array_foreach(json_object_get(memory, "largest_tasks"), i, task)
	{
		char resident[STR_SIZE_TEXT_LEN], mapped[STR_SIZE_TEXT_LEN];

		buf_printf(b, "    %-16s pid %-8llu %10s resident, %10s mapped  task %s\n",
			   show(task, "comm"), (unsigned long long)get_int(task, "pid"),
			   str_format_size(resident, get_int(task, "resident_bytes")),
			   str_format_size(mapped, get_int(task, "mapped_bytes")),
			   show(task, "address"));
	}
}

static void render_memory(struct buf *b, json_t *report)
{
	static const struct {
		const char *key, *label;
		bool is_left_out; /* if it is 0 */
	} rows[] = {
		{"total_bytes", "total"},
		{"free_bytes", "free"},
		{"available_bytes", "available"},
		{"page_cache_bytes", "page cache"},
		{"buffer_bytes", "of it, buffers"},
		{"anonymous_bytes", "anonymous"},
		{"shmem_bytes", "shared memory"},
		{"slab_reclaimable_bytes", "slab, reclaimable"},
		{"slab_unreclaimable_bytes", "slab, unreclaimable"},
		{"vmalloc_bytes", "vmalloc"},
		{"page_table_bytes", "page tables"},
		{"kernel_stack_bytes", "kernel stacks"},
		{"huge_page_bytes", "huge pages"},
		{"huge_page_free_bytes", "of them, free", true},
		{"unaccounted_bytes", "not accounted for"},
		{"swap_total_bytes", "swap", true},
		{"swap_free_bytes", "free swap", true},
		{"committed_bytes", "committed"},
	};
	json_t *memory = json_object_get(report, "memory"), *cache;
	char text[STR_SIZE_TEXT_LEN];
	size_t i;

	if (!has(memory, "total_bytes"))
		return;
	buf_add_str(b, "\nMemory:\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].is_left_out || get_int(memory, rows[i].key))
			line_memory(b, memory, rows[i].key, rows[i].label);
	buf_add_str(b, "  largest slab caches:\n");
	json_array_foreach(json_object_get(memory, "slab_top"), i, cache) buf_printf(
		b, "    %-24s %10s  %llu objects of %llu bytes\n", show(cache, "name"),
		str_format_size(text, get_int(cache, "bytes")),
		(unsigned long long)get_int(cache, "objects"),
		(unsigned long long)get_int(cache, "object_size"));
	render_largest_tasks(b, memory);
	render_nodes(b, memory);
}

static void render_taint(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner"), *reason, *module;
	size_t i, k;

	if (!json_array_size(json_object_get(banner, "taints")))
		return;
	buf_printf(b, "\nTaint (%s):\n", show(banner, "taint"));
	json_array_foreach(json_object_get(banner, "taints"), i, reason)
	{
		buf_printf(b, "  %s  %s", show(reason, "letter"), show(reason, "meaning"));
		json_array_foreach(json_object_get(reason, "modules"), k, module)
			buf_printf(b, "%s%s", k ? ", " : ": ", text_of(module));
		buf_add_char(b, '\n');
	}
}

static void render_command_line(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");

	if (has(banner, "command_line"))
		buf_printf(b, "\nCommand line:\n  %s\n", show(banner, "command_line"));
}

static void render_modules(struct buf *b, json_t *report)
{
	json_t *modules = json_object_get(report, "modules"), *module;
	size_t i;

	buf_printf(b, "\nModules (%zu):\n", json_array_size(modules));
	json_array_foreach(modules, i, module)
	{
		const char *taint = get_text(module, "taint");

		buf_printf(b, "  %-24s 0x%016llx %10llu%s%s\n", show(module, "name"),
			   (unsigned long long)get_hex(module, "base"),
			   (unsigned long long)get_int(module, "size"),
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
		const char *text = get_text(record, "text");
		struct printk_record r = {.ts_ns = get_int(record, "ts_ns"),
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
	json_array_foreach(health, i, remark) buf_printf(b, "  %s\n", text_of(remark));
}

void report_render_text(struct buf *b, json_t *report)
{
	buf_printf(b, "%s\n", show(report, "verdict"));
	render_evidence(b, report);
	render_signature(b, report);
	buf_add_char(b, '\n');
	render_banner(b, report);
	render_blocked(b, report);
	render_block_io(b, report);
	render_backtraces(b, report);
	render_run_queues(b, report);
	render_memory(b, report);
	render_taint(b, report);
	render_command_line(b, report);
	render_modules(b, report);
	render_log(b, report);
	render_health(b, report);
}
