#include "trigger/follow.h"

#include <stdarg.h>
#include <string.h>

#include "trigger/console_sign.h"

/* After GUEST_PANICKED, which says that no capture kernel is loaded, one may come all the
 * same: old kernels told no better, and guests may have no CRASHLOADED. */
#define NO_KDUMP_GRACE_MS 15000u

void follow_init(struct follow *f, const struct follow_rules *rules,
		 enum capture_state state, u64 now_ms)
{
	*f = (struct follow){.rules = *rules,
			     .state = state,
			     .todo = capture_state_is_terminal(state) ? FOLLOW_OVER
								      : FOLLOW_WAIT,
			     .was_resumed = state != CAPTURE_REQUESTED,
			     .sent_ms = now_ms,
			     .life_ms = now_ms,
			     .changed_ms = now_ms};
	f->saw_panic = state == CAPTURE_PANICKED || state == CAPTURE_CAPTURING;
	f->saw_capture = state == CAPTURE_CAPTURING || state == CAPTURE_DUMPED;
	f->is_certain = f->saw_capture;
	f->saw_saved = state == CAPTURE_DUMPED;
}

static void tell(struct follow *f, enum capture_state state, u64 now_ms, const char *fmt,
		 ...) printf_like(4, 5);

static void tell(struct follow *f, enum capture_state state, u64 now_ms, const char *fmt,
		 ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	if (f->state != state)
		f->changed_ms = now_ms;
	f->state = state;
	f->is_news = true;
	/* A sign withdraws a fallback that has not begun. */
	f->todo = capture_state_is_terminal(state) ? FOLLOW_OVER : FOLLOW_WAIT;
}

/* It will not come any more: dump from outside and act, or end with @otherwise. */
static void give_up(struct follow *f, enum capture_state otherwise, u64 now_ms,
		    const char *fmt, ...) printf_like(4, 5);

static void give_up(struct follow *f, enum capture_state otherwise, u64 now_ms,
		    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, args);
	va_end(args);
	if (!f->rules.falls_back) {
		tell(f, otherwise, now_ms, "%s", f->why);
		return;
	}
	tell(f, f->state, now_ms, "%s: fallback", f->why);
	f->otherwise = otherwise;
	f->todo = FOLLOW_FALL_BACK;
	/* Never end a capture that may still be at work. */
	f->may_act = !f->crashloaded && !f->saw_capture && !f->saw_moves && !f->was_resumed;
}

static bool awaits_panic(const struct follow *f)
{
	return f->state == CAPTURE_INJECTED || f->state == CAPTURE_UNKNOWN;
}

/* Has it not come further than a panic? */
static bool awaits_capture(const struct follow *f)
{
	return awaits_panic(f) || f->state == CAPTURE_PANICKED;
}

static bool sees_panic(const struct follow *f)
{
	return f->rules.has_console || (f->rules.has_events && !f->is_gone);
}

/* The machine starts anew, or is off. */
static void on_end_of_machine(struct follow *f, const char *what, u64 now_ms)
{
	if (f->state == CAPTURE_REBOOTED || f->state == CAPTURE_REQUESTED)
		return;
	tell(f, CAPTURE_REBOOTED, now_ms, "%s", what);
	if (f->rules.has_dump_dir)
		return; /* the dump may still arrive */
	if (f->capture_failed)
		tell(f, CAPTURE_FAILED, now_ms, "%s; before, %s", what, f->why);
	else if (f->saw_saved)
		tell(f, CAPTURE_UNVERIFIED, now_ms,
		     "%s after it said that the dump is saved%s%s; no dump_dir is configured "
		     "to see it in",
		     what, f->saved_in[0] ? " in " : "", f->saved_in);
	else if (f->rules.has_console && f->saw_panic && !f->saw_capture)
		tell(f, CAPTURE_NO_KDUMP, now_ms,
		     "%s after its panic, and no capture kernel was seen", what);
	else
		tell(f, CAPTURE_UNVERIFIED, now_ms,
		     "%s; whether there is a dump cannot be seen from here", what);
}

static void on_capturing(struct follow *f, bool is_certain, const char *what, u64 now_ms)
{
	f->saw_capture = true;
	f->is_certain |= is_certain;
	f->no_kdump_ms = 0;
	if (awaits_capture(f))
		tell(f, CAPTURE_CAPTURING, now_ms, "%s", what);
}

static void on_panic(struct follow *f, const char *what, u64 now_ms)
{
	f->saw_panic = true;
	if (awaits_panic(f))
		tell(f, CAPTURE_PANICKED, now_ms, "%s", what);
}

static void on_backend(struct follow *f, enum backend_event e, u64 now_ms)
{
	f->life_ms = now_ms;
	switch (e) {
	case BACKEND_EVENT_CRASHLOADED:
		f->crashloaded = true;
		f->no_kdump_ms = 0;
		on_panic(f, "the guest panicked, and a capture kernel is loaded", now_ms);
		break;
	case BACKEND_EVENT_PANICKED:
		if (f->crashloaded || !awaits_capture(f))
			break;
		f->no_kdump_ms = now_ms + NO_KDUMP_GRACE_MS;
		on_panic(f, "the guest panicked, and says that no capture kernel is loaded",
			 now_ms);
		break;
	case BACKEND_EVENT_RESET:
		on_end_of_machine(f, "the machine was reset", now_ms);
		break;
	case BACKEND_EVENT_SHUTDOWN:
		/* With `-action panic=shutdown` it follows a panic without kdump at once.
		 */
		if (f->no_kdump_ms)
			f->no_kdump_ms = now_ms;
		else
			on_end_of_machine(f, "the machine went off", now_ms);
		break;
	case BACKEND_EVENT_GONE:
		f->is_gone = true;
		break;
	case BACKEND_EVENT_NONE:
	case BACKEND_EVENT_PAUSED:
	case BACKEND_EVENT_RESUMED:
	default:
		break;
	}
}

/* A kernel starts. Behind a panic it is the capture kernel, until its command line says
 * otherwise; behind a capture it is the machine's own again. */
static void on_banner(struct follow *f, u64 now_ms)
{
	if (awaits_capture(f))
		on_capturing(f, false, "a kernel starts", now_ms);
	else if (f->state == CAPTURE_CAPTURING || f->state == CAPTURE_DUMPED)
		on_end_of_machine(f, "the machine starts anew", now_ms);
}

static void on_saved(struct follow *f, const char *where, u64 now_ms)
{
	if (f->state != CAPTURE_CAPTURING && !awaits_capture(f))
		return;
	f->saw_capture = f->is_certain = f->saw_saved = true;
	snprintf(f->saved_in, sizeof(f->saved_in), "%s", where);
	tell(f, CAPTURE_DUMPED, now_ms,
	     "the capture kernel says that the dump is saved%s%s", where[0] ? " in " : "",
	     where);
}

static void on_line(struct follow *f, const char *line, size_t len, u64 now_ms)
{
	char detail[FOLLOW_TEXT_MAX / 4];

	f->life_ms = now_ms;
	switch (console_sign_of(line, len, detail, sizeof(detail))) {
	case CONSOLE_IGNORED_NMI:
		if (awaits_panic(f))
			tell(f, CAPTURE_IGNORED, now_ms,
			     "the guest took the NMI and went on (\"Dazed and confused\"): set "
			     "kernel.unknown_nmi_panic=1 in it");
		break;
	case CONSOLE_PANIC:
		on_panic(f, "the guest panicked", now_ms);
		break;
	case CONSOLE_BANNER:
		on_banner(f, now_ms);
		break;
	case CONSOLE_CAPTURE_CMDLINE:
		on_capturing(f, true, "the capture kernel starts", now_ms);
		break;
	case CONSOLE_OTHER_CMDLINE:
		if (f->state == CAPTURE_CAPTURING && !f->is_certain) {
			f->saw_capture = false;
			on_end_of_machine(f, "an ordinary kernel starts", now_ms);
		}
		break;
	case CONSOLE_CAPTURE_STARTS:
		on_capturing(f, true, "inquest-capture runs", now_ms);
		break;
	case CONSOLE_SAVED:
		on_saved(f, detail, now_ms);
		break;
	case CONSOLE_NOT_SAVED:
		if (!f->capture_failed &&
		    (f->state == CAPTURE_CAPTURING || awaits_capture(f))) {
			f->saw_capture = f->is_certain = f->capture_failed = true;
			snprintf(f->why, sizeof(f->why),
				 "the capture kernel said that it failed%s%s",
				 detail[0] ? ": " : "", detail);
			tell(f, CAPTURE_CAPTURING, now_ms, "%s", f->why);
		}
		break;
	case CONSOLE_NOTHING:
	default:
		break;
	}
}

static void on_dump(struct follow *f, const struct follow_event *e, u64 now_ms)
{
	f->life_ms = now_ms;
	if (e->kind == FOLLOW_DUMP_WHOLE)
		tell(f, CAPTURE_VERIFIED, now_ms,
		     "the dump is here, whole and of this machine");
	else if (e->kind == FOLLOW_DUMP_BROKEN)
		tell(f, CAPTURE_FAILED, now_ms, "the dump that arrived is not whole: %s",
		     e->text);
	else if (f->state != CAPTURE_DUMPED && f->state != CAPTURE_REBOOTED)
		tell(f, CAPTURE_DUMPED, now_ms, "the dump begins to arrive");
}

static void on_fallback(struct follow *f, const struct follow_event *e, u64 now_ms)
{
	char why[sizeof(f->why)];

	if (f->todo != FOLLOW_FALL_BACK)
		return;
	memcpy(why, f->why, sizeof(why));
	if (e->kind == FOLLOW_FELL_BACK)
		tell(f, CAPTURE_TIMEOUT_FALLBACK_DUMPED, now_ms,
		     "%s; its memory was dumped from outside", why);
	else
		tell(f, f->otherwise, now_ms, "%s; %s", why, e->text);
}

/* Has a deadline passed? */
static void on_time(struct follow *f, u64 now_ms)
{
	unsigned long long quiet_s = (now_ms - f->life_ms) / 1000;

	if (f->todo != FOLLOW_WAIT || now_ms < follow_deadline(f))
		return;
	if (awaits_panic(f) && sees_panic(f)) {
		give_up(f, CAPTURE_IGNORED, now_ms, "no sign of a panic for %llu s%s",
			(unsigned long long)(now_ms - f->sent_ms) / 1000,
			f->saw_moves ? ", but the machine writes" : "");
	} else if (awaits_panic(f)) {
		tell(f, f->rules.has_dump_dir ? CAPTURE_FAILED : CAPTURE_UNVERIFIED, now_ms,
		     f->rules.has_dump_dir
			     ? "no dump arrived for %llu s"
			     : "nothing here can see what became of it (no console, no "
			       "events, no dump_dir); %llu s went by",
		     quiet_s);
	} else if (f->no_kdump_ms) {
		give_up(f, CAPTURE_NO_KDUMP, now_ms,
			"the guest panicked without a capture kernel");
	} else if (f->state == CAPTURE_PANICKED) {
		give_up(f, CAPTURE_FAILED, now_ms,
			"no sign of a capture kernel for %llu s after the panic", quiet_s);
	} else if (f->state == CAPTURE_CAPTURING) {
		give_up(f, CAPTURE_FAILED, now_ms,
			"the capture kernel gave no sign of life for %llu s", quiet_s);
	} else if (f->saw_saved) {
		tell(f, CAPTURE_UNVERIFIED, now_ms,
		     "the capture kernel said that the dump is saved%s%s; %s",
		     f->saved_in[0] ? " in " : "", f->saved_in,
		     f->rules.has_dump_dir ? "it did not arrive here" : "then silence");
	} else if (f->rules.has_console && f->saw_panic && !f->saw_capture) {
		tell(f, CAPTURE_NO_KDUMP, now_ms,
		     "it started anew after its panic, without a capture kernel");
	} else {
		tell(f, CAPTURE_FAILED, now_ms, "no whole dump arrived");
	}
}

u64 follow_deadline(const struct follow *f)
{
	if (f->todo != FOLLOW_WAIT || f->state == CAPTURE_REQUESTED)
		return UINT64_MAX;
	if (awaits_panic(f))
		return sees_panic(f) ? f->sent_ms + f->rules.no_sign_ms
				     : f->life_ms + f->rules.latch_ms;
	if (f->no_kdump_ms && f->state == CAPTURE_PANICKED)
		return f->no_kdump_ms;
	/* A machine that is up again shows life for ever. */
	return (f->state == CAPTURE_REBOOTED ? f->changed_ms : f->life_ms) +
	       f->rules.quiet_ms;
}

void follow_feed(struct follow *f, const struct follow_event *e, u64 now_ms)
{
	f->is_news = false;
	if (f->todo == FOLLOW_OVER)
		return;
	switch (e->kind) {
	case FOLLOW_SENT:
	case FOLLOW_MAYBE_SENT:
		f->sent_ms = f->life_ms = now_ms;
		if (f->state == CAPTURE_REQUESTED)
			tell(f, e->kind == FOLLOW_SENT ? CAPTURE_INJECTED : CAPTURE_UNKNOWN,
			     now_ms, "%s",
			     e->kind == FOLLOW_SENT ? "the interrupt was injected"
						    : e->text);
		break;
	case FOLLOW_BACKEND:
		on_backend(f, e->backend, now_ms);
		break;
	case FOLLOW_LINE:
		on_line(f, e->text, e->len, now_ms);
		break;
	case FOLLOW_LIFE:
		f->life_ms = now_ms;
		f->saw_moves = true;
		break;
	case FOLLOW_DUMP_SEEN:
	case FOLLOW_DUMP_WHOLE:
	case FOLLOW_DUMP_BROKEN:
		on_dump(f, e, now_ms);
		break;
	case FOLLOW_FELL_BACK:
	case FOLLOW_NO_FALLBACK:
		on_fallback(f, e, now_ms);
		break;
	case FOLLOW_TIME:
	default:
		break;
	}
	on_time(f, now_ms);
}
