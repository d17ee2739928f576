#include "cmd/kexec_tool_priv.h"

#include "base/io.h"
#include "base/str.h"
#include "format/kdump_tools_conf.h"
#include "format/kernel_cmdline.h"

#include <errno.h>
#include <string.h>

/* The running kernel's command line, less what was the boot loader's word and, for a
 * capture kernel, what it must not reserve again. */
static struct err *add_running_cmdline(const struct kexec_tool_plan *p, struct buf *b)
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

static struct err *make_cmdline(const struct kexec_tool_plan *p, struct buf *b)
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
static int tell_missing_file(const struct kexec_tool_plan *p,
			     const struct kexec_image *image, const struct err *err)
{
	const char *why = strerror(err_errno(err));

	if (image->initrd && access(image->kernel, R_OK) == 0)
		fprintf(stderr, "Could not open initrd file %s:%s\nCannot load %s\n",
			image->initrd, why, image->kernel);
	else if (asks_for_file_call(p->given))
		fprintf(stderr, "Failed to open file %s:%s\n", image->kernel, why);
	else
		fprintf(stderr, "Cannot open `%s': %s\n", image->kernel, why);
	return asks_for_file_call(p->given) ? KEXEC_TOOL_FAILED : KEXEC_TOOL_BAD_WORDS;
}

static int tell_refusal(const struct kexec_tool_plan *p, const struct kexec_image *image,
			struct err *err)
{
	int os_errno = err_errno(err);
	int status = KEXEC_TOOL_FAILED;

	if (err_code(err) != ERR_REFUSED && os_errno) {
		status = tell_missing_file(p, image, err);
	} else if (os_errno == ENOSYS) {
		fprintf(stderr, "syscall kexec_file_load not available.\n");
		status = opts_has(p->given, "kexec-file-syscall") ? KEXEC_TOOL_NOT_AVAILABLE
								  : KEXEC_TOOL_FAILED;
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

static int load_image(const struct kexec_tool_plan *p, const struct kexec_image *image)
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
	return err ? tell_refusal(p, image, err) : KEXEC_TOOL_DONE;
}

int kexec_tool_load(const struct kexec_tool_plan *p)
{
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	struct kexec_image image = {.kernel = p->kernel, .initrd = initrd_of(p->given)};
	int status;

	if (!p->kernel) {
		fprintf(stderr, "No kernel specified\n"
				"kexec: give the kernel's file, see kexec --help\n");
		return KEXEC_TOOL_FAILED;
	}
	status = kexec_tool_tell(make_cmdline(p, &command_line));
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

static int load_for_reboot(const struct kexec_tool_plan *p, const struct capture_config *c)
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
		return kexec_tool_tell(err);
	image.kernel = kernel;
	image.initrd = *initrd_path ? initrd : NULL;
	image.command_line = buf_text(&command_line);
	return load_image(p, &image);
}

int kexec_tool_load_configured(const struct kexec_tool_plan *p)
{
	struct capture_config c = {0};
	struct err *err = capture_config_init(&c, CONFIG_KDUMP_TOOLS);
	bool is_loaded = false;
	int status = KEXEC_TOOL_DONE;

	if (!err)
		err = read_configured(p->root, &c);
	if (!err && c.load_kexec)
		err = kexec_read_reboot_is_loaded(p->root, &is_loaded);
	if (err)
		status = kexec_tool_tell(err);
	else if (c.load_kexec && !is_loaded && !is_put_off(p->root))
		status = load_for_reboot(p, &c);
	capture_config_deinit(&c);
	return status;
}
