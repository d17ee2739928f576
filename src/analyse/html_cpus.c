/* The CPUs, and their backtraces. */
#include "analyse/html_priv.h"

#include "analyse/frames.h"
#include "base/str.h"

static bool is_panicked(json_t *report, json_t *cpu)
{
	json_t *panic = json_object_get(report, "panic");

	return json_is_true(json_object_get(panic, "panicked")) && html_has(panic, "cpu") &&
	       html_get_int(panic, "cpu") == html_get_int(cpu, "cpu");
}

static json_t *frames_of(json_t *cpu)
{
	return json_object_get(json_object_get(cpu, "backtrace"), "frames");
}

/* Where it was when it was stopped: at the exception, if there was one. */
static const char *where(json_t *cpu)
{
	json_t *frame, *frames = frames_of(cpu);
	size_t i;

	json_array_foreach(frames, i,
			   frame) if (str_eq(html_get(frame, "kind"),
					     "exception")) return html_get(frame,
									   "function");
	return html_get(json_array_get(frames, 0), "function");
}

static void add_task(struct buf *b, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");

	if (!task) {
		buf_add_str(b, "task not known");
		return;
	}
	html_member(b, task, "comm");
	buf_printf(b, " (pid %llu)", (unsigned long long)html_get_int(task, "pid"));
}

static void add_cpu(struct buf *b, json_t *report, json_t *cpu)
{
	bool panicked = is_panicked(report, cpu);

	buf_printf(b, "<li class=\"cpu%s\"><b>CPU %llu%s</b>", panicked ? " panicked" : "",
		   (unsigned long long)html_get_int(cpu, "cpu"),
		   panicked					  ? ", panicked"
		   : json_is_true(json_object_get(cpu, "online")) ? ""
								  : ", offline");
	add_task(b, cpu);
	buf_add_str(b, "<br><code>");
	html_text(b, where(cpu));
	buf_add_str(b, "</code></li>\n");
}

void html_cpus(struct buf *b, json_t *report)
{
	json_t *cpus = json_object_get(report, "cpus"), *cpu;
	size_t i;

	buf_printf(b, "<section><h2>CPUs (%zu)</h2>\n<ul class=\"strip\">\n",
		   json_array_size(cpus));
	json_array_foreach(cpus, i, cpu) add_cpu(b, report, cpu);
	buf_add_str(b, "</ul></section>\n");
}

static void add_frame(struct buf *b, size_t number, json_t *frame)
{
	cleanup(buf_deinit) struct buf line = BUF_INIT;
	const char *function = html_get(frame, "function");
	u64 sp = 0, pc = 0;

	str_parse_u64(html_get(frame, "sp"), &sp);
	str_parse_u64(html_get(frame, "pc"), &pc);
	if (str_eq(html_get(frame, "kind"), "exception"))
		buf_add_str(&line, "--- exception ---\n");
	frame_format(&line, number, sp, pc, *function ? function : NULL,
		     html_get_int(frame, "offset"), html_get(frame, "module"));
	html_text(b, buf_text(&line));
	b->failed |= line.failed;
}

static void add_frames(struct buf *b, json_t *owner, const char *otherwise)
{
	json_t *frames = frames_of(owner), *frame;
	size_t i;

	buf_add_str(b, "</summary>\n<pre>");
	json_array_foreach(frames, i, frame) add_frame(b, i, frame);
	if (!json_array_size(frames))
		buf_add_str(b, otherwise);
	buf_add_str(b, "</pre></details>\n");
}

static void add_blocked_stack(struct buf *b, json_t *stack)
{
	json_t *pids = json_object_get(stack, "pids"), *pid;
	size_t i;

	buf_add_str(b, "<details><summary>Blocked: pid");
	json_array_foreach(pids, i, pid)
		buf_printf(b, " %llu", (unsigned long long)json_integer_value(pid));
	add_frames(b, stack, "It cannot be read.\n");
}

static void add_stack(struct buf *b, json_t *report, json_t *cpu)
{

	buf_printf(b, "<details%s><summary>CPU %llu: ",
		   is_panicked(report, cpu) ? " open" : "",
		   (unsigned long long)html_get_int(cpu, "cpu"));
	add_task(b, cpu);
	add_frames(b, cpu, "It left no registers.\n");
}

void html_stacks(struct buf *b, json_t *report)
{
	json_t *cpu;
	size_t i;

	buf_add_str(b, "<section><h2>Backtraces</h2>\n");
	json_array_foreach(json_object_get(json_object_get(report, "blocked"), "stacks"), i,
			   cpu) add_blocked_stack(b, cpu);
	json_array_foreach(json_object_get(report, "cpus"), i, cpu)
		add_stack(b, report, cpu);
	buf_add_str(b, "</section>\n");
}
