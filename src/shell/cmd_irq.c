/* irq: interrupts, who handles them, and how often they came. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/interrupt.h"

#include <string.h>

struct listing {
	struct shell *s;
	u64 next, last; /* numbers still to be shown */
	bool only_used;
	const char *cpus; /* -c */
	size_t num_actions;
};

/* ---- lines ---- */

static void print_unused(struct listing *l, u64 up_to)
{
	for (; l->next < up_to && l->next <= l->last; l->next++)
		if (!l->only_used)
			buf_printf(shell_out(l->s),
				   "%3llu  %s    (unused)          (unused)      \n",
				   (unsigned long long)l->next, l->next < 100 ? " " : "");
}

static void print_action(void *ctx, const struct interrupt_action *a)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);

	buf_printf(b, "%s%016llx  \"", l->num_actions++ ? "                         " : "",
		   (unsigned long long)a->addr);
	shell_text(l->s, a->name);
	buf_add_str(b, "\"\n");
}

static bool print_interrupt(void *ctx, const struct interrupt *i)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);
	struct err *err;

	print_unused(l, i->number);
	if (i->number > l->last)
		return false;
	if (i->number < l->next)
		return true;
	l->next = i->number + 1;
	buf_printf(b, "%3u   %016llx  ", i->number, (unsigned long long)i->addr);
	l->num_actions = 0;
	err = interrupt_each_action(l->s->k, i, print_action, l);
	if (!l->num_actions)
		buf_add_str(b, "    (unused)      \n");
	if (err)
		shell_tell(l->s, "irq", err);
	return !shell_is_over(l->s);
}

static struct err *print_range(struct shell *s, u64 first, u64 last, bool only_used)
{
	struct listing l = {.s = s, .next = first, .last = last, .only_used = only_used};
	struct err *err;

	buf_add_str(shell_out(s), " IRQ   IRQ_DESC/_DATA      IRQACTION      NAME\n");
	err = interrupt_each(s->k, print_interrupt, &l);
	print_unused(&l, last + 1);
	return err;
}

static struct err *print_numbers(struct shell *s, const struct shell_words *w,
				 bool only_used)
{
	u64 total, number;
	struct err *err = interrupt_total(s->k, &total);

	if (!err && !w->num_operands && total)
		return print_range(s, 0, total - 1, only_used);
	for (size_t i = 0; !err && i < w->num_operands; i++) {
		err = shell_number(s, w->words[i], &number);
		if (!err && number >= total)
			err = err_new(ERR_ABSENT, "invalid IRQ value: %s  (%llu max)",
				      w->words[i], (unsigned long long)total - 1);
		if (!err)
			err = print_range(s, number, number, only_used);
	}
	return err;
}

/* ---- -a and -s ---- */

static void join_action(void *ctx, const struct interrupt_action *a)
{
	struct listing *l = ctx;

	if (l->num_actions++)
		buf_add_str(shell_out(l->s), ",");
	shell_text(l->s, a->name);
}

static bool has_bit(const u8 *mask, unsigned cpu)
{
	return mask[cpu / 8] >> cpu % 8 & 1;
}

/* "0-3,7", of CPUs that there are. */
static void print_mask(struct shell *s, const u8 *mask)
{
	const struct cpu_table *cpus = &s->cpus;
	struct buf *b = shell_out(s);
	bool is_first = true;

	for (size_t i = 0; i < cpus->count; i++) {
		size_t end = i;

		if (!has_bit(mask, cpus->cpus[i].number))
			continue;
		while (end + 1 < cpus->count && has_bit(mask, cpus->cpus[end + 1].number))
			end++;
		buf_printf(b, "%s%u", is_first ? "" : ",", cpus->cpus[i].number);
		if (end != i)
			buf_printf(b, "-%u", cpus->cpus[end].number);
		is_first = false;
		i = end;
	}
}

static bool print_affinity(void *ctx, const struct interrupt *i)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);
	u8 mask[CPU_MAX / 8];
	size_t start;
	struct err *err;

	if (!i->action)
		return true;
	buf_printf(b, "%3u ", i->number);
	start = b->len;
	l->num_actions = 0;
	err = interrupt_each_action(l->s->k, i, join_action, l);
	while (b->len - start < 20 && !b->failed)
		buf_add_char(b, ' ');
	buf_add_char(b, ' ');
	if (!err)
		err = interrupt_affinity(l->s->k, i, mask, sizeof(mask));
	if (!err)
		print_mask(l->s, mask);
	buf_add_char(b, '\n');
	if (err)
		shell_tell(l->s, "irq", err);
	return !shell_is_over(l->s);
}

static bool is_shown(const struct listing *l, const struct cpu *cpu)
{
	return cpu->is_present && (!l->cpus || shell_has_cpu(l->cpus, cpu->number));
}

static bool print_counts(void *ctx, const struct interrupt *i)
{
	struct listing *l = ctx;
	const struct cpu_table *cpus = &l->s->cpus;
	struct buf *b = shell_out(l->s);

	if (!i->action)
		return true;
	buf_printf(b, "%3u: ", i->number);
	for (size_t n = 0; n < cpus->count; n++) {
		u64 count;
		struct err *err;

		if (!is_shown(l, &cpus->cpus[n]))
			continue;
		err = interrupt_count(l->s->k, i, cpus->cpus[n].number, &count);
		if (err)
			buf_printf(b, "%10s ", "?");
		else
			buf_printf(b, "%10llu ", (unsigned long long)count);
		err_ignore(err);
	}
	buf_printf(b, "%*s", (int)(strlen(i->chip) < 8 ? 8 - strlen(i->chip) : 0), "");
	shell_text(l->s, i->chip);
	buf_add_char(b, '-');
	shell_text(l->s, i->flow);
	buf_printf(b, "%*s ", (int)(strlen(i->flow) < 8 ? 8 - strlen(i->flow) : 0), "");
	l->num_actions = 0;
	err_ignore(interrupt_each_action(l->s->k, i, join_action, l));
	buf_add_char(b, '\n');
	return !shell_is_over(l->s);
}

static struct err *print_table(struct shell *s, char option, const char *list)
{
	struct listing l = {.s = s, .cpus = list};
	struct buf *b = shell_out(s);
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks); /* which also reads the CPUs */

	if (err)
		return err;
	if (option == 'a') {
		buf_add_str(b, "IRQ NAME                 AFFINITY\n");
		return interrupt_each(s->k, print_affinity, &l);
	}
	buf_add_str(b, "     ");
	for (size_t i = 0; i < s->cpus.count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "CPU%u", s->cpus.cpus[i].number);
		if (is_shown(&l, &s->cpus.cpus[i]))
			buf_printf(b, "%10s ", name);
	}
	buf_add_char(b, '\n');
	return interrupt_each(s->k, print_counts, &l);
}

/* ---- -b and -d ---- */

static struct err *print_softirqs(struct shell *s)
{
	struct buf *b = shell_out(s);

	buf_add_str(b, "SOFTIRQ_VEC      ACTION     \n");
	for (unsigned i = 0; i < INTERRUPT_MAX_SOFTIRQS; i++) {
		vaddr_t row, action;
		struct err *err = interrupt_softirq(s->k, i, &row, &action);

		if (err && i && err_code(err) == ERR_ABSENT) {
			err_free(err);
			return NULL;
		}
		if (err)
			return err;
		if (!action)
			continue;
		buf_printf(b, "    %s[%u]     %016llx  <", i < 10 ? "" : " ", i,
			   (unsigned long long)action);
		shell_symbol_text(s, action, 10, b);
		buf_add_str(b, ">\n");
	}
	return NULL;
}

static struct err *print_gates(struct shell *s)
{
	struct buf *b = shell_out(s);

	for (unsigned i = 0; i < INTERRUPT_MAX_GATES; i++) {
		vaddr_t gate;
		struct err *err = interrupt_gate(s->k, i, &gate);

		if (err)
			return err;
		buf_printf(b, "%*s[%u] ", i < 10 ? 2 : i < 100 ? 1 : 0, "", i);
		if (!shell_symbol_text(s, gate, 10, b))
			buf_printf(b, "%016llx", (unsigned long long)gate);
		buf_add_char(b, '\n');
	}
	return NULL;
}

/* ---- the command ---- */

static struct err *run(struct shell *s, struct shell_words *w)
{
	const char *cpus = NULL;
	char option, what = '\0';
	struct err *err;

	while (!(err = shell_option(w, "uabdsc:", &option)) && option) {
		if (option == 'c')
			cpus = w->value;
		else
			what = option;
	}
	if (!err && ((what && what != 'u' && w->num_operands) || (cpus && what != 's')))
		err = shell_usage();
	if (err)
		return err;
	switch (what) {
	case 'a':
	case 's':
		return print_table(s, what, cpus);
	case 'b':
		return print_softirqs(s);
	case 'd':
		return print_gates(s);
	default:
		return print_numbers(s, w, what == 'u');
	}
}

const struct shell_command shell_cmd_irq = {
	.name = "irq",
	.synopsis = "[[[index ...] | -u] | -d | -b | -a | -s [-c cpu]]",
	.summary = "IRQ data",
	.help = "Show the interrupts, or those of these numbers: the irq_desc, and the irqaction\n"
		"and name of each who handles it.\n\n"
		"    -u       only those that have an irq_desc.\n"
		"    -a       which CPUs each that is handled may go to.\n"
		"    -s       how often each came on each CPU, or on those of -c.\n"
		"    -c cpus  \"1,3,5\", \"1-3\", \"a\" for all.\n"
		"    -b       what the softirqs run.\n"
		"    -d       where the gates of the interrupt descriptor table lead.",
	.run = run,
};
