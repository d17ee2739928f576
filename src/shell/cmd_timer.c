/* timer: what has not expired yet. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/timer_queue.h"

#include <string.h>

#define ADDRESS_WIDTH 16
#define TTE_MIN_WIDTH 4

struct how {
	bool high_resolution; /* -r */
	const char *cpus;
	u64 jiffies, now_ns;
};

static int wider(int a, int b)
{
	return a > b ? a : b;
}

static int decimal_width(u64 value)
{
	return snprintf(NULL, 0, "%llu", (unsigned long long)value);
}

static int signed_width(u64 value)
{
	return snprintf(NULL, 0, "%lld", (long long)value);
}

/* @text in the middle of @width; what cannot be halved goes to the left or to the right. */
static void add_centred(struct buf *b, const char *text, int width, bool more_on_left)
{
	int rest = wider(width - (int)strlen(text), 0);
	int left = (rest + more_on_left) / 2;

	buf_printf(b, "%*s%s%*s", left, "", text, rest - left, "");
}

static void add_function(struct shell *s, vaddr_t function)
{
	cleanup(buf_deinit) struct buf name = BUF_INIT;

	buf_printf(shell_out(s), "%016llx", (unsigned long long)function);
	if (shell_symbol_text(s, function, s->radix, &name))
		buf_printf(shell_out(s), "  <%s>", buf_text(&name));
	buf_add_char(shell_out(s), '\n');
}

/* ---- timer wheels ---- */

/* Wheels of kinds that crash 8 knows have its names; since 7ee988770326 ("timers: Implement
 * the hierarchical pull model"), v6.9, there are three. */
static const char *wheel_name(size_t index, size_t count)
{
	static const char *const two[] = {"BASE_STD", "BASE_DEF"};
	static const char *const three[] = {"BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"};

	return count == 3 ? three[index] : count <= 2 ? two[index] : "BASE";
}

static void print_wheel_timers(struct shell *s, const struct how *how,
			       const struct timer_queue *q)
{
	struct buf *b = shell_out(s);
	int expires = 7, left = TTE_MIN_WIDTH;

	for (size_t i = 0; i < q->count; i++) {
		expires = wider(expires, decimal_width(q->timers[i].expires));
		left = wider(left, signed_width(q->timers[i].expires - how->jiffies));
	}
	left++;
	buf_printf(b, "  %-*s     TTE%*sTIMER_LIST     FUNCTION\n", expires, "EXPIRES",
		   left + 2, "");
	for (size_t i = 0; i < q->count && !shell_is_over(s); i++) {
		const struct queued_timer *t = &q->timers[i];

		buf_printf(b, "  %*llu  %*lld  %016llx  ", expires,
			   (unsigned long long)t->expires, left,
			   (long long)(t->expires - how->jiffies),
			   (unsigned long long)t->addr);
		add_function(s, t->function);
		shell_flush(s);
	}
}

static struct err *print_wheel(struct shell *s, const struct how *how, unsigned cpu,
			       size_t index, size_t count)
{
	cleanup(timer_queue_deinit) struct timer_queue q = {0};
	vaddr_t base;
	struct err *err = timer_wheel_find(s->k, cpu, index, &base);

	if (err)
		return err;
	if (count > 1)
		buf_printf(shell_out(s), "TIMER_BASES[%u][%s]: %llx\n", cpu,
			   wheel_name(index, count), (unsigned long long)base);
	else
		buf_printf(shell_out(s), "TIMER_BASES[%u]: %llx\n", cpu,
			   (unsigned long long)base);
	err = timer_wheel_read(s->k, base, &q);
	if (q.count || err)
		print_wheel_timers(s, how, &q);
	else
		buf_add_str(shell_out(s), "  (none)\n");
	return err;
}

static struct err *print_wheels(struct shell *s, const struct how *how, const struct cpu *c,
				bool is_first)
{
	struct types *types;
	size_t count = 0;
	struct err *err = shell_types(s, &types);

	if (!err)
		err = timer_wheel_count(types, &count);
	if (err)
		return err;
	if (is_first)
		buf_printf(shell_out(s), "%-*s\n%llu\n\n",
			   wider(decimal_width(how->jiffies), 7), "JIFFIES",
			   (unsigned long long)how->jiffies);
	else
		buf_add_char(shell_out(s), '\n');
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++)
		err = print_wheel(s, how, c->number, i, count);
	return err;
}

/* ---- high resolution ---- */

static void print_hrtimers(struct shell *s, const struct timer_queue *q, u64 now)
{
	struct buf *b = shell_out(s);
	int when = 11, left = 1;

	for (size_t i = 0; i < q->count; i++) {
		when = wider(when, decimal_width(q->timers[i].expires));
		left = wider(left, signed_width(q->timers[i].expires - now));
	}
	buf_add_str(b, "  ");
	add_centred(b, "CURRENT", when, false);
	buf_printf(b, "\n  %*llu\n  ", when, (unsigned long long)now);
	add_centred(b, "SOFTEXPIRES", when, false);
	buf_add_str(b, "  ");
	add_centred(b, "EXPIRES", when, false);
	buf_add_str(b, "  ");
	add_centred(b, "TTE", left, true);
	buf_add_str(b, "  ");
	add_centred(b, "HRTIMER", ADDRESS_WIDTH, false);
	buf_add_str(b, "  ");
	add_centred(b, "FUNCTION", ADDRESS_WIDTH, false);
	buf_add_char(b, '\n');
	for (size_t i = 0; i < q->count && !shell_is_over(s); i++) {
		const struct queued_timer *t = &q->timers[i];

		buf_printf(b, "  %*llu  %*llu  %*lld  %016llx  ", when,
			   (unsigned long long)t->soft_expires, when,
			   (unsigned long long)t->expires, left,
			   (long long)(t->expires - now), (unsigned long long)t->addr);
		add_function(s, t->function);
		shell_flush(s);
	}
}

static struct err *print_clock(struct shell *s, const struct how *how, vaddr_t base,
			       size_t index)
{
	cleanup(timer_queue_deinit) struct timer_queue q = {0};
	struct hrtimer_clock clock;
	struct err *err = hrtimer_clock_read(s->k, base, index, &clock);

	if (err)
		return err;
	buf_printf(shell_out(s), "  CLOCK: %zu  HRTIMER_CLOCK_BASE: %llx", index,
		   (unsigned long long)clock.addr);
	if (clock.get_time) {
		buf_add_str(shell_out(s), "  [");
		if (!shell_symbol_text(s, clock.get_time, s->radix, shell_out(s)))
			buf_printf(shell_out(s), "%llx",
				   (unsigned long long)clock.get_time);
		buf_add_char(shell_out(s), ']');
	}
	buf_add_char(shell_out(s), '\n');
	err = hrtimer_queue_read(s->k, &clock, &q);
	if (q.count || err)
		print_hrtimers(s, &q, how->now_ns + clock.offset_ns);
	else
		buf_add_str(shell_out(s), "  (empty)\n");
	return err;
}

static struct err *print_clocks(struct shell *s, const struct how *how, const struct cpu *c,
				bool is_first)
{
	size_t count = 0;
	vaddr_t base;
	struct err *err = hrtimer_base_find(s->k, c->number, &base, &count);

	if (err)
		return err;
	buf_printf(shell_out(s), "%sCPU: %u  HRTIMER_CPU_BASE: %llx\n",
		   is_first ? "" : "\n", c->number, (unsigned long long)base);
	for (size_t i = 0; i < count && !shell_is_over(s); i++) {
		if (i)
			buf_add_char(shell_out(s), '\n');
		err = print_clock(s, how, base, i);
		if (err && err_code(err) == ERR_NOMEM)
			return err;
		if (err)
			shell_tell(s, "timer", err);
	}
	return NULL;
}

/* ---- all of it ---- */

static struct err *read_options(struct shell_words *w, struct how *how)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "rC:", &option)) && option) {
		how->high_resolution |= option == 'r';
		if (option == 'C')
			how->cpus = w->value;
	}
	return err ? err : shell_check_operands(w, 0, 0);
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.cpus = NULL};
	const struct task_table *tasks;
	struct err *err = read_options(w, &how);
	size_t count = 0;

	if (!err)
		err = shell_tasks(s, &tasks);
	if (err)
		return err;
	timer_now(s->k, &how.jiffies, &how.now_ns);
	for (size_t i = 0; i < s->cpus.count && !shell_is_over(s); i++) {
		const struct cpu *c = &s->cpus.cpus[i];

		if (!c->is_present || (how.cpus && !shell_has_cpu(how.cpus, c->number)))
			continue;
		err = how.high_resolution ? print_clocks(s, &how, c, count == 0)
					  : print_wheels(s, &how, c, count == 0);
		count++;
		if (err && err_code(err) == ERR_FAULT)
			shell_tell(s, "timer", err);
		else if (err)
			return err;
	}
	return count || !how.cpus
		       ? NULL
		       : err_new(ERR_ABSENT, "invalid cpu specification: %s", how.cpus);
}

const struct shell_command shell_cmd_timer = {
	.name = "timer",
	.synopsis = "[-r] [-C cpus]",
	.summary = "timer queue data",
	.help = "Show the timers of each CPU that have not expired, the next one first: when, how\n"
		"long until then (TTE; negative: it is late), and the function that it calls.\n"
		"Timers of the wheels count jiffies; each CPU has a wheel for ordinary ones and\n"
		"one for those that may wait for an idle CPU to wake up (BASE_DEF); newer kernels\n"
		"have a third for those that any CPU may run (BASE_GLOBAL).\n\n"
		"    -r       timers of high resolution instead, in ns, by clock.\n"
		"    -C cpus  only of these CPUs: \"3\", \"1,8,9\", \"1-23\".",
	.run = run,
};
