#include "arm/arm.h"
#include "arm/bootloader.h"
#include "arm/configuration.h"
#include "base/str.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"
#include "format/crashkernel.h"

static const struct opt options[] = {
	{.name = "kernel",
	 .arg = OPTS_VALUE,
	 .value_name = "VMLINUZ",
	 .help = "Only when this kernel is booted; ALL for every one."},
	{.name = "restore", .help = "Put back what there was before."},
	{.name = "show", .help = "Print what the next boot is to have."},
	{.name = "dry-run", .help = "Tell what would be done, and do nothing."},
	ARMING_ROOT_OPTION,
	OPTS_END,
};

static void say(void *ctx, const char *sentence)
{
	printf("%s\n", sentence);
	fflush(stdout);
}

/* What @words come to on this machine; nothing if its memory is not known. */
static struct err *add_reserved(const char *root, const char *words, struct buf *b)
{
	struct crashkernel_reservation r;
	struct arm_status s;
	struct err *err = arm_status_read(root, &s);

	if (err)
		return err;
	crashkernel_reserved(words, s.ram_bytes, &r);
	if (s.ram_bytes && r.bytes)
		buf_printf(b, "reserves %lluM of the %lluM of this machine\n",
			   (unsigned long long)(r.bytes + r.low_bytes + r.cma_bytes) >> 20,
			   (unsigned long long)s.ram_bytes >> 20);
	else if (s.ram_bytes)
		buf_printf(b, "reserves nothing: %s\n", r.why);
	arm_status_deinit(&s);
	return NULL;
}

static struct err *show(const char *root)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;
	bool is_certain = true;
	struct err *err = bootloader_read(root, &words, &is_certain);

	if (err)
		return err;
	buf_printf(&b, "next boot: %s%s\n", words.len ? words.data : "no crashkernel=",
		   is_certain ? "" : ", as far as can be told without a shell");
	err = add_reserved(root, buf_text(&words), &b);
	return err ? err : cmd_print(&b);
}

/* The value for a machine whose owner has no other wish: that of the dialect. */
static struct err *default_value(const char *root, const char **ret)
{
	struct capture_config config;
	struct err *err = configuration_read(root, &config);

	if (err)
		return err;
	*ret = capture_config_crashkernel(config.dialect);
	capture_config_deinit(&config);
	return NULL;
}

static struct err *set(const struct opts_result *given, struct bootloader_options *o)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;
	bool is_certain;
	struct err *err = NULL;

	if (given->num_operands)
		o->value = given->operands[0];
	else
		err = default_value(o->root, &o->value);
	if (!err)
		err = bootloader_set(o);
	if (err || o->dry_run)
		return err;
	buf_printf(&b, "crashkernel=%s from the next boot on\n", o->value);
	err = o->kernel ? NULL : bootloader_read(o->root, &words, &is_certain);
	if (!err && words.len)
		err = add_reserved(o->root, words.data, &b);
	return err ? err : cmd_print(&b);
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	struct bootloader_options o = {.root = arming_root(given),
				       .kernel = opts_value(given, "kernel", NULL),
				       .dry_run = opts_has(given, "dry-run"),
				       .say = say};
	bool shows = opts_has(given, "show"), restores = opts_has(given, "restore");
	struct err *err;
	int lock = -1;

	if ((shows || restores) && (given->num_operands || o.kernel || shows == restores))
		return err_new(ERR_USAGE,
			       "reset-crashkernel: --show and --restore go with neither a "
			       "value nor --kernel, nor with each other");
	if (o.kernel && str_eq(o.kernel, "ALL"))
		o.kernel = NULL;
	if (shows)
		return show(o.root);
	err = arm_lock(o.root, 60000, &lock);
	if (!err)
		err = restores ? bootloader_restore(&o) : set(given, &o);
	arm_unlock(lock);
	return err;
}

const struct cmd cmd_reset_crashkernel = {
	.opts = {.name = "reset-crashkernel",
		 .operands = "[SIZE]",
		 .summary = "Have memory reserved from the next boot on.",
		 .options = options,
		 .max_operands = 1},
	.run = run,
};
