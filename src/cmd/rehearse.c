#include "rehearse/rehearse.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/ending.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_CRASHKERNEL "128M"
#define DEFAULT_MEMORY	    "1G"
#define DEFAULT_PACKAGE	    "linux-image-amd64"
#define MEMORY_MIN	    (256ULL << 20)
#define MEMORY_MAX	    (64ULL << 40)
#define CPUS_MAX	    64

/* ---- progress ---- */

/* A terminal gets one line per phase that lives while the phase does; anything else gets a
 * line when a phase is done. With --json all of it goes to standard error. */
struct progress {
	FILE *out;
	bool is_terminal;
	u64 start_ms, phase_ms, drawn_ms;
	char news[256];
	bool is_open; /* a live line stands without its end */
};

static const char *phase_title(enum rehearse_phase phase)
{
	static const char *const titles[] = {
		[REHEARSE_KERNEL] = "kernel",
		[REHEARSE_IMAGE] = "images",
		[REHEARSE_DISK] = "scratch disk",
		[REHEARSE_BOOT] = "guest boots",
		[REHEARSE_LOAD] = "capture kernel loaded",
		[REHEARSE_CRASH] = "crash",
		[REHEARSE_CAPTURE_BOOT] = "capture kernel boots",
		[REHEARSE_CAPTURE] = "dump saved",
		[REHEARSE_POWER_OFF] = "power off",
		[REHEARSE_EXTRACT] = "dump taken out",
		[REHEARSE_VERIFY] = "dump verified",
		[REHEARSE_REPORT] = "report made",
	};

	return titles[phase];
}

static void draw(struct progress *p, enum rehearse_phase phase)
{
	u64 now = clock_now_ms();

	if (!p->is_terminal)
		return;
	p->drawn_ms = now;
	p->is_open = true;
	fprintf(p->out, "\r\033[K%7.1f s  %-22s %5.1f s  %.60s",
		(double)(now - p->start_ms) / 1000, phase_title(phase),
		(double)(now - p->phase_ms) / 1000, p->news);
	fflush(p->out);
}

static void on_begin(void *ctx, enum rehearse_phase phase)
{
	struct progress *p = ctx;

	p->phase_ms = clock_now_ms();
	p->news[0] = '\0';
	draw(p, phase);
}

static void on_news(void *ctx, enum rehearse_phase phase, const char *detail)
{
	struct progress *p = ctx;

	snprintf(p->news, sizeof(p->news), "%s", detail);
	draw(p, phase);
}

static void on_tick(void *ctx, enum rehearse_phase phase)
{
	struct progress *p = ctx;

	if (clock_now_ms() - p->drawn_ms >= 200)
		draw(p, phase);
}

static void on_done(void *ctx, enum rehearse_phase phase, u64 ms, const char *detail)
{
	struct progress *p = ctx;

	fprintf(p->out, "%s%7.1f s  %-22s %5.1f s%s%s\n", p->is_open ? "\r\033[K" : "",
		(double)(clock_now_ms() - p->start_ms) / 1000, phase_title(phase),
		(double)ms / 1000, *detail ? "  " : "", detail);
	fflush(p->out);
	p->is_open = false;
}

static void on_remark(void *ctx, const char *text)
{
	struct progress *p = ctx;

	fprintf(p->out, "%s%s\n", p->is_open ? "\r\033[K" : "", text);
	fflush(p->out);
	p->is_open = false;
}

static void close_line(struct progress *p)
{
	if (p->is_open)
		fputc('\n', p->out);
	p->is_open = false;
}

/* ---- options ---- */

static struct err *take_memory(const char *text, u64 *ret)
{
	if (!str_parse_size(text, ret) || *ret < MEMORY_MIN || *ret > MEMORY_MAX)
		return err_new(ERR_USAGE,
			       "--memory %s: give a size such as 1G, at least %lluM", text,
			       MEMORY_MIN >> 20);
	return NULL;
}

static struct err *take_cpus(const char *text, unsigned *ret)
{
	u64 cpus = 0;

	if (!str_parse_u64(text, &cpus) || cpus < 1 || cpus > CPUS_MAX)
		return err_new(ERR_USAGE, "--cpus %s: give a number from 1 to %d", text,
			       CPUS_MAX);
	*ret = (unsigned)cpus;
	return NULL;
}

/* The place of @text in @words, which end with NULL. */
static struct err *take_word(const char *option, const char *text, const char *const *words,
			     int *ret)
{
	cleanup(buf_deinit) struct buf choices = BUF_INIT;

	for (int i = 0; words[i]; i++) {
		if (str_eq(text, words[i])) {
			*ret = i;
			return NULL;
		}
		buf_printf(&choices, "%s%s", i ? ", " : "", words[i]);
	}
	return err_new(ERR_USAGE, "--%s %s: give one of %s", option, text,
		       buf_text(&choices));
}

static struct err *take_kernel(const struct opts_result *given, struct rehearse_config *c)
{
	c->kernel = opts_value(given, "kernel", NULL);
	c->modules_dir = opts_value(given, "modules", NULL);
	if (opts_has(given, "apt"))
		c->package = opts_value(given, "apt", DEFAULT_PACKAGE);
	if (!c->kernel != !c->modules_dir)
		return err_new(ERR_USAGE, "--kernel and --modules are given together");
	if (c->kernel && c->package)
		return err_new(ERR_USAGE, "--apt and --kernel are two kernels: give one");
	return NULL;
}

static struct err *take_trigger(const char *text, struct rehearse_config *c)
{
	static const char *const triggers[] = {"nmi", "sysrq", "qmp:PATH", NULL};
	static const char qmp[] = "qmp:";
	int trigger = 0;
	struct err *err;

	if (str_has_prefix(text, qmp)) {
		c->trigger = REHEARSE_TRIGGER_OUTSIDE;
		c->qmp_path = text + strlen(qmp);
		return NULL;
	}
	err = take_word("trigger", text, triggers, &trigger);
	c->trigger = (enum rehearse_trigger)trigger;
	return err;
}

/* Values that are not given keep their defaults. */
static struct err *take_options(const struct opts_result *given, struct rehearse_config *c)
{
	static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
	int accel = 0;
	struct err *err = take_kernel(given, c);

	if (!err)
		err = take_memory(opts_value(given, "memory", DEFAULT_MEMORY),
				  &c->memory_bytes);
	if (!err)
		err = take_cpus(opts_value(given, "cpus", "2"), &c->num_cpus);
	if (!err)
		err = take_trigger(opts_value(given, "trigger", "nmi"), c);
	if (!err)
		err = take_word("accel", opts_value(given, "accel", "auto"), accels,
				&accel);
	c->accel = (enum rehearse_accel)accel;
	c->cpu_model = opts_value(given, "cpu-model", "max");
	c->crashkernel = opts_value(given, "crashkernel", DEFAULT_CRASHKERNEL);
	c->append = opts_value(given, "append", NULL);
	c->console_path = opts_value(given, "console", NULL);
	c->keep_dir = opts_value(given, "keep", NULL);
	c->cancel = ending_flag();
	return err;
}

static struct err *default_cache_dir(struct buf *b)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		buf_printf(b, "%s/inquest", cache);
	else if (home && *home == '/')
		buf_printf(b, "%s/.cache/inquest", home);
	else
		buf_add_str(b, "/var/cache/inquest");
	return buf_check(b);
}

/* ---- results ---- */

static void add_summary(struct buf *b, const struct rehearse_result *r)
{
	char low[STR_SIZE_TEXT_LEN], total[STR_SIZE_TEXT_LEN], dump[STR_SIZE_TEXT_LEN];

	buf_printf(
		b,
		"Rehearsed in %.1f s: kernel %s under %s, capture image %.2f MB packed and "
		"%.2f MB unpacked,\n"
		"%lluM reserved, at least %s of %s available in the capture kernel, dump of "
		"%s (%llu pages).\n",
		(double)r->total_ms / 1000, r->release, r->accel,
		(double)r->image_packed_bytes / 1e6, (double)r->image_unpacked_bytes / 1e6,
		(unsigned long long)r->reserved_bytes >> 20,
		str_format_size(low, r->capture_mem_low_bytes),
		str_format_size(total, r->capture_mem_total_bytes),
		str_format_size(dump, r->dump_bytes), (unsigned long long)r->dump_pages);
	if (r->keep_dir)
		buf_printf(b, "All of it is in %s.\n", r->keep_dir);
	buf_add_char(b, '\n');
}

static struct err *print_json(const struct rehearse_result *r,
			      const struct rehearse_config *config)
{
	json_t *root = NULL;
	struct err *err = rehearse_result_format(r, config, &root);

	if (!err)
		err = cmd_print_json(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	json_decref(root);
	return err;
}

static struct err *print_text(const struct rehearse_result *r)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	if (!r->report_text)
		return NULL;
	buf_add_char(&b, '\n');
	add_summary(&b, r);
	buf_add_str(&b, r->report_text);
	return cmd_print(&b);
}

static enum exit_status status_of(enum rehearse_outcome outcome)
{
	static const enum exit_status statuses[] = {
		[REHEARSE_PASSED] = EXIT_DONE,
		[REHEARSE_FAILED] = EXIT_FAILED,
		[REHEARSE_NOT_ARMED] = EXIT_NOT_READY,
		[REHEARSE_INCOMPLETE] = EXIT_INCOMPLETE,
		[REHEARSE_CAPTURE_DIED] = EXIT_CAPTURE_DIED,
	};

	return statuses[outcome];
}

/* Add the way to the console log, if one was kept, behind the sentence. */
static struct err *with_console_log(struct err *err, const struct rehearse_result *r)
{
	struct err *longer;

	if (!r->console_log)
		return err;
	longer = err_new(err_code(err), "%s\nThe console log is in %s", err_message(err),
			 r->console_log);
	err_free(err);
	return longer;
}

/* The sentence of an outcome that is not good. */
static struct err *outcome_err(const struct rehearse_result *r)
{
	if (r->outcome == REHEARSE_PASSED)
		return NULL;
	return with_console_log(err_new(ERR_REFUSED, "%s",
					r->sentence ? r->sentence : "the rehearsal failed"),
				r);
}

/* A reader of JSON gets its document for a rehearsal that could not be made, too. */
static struct err *fail_as_json(struct err *err, struct rehearse_result *r,
				const struct rehearse_config *config)
{
	r->outcome = REHEARSE_FAILED;
	free(r->sentence);
	r->sentence = strdup(err_message(err));
	err_ignore(print_json(r, config));
	return with_console_log(err, r);
}

static struct err *run_rehearse(const struct opts_result *given, enum exit_status *status)
{
	cleanup(rehearse_result_deinit) struct rehearse_result result = {0};
	cleanup(buf_deinit) struct buf cache_dir = BUF_INIT;
	struct rehearse_config config = {0};
	bool as_json = opts_has(given, "json");
	struct progress progress = {.out = as_json ? stderr : stdout,
				    .start_ms = clock_now_ms()};
	struct rehearse_observer observer = {.begin = on_begin,
					     .news = on_news,
					     .done = on_done,
					     .remark = on_remark,
					     .tick = on_tick,
					     .ctx = &progress};
	struct err *err = take_options(given, &config);

	if (!err)
		err = default_cache_dir(&cache_dir);
	if (err)
		return err;
	config.cache_dir = opts_value(given, "cache", cache_dir.data);
	progress.is_terminal = isatty(fileno(progress.out));
	ending_catch();
	err = rehearse_run(&config, &observer, &result);
	close_line(&progress);
	if (ending_signal()) {
		*status = (enum exit_status)(128 + ending_signal());
		err_free(err);
		return err_new(ERR_REFUSED, "interrupted: nothing was left behind");
	}
	if (err && as_json && err_code(err) != ERR_USAGE)
		return fail_as_json(err, &result, &config);
	if (err)
		return with_console_log(err, &result);
	*status = status_of(result.outcome);
	err = as_json ? print_json(&result, &config) : print_text(&result);
	return err ? err : outcome_err(&result);
}

const struct cmd cmd_rehearse = {
	.opts = {.name = "rehearse",
		 .operands = "",
		 .summary = "Crash a kernel in a throw-away guest and say why it died.",
		 .options =
			 (const struct opt[]){
				 {"kernel", 0, OPTS_VALUE, "VMLINUZ",
				  "The kernel to rehearse; the running one if not given."},
				 {"modules", 0, OPTS_VALUE, "DIR",
				  "Its modules, lib/modules/RELEASE; given with --kernel."},
				 {"apt", 0, OPTS_OPTIONAL, "PACKAGE",
				  "Fetch the kernel of a Debian package, " DEFAULT_PACKAGE
				  " if none is named, without installing it."},
				 {"cache", 0, OPTS_VALUE, "DIR",
				  "Where --apt keeps what it unpacked; ~/.cache/inquest if not "
				  "given."},
				 {"memory", 0, OPTS_VALUE, "SIZE",
				  "Memory of the guest; " DEFAULT_MEMORY " if not given."},
				 {"cpus", 0, OPTS_VALUE, "N",
				  "CPUs of the guest; 2 if not given."},
				 {"cpu-model", 0, OPTS_VALUE, "MODEL",
				  "CPU model as QEMU's -cpu takes it; max if not given."},
				 {"crashkernel", 0, OPTS_VALUE, "GRAMMAR",
				  "What to reserve, as on the kernel command line; " DEFAULT_CRASHKERNEL
				  " if not given."},
				 {"append", 0, OPTS_VALUE, "WORDS",
				  "More words for the command line of the kernel that is "
				  "crashed."},
				 {"trigger", 0, OPTS_VALUE, "KIND",
				  "How to crash the guest: nmi (the default), sysrq, or qmp:PATH: "
				  "wait until somebody sends it an NMI through that QMP socket."},
				 {"console", 0, OPTS_VALUE, "FILE",
				  "Write the guest's console to FILE, as it comes."},
				 {"accel", 0, OPTS_VALUE, "KIND",
				  "auto (KVM if a guest boots with it, else TCG), kvm or tcg."},
				 {"keep", 0, OPTS_VALUE, "DIR",
				  "Keep the dump, the report and the console log in DIR."},
				 {"json", 0, OPTS_FLAG, NULL,
				  "Print one JSON document; progress goes to standard error."},
				 OPTS_END},
		 .min_operands = 0,
		 .max_operands = 0},
	.run = run_rehearse,
};
