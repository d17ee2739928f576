#include "cmd/kexec_tool.h"

#include "base/child.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/kexec_tool_priv.h"

#include <errno.h>
#include <string.h>

#define VERSION		    "2.0.25"
#define SHUTDOWN_TIMEOUT_MS (120 * 1000)

static void plan_to(struct kexec_tool_plan *p, char letter)
{
	switch (letter) {
	case 'l':
	case 'p':
		p->use = letter == 'p' ? KEXEC_FOR_CRASH : KEXEC_FOR_REBOOT;
		p->has_use = true;
		p->loads = true;
		p->executes = p->shuts_down = false;
		p->syncs = letter == 'l' && p->syncs;
		break;
	case 'u':
		p->unloads = true;
		p->loads = p->shuts_down = p->syncs = false;
		break;
	case 'e':
		p->loads = p->shuts_down = false;
		p->executes = p->syncs = p->stops_network = true;
		break;
	case 'f':
		p->loads = p->executes = true;
		p->shuts_down = false;
		break;
	case 'x':
		p->stops_network = false;
		break;
	case 'y':
		p->syncs = false;
		break;
	default:
		break;
	}
}

static struct kexec_tool_plan make_plan(const struct opts_result *given)
{
	struct kexec_tool_plan p = {.given = given,
				    .root = opts_value(given, "root", ""),
				    .use = KEXEC_FOR_REBOOT,
				    .loads = true,
				    .shuts_down = true,
				    .syncs = true,
				    .kernel = given->num_operands ? given->operands[0]
								  : NULL};

	for (size_t i = 0; i < given->num_given; i++)
		plan_to(&p, given->given[i].row->letter);
	return p;
}

int kexec_tool_tell(struct err *err)
{
	if (!err)
		return KEXEC_TOOL_DONE;
	fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return KEXEC_TOOL_FAILED;
}

/* ---- status ---- */

static int tell_status(const struct kexec_tool_plan *p)
{
	struct kexec_state state = {0};
	struct err *err;

	/* A crash is what is asked after where nothing is said. */
	if (p->has_use && p->use == KEXEC_FOR_REBOOT)
		err = kexec_read_reboot_is_loaded(p->root, &state.is_loaded);
	else
		err = kexec_read_state(p->root, &state);
	return err ? kexec_tool_tell(err) : state.is_loaded;
}

static int print_reserved(const struct kexec_tool_plan *p)
{
	struct kexec_state state = {0};

	err_ignore(kexec_read_state(p->root, &state));
	printf("%llu\n", (unsigned long long)state.reserved_bytes);
	return KEXEC_TOOL_DONE;
}

static int unload(const struct kexec_tool_plan *p)
{
	struct err *err =
		p->use == KEXEC_FOR_CRASH ? kexec_unload_crash() : kexec_unload_reboot();
	int os_errno;

	if (!err)
		return KEXEC_TOOL_DONE;
	os_errno = err_errno(err);
	if (os_errno == ENOSYS)
		fprintf(stderr, "syscall kexec_file_load not available.\n");
	else
		fprintf(stderr, "kexec_file_load(unload) failed: %s\n", strerror(os_errno));
	fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return os_errno == ENOSYS && opts_has(p->given, "kexec-file-syscall")
		       ? KEXEC_TOOL_NOT_AVAILABLE
		       : KEXEC_TOOL_FAILED;
}

static bool has_reservation(const struct kexec_tool_plan *p)
{
	struct kexec_state state = {0};

	err_ignore(kexec_read_state(p->root, &state));
	return state.reserved_bytes != 0;
}

/* ---- into the other kernel ---- */

/* An orderly shutdown, at the end of which the loaded kernel is started. */
static int shut_down(void)
{
	static const char *const with_systemd[] = {"systemctl", "kexec", NULL};
	static const char *const without[] = {"shutdown", "-r", "now", NULL};
	const bool systemd = access("/run/systemd/system", F_OK) == 0;
	struct child_spec spec = {.argv = systemd ? with_systemd : without};
	struct child_output output = {0};
	struct err *err = child_run(&spec, SHUTDOWN_TIMEOUT_MS, NULL, &output);
	int status = KEXEC_TOOL_DONE;

	if (!err && output.status) {
		cleanup(buf_deinit) struct buf reason = BUF_INIT;

		child_output_reason(&output, &reason);
		err = err_new(ERR_OS, "%s: %s", spec.argv[0], buf_text(&reason));
	}
	if (err) {
		fprintf(stderr, "kexec: shutdown: %s\n", err_message(err));
		status = KEXEC_TOOL_FAILED;
	}
	err_free(err);
	child_output_deinit(&output);
	return status;
}

static int execute(void)
{
	struct err *err = kexec_reboot();

	fprintf(stderr, "kexec failed: %s\nkexec: %s\n", strerror(err_errno(err)),
		err_message(err));
	err_free(err);
	return KEXEC_TOOL_FAILED;
}

static int carry_out(const struct kexec_tool_plan *p)
{
	int status = KEXEC_TOOL_DONE;

	if (p->loads && p->use == KEXEC_FOR_CRASH && !has_reservation(p)) {
		fprintf(stderr, "Memory for crashkernel is not reserved\n"
				"Please reserve memory by passing"
				"\"crashkernel=Y@X\" parameter to kernel\n"
				"Then try to loading kdump kernel\n");
		return KEXEC_TOOL_BAD_WORDS;
	}
	if (p->unloads)
		status = unload(p);
	if (!status && p->loads)
		status = kexec_tool_load(p);
	if (status)
		return status;
	if (p->shuts_down)
		return shut_down();
	if (p->syncs)
		sync();
	if (p->stops_network)
		kexec_tool_stop_network();
	return p->executes ? execute() : KEXEC_TOOL_DONE;
}

static void add_version(struct buf *b)
{
	buf_add_str(b, "kexec-tools " VERSION
		       " (its command line; the program is inquest " INQUEST_VERSION ")\n");
}

static int run(const struct opts_result *given)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(err_freep) struct err *err = NULL;
	const struct kexec_tool_plan p = make_plan(given);

	if (given->wants_help || opts_has(given, "help") || opts_has(given, "version")) {
		add_version(&b);
		if (!opts_has(given, "version"))
			opts_help(&b, "", &kexec_tool_verb);
		err = cmd_print(&b);
		return err ? KEXEC_TOOL_FAILED : KEXEC_TOOL_DONE;
	}
	if (opts_has(given, "status"))
		return tell_status(&p);
	if (opts_has(given, "print-ckr-size"))
		return print_reserved(&p);
	if (opts_has(given, "configured"))
		return kexec_tool_load_configured(&p);
	err = kexec_tool_check_options(given);
	if (err) {
		fprintf(stderr, "kexec: %s\n", err_message(err));
		return KEXEC_TOOL_FAILED;
	}
	return carry_out(&p);
}

int kexec_tool_main(int argc, char **argv)
{
	cleanup(opts_deinit) struct opts_result given = {0};
	cleanup(err_freep) struct err *err =
		opts_parse(&kexec_tool_verb, argc, argv, 1, &given);
	int status;

	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		return KEXEC_TOOL_BAD_WORDS;
	}
	status = run(&given);
	return fflush(stdout) == 0 ? status : KEXEC_TOOL_FAILED;
}
