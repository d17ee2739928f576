/* Backtraces that fold: those of the cause are open, and say whose they are. */
#include "analyse/html_priv.h"

#include "base/str.h"

#include <string.h>

#define MAX_NAMED 8  /* tasks that are named as having one stack */
#define MAX_ALIKE 64 /* stacks of idle CPUs that others are compared with */

/* ---- frames ---- */

static bool is_culprit(json_t *culprit, json_t *frame)
{
	return *tree_show(culprit, "pc") &&
	       str_eq(tree_show(culprit, "pc"), tree_show(frame, "pc"));
}

static void add_source_line(struct buf *b, const char *source, const char *inlined)
{
	if (!*source)
		return;
	buf_add_str(b, "<span class=\"dim\">    ");
	html_text(b, source);
	if (*inlined) {
		buf_add_str(b, " (");
		html_text(b, inlined);
		buf_add_str(b, ", inlined)");
	}
	buf_add_str(b, "</span>\n");
}

/* The line of a frame, and those that its inlined functions were called from. */
static void add_source(struct buf *b, json_t *frame)
{
	const char *source = tree_show(frame, "source");
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(frame, "inlined"), i, call)
	{
		add_source_line(b, source, tree_show(call, "function"));
		source = tree_show(call, "source");
	}
	add_source_line(b, source, "");
}

static void add_frame(struct buf *b, json_t *culprit, size_t number, json_t *frame)
{
	bool blamed = is_culprit(culprit, frame);
	u64 pc = 0;

	str_parse_u64(tree_show(frame, "pc"), &pc);
	if (str_eq(tree_show(frame, "kind"), "exception"))
		buf_add_str(b,
			    "<i>--- exception: it was here when it was stopped ---</i>\n");
	buf_printf(b, "%s%3zu <span class=\"dim\">0x%016llx</span> ",
		   blamed ? "<mark>" : "", number, (unsigned long long)pc);
	if (*tree_show(frame, "function"))
		html_fill(b, frame, "<b>{function}</b>");
	if (tree_get_int(frame, "offset"))
		buf_printf(b, "+0x%llx", (unsigned long long)tree_get_int(frame, "offset"));
	if (*tree_show(frame, "module"))
		html_fill(b, frame, " [{module}]");
	buf_add_str(b, blamed ? " <b class=\"tag\">culprit</b></mark>\n" : "\n");
	add_source(b, frame);
}

static void add_registers(struct buf *b, json_t *regs)
{
	const char *name;
	json_t *value;
	unsigned num = 0;

	buf_add_str(b, "<details><summary>Registers at the exception</summary>\n<pre>");
	json_object_foreach(regs, name, value)
	{
		u64 number = 0;

		str_parse_u64(json_string_value(value) ? json_string_value(value) : "",
			      &number);
		buf_printf(b, "%s", !num ? "" : num % 3 ? "  " : "\n");
		buf_printf(b, "%*s", 8 - (int)(strlen(name) < 8 ? strlen(name) : 8), "");
		html_text(b, name);
		buf_printf(b, " 0x%016llx", (unsigned long long)number);
		num++;
	}
	buf_add_str(b, "</pre></details>\n");
}

static void add_frames(struct buf *b, json_t *report, json_t *owner, const char *otherwise)
{
	json_t *culprit = json_object_get(json_object_get(report, "crash"), "culprit");
	json_t *frames = html_frames(owner), *frame, *regs;
	size_t i;

	buf_add_str(b, "</summary>\n<pre>");
	json_array_foreach(frames, i, frame) add_frame(b, culprit, i, frame);
	if (!json_array_size(frames))
		buf_add_str(b, otherwise);
	buf_add_str(b, "</pre>\n");
	json_array_foreach(frames, i, frame)
	{
		regs = json_object_get(frame, "registers");
		if (regs)
			add_registers(b, regs);
	}
	buf_add_str(b, "</details>\n");
}

/* ---- blocked tasks ---- */

static json_t *task_of(json_t *blocked, u64 pid)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(blocked, "tasks"), i,
			   t) if (tree_get_int(t, "pid") == pid) return t;
	return NULL;
}

static u64 ring_of(json_t *blocked, json_t *stack)
{
	json_t *pid;
	size_t i;

	json_array_foreach(json_object_get(stack, "pids"), i, pid)
	{
		json_t *t = i < MAX_NAMED ? task_of(blocked, (u64)json_integer_value(pid))
					  : NULL;

		if (t && tree_has(t, "ring"))
			return tree_get_int(t, "ring");
	}
	return 0;
}

static void add_blocked_stack(struct buf *b, json_t *report, json_t *stack)
{
	json_t *blocked = json_object_get(report, "blocked");
	json_t *pids = json_object_get(stack, "pids"), *pid;
	u64 ring = ring_of(blocked, stack);
	size_t i;

	buf_printf(b, "<details%s><summary>Blocked: ", ring ? " open" : "");
	json_array_foreach(pids, i, pid)
	{
		json_t *t;

		if (i == MAX_NAMED) {
			buf_printf(b, " and %zu more", json_array_size(pids) - i);
			break;
		}
		t = task_of(blocked, (u64)json_integer_value(pid));
		buf_add_str(b, i ? ", " : "");
		html_fill(b, t, "{comm} ");
		buf_printf(b, "(pid %llu)", (unsigned long long)json_integer_value(pid));
	}
	if (ring)
		buf_printf(b, " <b class=\"tag\">deadlock %llu</b>",
			   (unsigned long long)ring);
	add_frames(b, report, stack, "It cannot be read.\n");
}

static void add_blocked_stacks(struct buf *b, json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *stack;
	size_t i;

	for (int in_ring = 1; in_ring >= 0; in_ring--)
		json_array_foreach(json_object_get(blocked, "stacks"), i, stack)
		{
			if ((ring_of(blocked, stack) != 0) == in_ring)
				add_blocked_stack(b, report, stack);
		}
}

/* ---- CPUs ---- */

static bool is_alike(json_t *a, json_t *b)
{
	json_t *x = html_frames(a), *y = html_frames(b), *frame;
	size_t i;

	if (json_array_size(x) != json_array_size(y) || !json_array_size(x))
		return false;
	json_array_foreach(x, i, frame) if (!str_eq(tree_show(frame, "pc"),
						    tree_show(json_array_get(y, i),
							      "pc"))) return false;
	return true;
}

/* CPUs in their idle tasks, whose stack was told already. */
struct told {
	json_t *cpus[MAX_ALIKE];
	size_t counts[MAX_ALIKE];
	size_t num;
};

static bool was_told(struct told *told, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");

	if (!task || tree_get_int(task, "pid") != 0)
		return false;
	for (size_t i = 0; i < told->num; i++)
		if (is_alike(told->cpus[i], cpu)) {
			told->counts[i]++;
			return true;
		}
	if (told->num < MAX_ALIKE)
		told->cpus[told->num++] = cpu;
	return false;
}

static void add_cpu_stack(struct buf *b, json_t *report, json_t *cpu, size_t num_alike)
{
	bool panicked = html_is_panicked(report, cpu);

	buf_printf(b, "<details%s><summary>", panicked ? " open" : "");
	html_fill(b, cpu, "CPU {cpu}: ");
	html_add_task(b, cpu);
	if (panicked)
		buf_add_str(b, " <b class=\"tag\">panicked</b>");
	if (num_alike)
		buf_printf(b, ", and %zu idle CPUs with the same stack", num_alike);
	add_frames(b, report, cpu, "It left no registers.\n");
}

static void add_cpu_stacks(struct buf *b, json_t *report)
{
	json_t *cpus = json_object_get(report, "cpus"), *cpu;
	struct told counted = {0}, shown = {0};
	size_t i;

	json_array_foreach(cpus, i, cpu) if (html_is_panicked(report, cpu))
		add_cpu_stack(b, report, cpu, 0);
	json_array_foreach(cpus, i, cpu) if (!html_is_panicked(report, cpu))
		was_told(&counted, cpu);
	json_array_foreach(cpus, i, cpu)
	{
		size_t at = shown.num;

		if (html_is_panicked(report, cpu) || was_told(&shown, cpu))
			continue;
		add_cpu_stack(b, report, cpu, shown.num > at ? counted.counts[at] : 0);
	}
}

void html_stacks(struct buf *b, json_t *report)
{
	buf_add_str(b, "<section><h2>Backtraces</h2>\n");
	add_blocked_stacks(b, report);
	add_cpu_stacks(b, report);
	buf_add_str(b, "</section>\n");
}
