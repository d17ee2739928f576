#include "arm/arm.h"
#include "arm/configuration.h"
#include "arm/reservation.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"

#include <time.h>

#define MIB (1ULL << 20)

static const struct opt options[] = {
	ARMING_ROOT_OPTION,
	OPTS_END,
};

static struct err *say_reservation(const struct arm_status *s, struct buf *b)
{
	cleanup(buf_deinit) struct buf asked = BUF_INIT;
	struct err *err = reservation_describe(s, &asked);

	buf_printf(b, "crashkernel=:  %s",
		   s->crashkernel[0] ? s->crashkernel : "not given");
	if (asked.len)
		buf_printf(b, " (%s with %lluM of RAM)", buf_text(&asked),
			   arming_mib(s->ram_bytes));
	buf_printf(b, "\nreserved:      %lluM", arming_mib(s->kexec.reserved_bytes));
	if (s->crashkernel_start)
		buf_printf(b, " at 0x%llx", (unsigned long long)s->crashkernel_start);
	buf_add_str(b, "\n");
	if (s->asked.is_given && s->asked.why[0])
		buf_printf(b, "warning:       %s\n", s->asked.why);
	return err;
}

static void say_loaded(const struct arm_status *s, struct buf *b)
{
	const struct arm_record *r = &s->record;
	time_t when = (time_t)r->when;
	char date[32] = "";
	struct tm tm;

	buf_printf(b, "state:         %s\n",
		   arm_is_ready(s)	? "armed"
		   : s->kexec.is_loaded ? "armed in vain, too little memory is reserved"
					: "not armed");
	if (!*r->kernel)
		return;
	if (localtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	buf_printf(b, "loaded:        %s\n", date);
	buf_printf(b, "kernel:        %s\n", r->kernel);
	buf_printf(b, "initramfs:     %s (%.1f MiB, %.1f MiB unpacked)\n", r->initrd,
		   (double)r->image_bytes / (double)MIB,
		   (double)r->unpacked_bytes / (double)MIB);
	if (*r->outdated)
		buf_printf(
			b,
			"warning:       an image from before, as no new one can be built: %s\n",
			r->outdated);
	buf_printf(b, "target:        %s\n", r->target);
	buf_printf(b, "command line:  %s\n", r->command_line);
}

/* What arming would load now; why it cannot is told and is no failure. */
static struct err *say_planned(const char *root, struct buf *b)
{
	cleanup(buf_deinit) struct buf plan = BUF_INIT;
	struct capture_config config = {0};
	struct err *err = configuration_read(root, &config);

	if (!err)
		err = arm_describe(root, &config, &plan);
	capture_config_deinit(&config);
	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err)
		buf_printf(b, "\nArming would fail: %s\n", err_message(err));
	else
		buf_printf(b, "\nArming now would load:\n%s", buf_text(&plan));
	err_ignore(err);
	return NULL;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *root = arming_root(given);
	struct arm_status s;
	struct err *err = arm_status_read(root, &s);

	if (err)
		return err;
	say_loaded(&s, &b);
	err = say_reservation(&s, &b);
	if (!err)
		err = say_planned(root, &b);
	if (!arm_is_ready(&s))
		*status = EXIT_NOT_READY;
	arm_status_deinit(&s);
	return err ? err : cmd_print(&b);
}

const struct cmd cmd_show = {
	.opts = {.name = "show",
		 .operands = "",
		 .summary = "Show what is reserved and loaded, and what would be.",
		 .options = options},
	.run = run,
};
