#include "cmd/inquestd.h"
#include "base/types.h"
#include "cmd/program.h"

#define PROGRAM "inquestd"

static struct err *run_version(const struct opts_result *given, enum exit_status *status)
{
	return program_print_version(PROGRAM);
}

static const struct cmd cmd_version_of_inquestd = {
	.opts = {.name = "version",
		 .operands = "",
		 .summary = "Print the version of this program.",
		 .options = (const struct opt[]){OPTS_END}},
	.run = run_version,
};

/* In the order of --help. */
static const struct cmd *const verbs[] = {
	&cmd_serve,
	&cmd_check_policy,
	&cmd_verify_audit,
	&cmd_version_of_inquestd,
};

int main(int argc, char **argv)
{
	const struct program program = {
		.name = PROGRAM,
		.summary = "EC2's diagnostic interrupt for any hypervisor.",
		.verbs = verbs,
		.num_verbs = ARRAY_SIZE(verbs),
		.otherwise = &cmd_serve,
	};
	enum exit_status status = EXIT_DONE;
	struct err *err = program_run(&program, argc, argv, &status);

	return program_end(PROGRAM, err, status);
}
