#include "base/clock.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/ending.h"
#include "cmd/interrupt.h"
#include "cmd/investigate_line.h"
#include "cmd/machine_target.h"
#include "trigger/console_tail.h"
#include "trigger/dump_watch.h"
#include "trigger/follow.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define QUIET_S	   300u
#define NO_SIGN_S  60u
#define LATCH_S	   900u
#define WAIT_MAX_S (24u * 3600)

/* How long one round waits for an event, and how often the rest is looked at. */
#define ROUND_MS	    200u
#define LOOK_MS		    1000u
#define PROGRESS_MS	    2000u
#define PROGRESS_TIMEOUT_MS 1000u
#define DRAIN_EVENTS	    100u

static const struct opt options[] = {
	INTERRUPT_OPTIONS,
	{.name = "dumps",
	 .arg = OPTS_VALUE,
	 .value_name = "DIR",
	 .help = "The directory in which the machine's dump directories arrive."},
	{.name = "machine-id",
	 .arg = OPTS_VALUE,
	 .value_name = "ID",
	 .help = "Its /etc/machine-id: dumps of others in DIR are left alone."},
	{.name = "console",
	 .arg = OPTS_VALUE,
	 .value_name = "FILE",
	 .help = "Its serial console: a file that grows, or unix:PATH."},
	{.name = "fallback",
	 .arg = OPTS_VALUE,
	 .value_name = "FILE",
	 .help = "Dump its memory from outside to FILE if nothing else comes."},
	{.name = "no-sign",
	 .arg = OPTS_VALUE,
	 .value_name = "SECONDS",
	 .help = "How long to wait for a sign of a panic (60)."},
	{.name = "quiet",
	 .arg = OPTS_VALUE,
	 .value_name = "SECONDS",
	 .help = "How long a capture may give no sign of life (300)."},
	MACHINE_TARGET_OPTIONS,
	OPTS_END,
};

/* One investigation: what it looks with, and what it has found. */
struct inquiry {
	struct backend *backend;
	struct console_tail *console; /* NULL: none */
	struct dump_watch *dumps;     /* NULL: none */
	const char *fallback;	      /* NULL: none */
	struct follow_rules rules;
	u64 timeout_ms;
	struct follow follow;
	struct investigate_line line;
	char *dump; /* a directory or file; NULL: none yet */
	bool has_events, has_progress;
	u64 looked_ms, asked_ms, moves_before, moves;
};

static void inquiry_deinit(struct inquiry *q)
{
	free(q->dump);
	dump_watch_free(q->dumps);
	console_tail_close(q->console);
	backend_close(q->backend);
}

static struct err *read_seconds(const struct opts_result *given, const char *name,
				u64 otherwise, u64 *ret_ms)
{
	const char *text = opts_value(given, name, NULL);
	u64 seconds = otherwise;

	if (text && (!str_parse_u64(text, &seconds) || !seconds || seconds > WAIT_MAX_S))
		return err_new(ERR_USAGE, "--%s %s: it would be seconds, from 1 to %u",
			       name, text, WAIT_MAX_S);
	*ret_ms = seconds * 1000;
	return NULL;
}

static struct err *read_options(const struct opts_result *given, struct inquiry *q)
{
	struct err *err = machine_target_timeout(given, &q->timeout_ms);
	struct stat st;

	if (!err)
		err = read_seconds(given, "no-sign", NO_SIGN_S, &q->rules.no_sign_ms);
	if (!err)
		err = read_seconds(given, "quiet", QUIET_S, &q->rules.quiet_ms);
	if (err)
		return err;
	q->rules.latch_ms = max_u64(q->rules.quiet_ms, LATCH_S * 1000u);
	q->fallback = opts_value(given, "fallback", NULL);
	if (q->fallback && lstat(q->fallback, &st) == 0)
		return err_new(ERR_REFUSED, "--fallback %s: there is a file already",
			       q->fallback);
	if (!q->fallback && !opts_has(given, "dumps"))
		return err_new(
			ERR_USAGE,
			"a report needs a dump: --dumps DIR says where the machine's "
			"arrive, --fallback FILE where one from outside goes");
	return NULL;
}

/* All that looks is open before the interrupt: what comes at once is not missed, and what
 * cannot be opened has crashed nothing. */
static struct err *open_eyes(const struct opts_result *given, struct inquiry *q)
{
	const char *console = opts_value(given, "console", NULL),
		   *dumps = opts_value(given, "dumps", NULL);
	enum backend_event event;
	struct err *err = NULL;

	if (console)
		err = err_wrap(console_tail_open(console, -1, &q->console), "not sent");
	if (!err && dumps)
		err = err_wrap(dump_watch_new(dumps, opts_value(given, "machine-id", NULL),
					      NULL, 0, &q->dumps),
			       "not sent");
	q->has_events = backend_has_events(q->backend);
	if (!err && q->has_events)
		err = err_wrap(backend_next_event(q->backend, 0, &event), "not sent");
	q->has_progress = true;
	q->rules.has_console = q->console != NULL;
	q->rules.has_events = q->has_events;
	q->rules.has_dump_dir = q->dumps != NULL;
	q->rules.falls_back = q->fallback != NULL;
	return err;
}

/* ---- following ---- */

static void feed(struct inquiry *q, const struct follow_event *event)
{
	follow_feed(&q->follow, event, clock_now_ms());
	if (q->follow.is_news)
		investigate_line_tell(&q->line, capture_state_name(q->follow.state),
				      q->follow.text);
}

static void feed_line(void *ctx, const char *line, size_t len)
{
	struct inquiry *q = ctx;

	investigate_line_set_console(&q->line, line, len);
	feed(q, &(struct follow_event){.kind = FOLLOW_LINE, .text = line, .len = len});
}

static void look_at_console(struct inquiry *q)
{
	size_t bytes = 0;
	struct err *err;

	if (!q->console)
		return;
	err = console_tail_read(q->console, feed_line, q, &bytes);
	if (!err)
		return;
	investigate_line_tell(&q->line, "console", err_message(err));
	err_free(err);
	console_tail_close(steal(q->console));
	q->follow.rules.has_console = false;
}

static void look_for_dump(struct inquiry *q, u64 now_ms)
{
	static const enum follow_event_kind kinds[] = {
		[DUMP_WATCH_SEEN] = FOLLOW_DUMP_SEEN,
		[DUMP_WATCH_WHOLE] = FOLLOW_DUMP_WHOLE,
		[DUMP_WATCH_BROKEN] = FOLLOW_DUMP_BROKEN,
	};
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *reason = NULL;
	enum dump_watch_verdict verdict;
	struct err *err;

	if (!q->dumps || now_ms < q->looked_ms + LOOK_MS)
		return;
	q->looked_ms = now_ms;
	err = dump_watch_look(q->dumps, &verdict, &path, &reason);
	if (err) {
		err_free(err); /* a file server that is away: it may come back */
		return;
	}
	if (verdict == DUMP_WATCH_NONE)
		return;
	free(q->dump);
	q->dump = steal(path);
	feed(q, &(struct follow_event){.kind = kinds[verdict],
				       .text = verdict == DUMP_WATCH_BROKEN ? reason
									    : q->dump});
}

static void look_at_progress(struct inquiry *q, u64 now_ms)
{
	struct err *err;
	u64 moves = 0;

	if (!q->has_progress || now_ms < q->asked_ms + PROGRESS_MS)
		return;
	q->asked_ms = now_ms;
	err = backend_read_progress(q->backend, PROGRESS_TIMEOUT_MS, &moves);
	if (err) {
		q->has_progress = err_code(err) != ERR_UNSUPPORTED;
		err_free(err);
		return;
	}
	/* A reset counts from zero again. */
	if (!q->line.has_moved || moves < q->moves)
		q->moves_before = moves;
	else if (moves != q->moves)
		feed(q, &(struct follow_event){.kind = FOLLOW_LIFE});
	q->moves = moves;
	q->line.has_moved = true;
	q->line.moved = moves - q->moves_before;
}

static void look_at_events(struct inquiry *q, u64 timeout_ms)
{
	enum backend_event event = BACKEND_EVENT_NONE;
	struct err *err;

	if (!q->has_events) {
		clock_sleep_ms(timeout_ms);
		return;
	}
	err = backend_next_event(q->backend, timeout_ms, &event);
	if (err) {
		investigate_line_tell(&q->line, "events", err_message(err));
		err_free(err);
		event = BACKEND_EVENT_GONE;
	}
	if (event == BACKEND_EVENT_GONE)
		q->has_events = false;
	if (event != BACKEND_EVENT_NONE)
		feed(q, &(struct follow_event){.kind = FOLLOW_BACKEND, .backend = event});
}

static void show_dumping(void *ctx, u64 done, u64 total)
{
	struct inquiry *q = ctx;

	q->line.moved = done;
	q->line.has_moved = true;
	investigate_line_draw(&q->line, "dumping from outside");
}

/* A sign that came just now withdraws it. */
static void fall_back(struct inquiry *q)
{
	u64 until_ms = clock_now_ms() + ROUND_MS;
	struct err *err;

	for (size_t i = 0; i < DRAIN_EVENTS && clock_now_ms() < until_ms; i++)
		look_at_events(q, 1);
	look_at_console(q);
	if (q->follow.todo != FOLLOW_FALL_BACK)
		return;
	err = backend_dump(q->backend, q->fallback, q->rules.quiet_ms, ending_flag(),
			   show_dumping, q);
	if (err) {
		cleanup(buf_deinit) struct buf why = BUF_INIT;

		buf_printf(&why, "the dump from outside failed: %s", err_message(err));
		err_free(err);
		feed(q, &(struct follow_event){.kind = FOLLOW_NO_FALLBACK,
					       .text = buf_text(&why)});
		return;
	}
	free(q->dump);
	q->dump = strdup(q->fallback);
	feed(q, &(struct follow_event){.kind = FOLLOW_FELL_BACK, .text = q->fallback});
}

static void follow(struct inquiry *q)
{
	while (!ending_signal() && q->follow.todo != FOLLOW_OVER) {
		u64 now_ms = clock_now_ms();

		if (q->follow.todo == FOLLOW_FALL_BACK) {
			fall_back(q);
			continue;
		}
		look_at_console(q);
		look_for_dump(q, now_ms);
		look_at_progress(q, now_ms);
		if (q->follow.todo == FOLLOW_WAIT)
			look_at_events(q, ROUND_MS);
		if (q->follow.todo == FOLLOW_WAIT)
			feed(q, &(struct follow_event){.kind = FOLLOW_TIME});
		investigate_line_draw(&q->line, capture_state_name(q->follow.state));
	}
	investigate_line_end(&q->line);
}

/* ---- the interrupt, and the end ---- */

static struct err *inject(struct inquiry *q)
{
	struct backend_result r;
	struct err *err = NULL;

	backend_inject(q->backend, q->timeout_ms, &r);
	if (r.delivery == BACKEND_NOT_SENT)
		err = interrupt_not_sent(&r);
	else if (r.delivery == BACKEND_UNKNOWN)
		feed(q, &(struct follow_event){.kind = FOLLOW_MAYBE_SENT,
					       .text = err_message(r.why)});
	else
		feed(q, &(struct follow_event){.kind = FOLLOW_SENT});
	backend_result_deinit(&r);
	return err;
}

/* As `inquest report` prints it. */
static struct err *print_report(const struct inquiry *q, enum exit_status *status)
{
	const char *operand = q->dump;
	const struct opts_result given = {.operands = &operand, .num_operands = 1};

	fprintf(stderr, "The dump is %s\n", q->dump);
	return cmd_report.run(&given, status);
}

/* Why there is no report; the status says which kind of end it was. */
static struct err *no_report(const struct inquiry *q, enum exit_status *status)
{
	const char *why = q->follow.text;

	if (ending_signal()) {
		*status = EXIT_INCOMPLETE;
		return err_new(
			ERR_INCOMPLETE,
			"stopped; the machine goes on by itself, and what comes of it "
			"can be seen there");
	}
	switch (q->follow.state) {
	case CAPTURE_NO_KDUMP:
		*status = EXIT_NOT_READY;
		break;
	case CAPTURE_UNVERIFIED:
		*status = EXIT_INCOMPLETE;
		break;
	case CAPTURE_FAILED:
		*status = EXIT_CAPTURE_DIED;
		break;
	case CAPTURE_REQUESTED:
	case CAPTURE_INJECTED:
	case CAPTURE_UNKNOWN:
	case CAPTURE_PANICKED:
	case CAPTURE_CAPTURING:
	case CAPTURE_DUMPED:
	case CAPTURE_REBOOTED:
	case CAPTURE_VERIFIED:
	case CAPTURE_IGNORED:
	case CAPTURE_TIMEOUT_FALLBACK_DUMPED:
	case CAPTURE_NOT_SENT:
	case CAPTURE_NUM_STATES:
	default:
		*status = EXIT_FAILED;
	}
	return err_new(ERR_ABSENT, "there is no dump to report on: %s", why);
}

static struct err *conclude(const struct inquiry *q, enum exit_status *status)
{
	struct err *err;

	if (!q->dump)
		return no_report(q, status);
	if (q->follow.state == CAPTURE_VERIFIED ||
	    q->follow.state == CAPTURE_TIMEOUT_FALLBACK_DUMPED)
		return print_report(q, status);
	/* What there is of it may still say why. */
	err = print_report(q, status);
	if (err)
		return err_wrap(err, "the dump is not whole");
	*status = EXIT_INCOMPLETE;
	return err_new(ERR_INCOMPLETE, "the dump is not whole: %s", q->follow.text);
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(inquiry_deinit) struct inquiry q = {.backend = NULL};
	struct err *err = read_options(given, &q);

	if (err && err_code(err) == ERR_REFUSED)
		*status = EXIT_UNSAFE;
	if (!err)
		err = machine_target_open(given, &q.backend);
	if (!err)
		err = interrupt_ask(given, q.backend);
	if (!err)
		err = interrupt_check_runs(q.backend, q.timeout_ms);
	if (!err)
		err = open_eyes(given, &q);
	if (err)
		return err;
	ending_catch_first();
	follow_init(&q.follow, &q.rules, CAPTURE_REQUESTED, clock_now_ms());
	investigate_line_start(&q.line);
	err = inject(&q);
	if (err)
		return err;
	follow(&q);
	return conclude(&q, status);
}

const struct cmd cmd_investigate = {
	.opts = {.name = "investigate",
		 .operands = "TARGET",
		 .summary = "Interrupt a machine that hangs, wait for its dump, say why.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run,
};
