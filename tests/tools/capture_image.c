/* capture-image: a guest that loads a capture kernel with any manifest and crashes, as one
 * image: what inquest rehearse boots, for manifests that nobody armed. */
#include "arm/cmdline.h"
#include "arm/elf_closure.h"
#include "arm/initramfs.h"
#include "arm/modules.h"
#include "base/io.h"
#include "base/opts.h"
#include "base/str.h"

#include <string.h>

#define GUEST_KERNEL "/boot/vmlinuz"
#define GUEST_INITRD "/boot/initrd"
#define NAMES_MAX    64

static const struct opt options[] = {
	{"kernel", 0, OPTS_VALUE, "FILE", "the kernel, crashed and capture kernel in one"},
	{"modules-dir", 0, OPTS_VALUE, "DIR", "its modules"},
	{"init", 0, OPTS_VALUE, "FILE", "inquest-capture"},
	{"manifest", 0, OPTS_VALUE, "FILE", "of the capture image, as JSON"},
	{"module", 0, OPTS_VALUE, "NAME", "one to be loaded; may be repeated"},
	{"file", 0, OPTS_VALUE, "PATH=FILE", "one more, executable if FILE is"},
	{"program", 0, OPTS_VALUE, "NAME", "one of this host, with its libraries"},
	{"command-line", 0, OPTS_VALUE, "TEXT", "further words for the capture kernel"},
	{"capture-only", 0, OPTS_FLAG, NULL, "write the capture image by itself"},
	{NULL, 0, OPTS_FLAG, NULL, NULL},
};

static const struct opts_verb verb = {.name = "capture-image",
				      .operands = "OUT",
				      .summary = "make the image of a guest that crashes",
				      .options = options,
				      .min_operands = 1,
				      .max_operands = 1};

static const struct manifest_sysctl sysctls[] = {
	{"kernel.unknown_nmi_panic", "1"},
	{"kernel.panic_on_unrecovered_nmi", "1"},
	{"kernel.panic_on_oops", "1"},
	{"kernel.sysrq", "1"},
};

/* What the command line lists. Layout of the arrays is that of initramfs_options. */
struct content {
	const char *modules[NAMES_MAX + 1];
	struct image_files files;
	size_t num_modules;
};

static void content_deinit(struct content *c)
{
	image_files_deinit(&c->files);
}

static struct err *add_file(struct content *c, const char *value)
{
	const char *equals = strchr(value, '=');
	cleanup(freep) char *path = NULL;

	if (!equals)
		return err_new(ERR_USAGE, "--file %s is not PATH=FILE", value);
	path = strndup(value, (size_t)(equals - value));
	if (!path)
		return err_nomem();
	return image_files_add(&c->files, path, equals + 1,
			       access(equals + 1, X_OK) == 0 ? 0755 : 0600);
}

static struct err *content_read(const struct opts_result *given, struct content *c)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < given->num_given; i++) {
		const struct opts_given *g = &given->given[i];

		if (str_eq(g->row->name, "file"))
			err = add_file(c, g->value);
		if (str_eq(g->row->name, "program"))
			err = elf_closure_add(&c->files, "", g->value, NULL);
		if (!str_eq(g->row->name, "module"))
			continue;
		if (c->num_modules == NAMES_MAX)
			return err_new(ERR_USAGE, "more than %d modules", NAMES_MAX);
		c->modules[c->num_modules++] = g->value;
	}
	return err;
}

static struct err *build_capture(const struct opts_result *given, const struct content *c,
				 const struct manifest *manifest, struct initramfs *ret)
{
	struct initramfs_options o = {.init = opts_value(given, "init", ""),
				      .modules_dir = opts_value(given, "modules-dir", ""),
				      .modules = c->modules,
				      .manifest = manifest,
				      .files = c->files.files,
				      .num_files = c->files.count,
				      .compression = INITRAMFS_ZSTD};

	return initramfs_build(&o, ret);
}

static struct err *build_guest(const struct opts_result *given, const struct content *c,
			       const struct initramfs *capture, const char *command_line,
			       struct initramfs *ret)
{
	struct manifest m = MANIFEST_DEFAULTS;
	const struct initramfs_file files[] = {
		{.path = GUEST_KERNEL,
		 .host_path = opts_value(given, "kernel", ""),
		 .mode = 0600},
		{.path = GUEST_INITRD,
		 .data = capture->data,
		 .len = capture->len,
		 .mode = 0600},
	};
	struct initramfs_options o = {.init = opts_value(given, "init", ""),
				      .modules_dir = opts_value(given, "modules-dir", ""),
				      .modules = c->modules,
				      .manifest = &m,
				      .files = files,
				      .num_files = ARRAY_SIZE(files),
				      .compression = INITRAMFS_PLAIN};

	m.crashed = (struct manifest_crashed){.kernel = GUEST_KERNEL,
					      .initrd = GUEST_INITRD,
					      .command_line = command_line,
					      .sysctls = sysctls,
					      .num_sysctls = ARRAY_SIZE(sysctls)};
	return initramfs_build(&o, ret);
}

static struct err *read_manifest(const char *path, struct manifest *ret)
{
	cleanup(freep) char *text = NULL;
	size_t len;
	struct err *err = io_read_file(path, MANIFEST_BYTES_MAX, &text, &len);

	if (!err)
		err = manifest_parse(text, len, ret);
	return err_wrap(err, "%s", path);
}

static struct err *make_image(const struct opts_result *given)
{
	cleanup(content_deinit) struct content c = {.num_modules = 0};
	cleanup(manifest_deinit) struct manifest manifest = MANIFEST_DEFAULTS;
	cleanup(initramfs_deinit) struct initramfs capture = {0}, guest = {0};
	cleanup(buf_deinit) struct buf base = BUF_INIT;
	cleanup(freep) char *command_line = NULL;
	struct cmdline_options words = {.no5lvl = true, .lean = true};
	struct err *err = content_read(given, &c);

	buf_printf(&base, "console=ttyS0,115200 %s", opts_value(given, "command-line", ""));
	words.base = buf_text(&base);
	if (!err)
		err = read_manifest(opts_value(given, "manifest", ""), &manifest);
	if (!err)
		err = build_capture(given, &c, &manifest, &capture);
	if (!err)
		err = cmdline_format(&words, &command_line);
	if (err)
		return err;
	printf("packed=%zu unpacked=%llu\n", capture.len,
	       (unsigned long long)capture.unpacked_bytes);
	if (opts_has(given, "capture-only"))
		return initramfs_write(&capture, given->operands[0]);
	err = build_guest(given, &c, &capture, command_line, &guest);
	return err ? err : initramfs_write(&guest, given->operands[0]);
}

int main(int argc, char **argv)
{
	cleanup(opts_deinit) struct opts_result given = {0};
	struct err *err = opts_parse(&verb, argc, argv, 1, &given);

	if (!err)
		err = make_image(&given);
	if (!err)
		return 0;
	fprintf(stderr, "capture-image: %s\n", err_message(err));
	err_free(err);
	return 1;
}
