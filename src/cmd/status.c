#include "arm/arm.h"
#include "arm/reservation.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"

#include <time.h>

static const struct opt options[] = {
	ARMING_ROOT_OPTION,
	OPTS_END,
};

static void say_armed(const struct arm_status *s, struct buf *b)
{
	const struct arm_record *r = &s->record;
	time_t when = (time_t)r->when;
	char date[32] = "";
	struct tm tm;

	buf_printf(b, "armed: %lluM reserved",
		   (unsigned long long)s->kexec.reserved_bytes >> 20);
	if (!*r->kernel) {
		buf_add_str(b, ", by another program than this\n");
		return;
	}
	if (localtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	buf_printf(b, ", kernel %s, loaded %s\n", r->release, date);
	buf_printf(b, "target: %s\n", r->target);
	if (*r->outdated)
		buf_printf(
			b,
			"warning: with an image from before, as no new one can be built: %s\n",
			r->outdated);
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct arm_status s;
	struct err *err = arm_status_read(arming_root(given), &s);

	if (err)
		return err;
	if (arm_is_ready(&s)) {
		say_armed(&s, &b);
	} else {
		*status = EXIT_NOT_READY;
		buf_add_str(&b, s.kexec.is_loaded ? "armed in vain: " : "not armed: ");
		err = reservation_why_not_armed(&s, &b);
		buf_add_char(&b, '\n');
	}
	arm_status_deinit(&s);
	return err ? err : cmd_print(&b);
}

const struct cmd cmd_status = {
	.opts = {.name = "status",
		 .operands = "",
		 .summary = "Tell whether a crash would be captured.",
		 .options = options},
	.run = run,
};
