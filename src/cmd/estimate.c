#include "arm/estimate.h"

#include "arm/configuration.h"
#include "arm/reservation.h"
#include "base/str.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"

#define MIB (1ULL << 20)

static const struct opt options[] = {
	ARMING_ROOT_OPTION,
	OPTS_END,
};

static void say_part(struct buf *b, u64 bytes, const char *what)
{
	if (bytes)
		buf_printf(b, "  %6.1f MiB  %s\n", (double)bytes / (double)MIB, what);
}

static void say_sum(const struct estimate *e, struct buf *b)
{
	buf_printf(b, "recommended: crashkernel=%lluM\n", arming_mib(e->recommended_bytes));
	say_part(b, e->kernel_bytes, "kernel image and what it needs to unpack itself");
	say_part(b, e->initrd_bytes, "image, packed");
	say_part(b, e->unpacked_bytes, "image, unpacked");
	say_part(b, e->memmap_bytes,
		 "memory map, also where a section boundary is crossed");
	say_part(b, e->runtime_bytes, "what the kernel allocates until the image starts");
	say_part(b, e->cpus_bytes, "CPUs after the first");
	say_part(b, e->devices_bytes, "buffers of drivers");
	say_part(b, e->margin_bytes, "margin");
	for (size_t i = 0; i < e->num_large; i++)
		buf_printf(b, "large module: %s, %.1f MiB\n", e->large[i].name,
			   (double)e->large[i].bytes / (double)MIB);
}

/* What crashkernel= of this boot comes to. */
static struct err *say_reserved(const char *root, const struct estimate *e, struct buf *b)
{
	cleanup(buf_deinit) struct buf asked = BUF_INIT;
	struct arm_status s;
	struct err *err = arm_status_read(root, &s);

	if (err)
		return err;
	err = reservation_describe(&s, &asked);
	buf_printf(b, "reserved:    %lluM", arming_mib(e->reserved_bytes));
	if (s.crashkernel[0])
		buf_printf(b, " (crashkernel=%s%s%s)", s.crashkernel, asked.len ? ": " : "",
			   buf_text(&asked));
	buf_add_str(b, "\n");
	if (s.asked.is_given && s.asked.why[0])
		buf_printf(b, "warning: %s\n", s.asked.why);
	else if (e->reserved_bytes < e->recommended_bytes)
		buf_printf(b, "warning: %lluM less than recommended are reserved\n",
			   arming_mib(e->recommended_bytes) -
				   arming_mib(e->reserved_bytes));
	arm_status_deinit(&s);
	return err;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *root = arming_root(given);
	struct capture_config config = {0};
	struct estimate e;
	struct err *err = configuration_read(root, &config);

	if (!err)
		err = estimate_make(root, &config, NULL, &e);
	capture_config_deinit(&config);
	if (!err)
		err = say_reserved(root, &e, &b);
	if (err)
		return err;
	say_sum(&e, &b);
	return cmd_print(&b);
}

const struct cmd cmd_estimate = {
	.opts = {.name = "estimate",
		 .operands = "",
		 .summary = "Tell how much memory a capture kernel needs, and why.",
		 .options = options},
	.run = run,
};
