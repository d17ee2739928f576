#include "cmd/inquestd.h"
#include "trigger/audit.h"

static struct err *run_verify_audit(const struct opts_result *given,
				    enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *path = given->operands[0];
	struct audit_check check;
	struct err *err = audit_verify(path, &check);

	if (err)
		return err;
	buf_printf(&b, "%s: %llu lines are as they were written", path,
		   (unsigned long long)check.lines);
	if (check.cuts)
		buf_printf(&b, ", %llu of them after a line that was cut short",
			   (unsigned long long)check.cuts);
	buf_printf(&b, "\nlast hash %s\n", check.last_hash);
	return cmd_print(&b);
}

const struct cmd cmd_verify_audit = {
	.opts = {.name = "verify-audit",
		 .operands = "FILE",
		 .summary = "Check that no line of an audit log was changed or is missing.",
		 .options = (const struct opt[]){OPTS_END},
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run_verify_audit,
};
