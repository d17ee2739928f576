#include "base/io.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/kdump_config.h"
#include "cmd/kdump_generator.h"
#include "cmd/kdumpctl.h"
#include "cmd/kexec_tool.h"
#include "cmd/makedumpfile.h"

#include <string.h>

#define PROGRAM "inquest"

/* In the order of --help. */
static const struct cmd *const verbs[] = {
	&cmd_report,  &cmd_diff,    &cmd_shell,	    &cmd_dmesg,	  &cmd_rehearse,
	&cmd_collect, &cmd_arm,	    &cmd_disarm,    &cmd_status,  &cmd_reset_crashkernel,
	&cmd_test,    &cmd_show,    &cmd_reload,    &cmd_rebuild, &cmd_estimate,
	&cmd_showmem, &cmd_recover, &cmd_propagate, &cmd_version,
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

struct err *cmd_print(const struct buf *b)
{
	struct err *err = buf_check(b);

	return err ? err : io_write_all(STDOUT_FILENO, b->data, b->len, "standard output");
}

static const struct cmd *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (str_eq(verbs[i]->opts.name, name))
			return verbs[i];
	return NULL;
}

static const struct personality *find_personality(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		if (str_eq(personalities[i].name, name))
			return &personalities[i];
	return NULL;
}

static void help(struct buf *b)
{
	buf_add_str(b, "Usage: " PROGRAM " VERB [options] ...\n"
		       "From an unresponsive Linux machine to the named cause.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		buf_printf(b, "  %-18s %s\n", verbs[i]->opts.name, verbs[i]->opts.summary);
	buf_add_str(b, "\n" PROGRAM " VERB --help tells the options of a verb, " PROGRAM
		       " --version the version.\n");
}

static struct err *run_version(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_add_str(&b, PROGRAM " " INQUEST_VERSION "\n");
	return cmd_print(&b);
}

const struct cmd cmd_version = {
	.opts = {.name = "version",
		 .operands = "",
		 .summary = "Print the version of this program.",
		 .options = (const struct opt[]){OPTS_END}},
	.run = run_version,
};

/* Parse the words from argv[@first] on and run @cmd, called as `program verb`. */
static struct err *run_cmd(const struct cmd *cmd, const char *program, int argc,
			   char **argv, int first, enum exit_status *status)
{
	cleanup(opts_deinit) struct opts_result given = {0};
	struct err *err = opts_parse(&cmd->opts, argc, argv, first, &given);

	if (err)
		return err;
	if (given.wants_help) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		opts_help(&b, program, &cmd->opts);
		return cmd_print(&b);
	}
	return cmd->run(&given, status);
}

static struct err *run_verb(int argc, char **argv, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const struct cmd *cmd;

	if (argc < 2) {
		help(&b);
		return err_new(ERR_USAGE, "no verb was given\n\n%s", buf_text(&b));
	}
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h") || str_eq(argv[1], "help")) {
		help(&b);
		return cmd_print(&b);
	}
	if (str_eq(argv[1], "--version") || str_eq(argv[1], "-V"))
		return run_version(NULL, status);
	cmd = find_verb(argv[1]);
	if (!cmd)
		return err_new(ERR_USAGE, "there is no verb %s; see " PROGRAM " --help",
			       argv[1]);
	return run_cmd(cmd, PROGRAM, argc, argv, 2, status);
}

int main(int argc, char **argv)
{
	const struct personality *p = find_personality(argc ? argv[0] : PROGRAM);
	enum exit_status status = EXIT_DONE;
	cleanup(err_freep) struct err *err = NULL;

	if (p && p->main)
		return p->main(argc, argv);
	err = p ? run_cmd(p->cmd, "", argc, argv, 1, &status)
		: run_verb(argc, argv, &status);
	if (!err)
		return status;
	fprintf(stderr, PROGRAM ": %s\n", err_message(err));
	return status != EXIT_DONE ? status : exit_status_for(err);
}
