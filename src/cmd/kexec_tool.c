#include "cmd/kexec_tool.h"

#include "base/child.h"
#include "base/io.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "format/kdump_tools_conf.h"
#include "format/kernel_cmdline.h"
#include "kexec/kexec.h"

#include <errno.h>
#include <string.h>

#define VERSION		    "2.0.25"
#define SHUTDOWN_TIMEOUT_MS (120 * 1000)

enum { DONE = 0, BAD_WORDS = 1, NOT_AVAILABLE = 253, FAILED = 255 };

/* What the options come to: as with kexec-tools, a later one changes what an earlier one
 * asked for. */
struct plan {
	const struct opts_result *given;
	const char *root;
	enum kexec_use use;
	bool has_use; /* -l or -p was given */
	bool loads, unloads, shuts_down, syncs, stops_network, executes;
	const char *kernel; /* or NULL */
};

static void plan_to(struct plan *p, char letter)
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

static struct plan make_plan(const struct opts_result *given)
{
	struct plan p = {.given = given,
			 .root = opts_value(given, "root", ""),
			 .use = KEXEC_FOR_REBOOT,
			 .loads = true,
			 .shuts_down = true,
			 .syncs = true,
			 .kernel = given->num_operands ? given->operands[0] : NULL};

	for (size_t i = 0; i < given->num_given; i++)
		plan_to(&p, given->given[i].row->letter);
	return p;
}

/* ---- status ---- */

static int tell_status(const struct plan *p)
{
	struct kexec_state state = {0};
	struct err *err;

	/* A crash is what is asked after where nothing is said. */
	if (p->has_use && p->use == KEXEC_FOR_REBOOT)
		err = kexec_read_reboot_is_loaded(p->root, &state.is_loaded);
	else
		err = kexec_read_state(p->root, &state);
	if (!err)
		return state.is_loaded ? 1 : 0;
	fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return FAILED;
}

static int print_reserved(const struct plan *p)
{
	struct kexec_state state = {0};

	err_ignore(kexec_read_state(p->root, &state));
	printf("%llu\n", (unsigned long long)state.reserved_bytes);
	return DONE;
}

/* ---- loading ---- */

/* The running kernel's command line, less what was the boot loader's word and, for a
 * capture kernel, what it must not reserve again. */
static struct err *add_running_cmdline(const struct plan *p, struct buf *b)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *text = NULL;
	const char *pos, *word;
	struct err *err;
	size_t len;

	if (asprintf(&path, "%s/proc/cmdline", p->root) < 0) {
		path = NULL;
		return err_nomem();
	}
	err = io_read_file(path, 2 * KERNEL_CMDLINE_SIZE, &text, NULL);
	if (err)
		return err;
	pos = text;
	while ((word = kernel_cmdline_next(&pos, &len))) {
		if (kernel_cmdline_is(word, len, "BOOT_IMAGE") ||
		    (p->use == KEXEC_FOR_CRASH &&
		     kernel_cmdline_is(word, len, "crashkernel")))
			continue;
		if (b->len)
			buf_add_char(b, ' ');
		buf_add(b, word, len);
	}
	return NULL;
}

static struct err *make_cmdline(const struct plan *p, struct buf *b)
{
	const char *words = NULL;
	struct err *err = NULL;

	/* --append and --command-line are one option with two names: the last one counts.
	 */
	for (size_t i = 0; i < p->given->num_given; i++) {
		const struct opts_given *g = &p->given->given[i];

		if (str_eq(g->row->name, "append") || str_eq(g->row->name, "command-line"))
			words = g->value;
	}
	if (opts_has(p->given, "reuse-cmdline"))
		err = add_running_cmdline(p, b);
	if (!err && words) {
		if (b->len)
			buf_add_char(b, ' ');
		buf_add_str(b, words);
	}
	return err ? err : buf_check(b);
}

static const char *initrd_of(const struct opts_result *given)
{
	const char *initrd = NULL;

	for (size_t i = 0; i < given->num_given; i++)
		if (str_eq(given->given[i].row->name, "initrd") ||
		    str_eq(given->given[i].row->name, "ramdisk"))
			initrd = given->given[i].value;
	return initrd;
}

static bool asks_for_file_call(const struct opts_result *given)
{
	return opts_has(given, "kexec-file-syscall") ||
	       opts_has(given, "kexec-syscall-auto");
}

/* A file that cannot be opened is told in one of two ways, each with a status of its own.
 */
static int tell_missing_file(const struct plan *p, const struct kexec_image *image,
			     const struct err *err)
{
	const char *why = strerror(err_errno(err));

	if (image->initrd && access(image->kernel, R_OK) == 0)
		fprintf(stderr, "Could not open initrd file %s:%s\nCannot load %s\n",
			image->initrd, why, image->kernel);
	else if (asks_for_file_call(p->given))
		fprintf(stderr, "Failed to open file %s:%s\n", image->kernel, why);
	else
		fprintf(stderr, "Cannot open `%s': %s\n", image->kernel, why);
	return asks_for_file_call(p->given) ? FAILED : BAD_WORDS;
}

static int tell_refusal(const struct plan *p, const struct kexec_image *image,
			struct err *err)
{
	int os_errno = err_errno(err);
	int status = FAILED;

	if (err_code(err) != ERR_REFUSED && os_errno) {
		status = tell_missing_file(p, image, err);
	} else if (os_errno == ENOSYS) {
		fprintf(stderr, "syscall kexec_file_load not available.\n");
		status = opts_has(p->given, "kexec-file-syscall") ? NOT_AVAILABLE : FAILED;
	} else if (os_errno == ENOEXEC) {
		fprintf(stderr, "Cannot determine the file type of %s\n", image->kernel);
	} else if (os_errno) {
		fprintf(stderr, "kexec_file_load failed: %s\n", strerror(os_errno));
	}
	if (err_code(err) == ERR_REFUSED || !os_errno)
		fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return status;
}

static int load_image(const struct plan *p, const struct kexec_image *image)
{
	struct err *err;

	if (opts_has(p->given, "debug"))
		fprintf(stderr,
			"kexec_file_load for %s\nkernel: %s\ninitrd: %s\n"
			"command line: %s\n",
			p->use == KEXEC_FOR_CRASH ? "a crash" : "the next reboot",
			image->kernel, image->initrd ? image->initrd : "none",
			image->command_line);
	err = p->use == KEXEC_FOR_CRASH ? kexec_load_crash(p->root, image, NULL)
					: kexec_load_reboot(p->root, image, NULL);
	return err ? tell_refusal(p, image, err) : DONE;
}

static int tell(struct err *err)
{
	if (!err)
		return DONE;
	fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return FAILED;
}

static int load(const struct plan *p)
{
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	struct kexec_image image = {.kernel = p->kernel, .initrd = initrd_of(p->given)};
	int status;

	if (!p->kernel) {
		fprintf(stderr, "No kernel specified\n"
				"kexec: give the kernel's file, see kexec --help\n");
		return FAILED;
	}
	status = tell(make_cmdline(p, &command_line));
	if (status)
		return status;
	image.command_line = buf_text(&command_line);
	return load_image(p, &image);
}

/* ---- /etc/default/kexec ---- */

static struct err *path_below(const char *root, const char *path, char **ret)
{
	char *full;

	if (asprintf(&full, "%s%s", root, path) < 0)
		return err_nomem();
	*ret = full;
	return NULL;
}

/* An absent file says nothing. */
static struct err *read_configured(const char *root, struct capture_config *ret)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *text = NULL;
	struct err *err = path_below(root, "/etc/default/kexec", &path);

	if (!err)
		err = io_read_file(path, CONFIG_TEXT_MAX, &text, NULL);
	if (err && err_errno(err) == ENOENT) {
		err_ignore(err);
		return NULL;
	}
	return err ? err : kexec_conf_parse(text, path, ret);
}

/* coldreboot(8) leaves a file, so that the next reboot goes through the firmware. */
static bool is_put_off(const char *root)
{
	cleanup(freep) char *path = NULL;

	err_ignore(path_below(root, "/no-kexec-reboot", &path));
	return path && unlink(path) == 0;
}

static int load_for_reboot(const struct plan *p, const struct capture_config *c)
{
	const char *kernel_path = *c->kexec_kernel ? c->kexec_kernel : "/vmlinuz";
	const char *initrd_path = c->kexec_initrd;
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	cleanup(freep) char *kernel = NULL;
	cleanup(freep) char *initrd = NULL;
	struct kexec_image image = {0};
	struct err *err = path_below(p->root, kernel_path, &kernel);

	if (!*c->kexec_kernel && !*initrd_path)
		initrd_path = "/initrd.img";
	if (!err)
		err = path_below(p->root, initrd_path, &initrd);
	if (!err && *c->kexec_append)
		buf_add_str(&command_line, c->kexec_append);
	else if (!err)
		err = add_running_cmdline(p, &command_line);
	if (!err)
		err = buf_check(&command_line);
	if (err)
		return tell(err);
	image.kernel = kernel;
	image.initrd = *initrd_path ? initrd : NULL;
	image.command_line = buf_text(&command_line);
	return load_image(p, &image);
}

static int load_configured(const struct plan *p)
{
	struct capture_config c = {0};
	struct err *err = capture_config_init(&c, CONFIG_KDUMP_TOOLS);
	bool is_loaded = false;
	int status = DONE;

	if (!err)
		err = read_configured(p->root, &c);
	if (!err && c.load_kexec)
		err = kexec_read_reboot_is_loaded(p->root, &is_loaded);
	if (err)
		status = tell(err);
	else if (c.load_kexec && !is_loaded && !is_put_off(p->root))
		status = load_for_reboot(p, &c);
	capture_config_deinit(&c);
	return status;
}

static int unload(const struct plan *p)
{
	struct err *err =
		p->use == KEXEC_FOR_CRASH ? kexec_unload_crash() : kexec_unload_reboot();
	int os_errno;

	if (!err)
		return DONE;
	os_errno = err_errno(err);
	if (os_errno == ENOSYS)
		fprintf(stderr, "syscall kexec_file_load not available.\n");
	else
		fprintf(stderr, "kexec_file_load(unload) failed: %s\n", strerror(os_errno));
	fprintf(stderr, "kexec: %s\n", err_message(err));
	err_free(err);
	return os_errno == ENOSYS && opts_has(p->given, "kexec-file-syscall")
		       ? NOT_AVAILABLE
		       : FAILED;
}

static bool has_reservation(const struct plan *p)
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
	int status = DONE;

	if (!err && output.status) {
		cleanup(buf_deinit) struct buf reason = BUF_INIT;

		child_output_reason(&output, &reason);
		err = err_new(ERR_OS, "%s: %s", spec.argv[0], buf_text(&reason));
	}
	if (err) {
		fprintf(stderr, "kexec: shutdown: %s\n", err_message(err));
		status = FAILED;
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
	return FAILED;
}

static int carry_out(const struct plan *p)
{
	int status = DONE;

	if (p->loads && p->use == KEXEC_FOR_CRASH && !has_reservation(p)) {
		fprintf(stderr, "Memory for crashkernel is not reserved\n"
				"Please reserve memory by passing"
				"\"crashkernel=Y@X\" parameter to kernel\n"
				"Then try to loading kdump kernel\n");
		return BAD_WORDS;
	}
	if (p->unloads)
		status = unload(p);
	if (!status && p->loads)
		status = load(p);
	if (status)
		return status;
	if (p->shuts_down)
		return shut_down();
	if (p->syncs)
		sync();
	if (p->stops_network)
		kexec_tool_stop_network();
	return p->executes ? execute() : DONE;
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
	const struct plan p = make_plan(given);

	if (given->wants_help || opts_has(given, "help") || opts_has(given, "version")) {
		add_version(&b);
		if (!opts_has(given, "version"))
			opts_help(&b, "", &kexec_tool_verb);
		err = cmd_print(&b);
		return err ? FAILED : DONE;
	}
	if (opts_has(given, "status"))
		return tell_status(&p);
	if (opts_has(given, "print-ckr-size"))
		return print_reserved(&p);
	if (opts_has(given, "configured"))
		return load_configured(&p);
	err = kexec_tool_check_options(given);
	if (err) {
		fprintf(stderr, "kexec: %s\n", err_message(err));
		return FAILED;
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
		return BAD_WORDS;
	}
	status = run(&given);
	return fflush(stdout) == 0 ? status : FAILED;
}
