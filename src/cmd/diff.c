#include "analyse/compare.h"
#include "analyse/report.h"
#include "cmd/cmd.h"
#include "cmd/open.h"

static const struct opt options[] = {OPTS_END};

static struct err *read_report(const char *path, json_t **ret)
{
	static const struct report_options wanted = {.log_records = 0};
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	struct err *err = cmd_open_dump(path, &d);

	if (!err)
		err = kernel_open(d, &k);
	return err ? err : report_build(k, &wanted, ret);
}

static struct err *run_diff(const struct opts_result *given, enum exit_status *status)
{
	cleanup(json_decrefp) json_t *first = NULL, *second = NULL;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = read_report(given->operands[0], &first);

	if (!err)
		err = read_report(given->operands[1], &second);
	if (err)
		return err;
	reports_compare(&b, first, second);
	return cmd_print(&b);
}

const struct cmd cmd_diff = {
	.opts = {.name = "diff",
		 .operands = "VMCORE VMCORE",
		 .summary = "Say what two dumps have in common.",
		 .options = options,
		 .min_operands = 2,
		 .max_operands = 2},
	.run = run_diff,
};
