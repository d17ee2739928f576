/* What crash prints first: one value per line of its banner. */
#include "analyse/report_priv.h"

#include "kernel/clock.h"
#include "kernel/machine.h"
#include "kernel/module.h"
#include "kernel/taint.h"
#include "kernel/uts.h"

#include <string.h>
#include <time.h>

static void add_names(struct report *r, json_t *j)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(r->d);
	const char *release = vi ? vmcoreinfo_find(vi, "OSRELEASE") : NULL;
	const struct arch *arch = dump_arch(r->d);
	struct uts uts;
	struct err *err = uts_read(r->k, &uts);

	if (err) {
		notices_add_err(r->notices, err);
		if (release)
			tree_set_text(&r->tree, j, "release", release);
		if (arch)
			tree_set_text(&r->tree, j, "machine", arch->name);
		r->has_facts |= release != NULL;
		return;
	}
	r->has_facts = true;
	tree_set_text(&r->tree, j, "nodename", uts.nodename);
	tree_set_text(&r->tree, j, "release", uts.release);
	tree_set_text(&r->tree, j, "kernel_version", uts.version);
	tree_set_text(&r->tree, j, "machine", uts.machine);
}

static void add_date(struct report *r, json_t *j, u64 date_s)
{
	time_t date = (time_t)date_s;
	char text[32];
	struct tm tm;

	tree_set_int(&r->tree, j, "date_s", date_s);
	if (gmtime_r(&date, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		tree_set(&r->tree, j, "date", json_string(text));
}

static void add_clock(struct report *r, json_t *j)
{
	struct kernel_clock c;

	kernel_clock_read(r->k, &c);
	if (c.has_date)
		add_date(r, j, c.date_s);
	if (c.has_uptime)
		tree_set_int(&r->tree, j, "uptime_s", c.uptime_s);
	if (c.has_load) {
		json_t *load = tree_array(&r->tree);

		for (size_t i = 0; i < ARRAY_SIZE(c.load); i++)
			tree_append(
				&r->tree, load,
				json_sprintf("%u.%02u", c.load[i] / 100, c.load[i] % 100));
		tree_set(&r->tree, j, "load_average", load);
	}
}

/* The modules that brought a bit of taint, as far as they are still loaded. */
static json_t *taint_modules(struct report *r, unsigned bit)
{
	json_t *j = tree_array(&r->tree);
	size_t count;
	const struct kernel_module *modules = kernel_modules(r->k, &count);

	for (size_t i = 0; i < count; i++)
		if (modules[i].taints >> bit & 1)
			tree_append(&r->tree, j,
				    tree_text(&r->tree, modules[i].name,
					      strlen(modules[i].name)));
	return j;
}

static void add_taint(struct report *r, json_t *j, u64 taint)
{
	cleanup(buf_deinit) struct buf letters = BUF_INIT;
	json_t *reasons = tree_array(&r->tree);

	taint_format(&letters, taint);
	tree_set_text(&r->tree, j, "taint", buf_text(&letters));
	for (unsigned bit = 0; bit < TAINT_BITS; bit++) {
		json_t *reason;

		if (!(taint >> bit & 1))
			continue;
		reason = tree_object(&r->tree);
		tree_set_format(&r->tree, reason, "letter", "%c", taint_letter(bit));
		tree_set_int(&r->tree, reason, "bit", bit);
		tree_set_text(&r->tree, reason, "meaning", taint_meaning(bit));
		tree_set(&r->tree, reason, "modules", taint_modules(r, bit));
		tree_append(&r->tree, reasons, reason);
	}
	tree_set(&r->tree, j, "taints", reasons);
}

static void add_machine(struct report *r, json_t *j)
{
	cleanup(freep) struct machine_facts *m = calloc(1, sizeof(*m));
	cleanup(buf_deinit) struct buf memory = BUF_INIT;

	if (!m) {
		r->tree.failed = true;
		return;
	}
	machine_facts_read(r->k, m);
	if (m->cpu_mhz)
		tree_set_int(&r->tree, j, "mhz", m->cpu_mhz);
	if (m->memory_bytes) {
		memory_format(&memory, m->memory_bytes);
		tree_set_int(&r->tree, j, "memory_bytes", m->memory_bytes);
		tree_set_text(&r->tree, j, "memory", buf_text(&memory));
	}
	if (m->has_taint)
		add_taint(r, j, m->taint);
	if (*m->command_line)
		tree_set_text(&r->tree, j, "command_line", m->command_line);
}

static void add_task(struct report *r, json_t *j)
{
	const struct task *t = &r->e->place.task;
	char state[TASK_STATE_TEXT_LEN];

	tree_set_int(&r->tree, j, "pid", t->pid);
	tree_set_text(&r->tree, j, "command", t->comm);
	tree_set_hex(&r->tree, j, "task", t->addr);
	tree_set_hex(&r->tree, j, "thread_info", task_thread_info(r->k, t));
	/* All idle tasks have pid 0: say which of them. */
	if (t->pid == 0 && r->tasks.num_idle > 1) {
		tree_set_int(&r->tree, j, "task_index", r->e->place.cpu + 1);
		tree_set_int(&r->tree, j, "task_same_pid", r->tasks.num_idle);
	}
	tree_set_format(&r->tree, j, "state", "%s %s", task_state_text(t, state),
			r->e->place.is_panic ? "(PANIC)" : "(ACTIVE)");
}

json_t *report_banner(struct report *r)
{
	json_t *j = tree_object(&r->tree);
	const char *text = panic_log_text(&r->e->panic_log);

	tree_set_text(&r->tree, j, "dumpfile", dump_path(r->d));
	if (r->e->cpus.count) {
		tree_set_int(&r->tree, j, "cpus", r->e->cpus.num_present);
		tree_set_int(&r->tree, j, "cpus_offline",
			     r->e->cpus.num_present - r->e->cpus.num_online);
	}
	add_clock(r, j);
	if (r->has_tasks)
		tree_set_int(&r->tree, j, "tasks", r->tasks.count);
	add_names(r, j);
	add_machine(r, j);
	tree_set_text(&r->tree, j, "panic", text);
	if (r->e->place.has_task)
		add_task(r, j);
	if (r->e->place.has_cpu)
		tree_set_int(&r->tree, j, "cpu", r->e->place.cpu);
	return j;
}
