#include "cmd/kdump_config.h"

#include "arm/plan.h"
#include "arm/root.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/propagate.h"
#include "cmd/savecore.h"
#include "format/kernel_cmdline.h"

#include <string.h>

#define PROGRAM "kdump-config"

#define CMDLINE_BYTES_MAX 65536

enum { OK = 0, FAILED = 1 };

static int outcome(const struct service *s, struct err *err)
{
	int status = err ? FAILED : OK;

	service_tell(s, err);
	return status;
}

static int remark(const char *text, int status)
{
	printf(" * %s\n", text);
	return status;
}

/* ---- what is in the way ---- */

static bool has_crashkernel(const char *root)
{
	cleanup(freep) char *text =
		root_read_or_null(root, "/proc/cmdline", CMDLINE_BYTES_MAX);

	return text && kernel_cmdline_has(text, "crashkernel");
}

/* Tell of what keeps this machine from being armed: all of it, or with @stops the first. */
static int check_support(const struct service *s, bool stops)
{
	struct kexec_state state;
	struct err *err = kexec_read_state(s->root, &state);
	int status = OK;

	if (!s->config.is_enabled)
		status = remark("/etc/default/kdump-tools: USE_KDUMP is not set or zero",
				FAILED);
	if (err && !(status && stops))
		status = remark("kdump is not supported by this kernel", FAILED);
	if (!has_crashkernel(s->root) && !(status && stops))
		status = remark("no crashkernel= parameter in the kernel cmdline", FAILED);
	err_ignore(err);
	return status;
}

/* ---- load and unload; who calls holds the lock ---- */

static struct err *make_links(const struct service *s)
{
	cleanup(freep) char *release = NULL;
	struct err *err = kdump_config_release(s, &release);

	return err ? err : kdump_config_make_links(s, release);
}

static struct err *record(const struct service *s)
{
	cleanup(buf_deinit) struct buf command = BUF_INIT;
	struct arm_record r;
	struct err *err = arm_record_read(s->root, &r);

	if (err)
		return err;
	kdump_config_add_command(s, r.command_line, &command);
	arm_record_deinit(&r);
	err = buf_check(&command);
	return err ? err : kdump_config_record(s, buf_text(&command));
}

static int load_configured(struct service *s)
{
	struct err *err;
	int status = check_support(s, true);

	if (status)
		return status;
	err = make_links(s);
	if (!err)
		err = service_load(s, &(struct service_load){0});
	if (err) {
		service_tell(s, err);
		return remark("failed to load kdump kernel", FAILED);
	}
	remark("loaded kdump kernel", OK);
	/* It is loaded, whether or not it can be told which way. */
	service_tell(s, record(s));
	return OK;
}

static int load(struct service *s, const char *word)
{
	struct err *err = service_configure(s, CONFIG_KDUMP_TOOLS);

	if (!err) {
		service_take_raw_dumps(s);
		return load_configured(s);
	}
	service_tell(s, err);
	return remark("failed to load kdump kernel", FAILED);
}

static int unload(struct service *s, const char *word)
{
	struct err *err = service_unload(s);

	if (!err)
		return remark("unloaded kdump kernel", OK);
	service_tell(s, err);
	return remark("failed to unload kdump kernel", FAILED);
}

/* What is loaded stays until all that can fail before a load has been done. */
static int reload(struct service *s, const char *word)
{
	struct err *err = service_configure(s, CONFIG_KDUMP_TOOLS);
	int status;

	if (!err)
		err = service_load(s, &(struct service_load){.no_load = true});
	if (err) {
		service_tell(s, err);
		return remark("failed to load kdump kernel", FAILED);
	}
	status = unload(s, word);
	return status ? status : load_configured(s);
}

static int condreload(struct service *s, const char *word)
{
	return service_is_loaded(s->root) ? reload(s, word) : OK;
}

static int symlinks(struct service *s, const char *word)
{
	struct err *err;

	if (!word)
		return remark("Invalid argument : missing kernel version", FAILED);
	if (service_is_loaded(s->root))
		return remark("Cannot change symbolic links when kdump is loaded", FAILED);
	err = service_configure(s, CONFIG_KDUMP_TOOLS);
	if (err)
		return outcome(s, err);
	err = kdump_config_make_links(s, word);
	if (err && err_code(err) == ERR_ABSENT) {
		printf(" * Invalid kernel version : %s\n", word);
		return outcome(s, err);
	}
	service_choose_release(s, word);
	if (!err)
		err = service_load(s, &(struct service_load){.no_load = true});
	return outcome(s, err);
}

/* ---- looking ---- */

static struct err *check_links(const struct service *s)
{
	cleanup(freep) char *release = NULL;
	struct err *err = kdump_config_release(s, &release);

	return err ? err : kdump_config_check_links(s, release);
}

static int show(struct service *s, const char *word)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = service_configure_to_look(s, CONFIG_KDUMP_TOOLS);

	if (err)
		return outcome(s, err);
	check_support(s, false);
	err = kdump_config_add_show(s, &b);
	fflush(stdout);
	return outcome(s, err ? err : cmd_print(&b));
}

static int status(struct service *s, const char *word)
{
	bool is_ready = service_is_ready(s);
	struct err *err = service_configure_to_look(s, CONFIG_KDUMP_TOOLS);

	if (!err) {
		check_support(s, false);
		err = check_links(s);
	}
	service_tell(s, err);
	printf("current state   : %s\n",
	       is_ready ? "ready to kdump" : "Not ready to kdump");
	return is_ready ? OK : EXIT_NOT_READY;
}

static struct err *add_test_page(const struct service *s, struct buf *b)
{
	cleanup(buf_deinit) struct buf command = BUF_INIT;
	cleanup(plan_freep) struct plan *plan = NULL;
	struct err *err = plan_make(s->root, &s->config, &plan);

	if (err)
		return err;
	kdump_config_add_command(s, plan->command_line, &command);
	err = buf_check(&command);
	return err ? err : kdump_config_add_test(s, buf_text(&command), b);
}

static int test(struct service *s, const char *word)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = service_configure_to_look(s, CONFIG_KDUMP_TOOLS);

	if (err)
		return outcome(s, err);
	check_support(s, false);
	err = check_links(s);
	if (!err)
		err = add_test_page(s, &b);
	fflush(stdout);
	return outcome(s, err ? err : cmd_print(&b));
}

static int save_core(struct service *s, const char *word)
{
	struct err *err = service_configure_to_look(s, CONFIG_KDUMP_TOOLS);

	return outcome(s, err ? err : savecore(s));
}

static int send_key(struct service *s, const char *word)
{
	struct err *err = service_configure(s, CONFIG_KDUMP_TOOLS);

	if (!err)
		err = propagate(s, CONFIG_KDUMP_TOOLS);
	if (err && err_code(err) == ERR_ABSENT)
		remark(PROGRAM
		       ": Remote ssh dump is not configured. No reason to propagate",
		       FAILED);
	return outcome(s, err);
}

/* ---- the words ---- */

static int help(struct service *s, const char *word);

static const struct action {
	const char *word;
	bool locks;
	const char *help;
	int (*run)(struct service *s, const char *word);
} actions[] = {
	{"help", false, "print this page", help},
	{"test", false,
	 "tell what load would do: the files, and the kexec command; nothing is loaded",
	 test},
	{"show", false, "tell the configuration, the state, and how it was loaded", show},
	{"status", false, "tell the state; exit status 3 if no kdump kernel is loaded",
	 status},
	{"load", true, "make the links, build the image if it is out of date, and load",
	 load},
	{"unload", true, "unload the kdump kernel", unload},
	{"reload", true, "unload, then load", reload},
	{"condreload", true, "the same, if a kdump kernel is loaded", condreload},
	{"try-reload", true, "the same", condreload},
	{"propagate", false, "bring the key to the server of SSH", send_key},
	{"savecore", false, "save /proc/vmcore below KDUMP_COREDIR", save_core},
	{"symlinks", true,
	 "make the links in /var/lib/kdump lead to the kernel version that follows, and "
	 "build its image",
	 symlinks},
};

static int usage(FILE *f, int status)
{
	fprintf(f, "Usage: " PROGRAM " [--root=DIR] {help|test|show|status|load|unload|"
		   "reload|condreload|try-reload|savecore|propagate|symlinks "
		   "kernel-version}\n");
	return status;
}

static int help(struct service *s, const char *word)
{
	usage(stdout, OK);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		printf("  %-10s - %s\n", actions[i].word, actions[i].help);
	return OK;
}

static const struct action *find_action(const char *word)
{
	if (str_has_prefix(word, "-h") || str_has_prefix(word, "--h"))
		word = "help";
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (str_eq(actions[i].word, word))
			return &actions[i];
	return NULL;
}

static int run(struct service *s, const struct action *action, const char *word)
{
	struct err *err = NULL;
	int lock = -1;
	int status;

	if (action->locks)
		err = arm_lock(s->root, SERVICE_LOCK_WAIT_MS, &lock);
	if (err)
		return outcome(s, err);
	status = action->run(s, word);
	if (action->locks)
		arm_unlock(lock);
	return status;
}

int kdump_config_main(int argc, char **argv)
{
	cleanup(service_deinit) struct service s = {.program = PROGRAM};
	struct err *err = service_take_root(&argc, &argv, &s.root);
	const struct action *action;
	int status;

	if (err)
		return outcome(&s, err);
	action = argc > 1 ? find_action(argv[1]) : NULL;
	if (!action)
		return usage(stdout, FAILED);
	status = run(&s, action, argc > 2 ? argv[2] : NULL);
	return fflush(stdout) == 0 ? status : FAILED;
}
