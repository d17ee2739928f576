#include "arm/capture_kernel.h"

#include "arm/root.h"
#include "base/io.h"
#include "base/str.h"
#include "format/bzimage.h"
#include "format/kernel_cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define RELEASE_BYTES_MAX 256
#define CMDLINE_BYTES_MAX 65536

/* What Debian's tools have when nothing is configured: a link that may not be there. */
#define DEBIAN_LINK "/var/lib/kdump/vmlinuz"

/* Where a boot loader's idea of "/" may be. */
static const char *const boot_dirs[] = {"/boot", "/boot/efi", "/efi", ""};

struct finder {
	const char *root;
	const char *wanted; /* the release */
	struct buf tried;   /* the places, for a sentence */
	struct capture_kernel found;
};

void capture_kernel_deinit(struct capture_kernel *k)
{
	free(k->image);
	free(k->release);
	free(k->modules_dir);
	*k = (struct capture_kernel){0};
}

static void finder_deinit(struct finder *f)
{
	buf_deinit(&f->tried);
	capture_kernel_deinit(&f->found);
}

/* The release that the image at @path of this host says it is. */
static struct err *read_release(const char *path, struct bzimage *ret)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(freep) u8 *head = malloc(BZIMAGE_HEADER_MAX);
	struct err *err;
	size_t len;

	if (!head)
		return err_nomem();
	if (fd < 0)
		return err_os(errno, "cannot open %s", path);
	err = io_pread_some(fd, head, BZIMAGE_HEADER_MAX, 0, path, &len);
	return err ? err : bzimage_parse(head, len, path, ret);
}

/* Take the image at @path if it is there; with a release wanted only if it is that. Of
 * images that do not count the reason is noted. */
static struct err *try_image(struct finder *f, const char *path)
{
	cleanup(freep) char *resolved = NULL;
	cleanup(freep) char *full = NULL;
	struct bzimage image;
	struct err *err;

	if (f->found.image)
		return NULL;
	buf_printf(&f->tried, "%s%s", f->tried.len ? ", " : "", path);
	if (!root_has(f->root, path))
		return NULL;
	err = root_resolve(f->root, path, &resolved);
	if (!err)
		err = root_join(f->root, resolved, &full);
	if (err)
		return err;
	err = read_release(full, &image);
	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err) {
		buf_printf(&f->tried, " (%s)", err_message(err));
		err_ignore(err);
		return NULL;
	}
	if (*f->wanted && !str_eq(image.release, f->wanted)) {
		buf_printf(&f->tried, " (is %s)", image.release);
		return NULL;
	}
	f->found.release = strdup(image.release);
	f->found.image = steal(resolved);
	return f->found.release ? NULL : err_nomem();
}

static struct err *try_printf(struct finder *f, const char *fmt, ...) printf_like(2, 3);
static struct err *try_printf(struct finder *f, const char *fmt, ...)
{
	cleanup(freep) char *path = NULL;
	va_list args;

	va_start(args, fmt);
	path = str_vformat(fmt, args);
	va_end(args);
	return path ? try_image(f, path) : err_nomem();
}

/* BOOT_IMAGE=(hd0,gpt2)/vmlinuz-… as the boot loader saw it. */
static struct err *try_boot_image(struct finder *f, const char *boot_dir)
{
	cleanup(freep) char *cmdline =
		root_read_or_null(f->root, "/proc/cmdline", CMDLINE_BYTES_MAX);
	cleanup(buf_deinit) struct buf value = BUF_INIT;
	struct err *err = NULL;
	const char *image;

	if (!cmdline || !kernel_cmdline_find(cmdline, "BOOT_IMAGE", &value))
		return NULL;
	image = buf_text(&value);
	if (*image == '(' && strchr(image, ')'))
		image = strchr(image, ')') + 1;
	if (*image == '/')
		image++;
	if (!*image)
		return NULL;
	if (*boot_dir)
		return try_printf(f, "%s/%s", boot_dir, image);
	for (size_t i = 0; !err && i < ARRAY_SIZE(boot_dirs); i++)
		err = try_printf(f, "%s/%s", boot_dirs[i], image);
	return err;
}

static struct err *try_release(struct finder *f, const char *boot_dir, const char *name)
{
	struct err *err = NULL;

	if (*boot_dir)
		return try_printf(f, "%s/%s-%s", boot_dir, name, f->wanted);
	for (size_t i = 0; !err && i < ARRAY_SIZE(boot_dirs); i++)
		err = try_printf(f, "%s/%s-%s", boot_dirs[i], name, f->wanted);
	if (!err)
		err = try_printf(f, "/lib/modules/%s/vmlinuz", f->wanted);
	return err;
}

static struct err *find_image(struct finder *f, const struct capture_config *config)
{
	const char *image = config->kernel_image;
	bool is_path = image[0] == '/';
	struct err *err;

	if (is_path && (!str_eq(image, DEBIAN_LINK) || *config->kernel_release ||
			root_has(f->root, image))) {
		/* Which release it is, it says itself. */
		const char *wanted = f->wanted;

		f->wanted = config->kernel_release;
		err = try_image(f, image);
		if (err || f->found.image || !str_eq(image, DEBIAN_LINK))
			return err;
		f->wanted = wanted;
	}
	if (*image && !is_path)
		return try_release(f, config->boot_dir, image);
	err = *config->kernel_release ? NULL : try_boot_image(f, config->boot_dir);
	return err ? err : try_release(f, config->boot_dir, "vmlinuz");
}

static struct err *find_modules(struct finder *f)
{
	static const char *const dirs[] = {"/lib/modules", "/usr/lib/modules"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup(freep) char *dir = NULL;

		if (asprintf(&dir, "%s/%s", dirs[i], f->found.release) < 0) {
			dir = NULL;
			return err_nomem();
		}
		if (root_has(f->root, dir))
			return root_resolve(f->root, dir, &f->found.modules_dir);
	}
	return err_new(ERR_ABSENT,
		       "there is no /lib/modules/%s for the kernel %s: install its modules",
		       f->found.release, f->found.image);
}

struct err *capture_kernel_find(const char *root, const struct capture_config *config,
				struct capture_kernel *ret)
{
	cleanup(finder_deinit) struct finder f = {.root = root};
	cleanup(freep) char *running = NULL;
	struct err *err;

	running = root_read_or_null(root, "/proc/sys/kernel/osrelease", RELEASE_BYTES_MAX);
	f.wanted = *config->kernel_release ? config->kernel_release
		   : running		   ? running
					   : "";
	err = find_image(&f, config);
	if (!err && !f.found.image)
		err = buf_check(&f.tried);
	if (err)
		return err;
	if (!f.found.image)
		return err_new(
			ERR_ABSENT,
			"no kernel image%s%s to be started on a crash was found; tried %s",
			*f.wanted ? " of release " : "", f.wanted, buf_text(&f.tried));
	err = find_modules(&f);
	if (err)
		return err;
	*ret = f.found;
	f.found = (struct capture_kernel){0};
	return NULL;
}
