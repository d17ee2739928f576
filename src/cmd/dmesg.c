#include "base/io.h"
#include "cmd/cmd.h"
#include "cmd/kernel_log.h"
#include "cmd/open.h"

static struct err *run(const char *path, bool indent)
{
	cleanup(dump_closep) struct dump *d = NULL;
	const struct kernel_log_options o = {.indents = indent};
	u64 num_lost = 0;
	struct err *err = cmd_open_dump(path, &d);

	if (!err)
		err = kernel_log_write(d, &o, STDOUT_FILENO, "standard output", &num_lost);
	if (!err && num_lost)
		fprintf(stderr, "inquest: %s: %llu records of the log could not be read\n",
			path, (unsigned long long)num_lost);
	return err;
}

static struct err *run_dmesg(const struct opts_result *given, enum exit_status *status)
{
	return run(given->operands[0], true);
}

static struct err *run_vmcore_dmesg(const struct opts_result *given,
				    enum exit_status *status)
{
	return run(given->operands[0], false);
}

#define DMESG_OPTS(verb)                                                                   \
	{                                                                                  \
		.name = verb, .operands = "VMCORE",                                        \
		.summary = "Print the kernel log of a dump.",                              \
		.options = (const struct opt[]){OPTS_END}, .min_operands = 1,              \
		.max_operands = 1                                                          \
	}

const struct cmd cmd_dmesg = {.opts = DMESG_OPTS("dmesg"), .run = run_dmesg};
const struct cmd cmd_vmcore_dmesg = {.opts = DMESG_OPTS("vmcore-dmesg"),
				     .run = run_vmcore_dmesg};
