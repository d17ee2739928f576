#include "cmd/cmd.h"
#include "cmd/interrupt.h"
#include "cmd/machine_target.h"

static const struct opt options[] = {
	INTERRUPT_OPTIONS,
	MACHINE_TARGET_OPTIONS,
	OPTS_END,
};

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
		err = interrupt_not_sent(&r);
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
		err = interrupt_ask(given, b);
	if (!err)
		err = interrupt_check_runs(b, timeout_ms);
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
