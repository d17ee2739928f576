/* What each CPU was doing. Many that idle in the same place share a card. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define MIN_SHARED 4  /* fewer have a card each */
#define MAX_PLACES 16 /* where idle CPUs may be, to share one */

/* Where it was when it was stopped: at the exception, if there was one. */
static const char *where(json_t *cpu)
{
	json_t *frame, *frames = html_frames(cpu);
	size_t i;

	json_array_foreach(frames, i,
			   frame) if (str_eq(tree_show(frame, "kind"),
					     "exception")) return tree_show(frame,
									    "function");
	return tree_show(json_array_get(frames, 0), "function");
}

static void add_cpu(struct buf *b, json_t *report, json_t *cpu)
{
	bool panicked = html_is_panicked(report, cpu);

	buf_printf(b, "<li class=\"cpu%s\">", panicked ? " panicked" : "");
	html_fill(b, cpu, "<b>CPU {cpu}</b>");
	if (panicked)
		buf_add_str(b, " <b class=\"tag\">panicked</b>");
	else if (!json_is_true(json_object_get(cpu, "online")))
		buf_add_str(b, " (offline)");
	buf_add_str(b, "<br>");
	html_add_task(b, cpu);
	buf_add_str(b, "<br><code>");
	html_text(b, where(cpu));
	buf_add_str(b, "</code></li>\n");
}

/* ---- those that share a card ---- */

static bool is_idle(json_t *report, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");

	return task && tree_has(task, "pid") && tree_get_int(task, "pid") == 0 &&
	       json_is_true(json_object_get(cpu, "online")) &&
	       !html_is_panicked(report, cpu);
}

struct places {
	const char *where[MAX_PLACES];
	size_t counts[MAX_PLACES];
	size_t num;
};

static size_t find_place(const struct places *p, const char *name)
{
	size_t i = 0;

	while (i < p->num && !str_eq(p->where[i], name))
		i++;
	return i;
}

static void count_places(json_t *report, struct places *ret)
{
	json_t *cpu;
	size_t i;

	json_array_foreach(json_object_get(report, "cpus"), i, cpu)
	{
		size_t at = find_place(ret, where(cpu));

		if (!is_idle(report, cpu) || at == MAX_PLACES)
			continue;
		if (at == ret->num)
			ret->where[ret->num++] = where(cpu);
		ret->counts[at]++;
	}
}

static bool is_shared(json_t *report, json_t *cpu, const struct places *p)
{
	size_t at = find_place(p, where(cpu));

	return is_idle(report, cpu) && at < p->num && p->counts[at] >= MIN_SHARED;
}

/* "1-7, 9", the CPUs of one place. */
static void add_numbers(struct buf *b, json_t *report, const char *place)
{
	json_t *cpu, *cpus = json_object_get(report, "cpus");
	u64 first = 0, last = 0;
	bool has_run = false;
	size_t i, len = b->len;

	for (i = 0; i <= json_array_size(cpus); i++) {
		u64 number;
		bool is_in;

		cpu = json_array_get(cpus, i);
		number = tree_get_int(cpu, "cpu");
		is_in = cpu && is_idle(report, cpu) && str_eq(where(cpu), place);
		if (is_in && has_run && number == last + 1) {
			last = number;
			continue;
		}
		if (has_run && (is_in || !cpu)) {
			buf_printf(b, "%s%llu", b->len == len ? "" : ", ",
				   (unsigned long long)first);
			if (last != first)
				buf_printf(b, "\u2013%llu", (unsigned long long)last);
		}
		if (is_in) {
			first = last = number;
			has_run = true;
		}
	}
}

static void add_shared(struct buf *b, json_t *report, const struct places *p)
{
	for (size_t i = 0; i < p->num; i++) {
		if (p->counts[i] < MIN_SHARED)
			continue;
		buf_printf(
			b,
			"<li class=\"cpu\"><b>%zu CPUs</b> in their idle tasks<br><code>",
			p->counts[i]);
		html_text(b, p->where[i]);
		buf_add_str(b, "</code><br><span class=\"dim\">");
		add_numbers(b, report, p->where[i]);
		buf_add_str(b, "</span></li>\n");
	}
}

void html_cpus(struct buf *b, json_t *report)
{
	json_t *cpus = json_object_get(report, "cpus"), *cpu;
	struct places places = {0};
	size_t i;

	count_places(report, &places);
	buf_printf(b, "<section><h2>CPUs (%zu)</h2>\n<ul class=\"strip\">\n",
		   json_array_size(cpus));
	json_array_foreach(cpus, i, cpu) if (!is_shared(report, cpu, &places))
		add_cpu(b, report, cpu);
	add_shared(b, report, &places);
	buf_add_str(b, "</ul></section>\n");
}
