/* The capture role: a row of phases, each a process of its own, and an honest end. */
#include "capture/role.h"

#include "base/clock.h"
#include "capture/diagnosis.h"
#include "capture/dumpdir.h"
#include "capture/phase.h"
#include "capture/save.h"
#include "capture/system.h"
#include "capture/target.h"
#include "format/console_line.h"

#include <string.h>
#include <unistd.h>

#define ROLE	    "capture"
#define VMCORE	    "/proc/vmcore"
#define MEMINFO	    "/proc/meminfo"
#define MOUNT_POINT "/mnt"
/* In memory, until there is a disk. */
#define REPORT "/report.txt"

/* A few seconds at most on any machine, and it must not keep the dump waiting for ever. */
#define DIAGNOSIS_MS 60000

static struct err *work_diagnosis(void *ctx)
{
	struct role *r = ctx;

	return diagnosis_say(VMCORE, REPORT, &r->sink);
}

static struct err *work_modules(void *ctx)
{
	role_load_modules(ctx);
	return NULL;
}

static struct err *work_target(void *ctx)
{
	struct role *r = ctx;
	const struct manifest_target *target = r->manifest->targets;
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	cleanup(freep) char *parent = NULL;
	struct err *err;

	if (!r->manifest->num_targets)
		return err_new(ERR_USAGE, "the manifest names no target");
	err = target_mount(target, r->manifest->deadlines.device_ms, MOUNT_POINT);
	if (err)
		return err;
	if (asprintf(&parent, MOUNT_POINT "/%s", target->path + strspn(target->path, "/")) <
	    0) {
		parent = NULL;
		return err_nomem();
	}
	err = dumpdir_create(parent, target->host, time(NULL), &d);
	if (err)
		return err;
	snprintf(r->record->directory, sizeof(r->record->directory), "%s", d.path);
	/* A disk too full even for this may still take the rest of a log. */
	sink_warn(&r->sink, save_first_record(&d, r->record, strlen(MOUNT_POINT)));
	sink_warn(&r->sink, save_report(REPORT, &d, r->record));
	return NULL;
}

static struct err *work_dmesg(void *ctx)
{
	struct role *r = ctx;
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	struct err *err = dumpdir_open(r->record->directory, &d);

	return err ? err : save_dmesg(VMCORE, &d, r->record);
}

static struct err *work_dump(void *ctx)
{
	struct role *r = ctx;
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	struct err *err = dumpdir_open(r->record->directory, &d);

	return err ? err : save_dump(VMCORE, &r->manifest->dump, &r->sink, &d, r->record);
}

static struct err *settle_and_save_record(struct role *r)
{
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	struct err *err;

	if (!r->record->directory[0])
		return NULL;
	err = dumpdir_open(r->record->directory, &d);
	if (err)
		return err;
	save_left_over(&d, r->record);
	record_settle(r->record);
	return save_record(&d, r->record, strlen(MOUNT_POINT));
}

/* The last phase: tell what was done, and let go of the disk. */
static struct err *work_finish(void *ctx)
{
	struct role *r = ctx;

	sink_warn(&r->sink, settle_and_save_record(r));
	return target_unmount(MOUNT_POINT);
}

static void say_phase(struct role *r, const char *name, u64 ms, const struct err *err)
{
	struct buf line = BUF_INIT;
	u64 available = 0;

	meminfo_bytes(MEMINFO, "MemAvailable", &available);
	console_line_begin(&line, "phase");
	console_line_add(&line, "name", name);
	console_line_add_u64(&line, "seconds_ms", ms);
	console_line_add_u64(&line, "mem_available", available);
	if (err)
		console_line_add(&line, "failed", err_message(err));
	sink_fact(&r->sink, &line);
}

/* Run one phase and put it on record; @own_ms is its own limit, 0 if only those for the
 * whole capture hold. One with its own limit need not show progress before. True if it did
 * its work. */
static bool run_phase(struct role *r, const char *name, phase_work *work, u64 own_ms)
{
	const struct manifest_deadlines *d = &r->manifest->deadlines;
	u64 start = clock_now_ms(), spent = start - r->record->started_ms;
	u64 left = spent < d->overall_ms ? d->overall_ms - spent : 1;
	struct phase_limits limits = {.stall_ms = own_ms ? 0 : d->stall_ms,
				      .overall_ms = own_ms ? own_ms : left};
	struct err *err;
	u64 ms;

	record_step(r->record, MEMINFO);
	err = phase_run(work, r, &limits, &r->record->progress);
	record_step(r->record, MEMINFO);
	ms = clock_now_ms() - start;
	record_add_phase(r->record, name, ms, err != NULL);
	say_phase(r, name, ms, err);
	if (!err)
		return true;
	err = err_wrap(err, "%s", name);
	record_fail(r->record, err_message(err));
	err_free(err);
	return false;
}

static void say_saved(struct role *r)
{
	for (size_t i = 0; i < r->record->num_files; i++) {
		const struct record_file *f = &r->record->files[i];
		struct buf line = BUF_INIT;

		if (!f->is_complete)
			continue;
		console_line_begin(&line, "saved");
		console_line_add(&line, "name", f->name);
		console_line_add_u64(&line, "bytes", f->bytes);
		sink_fact(&r->sink, &line);
	}
}

/* The phases in their order. What can be said is said before a disk is touched. */
static void run_phases(struct role *r)
{
	const u64 device_ms = r->manifest->deadlines.device_ms;

	run_phase(r, "diagnosis", work_diagnosis, DIAGNOSIS_MS);
	run_phase(r, "modules", work_modules, 0);
	if (run_phase(r, "target", work_target, device_ms * 2)) {
		run_phase(r, "dmesg", work_dmesg, 0);
		run_phase(r, "dump", work_dump, 0);
	}
}

static void say_end(struct role *r)
{
	const struct record *record = r->record;
	const char *outcome = record_outcome_name(record->outcome);
	struct buf line = BUF_INIT;

	role_begin_end(r, &line, ROLE, outcome,
		       record->outcome == RECORD_COMPLETE ? NULL : record->reason);
	if (record->directory[0])
		console_line_add(&line, "directory",
				 record->directory + strlen(MOUNT_POINT));
	console_line_add_u64(&line, "mem_available_low", record->mem_available_low_bytes);
	console_line_add_u64(&line, "seconds_ms", clock_now_ms() - record->started_ms);
	sink_fact(&r->sink, &line);
}

void role_capture(struct role *r)
{
	struct record *record = r->record;

	record->started = time(NULL);
	record->started_ms = clock_now_ms();
	record->dump_level = r->manifest->dump.level;
	snprintf(record->compression, sizeof(record->compression), "%s",
		 r->manifest->dump.compression);
	meminfo_bytes(MEMINFO, "MemTotal", &record->mem_total_bytes);
	identity_read("", &record->identity);
	/* These two are the capture kernel's own. */
	record->identity.machine_id[0] = record->identity.boot_id[0] = '\0';
	identity_from_cmdline(r->cmdline, &record->identity);
	run_phases(r);
	say_saved(r);
	run_phase(r, "finish", work_finish, r->manifest->deadlines.end_ms);
	say_end(r);
}
