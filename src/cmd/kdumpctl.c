#include "cmd/kdumpctl.h"

#include "arm/bootloader.h"
#include "base/child.h"
#include "base/str.h"
#include "cmd/crash_test.h"
#include "cmd/exit.h"
#include "cmd/propagate.h"
#include "cmd/savecore.h"
#include "cmd/service.h"

#include <string.h>
#include <sys/utsname.h>

#define PROGRAM "kdumpctl"

#define REBOOT_TIMEOUT_MS (60 * 1000)

enum { OK = 0, FAILED = 1 };

static int print(const char *line)
{
	printf("%s\n", line);
	return OK;
}

static int fail(const char *line)
{
	printf("%s\n", line);
	return FAILED;
}

/* Tell @err, if it is one. */
static int outcome(const struct service *s, struct err *err)
{
	int status = err ? FAILED : OK;

	service_tell(s, err);
	return status;
}

/* ---- start and stop; who calls holds the lock ---- */

static int cannot_start(const struct service *s, struct err *err)
{
	service_tell(s, err);
	return fail("Starting kdump: [FAILED]");
}

static int load(struct service *s)
{
	struct err *err = service_load(s, &(struct service_load){0});

	if (err) {
		service_tell(s, err);
		printf("kexec: failed to load kdump kernel\n");
		return fail("Starting kdump: [FAILED]");
	}
	printf("kexec: loaded kdump kernel\n");
	return print("Starting kdump: [OK]");
}

static int stop(struct service *s, char **words)
{
	struct err *err = service_unload(s);

	if (err) {
		service_tell(s, err);
		printf("kexec: failed to unload kdump kernel\n");
		return fail("Stopping kdump: [FAILED]");
	}
	printf("kexec: unloaded kdump kernel\n");
	return print("Stopping kdump: [OK]");
}

static struct err *reboot_system(void)
{
	static const char *const argv[] = {"reboot", NULL};
	const struct child_spec spec = {.argv = argv};
	struct child_output output = {0};
	struct err *err = child_run(&spec, REBOOT_TIMEOUT_MS, NULL, &output);

	if (!err && output.status)
		err = err_new(ERR_OS, "reboot ended with status %d", output.status);
	child_output_deinit(&output);
	return err;
}

/* A whole system came up in the capture kernel: what is due is not arming. It reboots then,
 * because nobody wants to live in so little memory; a dump that was not saved is as lost
 * either way. */
static int save_core(struct service *s)
{
	struct err *err = service_configure_to_look(s, CONFIG_KDUMP);
	int status;

	if (!err)
		err = savecore(s);
	status = outcome(s, err);
	return *s->root ? status : status | outcome(s, reboot_system());
}

static int start(struct service *s, char **words)
{
	struct err *err;

	if (savecore_is_due(s->root))
		return save_core(s);
	if (service_is_loaded(s->root))
		return print("Kdump already running: [WARNING]");
	err = service_configure(s, CONFIG_KDUMP);
	if (err)
		return cannot_start(s, err);
	if (s->config.is_enabled) {
		service_take_raw_dumps(s);
		return load(s);
	}
	fprintf(stderr, PROGRAM ": not armed: USE_KDUMP is not 1\n");
	return OK;
}

/* What is loaded stays until all that can fail before a load has been done. */
static int restart(struct service *s, char **words)
{
	struct err *err = service_configure(s, CONFIG_KDUMP);
	int status = OK;

	if (!err && s->config.is_enabled)
		err = service_load(s, &(struct service_load){.no_load = true});
	if (err && service_is_loaded(s->root))
		fprintf(stderr, PROGRAM ": what was loaded before still is\n");
	if (err)
		return cannot_start(s, err);
	if (service_is_loaded(s->root))
		status = stop(s, words);
	return status || !s->config.is_enabled ? status : load(s);
}

static int reload(struct service *s, char **words)
{
	if (!service_is_loaded(s->root))
		printf("Kdump was not running: [WARNING]\n");
	return restart(s, words);
}

/* What udev rules and kernel hooks call: nothing is armed that was not. */
static int condrestart(struct service *s, char **words)
{
	return service_is_loaded(s->root) ? restart(s, words) : OK;
}

/* For the kernel that is configured, or the release that is given: what a kernel's
 * installation calls. */
static int rebuild(struct service *s, char **words)
{
	struct err *err = service_configure(s, CONFIG_KDUMP);

	if (!err && words[0])
		service_choose_release(s, words[0]);
	if (!err)
		err = service_load(
			s, &(struct service_load){.rebuild = true, .no_load = true});
	return outcome(s, err);
}

/* ---- looking ---- */

static int status(struct service *s, char **words)
{
	if (service_is_ready(s))
		return print("Kdump is operational");
	print("Kdump is not operational");
	return EXIT_NOT_READY;
}

static int showmem(struct service *s, char **words)
{
	struct kexec_state state = {0};

	service_tell(s, kexec_read_state(s->root, &state));
	printf("Reserved %lluMB memory for crash kernel\n",
	       (unsigned long long)(state.reserved_bytes >> 20));
	return OK;
}

/* What reset-crashkernel sets: the table of RHEL for this kind of machine. */
static const char *default_value(void)
{
	struct utsname u;

	return uname(&u) == 0 && str_eq(u.machine, "aarch64")
		       ? "2G-4G:256M,4G-64G:320M,64G-:576M"
		       : "2G-64G:256M,64G-:512M";
}

static int default_crashkernel(struct service *s, char **words)
{
	return print(default_value());
}

struct reset {
	const char *kernel; /* NULL: all of them */
	bool reboots;
};

/* The words behind reset-crashkernel. */
static struct err *read_reset(char **words, struct reset *ret)
{
	for (; *words; words++) {
		if (str_has_prefix(*words, "--kernel=")) {
			const char *kernel = *words + strlen("--kernel=");
			bool is_all = str_eq(kernel, "ALL") || str_eq(kernel, "DEFAULT");

			ret->kernel = is_all ? NULL : kernel;
		} else if (str_eq(*words, "--reboot")) {
			ret->reboots = true;
		} else if (!str_eq(*words, "--fadump=off")) {
			return err_new(
				ERR_USAGE,
				"reset-crashkernel: \"%s\" is not known; there are "
				"--kernel=PATH|ALL|DEFAULT, --reboot and --fadump=off",
				*words);
		}
	}
	return NULL;
}

static void tell_step(void *ctx, const char *sentence)
{
	fprintf(stderr, PROGRAM ": %s\n", sentence);
}

static int reset_crashkernel(struct service *s, char **words)
{
	struct reset reset = {NULL};
	bool changed = false;
	struct bootloader_options options = {.root = s->root,
					     .value = default_value(),
					     .say = tell_step,
					     .changed = &changed};
	struct err *err = read_reset(words, &reset);

	options.kernel = reset.kernel;
	if (!err)
		err = bootloader_set(&options);
	if (!err && changed)
		printf("Updated crashkernel=%s for kernel=%s. Please reboot the system for "
		       "the change to take effect.\n",
		       options.value, reset.kernel ? reset.kernel : "ALL");
	if (!err && changed && reset.reboots && !*s->root) {
		fflush(stdout);
		err = reboot_system();
	}
	return outcome(s, err);
}

static int test(struct service *s, char **words)
{
	bool asks = !words[0] || !str_eq(words[0], "--force");
	bool is_armed = service_is_loaded(s->root);
	int failed;

	if (words[0] && asks) {
		fprintf(stderr, PROGRAM ": test takes --force, not %s\n", words[0]);
		return FAILED;
	}
	failed = outcome(s, crash_test(s->root, asks));
	return failed && !is_armed ? EXIT_NOT_READY : failed;
}

static int send_key(struct service *s, char **words)
{
	struct err *err = service_configure(s, CONFIG_KDUMP);

	return outcome(s, err ? err : propagate(s, CONFIG_KDUMP));
}

/* ---- the words ---- */

static const struct action {
	const char *word;
	bool locks, takes_words;
	int (*run)(struct service *s, char **words);
} actions[] = {
	{"estimate", false, false, kdumpctl_estimate},
	{"start", true, false, start},
	{"stop", true, false, stop},
	{"status", false, false, status},
	{"restart", true, false, restart},
	{"reload", true, false, reload},
	{"condrestart", true, false, condrestart},
	{"rebuild", true, true, rebuild},
	{"propagate", false, false, send_key},
	{"showmem", false, false, showmem},
	{"test", false, true, test},
	{"reset-crashkernel", true, true, reset_crashkernel},
	{"get-default-crashkernel", false, false, default_crashkernel},
};

static const struct action *find_action(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (str_eq(actions[i].word, word))
			return &actions[i];
	return NULL;
}

static int usage(FILE *f, int status)
{
	fprintf(f, "Usage: " PROGRAM " [--root=DIR] {");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		fprintf(f, "%s%s", i ? "|" : "", actions[i].word);
	fprintf(f, "}\n");
	return status;
}

static int run(struct service *s, const struct action *action, char **words)
{
	int lock = -1;
	int status;
	struct err *err;

	if (words[0] && !action->takes_words) {
		fprintf(stderr, PROGRAM ": %s takes no further words, there is %s\n",
			action->word, words[0]);
		return usage(stderr, FAILED);
	}
	err = action->locks ? arm_lock(s->root, SERVICE_LOCK_WAIT_MS, &lock) : NULL;
	if (err)
		return outcome(s, err);
	status = action->run(s, words);
	if (action->locks)
		arm_unlock(lock);
	return status;
}

int kdumpctl_main(int argc, char **argv)
{
	cleanup(service_deinit) struct service s = {.program = PROGRAM};
	const struct action *action;
	struct err *err = service_take_root(&argc, &argv, &s.root);
	int status;

	if (err)
		return outcome(&s, err);
	if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h")))
		return usage(stdout, OK);
	action = argc > 1 ? find_action(argv[1]) : NULL;
	if (!action)
		return usage(stderr, FAILED);
	status = run(&s, action, argv + 2);
	return fflush(stdout) == 0 ? status : FAILED;
}
