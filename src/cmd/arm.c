#include "base/str.h"
#include "cmd/cmd.h"
#include "kexec/identity.h"
#include "kexec/kexec.h"

static const struct opt options[] = {
	{.name = "kernel",
	 .arg = OPTS_VALUE,
	 .value_name = "VMLINUZ",
	 .help = "The kernel to start on a crash."},
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

static struct err *load(const struct opts_result *given)
{
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	struct kexec_image image = {.kernel = opts_value(given, "kernel", NULL),
				    .initrd = opts_value(given, "initrd", NULL)};
	struct identity id;
	struct err *err;

	if (!image.kernel || !image.initrd)
		return err_new(
			ERR_USAGE,
			"arm: --kernel and --initrd are needed; see inquest arm --help");
	identity_read("", &id);
	identity_add_to_cmdline(&id, opts_value(given, "command-line", ""), &command_line);
	err = buf_check(&command_line);
	if (err)
		return err;
	image.command_line = buf_text(&command_line);
	err = kexec_load_crash("", &image, NULL);
	return err ? err : say_state("armed: the capture kernel is loaded");
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	struct err *err;

	if (!opts_has(given, "unload"))
		return load(given);
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
