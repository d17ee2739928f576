/* The links vmlinuz and initrd.img in /var/lib/kdump.
 *
 * initrd.img leads to initrd.img-RELEASE beside it, as in Debian, and that to the image
 * that arming builds; where a file of that name is another program's, there is no stop
 * between.
 */
#include "cmd/kdump_config.h"

#include "arm/root.h"
#include "base/io.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define RELEASE_BYTES_MAX 256

struct err *kdump_config_release(const struct service *s, char **ret)
{
	if (*s->config.kernel_release) {
		*ret = strdup(s->config.kernel_release);
		return *ret ? NULL : err_nomem();
	}
	return root_read(s->root, "/proc/sys/kernel/osrelease", RELEASE_BYTES_MAX, ret);
}

/* What the link at @path says, "" if there is none. */
static struct err *read_link(const char *root, const char *path, char target[PATH_MAX])
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, path, &full);
	ssize_t len;

	if (err)
		return err;
	len = readlink(full, target, PATH_MAX - 1);
	target[len < 0 ? 0 : len] = '\0';
	return NULL;
}

/* Replace the link at @path, at no time without one. */
static struct err *set_link(const char *root, const char *path, const char *target)
{
	cleanup(freep) char *full = NULL;
	cleanup(freep) char *temporary = NULL;
	struct err *err = root_join(root, path, &full);

	if (err)
		return err;
	if (asprintf(&temporary, "%s.new", full) < 0) {
		temporary = NULL;
		return err_nomem();
	}
	unlink(temporary);
	if (symlink(target, temporary) < 0)
		return err_os(errno, "cannot make the link %s", full);
	if (rename(temporary, full) < 0) {
		err = err_os(errno, "cannot make the link %s", full);
		unlink(temporary);
	}
	return err;
}

static struct err *make_dir(const char *root)
{
	static const char *const dirs[] = {"/var", "/var/lib", KDUMP_CONFIG_DIR};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup(freep) char *full = NULL;
		struct err *err = root_join(root, dirs[i], &full);

		if (err)
			return err;
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			return err_os(errno, "cannot make the directory %s", full);
	}
	return NULL;
}

/* A link of ours may be put there, a file of another program not. */
static struct err *may_be_ours(const char *root, const char *path, bool *ret)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, path, &full);
	struct stat st;

	if (err)
		return err;
	*ret = lstat(full, &st) < 0 || S_ISLNK(st.st_mode);
	return NULL;
}

static struct err *make_initrd_link(const struct service *s, const char *release)
{
	cleanup(freep) char *image = NULL;
	cleanup(freep) char *between = NULL;
	bool ours = false;
	struct err *err;

	if (asprintf(&image, ARM_STATE_DIR "/initrd-%s", release) < 0) {
		image = NULL;
		return err_nomem();
	}
	if (asprintf(&between, KDUMP_CONFIG_INITRD "-%s", release) < 0) {
		between = NULL;
		return err_nomem();
	}
	err = may_be_ours(s->root, between, &ours);
	if (!err && ours)
		err = set_link(s->root, between, image);
	return err ? err : set_link(s->root, KDUMP_CONFIG_INITRD, ours ? between : image);
}

static struct err *find_kernel(const struct service *s, const char *release, char **ret)
{
	static const char *const names[] = {"vmlinuz", "vmlinux"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup(freep) char *path = NULL;

		if (asprintf(&path, "/boot/%s-%s", names[i], release) < 0) {
			path = NULL;
			return err_nomem();
		}
		if (root_has(s->root, path)) {
			*ret = steal(path);
			return NULL;
		}
	}
	return err_new(ERR_ABSENT, "there is no %s/boot/vmlinuz-%s", s->root, release);
}

struct err *kdump_config_make_links(const struct service *s, const char *release)
{
	cleanup(freep) char *kernel = NULL;
	struct err *err = find_kernel(s, release, &kernel);

	if (!err)
		err = make_dir(s->root);
	if (err)
		return err;
	printf(" * Creating symlink " KDUMP_CONFIG_KERNEL "\n");
	err = set_link(s->root, KDUMP_CONFIG_KERNEL, kernel);
	if (err)
		return err;
	printf(" * Creating symlink " KDUMP_CONFIG_INITRD "\n");
	return make_initrd_link(s, release);
}

static struct err *check_link(const struct service *s, const char *path,
			      const char *release)
{
	char target[PATH_MAX];
	struct err *err = read_link(s->root, path, target);
	const char *name = strrchr(target, '/');
	const char *dash = strchr(name ? name : target, '-');

	if (err)
		return err;
	if (!dash || !str_eq(dash + 1, release) || !root_has(s->root, path))
		printf(" * Invalid symlink : %s\n", path);
	return NULL;
}

struct err *kdump_config_check_links(const struct service *s, const char *release)
{
	struct err *err;

	if (!root_has(s->root, KDUMP_CONFIG_DIR))
		return NULL;
	err = check_link(s, KDUMP_CONFIG_INITRD, release);
	return err ? err : check_link(s, KDUMP_CONFIG_KERNEL, release);
}

/* ---- removal ---- */

/* Does the link at @path lead to an image of ours, by one link between? */
static struct err *leads_to_image(const char *root, const char *path, bool *ret)
{
	char target[PATH_MAX];
	char next[PATH_MAX];
	struct err *err = read_link(root, path, target);

	if (!err && str_has_prefix(target, KDUMP_CONFIG_INITRD "-")) {
		err = read_link(root, target, next);
		memcpy(target, next, sizeof(target));
	}
	if (!err)
		*ret = str_has_prefix(target, ARM_STATE_DIR "/");
	return err;
}

static struct err *remove_name(const char *root, const char *path)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, path, &full);

	if (!err && unlink(full) < 0 && errno != ENOENT)
		err = err_os(errno, "cannot remove %s", full);
	return err;
}

/* Remove the links of the form initrd.img-RELEASE that lead to images of ours. */
static struct err *remove_between(const char *root, DIR *dir)
{
	struct err *err = NULL;
	struct dirent *entry;

	while (!err && (entry = readdir(dir))) {
		cleanup(freep) char *path = NULL;
		bool ours = false;

		if (asprintf(&path, KDUMP_CONFIG_DIR "/%s", entry->d_name) < 0) {
			path = NULL;
			return err_nomem();
		}
		if (!str_has_prefix(path, KDUMP_CONFIG_INITRD "-"))
			continue;
		err = leads_to_image(root, path, &ours);
		if (!err && ours)
			err = remove_name(root, path);
	}
	return err;
}

struct err *kdump_config_remove_links(const char *root)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, KDUMP_CONFIG_DIR, &full);
	bool ours = false;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	if (!dir)
		return errno == ENOENT ? NULL : err_os(errno, "cannot read %s", full);
	err = leads_to_image(root, KDUMP_CONFIG_INITRD, &ours);
	if (!err && ours)
		err = remove_name(root, KDUMP_CONFIG_INITRD);
	if (!err && ours)
		err = remove_name(root, KDUMP_CONFIG_KERNEL);
	if (!err)
		err = remove_between(root, dir);
	closedir(dir);
	if (!err && rmdir(full) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		err = err_os(errno, "cannot remove %s", full);
	return err;
}
