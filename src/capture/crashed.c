/* The crashed role: everything a real machine does between boot and crash, in short. */
#include "capture/role.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "capture/system.h"
#include "format/console_line.h"
#include "format/kernel_cmdline.h"
#include "kexec/kexec.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ROLE	  "crashed"
#define HOST_NAME "inquest-rehearsal"

static void set_sysctls(struct role *r)
{
	const struct manifest_crashed *c = &r->manifest->crashed;

	for (size_t i = 0; i < c->num_sysctls; i++) {
		struct err *err =
			system_set_sysctl("", c->sysctls[i].name, c->sysctls[i].value);
		struct buf line = BUF_INIT;

		console_line_begin(&line, "sysctl");
		console_line_add(&line, "name", c->sysctls[i].name);
		console_line_add(&line, "value", c->sysctls[i].value);
		console_line_add(&line, "outcome", err ? "failed" : "ok");
		if (err)
			console_line_add(&line, "reason", err_message(err));
		sink_fact(&r->sink, &line);
		err_free(err);
	}
}

static void say_load_failed(struct role *r, struct err *err,
			    const struct kexec_facts *facts)
{
	const char *name = facts->os_errno ? strerrorname_np(facts->os_errno) : NULL;
	struct buf line = BUF_INIT;

	console_line_begin(&line, "load-failed");
	console_line_add(&line, "reason", err_message(err));
	if (name)
		console_line_add(&line, "errno", name);
	console_line_add_u64(&line, "reserved", facts->reserved_bytes);
	console_line_add_u64(&line, "needed", facts->needed_bytes);
	sink_fact(&r->sink, &line);
	role_begin_end(r, &line, ROLE, "load-failed", err_message(err));
	sink_fact(&r->sink, &line);
	err_free(err);
}

static bool load_capture_kernel(struct role *r)
{
	const struct manifest_crashed *c = &r->manifest->crashed;
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	struct kexec_facts facts = {0};
	struct kexec_image image;
	struct err *err;

	identity_add_to_cmdline(&r->record->identity, c->command_line, &command_line);
	err = buf_check(&command_line);
	if (!err) {
		image = (struct kexec_image){.kernel = c->kernel,
					     .initrd = c->initrd,
					     .command_line = command_line.data};
		err = kexec_load_crash("", &image, &facts);
	}
	if (err) {
		say_load_failed(r, err, &facts);
		return false;
	}
	/* They lie in the reservation now; what they took here is wanted back. */
	unlink(c->kernel);
	unlink(c->initrd);
	return true;
}

/* A process that does what most processes of a machine do: nothing. */
static void start_sleeper(const char *name)
{
	if (fork() != 0)
		return;
	prctl(PR_SET_NAME, name);
	for (;;)
		clock_sleep_ms(3600 * 1000);
}

static void start_reader(const char *name)
{
	int fds[2];
	char byte;

	if (fork() != 0)
		return;
	prctl(PR_SET_NAME, name);
	if (pipe(fds) == 0)
		while (read(fds[0], &byte, 1) >= 0)
			;
	_exit(0);
}

static void say_ready(struct role *r, const char *trigger)
{
	struct kexec_state state = {0};
	struct buf line = BUF_INIT;

	sink_warn(&r->sink, kexec_read_state("", &state));
	console_line_begin(&line, "ready");
	console_line_add_u64(&line, "crash_size", state.reserved_bytes);
	console_line_add(&line, "boot_id", r->record->identity.boot_id);
	console_line_add(&line, "machine_id", r->record->identity.machine_id);
	console_line_add(&line, "trigger", trigger);
	sink_fact(&r->sink, &line);
}

/* Crash from a process with a name of its own, which the report should then name. */
static void crash_by_sysrq(struct role *r)
{
	struct buf line = BUF_INIT;

	console_line_begin(&line, "trigger");
	console_line_add(&line, "kind", "sysrq");
	sink_fact(&r->sink, &line);
	if (fork() != 0)
		return;
	prctl(PR_SET_NAME, "inquest-trigger");
	err_ignore(io_write_file("/proc/sysrq-trigger", 0600, "c", 1));
	_exit(0);
}

void role_crashed(struct role *r)
{
	cleanup(buf_deinit) struct buf trigger = BUF_INIT;
	struct buf line = BUF_INIT;

	/* Whatever goes wrong here, the machine has served its purpose. */
	r->end = SYSTEM_POWER_OFF;
	/* So that a report can tell whose it is. */
	if (sethostname(HOST_NAME, strlen(HOST_NAME)) < 0)
		sink_warn(&r->sink, err_os(errno, "cannot set the host name"));
	identity_read("", &r->record->identity);
	if (!r->manifest->crashed.kernel) {
		role_begin_end(r, &line, ROLE, "failed",
			       "this image has no capture kernel to load");
		sink_fact(&r->sink, &line);
		return;
	}
	role_load_modules(r);
	set_sysctls(r);
	if (!load_capture_kernel(r))
		return;
	start_sleeper("idle-sleeper");
	start_sleeper("idle-worker");
	start_reader("pipe-reader");
	if (!kernel_cmdline_find(r->cmdline, "inquest.trigger", &trigger))
		buf_add_str(&trigger, "nmi");
	say_ready(r, buf_text(&trigger));
	if (str_eq(buf_text(&trigger), "sysrq"))
		crash_by_sysrq(r);
	/* Whoever interrupts it from outside takes the time that it takes. */
	while (str_eq(buf_text(&trigger), "outside"))
		pause();
	clock_sleep_ms(r->manifest->deadlines.overall_ms);
	role_begin_end(r, &line, ROLE, "no-trigger", "nothing crashed this kernel in time");
	sink_fact(&r->sink, &line);
}
