/* The guest of a rehearsal: started, crashed, watched to its end, and judged. */
#include "rehearse/rehearse_priv.h"

#include "base/clock.h"
#include "base/str.h"
#include "machine/machine.h"

#include <string.h>

/* A guest that works prints, reads or writes something every few seconds, even on a
 * machine that is ten times too busy. */
#define SILENCE_MS 120000
/* For a panic's call trace to be printed. */
#define PANIC_TRACE_MS 2000
/* Alive, but to no end. */
#define LATE_MS (30u * 60 * 1000)
/* A KVM that makes progress prints its first line within a second. There are machines
 * (nested ones) where guests start and then hang. */
#define KVM_PATIENCE_MS	      5000
#define KVM_PATIENCE_ASKED_MS 60000
#define NMI_REPLY_MS	      30000
/* Between "ready" and the NMI, so that it does not find the guest printing that word. */
#define SETTLE_MS 500

struct guest {
	struct rehearsal *r;
	struct machine *machine;
	enum story_phase told; /* the story's phase as the observer knows it */
	bool is_triggered;
	u64 told_done;
};

/* Which phase of the rehearsal is under way in a phase of the story. */
static enum rehearse_phase phase_of(enum story_phase phase)
{
	static const enum rehearse_phase phases[] = {
		[STORY_FIRMWARE] = REHEARSE_BOOT,
		[STORY_BOOT] = REHEARSE_BOOT,
		[STORY_LOAD] = REHEARSE_LOAD,
		[STORY_READY] = REHEARSE_CRASH,
		[STORY_CAPTURE_BOOT] = REHEARSE_CAPTURE_BOOT,
		[STORY_CAPTURE] = REHEARSE_CAPTURE,
		[STORY_END] = REHEARSE_POWER_OFF,
	};

	return phases[phase];
}

static void take_line(void *ctx, const char *line, size_t len, u64 at_ms)
{
	struct guest *g = ctx;

	story_take_line(&g->r->story, line, len, at_ms);
}

/* What is worth telling of a phase that has just ended. */
static void end_phase(struct guest *g)
{
	const struct story *s = &g->r->story;
	char a[STR_SIZE_TEXT_LEN], b[STR_SIZE_TEXT_LEN];

	switch (phase_of(g->told)) {
	case REHEARSE_LOAD:
		rehearsal_done(g->r, "%lluM reserved",
			       (unsigned long long)s->reserved_bytes >> 20);
		break;
	case REHEARSE_CAPTURE_BOOT:
		rehearsal_done(g->r, "%s of %s available",
			       str_format_size(a, s->mem_at_init),
			       str_format_size(b, s->mem_total));
		break;
	case REHEARSE_CAPTURE:
		rehearsal_done(g->r, "%s saved", str_format_size(a, s->vmcore_bytes));
		break;
	default:
		rehearsal_done(g->r, NULL);
		break;
	}
}

/* Bring the observer up to the story. A phase that was too short to be seen is told too. */
static void tell_phases(struct guest *g)
{
	const struct story *s = &g->r->story;

	while (g->told < s->phase) {
		enum story_phase next = g->told + 1;

		if (phase_of(next) != phase_of(g->told)) {
			end_phase(g);
			rehearsal_begin(g->r, phase_of(next));
		}
		g->told = next;
	}
	if (s->phase == STORY_CAPTURE && s->done != g->told_done && s->total) {
		g->told_done = s->done;
		rehearsal_news(
			g->r, "%llu %% of the dump",
			(unsigned long long)(100.0 * (double)s->done / (double)s->total));
	}
}

static struct err *trigger(struct guest *g)
{
	g->is_triggered = true;
	/* For sysrq the guest crashes itself. */
	switch (g->r->config->trigger) {
	case REHEARSE_TRIGGER_NMI:
		return machine_inject_nmi(g->machine, NMI_REPLY_MS, g->r->config->cancel);
	case REHEARSE_TRIGGER_OUTSIDE:
		rehearsal_remark(g->r, "The guest waits for an interrupt at qmp:%s",
				 g->r->config->qmp_path);
		return NULL;
	default:
		return NULL;
	}
}

static struct err *start(struct guest *g, enum machine_accel accel)
{
	struct rehearsal *r = g->r;
	const struct rehearse_config *c = r->config;
	cleanup(buf_deinit) struct buf command_line = BUF_INIT, image_path = BUF_INIT;
	const int keep_fds[] = {r->image_fd, disk_fd(r->disk)};
	struct machine_config m = {
		.kernel_path = r->kernel.image,
		.disk_path = disk_path(r->disk),
		.cpu_model = c->cpu_model,
		.uuid = r->uuid,
		.console_path = c->console_path,
		.memory_bytes = c->memory_bytes,
		.num_cpus = c->num_cpus,
		.accel = accel,
		.keep_fds = keep_fds,
		.num_keep_fds = ARRAY_SIZE(keep_fds),
		.log_fd = r->log_fd,
		.log_name = "console.log",
		.line = take_line,
		.ctx = g,
	};
	struct err *err;

	buf_printf(
		&command_line,
		"console=ttyS0,115200 earlyprintk=ttyS0,115200 crashkernel=%s inquest.role=crashed "
		"inquest.trigger=%s panic=10",
		c->crashkernel, rehearse_trigger_name(c->trigger));
	if (c->append)
		buf_printf(&command_line, " %s", c->append);
	buf_printf(&image_path, "/proc/self/fd/%d", r->image_fd);
	err = buf_check(&command_line);
	if (!err)
		err = buf_check(&image_path);
	if (err)
		return err;
	m.command_line = command_line.data;
	m.initrd_path = image_path.data;
	if (c->trigger == REHEARSE_TRIGGER_OUTSIDE) {
		m.qmp_path = c->qmp_path;
		m.has_pvpanic = true;
	}
	r->story = (struct story){0};
	r->result->accel = accel == MACHINE_KVM ? "kvm" : "tcg";
	return machine_start(&m, &g->machine);
}

static bool has_settled(const struct guest *g)
{
	const struct story *s = &g->r->story;

	return s->phase == STORY_READY &&
	       machine_age_ms(g->machine) >= s->phase_ms[STORY_READY] + SETTLE_MS;
}

/* Run until @is_over says so or the guest ends. */
static struct err *watch(struct guest *g, bool (*is_over)(const struct guest *g))
{
	while (machine_state(g->machine) == MACHINE_RUNNING && !is_over(g)) {
		struct err *err = machine_step(g->machine, 250, g->r->config->cancel);

		if (err)
			return err;
		tell_phases(g);
		rehearsal_tick(g->r);
		if (!g->is_triggered && has_settled(g)) {
			err = trigger(g);
			if (err)
				return err;
		}
	}
	return NULL;
}

static bool is_silent(const struct guest *g)
{
	return machine_age_ms(g->machine) - machine_last_sign_ms(g->machine) > SILENCE_MS;
}

/* A panic that was not asked for is the end: the ten seconds until the reset of panic=10
 * bring nothing but the rest of the call trace. */
static bool has_panicked(const struct guest *g)
{
	const struct story *s = &g->r->story;

	return s->saw_panic && machine_age_ms(g->machine) > s->panic_ms + PANIC_TRACE_MS;
}

/* For a trigger that is not ours, and nobody knows when it will come? */
static bool is_waiting(const struct guest *g)
{
	const struct story *s = &g->r->story;

	return g->r->config->trigger == REHEARSE_TRIGGER_OUTSIDE &&
	       s->phase == STORY_READY && !s->crashed_ms;
}

static bool is_over_for_good(const struct guest *g)
{
	if (is_waiting(g))
		return false;
	/* Before its crash a guest may have waited for long. */
	return has_panicked(g) || is_silent(g) ||
	       machine_age_ms(g->machine) >
		       g->r->story.phase_ms[STORY_CAPTURE_BOOT] + LATE_MS;
}

static bool has_booted_or_should_have(const struct guest *g)
{
	u64 patience = g->r->config->accel == REHEARSE_ACCEL_KVM ? KVM_PATIENCE_ASKED_MS
								 : KVM_PATIENCE_MS;

	return g->r->story.phase >= STORY_BOOT || machine_age_ms(g->machine) > patience;
}

/* Start the guest under KVM and see that it boots. *@ret_boots tells whether it does; if
 * not, the guest is gone again and @why says why. */
static struct err *try_kvm(struct guest *g, bool *ret_boots, struct buf *why)
{
	struct err *err = start(g, MACHINE_KVM);

	if (!err)
		err = watch(g, has_booted_or_should_have);
	if (err)
		return err;
	*ret_boots = g->r->story.phase >= STORY_BOOT;
	if (*ret_boots)
		return NULL;
	if (machine_state(g->machine) == MACHINE_RUNNING)
		buf_printf(why, "a guest made no boot progress in %llu s",
			   (unsigned long long)machine_age_ms(g->machine) / 1000);
	else
		machine_reason(g->machine, why);
	machine_free(steal(g->machine));
	return NULL;
}

static struct err *start_with_right_accel(struct guest *g)
{
	cleanup(buf_deinit) struct buf why = BUF_INIT;
	enum rehearse_accel accel = g->r->config->accel;
	bool boots = false;
	struct err *err;

	if (accel == REHEARSE_ACCEL_TCG)
		return start(g, MACHINE_TCG);
	if (!machine_kvm_is_there()) {
		if (accel == REHEARSE_ACCEL_KVM)
			return err_new(ERR_ABSENT, "/dev/kvm cannot be opened: use --accel "
						   "tcg, which is slower");
		return start(g, MACHINE_TCG);
	}
	err = try_kvm(g, &boots, &why);
	if (err || boots)
		return err;
	if (accel == REHEARSE_ACCEL_KVM)
		return err_new(ERR_ABSENT, "KVM does not work here: %s; use --accel tcg",
			       buf_text(&why));
	rehearsal_remark(g->r,
			 "KVM does not work here (%s): going on with TCG, which is slower",
			 buf_text(&why));
	return start(g, MACHINE_TCG);
}

static enum story_end end_of(const struct guest *g)
{
	switch (machine_state(g->machine)) {
	case MACHINE_POWERED_OFF:
		return STORY_POWERED_OFF;
	case MACHINE_RESET:
		return STORY_RESET;
	case MACHINE_ENDED:
		return STORY_QEMU_ENDED;
	default:
		return is_silent(g) ? STORY_SILENT : STORY_LATE;
	}
}

static void note_numbers(struct rehearsal *r)
{
	r->result->reserved_bytes = r->story.reserved_bytes;
	r->result->capture_mem_total_bytes = r->story.mem_total;
	r->result->capture_mem_low_bytes = r->story.mem_low;
	r->result->dump_bytes = r->story.vmcore_bytes;
}

struct err *rehearsal_run_guest(struct rehearsal *r, enum verdict_kind *ret,
				struct buf *sentence)
{
	struct guest g = {.r = r};
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct verdict_question question = {.crashkernel = r->config->crashkernel,
					    .silence_ms = SILENCE_MS,
					    .from_outside = r->config->trigger ==
							    REHEARSE_TRIGGER_OUTSIDE};
	struct err *err;

	rehearsal_begin(r, REHEARSE_BOOT);
	err = start_with_right_accel(&g);
	if (!err)
		err = watch(&g, is_over_for_good);
	if (!err) {
		tell_phases(&g);
		question.end = end_of(&g);
		if (question.end == STORY_QEMU_ENDED)
			machine_reason(g.machine, &reason);
		question.qemu_reason = buf_text(&reason);
		*ret = story_judge(&r->story, &question, sentence);
		if (r->story.phase == STORY_END)
			rehearsal_done(r, NULL);
		err = buf_check(sentence);
	}
	note_numbers(r);
	machine_free(g.machine);
	return err;
}
