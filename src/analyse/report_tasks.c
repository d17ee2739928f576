/* How many tasks there were, and in which states. */
#include "analyse/report_priv.h"

#include <string.h>

static const char letters[] = "RSDTtXZPI?";

struct states {
	u64 counts[sizeof(letters)];
	struct task_list *user_tasks;
};

static void count_state(void *ctx, const struct task *t)
{
	struct states *s = ctx;
	const char *letter = strchr(letters, task_state_letter(t));

	s->counts[letter - letters]++;
	task_list_add(s->user_tasks, t);
}

json_t *report_task(struct report *r, const struct task *t)
{
	json_t *j = tree_object(&r->tree);
	char state[TASK_STATE_TEXT_LEN];

	tree_set_hex(&r->tree, j, "address", t->addr);
	tree_set_int(&r->tree, j, "pid", t->pid);
	tree_set_int(&r->tree, j, "tgid", t->tgid);
	tree_set_text(&r->tree, j, "comm", t->comm);
	tree_set_text(&r->tree, j, "state", task_state_text(t, state));
	tree_set_hex(&r->tree, j, "thread_info", task_thread_info(r->k, t));
	if (t->has_cpu)
		tree_set_int(&r->tree, j, "cpu", t->cpu);
	tree_set(&r->tree, j, "is_kernel_thread", json_boolean(!t->mm));
	return j;
}

json_t *report_tasks(struct report *r)
{
	json_t *j = tree_object(&r->tree), *by_state;
	struct states states = {.user_tasks = &r->user_tasks};
	struct err *err =
		task_each(r->k, &r->e->cpus, r->notices, count_state, &states, &r->tasks);

	r->has_tasks = !err;
	if (!err && r->tasks.num_breaks)
		notices_add(
			r->notices,
			"lists of tasks are broken in %zu places: %zu tasks were found from both "
			"ends, more may be lost",
			r->tasks.num_breaks, r->tasks.count);
	if (err) {
		notices_add_err(r->notices, err);
		return j;
	}
	tree_set_int(&r->tree, j, "count", r->tasks.count);
	tree_set_int(&r->tree, j, "idle", r->tasks.num_idle);
	tree_set_int(&r->tree, j, "unreadable", r->tasks.num_unreadable);
	tree_set(&r->tree, j, "complete", json_boolean(!r->tasks.num_breaks));
	by_state = tree_object(&r->tree);
	for (size_t i = 0; letters[i]; i++) {
		char key[2] = {letters[i]};

		if (states.counts[i])
			tree_set_int(&r->tree, by_state, key, states.counts[i]);
	}
	tree_set(&r->tree, j, "by_state", by_state);
	return j;
}
