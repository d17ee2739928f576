#include "cmd/interrupt.h"

#include "cmd/confirm.h"

#include <unistd.h>

struct err *interrupt_ask(const struct opts_result *given, const struct backend *b)
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
struct err *interrupt_check_runs(struct backend *b, u64 timeout_ms)
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

struct err *interrupt_not_sent(struct backend_result *r)
{
	cleanup(err_freep) struct err *why = steal(r->why);
	bool is_refused = r->refusal == BACKEND_DENIED || r->refusal == BACKEND_WRONG_STATE;

	return err_new(is_refused ? ERR_REFUSED : ERR_UNSUPPORTED, "not sent: %s",
		       err_message(why));
}
