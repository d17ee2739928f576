#include "arm/arm.h"

#include "arm/configuration.h"
#include "base/str.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"
#include "kexec/identity.h"
#include "kexec/kexec.h"

static const struct opt options[] = {
	{.name = "rebuild", .help = "Build the image even if none of its inputs changed."},
	{.name = "no-load", .help = "Stop when the image is there."},
	{.name = "dry-run", .help = "Only tell what would be loaded."},
	ARMING_ROOT_OPTION,
	{.name = "kernel",
	 .arg = OPTS_VALUE,
	 .value_name = "VMLINUZ",
	 .help = "Load this kernel, without any configuration; with --initrd."},
	{.name = "initrd",
	 .arg = OPTS_VALUE,
	 .value_name = "IMAGE",
	 .help = "Its initramfs, with inquest-capture as /init."},
	{.name = "command-line",
	 .arg = OPTS_VALUE,
	 .value_name = "WORDS",
	 .help = "Its command line; machine-id and boot-id are appended."},
	{.name = "unload", .help = "Unload the capture kernel. Its memory stays reserved."},
	OPTS_END,
};

static struct err *say_state(const char *what)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct kexec_state state;
	struct err *err = kexec_read_state("", &state);

	if (err)
		return err;
	buf_printf(&b, "%s, %lluM reserved\n", what,
		   (unsigned long long)state.reserved_bytes >> 20);
	return cmd_print(&b);
}

/* A kernel and an image of the caller's own. */
static struct err *load_given(const struct opts_result *given)
{
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	struct kexec_image image = {.kernel = opts_value(given, "kernel", NULL),
				    .initrd = opts_value(given, "initrd", NULL)};
	struct identity id;
	struct err *err;

	if (!image.kernel || !image.initrd)
		return err_new(
			ERR_USAGE,
			"arm: --kernel and --initrd go together, or neither is given; see inquest arm --help");
	identity_read("", &id);
	identity_add_to_cmdline(&id, opts_value(given, "command-line", ""), &command_line);
	err = buf_check(&command_line);
	if (err)
		return err;
	image.command_line = buf_text(&command_line);
	err = kexec_load_crash("", &image, NULL);
	return err ? err : say_state("armed: the capture kernel is loaded");
}

/* What the configuration says. */
static struct err *load_configured(const struct opts_result *given)
{
	struct arm_options how = {.rebuild = opts_has(given, "rebuild"),
				  .no_load = opts_has(given, "no-load")};
	const char *root = arming_root(given);
	struct err *err;

	if (opts_has(given, "dry-run"))
		return arming_describe(root);
	err = arming_load(root, &how);
	if (err || *root || how.no_load)
		return err;
	return say_state("armed: the capture kernel is loaded");
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	struct err *err;

	if (!opts_has(given, "unload"))
		return opts_has(given, "kernel") || opts_has(given, "initrd") ||
				       opts_has(given, "command-line")
			       ? load_given(given)
			       : load_configured(given);
	if (given->num_given > 1)
		return err_new(ERR_USAGE, "arm: --unload goes with no other option");
	err = kexec_unload_crash();
	return err ? err : say_state("not armed: the capture kernel is unloaded");
}

const struct cmd cmd_arm = {
	.opts = {.name = "arm",
		 .operands = "",
		 .summary = "Load a capture kernel, to be started on a crash.",
		 .options = options},
	.run = run,
};
