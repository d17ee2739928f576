#include "arm/arm.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"

static const struct opt options[] = {
	ARMING_ROOT_OPTION,
	OPTS_END,
};

/* In the words of kdumpctl showmem, which scripts read. */
static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct arm_status s;
	struct err *err = arm_status_read(arming_root(given), &s);

	if (err)
		return err;
	buf_printf(&b, "Reserved %lluMB memory for crash kernel\n",
		   (unsigned long long)s.kexec.reserved_bytes >> 20);
	if (!s.kexec.reserved_bytes)
		*status = EXIT_NOT_READY;
	arm_status_deinit(&s);
	return cmd_print(&b);
}

const struct cmd cmd_showmem = {
	.opts = {.name = "showmem",
		 .operands = "",
		 .summary = "Tell how much memory is reserved.",
		 .options = options},
	.run = run,
};
