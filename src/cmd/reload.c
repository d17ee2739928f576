/* reload and rebuild: arming again, and making the image without arming. */
#include "cmd/arming.h"
#include "cmd/cmd.h"

static const struct opt options[] = {
	ARMING_ROOT_OPTION,
	OPTS_END,
};

/* The kernel takes the new one in the place of the old: there is no moment without. */
static struct err *run_reload(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *root = arming_root(given);
	struct err *err = arming_load(root, &(struct arm_options){0});

	if (err || *root)
		return err;
	buf_add_str(&b, "armed: the capture kernel is loaded anew\n");
	return cmd_print(&b);
}

const struct cmd cmd_reload = {
	.opts = {.name = "reload",
		 .operands = "",
		 .summary = "Load the capture kernel anew, after memory or CPUs changed.",
		 .options = options},
	.run = run_reload,
};

static struct err *run_rebuild(const struct opts_result *given, enum exit_status *status)
{
	return arming_load(arming_root(given),
			   &(struct arm_options){.rebuild = true, .no_load = true});
}

const struct cmd cmd_rebuild = {
	.opts = {.name = "rebuild",
		 .operands = "",
		 .summary = "Build the capture image anew, without loading it.",
		 .options = options},
	.run = run_rebuild,
};
