#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/kdump_config.h"
#include "cmd/kdump_generator.h"
#include "cmd/kdumpctl.h"
#include "cmd/kexec_tool.h"
#include "cmd/makedumpfile.h"
#include "cmd/program.h"

#include <string.h>

#define PROGRAM "inquest"

/* In the order of --help. */
static const struct cmd *const verbs[] = {
	&cmd_report,  &cmd_diff,    &cmd_shell,	    &cmd_dmesg,	  &cmd_rehearse,
	&cmd_collect, &cmd_arm,	    &cmd_disarm,    &cmd_status,  &cmd_reset_crashkernel,
	&cmd_test,    &cmd_show,    &cmd_reload,    &cmd_rebuild, &cmd_estimate,
	&cmd_showmem, &cmd_recover, &cmd_propagate, &cmd_nmi,	  &cmd_investigate,
	&cmd_version,
};

/* Traditional names: called through one of these (a link to the binary), we take that
 * tool's options and print that tool's output. `main` is for one whose errors are its own
 * as well. */
static const struct personality {
	const char *name;
	const struct cmd *cmd;
	int (*main)(int argc, char **argv);
} personalities[] = {
	{"vmcore-dmesg", &cmd_vmcore_dmesg, NULL},
	{"crash", &cmd_crash, NULL},
	{"makedumpfile", NULL, makedumpfile_main},
	{"kexec", NULL, kexec_tool_main},
	{"kdumpctl", NULL, kdumpctl_main},
	{"kdump-config", NULL, kdump_config_main},
	{"mkdumprd", NULL, mkdumprd_main},
	{"kdump-dep-generator", NULL, kdump_generator_main},
};

static const struct personality *find_personality(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		if (str_eq(personalities[i].name, name))
			return &personalities[i];
	return NULL;
}

static struct err *run_version(const struct opts_result *given, enum exit_status *status)
{
	return program_print_version(PROGRAM);
}

const struct cmd cmd_version = {
	.opts = {.name = "version",
		 .operands = "",
		 .summary = "Print the version of this program.",
		 .options = (const struct opt[]){OPTS_END}},
	.run = run_version,
};

int main(int argc, char **argv)
{
	const struct program program = {
		.name = PROGRAM,
		.summary = "From an unresponsive Linux machine to the named cause.",
		.verbs = verbs,
		.num_verbs = ARRAY_SIZE(verbs),
	};
	const struct personality *p = find_personality(argc ? argv[0] : PROGRAM);
	enum exit_status status = EXIT_DONE;
	struct err *err;

	if (p && p->main)
		return p->main(argc, argv);
	err = p ? program_run_cmd(p->cmd, "", argc, argv, 1, &status)
		: program_run(&program, argc, argv, &status);
	return program_end(PROGRAM, err, status);
}
