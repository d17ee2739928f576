#include "cmd/cmd.h"
#include "cmd/confirm.h"
#include "cmd/machine_target.h"

#include <unistd.h>

static const struct opt options[] = {
	{.name = "yes", .letter = 'y', .help = "Do not ask."},
	{.name = "timeout",
	 .arg = OPTS_VALUE,
	 .value_name = "SECONDS",
	 .help = "How long to wait for an answer (30)."},
	MACHINE_TARGET_OPTIONS,
	OPTS_END,
};

static struct err *ask(const struct opts_result *given, const struct backend *b)
{
	if (!opts_has(given, "yes") && !isatty(STDIN_FILENO))
		return err_new(
			ERR_REFUSED,
			"not sent: %s would panic and reboot, and there is no terminal to ask on; --yes says that this is meant",
			backend_name(b));
	printf("This sends a diagnostic interrupt (NMI) to the machine behind\n%s.\n"
	       "Its kernel will panic and the machine reboot; data that is not saved may be "
	       "lost.\n",
	       backend_name(b));
	if (!opts_has(given, "yes") && !confirm("Send it now"))
		return err_new(ERR_REFUSED, "not sent: the answer was not yes");
	fflush(stdout);
	return NULL;
}

/* A machine that stands would take the interrupt for later, or not at all. */
static struct err *check_runs(struct backend *b, u64 timeout_ms)
{
	static const char *const standing[] = {
		[BACKEND_STATE_PAUSED] = "paused",
		[BACKEND_STATE_OFF] = "off",
		[BACKEND_STATE_CRASHED] = "crashed already",
	};
	enum backend_state state = BACKEND_STATE_UNKNOWN;
	struct err *err = backend_query_state(b, timeout_ms, &state);

	if (err)
		return err_wrap(err, "not sent");
	if (state == BACKEND_STATE_UNKNOWN || state == BACKEND_STATE_RUNNING)
		return NULL;
	return err_new(ERR_REFUSED, "not sent: %s: the machine is %s", backend_name(b),
		       standing[state]);
}

static struct err *not_sent(struct backend_result *r)
{
	cleanup(err_freep) struct err *why = steal(r->why);
	bool is_refused = r->refusal == BACKEND_DENIED || r->refusal == BACKEND_WRONG_STATE;

	return err_new(is_refused ? ERR_REFUSED : ERR_UNSUPPORTED, "not sent: %s",
		       err_message(why));
}

static struct err *inject(struct backend *b, u64 timeout_ms)
{
	struct backend_result r;
	struct err *err = NULL;

	backend_inject(b, timeout_ms, &r);
	if (r.delivery == BACKEND_UNKNOWN)
		err = err_new(
			ERR_INCOMPLETE,
			"it is not known whether the interrupt arrived: %s. It was not sent again, and a second one would end a dump that is being saved: look at the machine first",
			err_message(r.why));
	else if (r.delivery == BACKEND_NOT_SENT)
		err = not_sent(&r);
	else
		printf("Sent: its kernel should panic now.\n");
	backend_result_deinit(&r);
	return err;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(backend_closep) struct backend *b = NULL;
	u64 timeout_ms = 0;
	struct err *err = machine_target_timeout(given, &timeout_ms);

	if (!err)
		err = machine_target_open(given, &b);
	if (!err)
		err = ask(given, b);
	if (!err)
		err = check_runs(b, timeout_ms);
	return err ? err : inject(b, timeout_ms);
}

const struct cmd cmd_nmi = {
	.opts = {.name = "nmi",
		 .operands = "TARGET",
		 .summary = "Send a machine a diagnostic interrupt: its kernel panics.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run,
};
