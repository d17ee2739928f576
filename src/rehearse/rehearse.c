#include "rehearse/rehearse.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "format/crashkernel.h"
#include "machine/machine.h"
#include "machine/qmp_socket.h"
#include "rehearse/rehearse_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* The scratch disk is sparse: what counts is that any dump fits. */
#define DISK_EXTRA_BYTES (512ULL << 20)

const char *rehearse_phase_name(enum rehearse_phase phase)
{
	static const char *const names[] = {
		[REHEARSE_KERNEL] = "kernel",
		[REHEARSE_IMAGE] = "image",
		[REHEARSE_DISK] = "disk",
		[REHEARSE_BOOT] = "boot",
		[REHEARSE_LOAD] = "load",
		[REHEARSE_CRASH] = "crash",
		[REHEARSE_CAPTURE_BOOT] = "capture-boot",
		[REHEARSE_CAPTURE] = "capture",
		[REHEARSE_POWER_OFF] = "power-off",
		[REHEARSE_EXTRACT] = "extract",
		[REHEARSE_VERIFY] = "verify",
		[REHEARSE_REPORT] = "report",
	};

	return names[phase];
}

const char *rehearse_trigger_name(enum rehearse_trigger trigger)
{
	static const char *const names[] = {
		[REHEARSE_TRIGGER_NMI] = "nmi",
		[REHEARSE_TRIGGER_SYSRQ] = "sysrq",
		[REHEARSE_TRIGGER_OUTSIDE] = "outside",
	};

	return names[trigger];
}

const char *rehearse_outcome_name(enum rehearse_outcome outcome)
{
	static const char *const names[] = {
		[REHEARSE_PASSED] = "passed",
		[REHEARSE_FAILED] = "failed",
		[REHEARSE_NOT_ARMED] = "not-armed",
		[REHEARSE_INCOMPLETE] = "incomplete",
		[REHEARSE_CAPTURE_DIED] = "capture-died",
	};

	return names[outcome];
}

void rehearse_result_deinit(struct rehearse_result *r)
{
	free(r->sentence);
	free(r->release);
	free(r->package);
	free(r->console_log);
	free(r->keep_dir);
	json_decref(r->report);
	free(r->report_text);
	*r = (struct rehearse_result){0};
}

/* ---- telling ---- */

static printf_like(2, 0) void format(struct buf *b, const char *fmt, va_list args)
{
	char text[512] = "";

	if (fmt)
		vsnprintf(text, sizeof(text), fmt, args);
	buf_add_str(b, text);
}

void rehearsal_begin(struct rehearsal *r, enum rehearse_phase phase)
{
	r->phase = phase;
	r->phase_start_ms = clock_now_ms();
	r->observer->begin(r->observer->ctx, phase);
}

void rehearsal_done(struct rehearsal *r, const char *fmt, ...)
{
	cleanup(buf_deinit) struct buf detail = BUF_INIT;
	u64 ms = clock_now_ms() - r->phase_start_ms;
	va_list args;

	va_start(args, fmt);
	format(&detail, fmt, args);
	va_end(args);
	r->result->has_phase[r->phase] = true;
	r->result->phase_ms[r->phase] = ms;
	r->observer->done(r->observer->ctx, r->phase, ms, buf_text(&detail));
	r->phase = REHEARSE_PHASES;
}

void rehearsal_news(struct rehearsal *r, const char *fmt, ...)
{
	cleanup(buf_deinit) struct buf detail = BUF_INIT;
	va_list args;

	va_start(args, fmt);
	format(&detail, fmt, args);
	va_end(args);
	r->observer->news(r->observer->ctx, r->phase, buf_text(&detail));
}

void rehearsal_remark(struct rehearsal *r, const char *fmt, ...)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	va_list args;

	va_start(args, fmt);
	format(&text, fmt, args);
	va_end(args);
	r->observer->remark(r->observer->ctx, buf_text(&text));
}

void rehearsal_tick(struct rehearsal *r)
{
	if (r->observer->tick && r->phase != REHEARSE_PHASES)
		r->observer->tick(r->observer->ctx, r->phase);
}

/* ---- preparing ---- */

static struct err *check_crashkernel(const struct rehearse_config *c)
{
	struct crashkernel parsed;
	struct err *err = crashkernel_parse(c->crashkernel, &parsed);

	if (err)
		return err;
	if (crashkernel_evaluate(&parsed, c->memory_bytes) == 0)
		return err_new(
			ERR_REFUSED,
			"crashkernel=%s reserves nothing on a machine of %lluM: no range "
			"of it holds that",
			c->crashkernel, (unsigned long long)c->memory_bytes >> 20);
	return NULL;
}

/* Can the socket be made? To be known before minutes are spent on all else. */
static struct err *check_qmp_path(const struct rehearse_config *c)
{
	cleanup(closep) int fd = -1;
	struct err *err;

	if (c->trigger != REHEARSE_TRIGGER_OUTSIDE)
		return NULL;
	err = qmp_socket_bind(c->qmp_path, &fd);
	if (!err)
		unlink(c->qmp_path);
	return err;
}

static void kernel_news(void *ctx, const char *what)
{
	rehearsal_news(ctx, "%s", what);
}

static struct err *find_kernel(struct rehearsal *r)
{
	const struct rehearse_config *c = r->config;
	const struct kernel_package_fetch fetch = {.name = c->package,
						   .cache_dir = c->cache_dir,
						   .news = kernel_news,
						   .ctx = r,
						   .cancel = c->cancel};

	if (c->package)
		return kernel_package_fetch(&fetch, &r->kernel);
	if (c->kernel)
		return kernel_package_from_paths(c->kernel, c->modules_dir, &r->kernel);
	return kernel_package_of_running(&r->kernel);
}

/* Names by which the dump can be told from any other: the guest's DMI UUID (of version 4,
 * RFC 9562) and its machine-id. */
static struct err *make_identity(struct rehearsal *r)
{
	u8 b[32];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return err_os(errno, "cannot get random bytes");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(r->uuid, sizeof(r->uuid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
		 b[12], b[13], b[14], b[15]);
	for (int i = 0; i < 16; i++)
		snprintf(r->machine_id + 2 * i, 3, "%02x", b[16 + i]);
	return NULL;
}

static struct err *prepare(struct rehearsal *r)
{
	struct rehearse_result *result = r->result;
	struct err *err;

	rehearsal_begin(r, REHEARSE_KERNEL);
	err = find_kernel(r);
	if (err)
		return err;
	result->release = strdup(r->kernel.release);
	result->package = r->kernel.name ? strdup(r->kernel.name) : NULL;
	rehearsal_done(r, "%s", r->kernel.name ? r->kernel.name : r->kernel.release);

	rehearsal_begin(r, REHEARSE_IMAGE);
	err = make_identity(r);
	if (!err)
		err = rehearsal_build_image(r);
	if (err)
		return err;
	rehearsal_done(r, "capture image %.2f MB packed, %.2f MB unpacked",
		       (double)result->image_packed_bytes / 1e6,
		       (double)result->image_unpacked_bytes / 1e6);

	rehearsal_begin(r, REHEARSE_DISK);
	err = disk_new(NULL, r->config->memory_bytes + DISK_EXTRA_BYTES, "inquest",
		       r->config->cancel, &r->disk);
	if (!err)
		rehearsal_done(r, NULL);
	return err;
}

/* ---- the whole ---- */

static enum rehearse_outcome outcome_of(enum verdict_kind kind)
{
	static const enum rehearse_outcome outcomes[] = {
		[VERDICT_COMPLETE] = REHEARSE_PASSED,
		[VERDICT_INCOMPLETE] = REHEARSE_INCOMPLETE,
		[VERDICT_NOT_ARMED] = REHEARSE_NOT_ARMED,
		[VERDICT_CAPTURE_DIED] = REHEARSE_CAPTURE_DIED,
		[VERDICT_FAILED] = REHEARSE_FAILED,
	};

	return outcomes[kind];
}

static struct err *run_and_harvest(struct rehearsal *r)
{
	cleanup(buf_deinit) struct buf sentence = BUF_INIT;
	enum verdict_kind verdict = VERDICT_FAILED;
	struct err *err = results_open_log(r->results, &r->log_fd);

	if (!err)
		err = rehearsal_run_guest(r, &verdict, &sentence);
	if (err)
		return err;
	r->result->outcome = outcome_of(verdict);
	if (verdict != VERDICT_COMPLETE)
		r->result->sentence = steal(sentence.data);
	if (verdict == VERDICT_COMPLETE || verdict == VERDICT_INCOMPLETE)
		err = rehearsal_harvest(r);
	return err;
}

/* The console log is worth keeping if it was asked for, or tells why something failed. */
static void keep_log(struct rehearsal *r, bool has_failed)
{
	struct err *err;

	if (!r->results || r->log_fd < 0 || (!results_dir(r->results) && !has_failed))
		return;
	err = results_keep_log(r->results, &r->result->console_log);
	if (err)
		rehearsal_remark(r, "the console log could not be kept: %s",
				 err_message(err));
	err_free(err);
}

struct err *rehearse_run(const struct rehearse_config *config,
			 const struct rehearse_observer *observer,
			 struct rehearse_result *ret)
{
	struct rehearsal r = {.config = config,
			      .observer = observer,
			      .result = ret,
			      .image_fd = -1,
			      .log_fd = -1,
			      .phase = REHEARSE_PHASES};
	u64 start_ms = clock_now_ms();
	bool is_cancelled;
	struct err *err = check_crashkernel(config);

	*ret = (struct rehearse_result){.outcome = REHEARSE_FAILED};
	if (!err)
		err = check_qmp_path(config);
	if (!err)
		err = machine_check_installed();
	if (!err)
		err = results_open(config->keep_dir, &r.results);
	if (!err && config->keep_dir) {
		ret->keep_dir = strdup(config->keep_dir);
		err = ret->keep_dir ? NULL : err_nomem();
	}
	if (!err)
		err = prepare(&r);
	if (!err)
		err = run_and_harvest(&r);
	is_cancelled = cancel_is_set(config->cancel);
	if (err)
		ret->outcome = REHEARSE_FAILED;
	keep_log(&r, ret->outcome != REHEARSE_PASSED && !is_cancelled);
	ret->total_ms = clock_now_ms() - start_ms;
	closep(&r.image_fd);
	disk_free(r.disk);
	results_free(r.results);
	kernel_package_deinit(&r.kernel);
	return err;
}
