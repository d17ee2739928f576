/* The capture role: a row of phases, each a process of its own, and an honest end. */
#include "capture/role.h"

#include "base/clock.h"
#include "base/str.h"
#include "capture/diagnosis.h"
#include "capture/dialect.h"
#include "capture/failure.h"
#include "capture/hook.h"
#include "capture/phase.h"
#include "capture/remote.h"
#include "capture/save.h"
#include "capture/system.h"
#include "capture/watchdog.h"
#include "format/console_line.h"

#include <string.h>
#include <unistd.h>

#define ROLE	"capture"
#define VMCORE	"/proc/vmcore"
#define MEMINFO "/proc/meminfo"
/* In memory, until there is a disk. */
#define REPORT "/report.txt"

/* A few seconds at most on any machine, and it must not keep the dump waiting for ever. */
#define DIAGNOSIS_MS 60000
#define REPORT_MS    60000
/* A journal may have to be replayed. */
#define MOUNT_MS 180000

/* A capture on its way through the targets. */
struct capture {
	struct role *role;
	struct target target;
	bool hooks_ran;		  /* those before the dump; they run once */
	bool is_refused;	  /* by one of them: only log and report are saved */
	enum record_outcome best; /* of the targets so far, and where that is */
	char best_directory[RECORD_TEXT_SIZE];
};

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
	const struct target *t = ctx;

	return t->kind->open(t);
}

/* The directory, and what is known before the dump. A disk too full even for this may still
 * take the rest of a log. */
static struct err *work_directory(void *ctx)
{
	const struct target *t = ctx;
	struct err *err = t->kind->begin(t);

	if (err)
		return err;
	sink_warn(t->sink, save_first_record(t));
	sink_warn(t->sink, save_report(REPORT, t));
	return NULL;
}

static struct err *work_dmesg(void *ctx)
{
	return save_dmesg(VMCORE, ctx);
}

static struct err *work_report(void *ctx)
{
	return save_report_tree(VMCORE, ctx);
}

static struct err *work_dump(void *ctx)
{
	return save_dump(VMCORE, ctx);
}

static struct err *work_copy(void *ctx)
{
	return save_copy(VMCORE, ctx);
}

static struct err *settle_and_save_record(const struct target *t)
{
	if (t->kind->begin && !t->record->directory[0])
		return NULL;
	save_left_over(t);
	if (t->kind->holds_files)
		sink_warn(t->sink, save_capture_log(t));
	record_settle(t->record);
	return t->kind->holds_files ? save_record(t) : NULL;
}

/* The last phase of a target: tell what was done, and let go of it. */
static struct err *work_finish(void *ctx)
{
	const struct target *t = ctx;

	sink_warn(t->sink, settle_and_save_record(t));
	if (t->record->outcome == RECORD_COMPLETE && t->manifest->keep_dumps &&
	    t->kind->prune)
		sink_warn(t->sink, t->kind->prune(t));
	return t->kind->close ? t->kind->close(t) : NULL;
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

bool role_run_phase(struct role *r, const char *name, phase_work *work, void *ctx,
		    u64 own_ms)
{
	const struct manifest_deadlines *d = &r->manifest->deadlines;
	u64 start = clock_now_ms(), spent = start - r->record->started_ms;
	u64 left = spent < d->overall_ms ? d->overall_ms - spent : 1;
	struct phase_limits limits = {.stall_ms = own_ms ? 0 : d->stall_ms,
				      .overall_ms = own_ms ? own_ms : left};
	struct err *err;
	u64 ms;

	record_step(r->record, MEMINFO);
	err = phase_run(work, ctx, &limits, &r->record->progress);
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

static void run_pre_hooks(struct capture *c)
{
	if (c->hooks_ran)
		return;
	c->hooks_ran = true;
	c->is_refused = !hooks_run(c->role, "pre", NULL);
	if (c->is_refused)
		record_fail(c->role->record, "a hook before the dump failed, and by that "
					     "refused it");
}

/* The dump, in the way that is left. Each is a process of its own: a collector that runs
 * out of memory does not keep the copy from being made. */
static bool save_memory(struct role *r, struct target *t)
{
	bool is_saved;

	dialect_begin_dump(t);
	is_saved = role_run_phase(r, "dump", work_dump, t, 0);
	if (!is_saved && save_may_copy(t)) {
		dialect_begin_copy(t);
		is_saved = role_run_phase(r, "copy", work_copy, t, 0);
	}
	dialect_saved_dump(t, is_saved ? NULL : r->record->reason);
	return is_saved;
}

/* All that is saved, on a target that is open. True if the dump is. */
static bool save_all(struct capture *c)
{
	struct role *r = c->role;
	struct target *t = &c->target;

	if (t->kind->holds_files) {
		if (!role_run_phase(r, "directory", work_directory, t, 0))
			return false;
		dialect_begin_log(t);
		if (r->manifest->save_dmesg && role_run_phase(r, "dmesg", work_dmesg, t, 0))
			dialect_saved_log(t);
		role_run_phase(r, "report", work_report, t, REPORT_MS);
	}
	run_pre_hooks(c);
	return c->is_refused ? false : save_memory(r, t);
}

static void say_target(struct role *r, const struct manifest_target *row)
{
	struct buf line = BUF_INIT;

	console_line_begin(&line, "target");
	console_line_add(&line, "kind", row->kind);
	console_line_add(&line, "device", row->device);
	console_line_add(&line, "path", row->path);
	sink_fact(&r->sink, &line);
}

/* How long it may take until a target can be written to. */
static u64 open_ms(const struct capture *c)
{
	const struct manifest_deadlines *d = &c->role->manifest->deadlines;
	u64 ms = d->device_ms + MOUNT_MS;

	if (c->target.kind->is_remote)
		ms += d->network_ms + remote_retry_ms(c->target.row);
	return min_u64(ms, d->overall_ms);
}

/* Try one target. True if the dump is there, all of it. */
static bool try_target(struct capture *c, const struct manifest_target *row)
{
	struct role *r = c->role;
	bool is_saved;

	say_target(r, row);
	record_begin_target(r->record, row->kind, row->device);
	c->target = (struct target){.kind = target_kind_find(row->kind),
				    .row = row,
				    .manifest = r->manifest,
				    .record = r->record,
				    .sink = &r->sink,
				    .root = TARGET_MOUNT_POINT};
	if (!c->target.kind) {
		struct err *err =
			err_new(ERR_UNSUPPORTED, "\"%s\" is no kind of target", row->kind);

		record_fail(r->record, err_message(err));
		sink_warn(&r->sink, err);
		return false;
	}
	if (!role_run_phase(r, "target", work_target, &c->target, open_ms(c)))
		return false;
	is_saved = save_all(c);
	say_saved(r);
	role_run_phase(r, "finish", work_finish, &c->target, r->manifest->deadlines.end_ms);
	/* Had that been killed. */
	record_settle(r->record);
	if (r->record->outcome > c->best) {
		c->best = r->record->outcome;
		memcpy(c->best_directory, r->record->directory, RECORD_TEXT_SIZE);
	}
	return is_saved;
}

/* Try the targets that are (or are not) the root file system, in their order. */
static bool try_targets(struct capture *c, bool is_rootfs)
{
	const struct manifest *m = c->role->manifest;

	for (size_t i = 0; i < m->num_targets; i++) {
		const struct manifest_target *row = &m->targets[i];

		if (str_eq(row->kind, "rootfs") == is_rootfs && try_target(c, row))
			return true;
	}
	return false;
}

static void say_end(struct role *r)
{
	const struct record *record = r->record;
	const char *outcome = record_outcome_name(record->outcome);
	struct buf line = BUF_INIT;

	role_begin_end(r, &line, ROLE, outcome,
		       record->outcome == RECORD_COMPLETE ? NULL : record->reason);
	if (record->directory[0])
		console_line_add(&line, "directory", record->directory);
	console_line_add_u64(&line, "mem_available_low", record->mem_available_low_bytes);
	console_line_add_u64(&line, "seconds_ms", clock_now_ms() - record->started_ms);
	sink_fact(&r->sink, &line);
}

static void begin_record(struct role *r)
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
}

void role_capture(struct role *r)
{
	struct capture c = {.role = r};
	pid_t watchdog = 0;
	bool is_saved;

	begin_record(r);
	/* What can be said is said before a disk is touched. */
	role_run_phase(r, "diagnosis", work_diagnosis, r, DIAGNOSIS_MS);
	role_run_phase(r, "modules", work_modules, r, 0);
	if (r->manifest->watchdog)
		watchdog = watchdog_start(&r->sink, r->manifest->deadlines.overall_ms * 2);
	if (!r->manifest->num_targets)
		record_fail(r->record, "the manifest names no target");
	is_saved = try_targets(&c, false);
	if (!is_saved && str_eq(r->manifest->failure_action, "dump_to_rootfs"))
		is_saved = try_targets(&c, true);
	r->record->outcome = c.best;
	memcpy(r->record->directory, c.best_directory, RECORD_TEXT_SIZE);
	hooks_run(r, "post", is_saved ? "0" : "1");
	/* A hook that refuses the dump is no failure: kdump.conf(5) has final_action then.
	 */
	if (!is_saved && !c.is_refused)
		failure_act(r);
	watchdog_stop(watchdog);
	say_end(r);
}
