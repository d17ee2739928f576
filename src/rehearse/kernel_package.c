#include "rehearse/kernel_package.h"

#include "base/io.h"
#include "base/str.h"
#include "format/bzimage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

void kernel_package_deinit(struct kernel_package *k)
{
	free(k->image);
	free(k->modules_dir);
	free(k->release);
	free(k->name);
	*k = (struct kernel_package){0};
}

static struct err *read_header(const char *path, struct bzimage *ret)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(freep) char *data = malloc(BZIMAGE_HEADER_MAX);
	size_t len = 0;
	struct err *err;

	if (!data)
		return err_nomem();
	if (fd < 0)
		return err_os(errno, "cannot open the kernel %s", path);
	err = io_pread_some(fd, data, BZIMAGE_HEADER_MAX, 0, path, &len);
	return err ? err : bzimage_parse(data, len, path, ret);
}

static struct err *check_modules(const char *modules_dir, const char *image,
				 const char *release)
{
	cleanup(freep) char *dir = strdup(modules_dir);
	struct stat st;
	char *name;
	size_t len;

	if (!dir)
		return err_nomem();
	if (stat(dir, &st) < 0)
		return err_os(errno, "cannot find the modules in %s", modules_dir);
	len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/')
		dir[--len] = '\0';
	name = strrchr(dir, '/');
	name = name ? name + 1 : dir;
	if (!str_eq(name, release))
		return err_new(ERR_USAGE,
			       "%s is kernel %s, but %s holds the modules of %s: name the "
			       "folder lib/modules/%s",
			       image, release, modules_dir, name, release);
	return NULL;
}

struct err *kernel_package_from_paths(const char *image, const char *modules_dir,
				      struct kernel_package *ret)
{
	cleanup(kernel_package_deinit) struct kernel_package k = {0};
	struct bzimage header;
	struct err *err = read_header(image, &header);

	if (!err)
		err = check_modules(modules_dir, image, header.release);
	if (err)
		return err;
	k.image = strdup(image);
	k.modules_dir = strdup(modules_dir);
	k.release = strdup(header.release);
	if (!k.image || !k.modules_dir || !k.release)
		return err_nomem();
	*ret = k;
	k = (struct kernel_package){0};
	return NULL;
}

struct err *kernel_package_of_running(struct kernel_package *ret)
{
	cleanup(buf_deinit) struct buf image = BUF_INIT, modules = BUF_INIT;
	struct utsname name;
	struct err *err;

	if (uname(&name) < 0)
		return err_os(errno, "uname");
	buf_printf(&image, "/boot/vmlinuz-%s", name.release);
	buf_printf(&modules, "/lib/modules/%s", name.release);
	err = buf_check(&image);
	if (!err)
		err = buf_check(&modules);
	if (err)
		return err;
	if (access(image.data, F_OK) < 0 || access(modules.data, F_OK) < 0)
		return err_new(
			ERR_ABSENT,
			"the running kernel is not here (%s with %s): rehearse another "
			"one with --apt, or with --kernel and --modules",
			image.data, modules.data);
	return kernel_package_from_paths(image.data, modules.data, ret);
}
