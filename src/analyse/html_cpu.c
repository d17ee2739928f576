/* What pages say of a CPU: its task, its stack. */
#include "analyse/html_priv.h"

json_t *html_frames(json_t *owner)
{
	return json_object_get(json_object_get(owner, "backtrace"), "frames");
}

bool html_is_panicked(json_t *report, json_t *cpu)
{
	json_t *panic = json_object_get(report, "panic");

	return json_is_true(json_object_get(panic, "panicked")) && tree_has(panic, "cpu") &&
	       tree_get_int(panic, "cpu") == tree_get_int(cpu, "cpu");
}

void html_add_task(struct buf *b, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");

	if (task)
		html_fill(b, task, "{comm} (pid {pid})");
	else
		buf_add_str(b, "task not known");
}
