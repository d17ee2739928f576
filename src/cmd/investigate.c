#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/ending.h"
#include "cmd/interrupt.h"
#include "cmd/investigate_line.h"
#include "cmd/machine_target.h"
#include "trigger/lookout.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define QUIET_S	   300u
#define NO_SIGN_S  60u
#define LATCH_S	   900u
#define WAIT_MAX_S (24u * 3600)

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
	const char *fallback; /* NULL: none */
	struct follow_rules rules;
	u64 timeout_ms;
	struct lookout eyes;
	struct investigate_line line;
};

static void inquiry_deinit(struct inquiry *q)
{
	lookout_deinit(&q->eyes);
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
	q->fallback = opts_value(given, "fallback", NULL);
	q->rules.falls_back = q->fallback != NULL;
	q->rules.latch_ms = max_u64(q->rules.quiet_ms, LATCH_S * 1000u);
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

/* ---- looking ---- */

static void tell_news(void *ctx)
{
	struct inquiry *q = ctx;

	investigate_line_tell(&q->line, capture_state_name(q->eyes.follow.state),
			      q->eyes.follow.text);
}

static void tell_remark(void *ctx, const char *source, const char *why)
{
	struct inquiry *q = ctx;

	investigate_line_tell(&q->line, source, why);
}

static void show_line(void *ctx, const char *line, size_t len)
{
	struct inquiry *q = ctx;

	investigate_line_set_console(&q->line, line, len);
}

static const struct lookout_calls calls = {
	.news = tell_news, .remark = tell_remark, .line = show_line};

/* All that looks is open before the interrupt: what comes at once is not missed, and what
 * cannot be opened has crashed nothing. */
static struct err *open_eyes(const struct opts_result *given, struct inquiry *q)
{
	const char *console = opts_value(given, "console", NULL),
		   *dumps = opts_value(given, "dumps", NULL);
	enum backend_event event;
	struct err *err = NULL;

	lookout_init(&q->eyes, &calls, q, q->backend);
	if (console)
		err = lookout_open_console(&q->eyes, console, -1);
	if (!err && dumps)
		err = lookout_open_dumps(&q->eyes, dumps,
					 opts_value(given, "machine-id", NULL), NULL, 0);
	if (!err && backend_has_events(q->backend))
		err = backend_next_event(q->backend, 0, &event);
	return err_wrap(err, "not sent");
}

/* ---- following ---- */

static void show_dumping(void *ctx, u64 done, u64 total)
{
	struct inquiry *q = ctx;

	q->line.moved = done;
	q->line.has_moved = true;
	investigate_line_draw(&q->line, "dumping from outside");
}

static void no_fallback(struct inquiry *q, struct err *err)
{
	cleanup(buf_deinit) struct buf why = BUF_INIT;

	buf_printf(&why, "the dump from outside failed: %s", err_message(err));
	err_free(err);
	lookout_feed(&q->eyes, &(struct follow_event){.kind = FOLLOW_NO_FALLBACK,
						      .text = buf_text(&why)});
}

/* A sign that came just now withdraws it. */
static void fall_back(struct inquiry *q)
{
	cleanup(freep) char *path = NULL;
	struct err *err = NULL;

	lookout_drain(&q->eyes);
	if (q->eyes.follow.todo != FOLLOW_FALL_BACK)
		return;
	path = strdup(q->fallback);
	if (!path)
		err = err_nomem();
	if (!err)
		err = backend_dump(q->backend, path, q->rules.quiet_ms, ending_flag(),
				   show_dumping, q);
	if (err) {
		no_fallback(q, err);
		return;
	}
	lookout_set_dump(&q->eyes, steal(path));
	lookout_feed(&q->eyes,
		     &(struct follow_event){.kind = FOLLOW_FELL_BACK, .text = q->fallback});
}

static void follow(struct inquiry *q)
{
	while (!ending_signal() && q->eyes.follow.todo != FOLLOW_OVER) {
		if (q->eyes.follow.todo == FOLLOW_FALL_BACK) {
			fall_back(q);
			continue;
		}
		lookout_round(&q->eyes);
		q->line.moved = q->eyes.moved;
		q->line.has_moved = q->eyes.has_moved;
		investigate_line_draw(&q->line, capture_state_name(q->eyes.follow.state));
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
		lookout_feed(&q->eyes, &(struct follow_event){.kind = FOLLOW_MAYBE_SENT,
							      .text = err_message(r.why)});
	else
		lookout_feed(&q->eyes, &(struct follow_event){.kind = FOLLOW_SENT});
	backend_result_deinit(&r);
	return err;
}

/* As `inquest report` prints it. */
static struct err *print_report(const struct inquiry *q, enum exit_status *status)
{
	const char *operand = q->eyes.dump;
	const struct opts_result given = {.operands = &operand, .num_operands = 1};

	fprintf(stderr, "The dump is %s\n", q->eyes.dump);
	return cmd_report.run(&given, status);
}

/* Why there is no report; the status says which kind of end it was. */
static struct err *no_report(const struct inquiry *q, enum exit_status *status)
{
	const char *why = q->eyes.follow.text;

	if (ending_signal()) {
		*status = EXIT_INCOMPLETE;
		return err_new(
			ERR_INCOMPLETE,
			"stopped; the machine goes on by itself, and what comes of it "
			"can be seen there");
	}
	switch (q->eyes.follow.state) {
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

	if (!q->eyes.dump)
		return no_report(q, status);
	if (q->eyes.follow.state == CAPTURE_VERIFIED ||
	    q->eyes.follow.state == CAPTURE_TIMEOUT_FALLBACK_DUMPED)
		return print_report(q, status);
	/* What there is of it may still say why. */
	err = print_report(q, status);
	if (err)
		return err_wrap(err, "the dump is not whole");
	*status = EXIT_INCOMPLETE;
	return err_new(ERR_INCOMPLETE, "the dump is not whole: %s", q->eyes.follow.text);
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
	investigate_line_start(&q.line);
	lookout_begin(&q.eyes, &q.rules, CAPTURE_REQUESTED);
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
