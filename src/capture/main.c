/* inquest-capture: PID 1 of the capture kernel, and of the guest in a rehearsal. */
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "capture/role.h"
#include "capture/system.h"
#include "format/console_line.h"
#include "format/kernel_cmdline.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROTOCOL 1
#define MEMINFO	 "/proc/meminfo"

static void say_start(struct role *r, const char *role)
{
	struct buf line = BUF_INIT;
	u64 total = 0, available = 0;

	meminfo_bytes(MEMINFO, "MemTotal", &total);
	meminfo_bytes(MEMINFO, "MemAvailable", &available);
	console_line_begin(&line, "start");
	console_line_add(&line, "role", role);
	console_line_add(&line, "version", INQUEST_VERSION);
	console_line_add_u64(&line, "protocol", PROTOCOL);
	console_line_add_u64(&line, "mem_total", total);
	console_line_add_u64(&line, "mem_available", available);
	sink_fact(&r->sink, &line);
}

static struct err *read_manifest(struct manifest *ret)
{
	cleanup(freep) char *text = NULL;
	size_t len;
	struct err *err = io_read_file(MANIFEST_PATH, MANIFEST_BYTES_MAX, &text, &len);

	if (!err)
		err = manifest_parse(text, len, ret);
	return err_wrap(err, "manifest " MANIFEST_PATH);
}

static void run_role(struct role *r, const char *role)
{
	cleanup(buf_deinit) struct buf final = BUF_INIT;
	struct buf line = BUF_INIT;
	struct err *err;

	say_start(r, role);
	err = record_new(&r->record);
	if (!err)
		err = read_manifest(r->manifest);
	if (err) {
		role_begin_end(r, &line, role, "failed", err_message(err));
		sink_fact(&r->sink, &line);
		err_free(err);
		return;
	}
	system_end_parse(r->manifest->final, &r->end);
	if (kernel_cmdline_find(r->cmdline, "inquest.final", &final))
		r->end_is_given = system_end_parse(buf_text(&final), &r->end);
	setenv("TZ", r->manifest->time_zone, 1);
	if (str_eq(role, "crashed"))
		role_crashed(r);
	else
		role_capture(r);
}

int main(int argc, char **argv)
{
	struct manifest manifest = MANIFEST_DEFAULTS;
	struct role r = {.manifest = &manifest};
	cleanup(freep) char *cmdline = NULL;
	cleanup(buf_deinit) struct buf role = BUF_INIT;
	struct err *err;

	if (getpid() != 1) {
		fprintf(stderr,
			"inquest-capture " INQUEST_VERSION
			" is /init of a capture kernel: see inquest rehearse and inquest arm\n");
		return 2;
	}
	umask(077);
	err = system_mount_basics();
	r.sink = sink_open();
	sink_warn(&r.sink, err);
	sink_warn(&r.sink,
		  io_read_file("/proc/cmdline", KERNEL_CMDLINE_SIZE, &cmdline, NULL));
	r.cmdline = cmdline ? cmdline : "";
	/* Where there is a dump to be saved, nothing else may be done. */
	if (access("/proc/vmcore", F_OK) == 0 ||
	    !kernel_cmdline_find(r.cmdline, "inquest.role", &role))
		run_role(&r, "capture");
	else
		run_role(&r, str_eq(buf_text(&role), "crashed") ? "crashed" : "capture");
	system_go_down(r.end, manifest.deadlines.end_ms);
	/* Ending as PID 1 panics this kernel, and panic= reboots it. */
	return 1;
}
