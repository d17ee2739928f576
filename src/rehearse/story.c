#include "rehearse/story.h"

#include "base/str.h"
#include "format/console_line.h"

#include <string.h>

/* ---- taking lines ---- */

static void enter(struct story *s, enum story_phase phase, u64 at_ms)
{
	if (phase <= s->phase)
		return;
	s->phase = phase;
	s->phase_ms[phase] = at_ms;
}

static void copy_text(char *to, size_t size, const char *text, size_t len)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	str_escape(&b, text, len, false);
	snprintf(to, size, "%s", buf_text(&b));
}

static void copy_value(char *to, size_t size, const struct console_line *l, const char *key)
{
	const char *value = console_line_find(l, key);

	if (value)
		copy_text(to, size, value, strlen(value));
}

static bool value_is(const struct console_line *l, const char *key, const char *value)
{
	const char *found = console_line_find(l, key);

	return found && str_eq(found, value);
}

static void take_low(struct story *s, u64 bytes)
{
	if (!s->mem_low || bytes < s->mem_low)
		s->mem_low = bytes;
}

static void take_start(struct story *s, const struct console_line *l, u64 at_ms)
{
	u64 value;

	if (value_is(l, "role", "crashed")) {
		enter(s, STORY_LOAD, at_ms);
		return;
	}
	enter(s, STORY_CAPTURE, at_ms);
	if (console_line_u64(l, "mem_total", &value))
		s->mem_total = value;
	if (console_line_u64(l, "mem_available", &value)) {
		s->mem_at_init = value;
		take_low(s, value);
	}
}

static void take_end(struct story *s, const struct console_line *l, u64 at_ms)
{
	u64 value;

	copy_value(s->reason, sizeof(s->reason), l, "reason");
	/* Of the crashed role only failures end so: its success ends in a panic. */
	if (value_is(l, "role", "crashed"))
		return;
	enter(s, STORY_END, at_ms);
	if (value_is(l, "outcome", "complete"))
		s->outcome = STORY_OUTCOME_COMPLETE;
	else if (value_is(l, "outcome", "incomplete"))
		s->outcome = STORY_OUTCOME_INCOMPLETE;
	else
		s->outcome = STORY_OUTCOME_FAILED;
	copy_value(s->directory, sizeof(s->directory), l, "directory");
	if (console_line_u64(l, "mem_available_low", &value))
		take_low(s, value);
	console_line_u64(l, "seconds_ms", &s->capture_ms);
}

static void take_fact(struct story *s, const struct console_line *l, u64 at_ms)
{
	u64 value;

	if (str_eq(l->event, "start")) {
		take_start(s, l, at_ms);
	} else if (str_eq(l->event, "load-failed")) {
		s->load_failed = true;
		copy_value(s->reason, sizeof(s->reason), l, "reason");
		console_line_u64(l, "reserved", &s->reserved_bytes);
	} else if (str_eq(l->event, "ready")) {
		enter(s, STORY_READY, at_ms);
		console_line_u64(l, "crash_size", &s->reserved_bytes);
		copy_value(s->boot_id, sizeof(s->boot_id), l, "boot_id");
		copy_value(s->machine_id, sizeof(s->machine_id), l, "machine_id");
	} else if (str_eq(l->event, "phase")) {
		copy_value(s->capture_phase, sizeof(s->capture_phase), l, "name");
		if (console_line_u64(l, "mem_available", &value))
			take_low(s, value);
	} else if (str_eq(l->event, "progress")) {
		console_line_u64(l, "done", &s->done);
		console_line_u64(l, "total", &s->total);
	} else if (str_eq(l->event, "saved")) {
		if (value_is(l, "name", "vmcore"))
			console_line_u64(l, "bytes", &s->vmcore_bytes);
	} else if (str_eq(l->event, "end")) {
		take_end(s, l, at_ms);
	}
}

/* The kernel's own lines: mm/oom_kill.c, kernel/panic.c, init/version.c. */
static void take_kernel_line(struct story *s, const char *text, u64 kernel_us, u64 at_ms)
{
	static const char panic[] = "Kernel panic - not syncing: ";

	if (str_has_prefix(text, "Linux version ")) {
		/* The time of the crashed kernel's last words is no longer of use. */
		if (s->phase >= STORY_READY && s->phase < STORY_CAPTURE_BOOT)
			s->last_us = 0;
		enter(s, s->phase >= STORY_READY ? STORY_CAPTURE_BOOT : STORY_BOOT, at_ms);
	} else if (str_has_prefix(text, panic)) {
		/* In the crashed kernel this is what was asked for. */
		if (s->phase == STORY_READY && !s->crashed_ms)
			s->crashed_ms = at_ms;
		if (s->saw_panic || s->phase == STORY_READY)
			return;
		s->saw_panic = true;
		s->panic_us = kernel_us;
		s->panic_ms = at_ms;
		copy_text(s->panic, sizeof(s->panic), text + strlen(panic),
			  strlen(text + strlen(panic)));
	} else if (strstr(text, "invoked oom-killer") || strstr(text, "Out of memory")) {
		if (s->saw_oom || s->phase == STORY_READY)
			return;
		s->saw_oom = true;
		s->oom_us = kernel_us;
	}
}

void story_take_line(struct story *s, const char *line, size_t len, u64 at_ms)
{
	struct console_line fact;
	char text[STORY_TEXT_MAX];
	const char *words;
	size_t words_len, skipped;
	bool has_time = false;
	u64 kernel_us = 0;

	skipped = console_skip_prefix(line, len, &has_time, &kernel_us);
	if (has_time)
		s->last_us = kernel_us;
	if (console_line_parse(line, len, &fact)) {
		take_fact(s, &fact, at_ms);
		return;
	}
	/* What the diagnosis quotes from the crashed kernel's log happened there. */
	if (!has_time || console_text_parse(line, len, &words, &words_len))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)min_u64(len - skipped, sizeof(text)),
		 line + skipped);
	take_kernel_line(s, text, kernel_us, at_ms);
}

/* ---- judging ---- */

static void add_seconds(struct buf *b, u64 us)
{
	buf_printf(b, "%llu.%llu s", (unsigned long long)us / 1000000,
		   (unsigned long long)us / 100000 % 10);
}

static void add_end(struct buf *b, const struct verdict_question *q)
{
	switch (q->end) {
	case STORY_POWERED_OFF:
		buf_add_str(b, "switched itself off");
		break;
	case STORY_RESET:
		buf_add_str(b, "was reset");
		break;
	case STORY_SILENT:
		buf_printf(b, "gave no sign of life for %llu s",
			   (unsigned long long)q->silence_ms / 1000);
		break;
	case STORY_LATE:
		buf_add_str(b, "came to no end");
		break;
	case STORY_QEMU_ENDED:
		buf_printf(b, "ended because QEMU did (%s)", q->qemu_reason);
		break;
	}
}

static void add_too_small(struct buf *b, const struct verdict_question *q)
{
	buf_printf(b, "crashkernel=%s is too small for this kernel and image",
		   q->crashkernel);
}

static enum verdict_kind judge_before_ready(const struct story *s,
					    const struct verdict_question *q, struct buf *b)
{
	static const char *const was_at[] = {
		[STORY_FIRMWARE] = "before its kernel printed anything",
		[STORY_BOOT] = "while its kernel booted",
		[STORY_LOAD] = "before the capture kernel was loaded",
	};

	if (s->load_failed) {
		buf_add_str(b, *s->reason ? s->reason : "kexec_file_load refused");
		/* Words for a reader who gave a crashkernel= that took no effect. */
		if (!s->reserved_bytes && !strstr(b->data, "reserved nothing"))
			buf_printf(b, " (crashkernel=%s reserved nothing)", q->crashkernel);
		return VERDICT_NOT_ARMED;
	}
	buf_add_str(b, "the guest ");
	if (s->saw_panic)
		buf_add_str(b, "panicked");
	else
		add_end(b, q);
	buf_printf(b, " %s", was_at[s->phase]);
	if (s->saw_panic)
		buf_printf(b, ": %s", s->panic);
	else if (*s->reason)
		buf_printf(b, ": %s", s->reason);
	return VERDICT_FAILED;
}

static enum verdict_kind judge_waiting(const struct story *s,
				       const struct verdict_question *q, struct buf *b)
{
	buf_add_str(b, "the guest waited for an interrupt, and ");
	add_end(b, q);
	if (*s->reason)
		buf_printf(b, ": %s", s->reason);
	return VERDICT_FAILED;
}

static enum verdict_kind judge_capture(const struct story *s,
				       const struct verdict_question *q, struct buf *b)
{
	if (s->phase < STORY_CAPTURE_BOOT) {
		buf_add_str(
			b, "the capture kernel did not print a word: after the trigger the "
			   "guest ");
		add_end(b, q);
		buf_add_str(b, "; perhaps ");
		add_too_small(b, q);
	} else if (s->saw_oom) {
		buf_add_str(b, "the capture kernel ran out of memory ");
		add_seconds(b, s->oom_us);
		buf_add_str(b, " after it started; ");
		add_too_small(b, q);
	} else if (s->saw_panic) {
		buf_add_str(b, "the capture kernel panicked ");
		add_seconds(b, s->panic_us);
		buf_printf(b, " after it started: %s", s->panic);
	} else {
		buf_add_str(b, "the capture kernel's last word came ");
		add_seconds(b, s->last_us);
		buf_add_str(b, " after it started, then the guest ");
		add_end(b, q);
		if (s->phase < STORY_CAPTURE) {
			buf_add_str(b, "; perhaps ");
			add_too_small(b, q);
		} else if (*s->capture_phase) {
			buf_printf(b, "; it had done \"%s\"", s->capture_phase);
		}
	}
	return VERDICT_CAPTURE_DIED;
}

enum verdict_kind story_judge(const struct story *s, const struct verdict_question *q,
			      struct buf *b)
{
	if (s->phase < STORY_READY)
		return judge_before_ready(s, q, b);
	if (s->phase == STORY_READY && q->from_outside && !s->crashed_ms)
		return judge_waiting(s, q, b);
	if (s->phase < STORY_END)
		return judge_capture(s, q, b);
	switch (s->outcome) {
	case STORY_OUTCOME_COMPLETE:
		buf_add_str(b, "the capture kernel saved a whole dump");
		return VERDICT_COMPLETE;
	case STORY_OUTCOME_INCOMPLETE:
		buf_printf(b, "the capture kernel saved only a part of the dump: %s",
			   *s->reason ? s->reason : "it does not say why");
		return VERDICT_INCOMPLETE;
	default:
		buf_printf(b, "the capture kernel saved no dump: %s",
			   *s->reason ? s->reason : "it does not say why");
		return VERDICT_CAPTURE_DIED;
	}
}
