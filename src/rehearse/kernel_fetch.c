/* Debian kernel packages, through apt's own clients and without installing anything. */
#include "rehearse/apt_record.h"
#include "rehearse/kernel_package.h"

#include "base/cancel.h"
#include "base/child.h"
#include "base/io.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define METAPACKAGES_MAX 4
#define QUERY_MS	 60000
#define DOWNLOAD_MS	 (30u * 60 * 1000)
#define UNPACK_MS	 (10u * 60 * 1000)
#define PARTIAL_SUFFIX	 ".partial"

static void tell(const struct kernel_package_fetch *f, const struct buf *what)
{
	if (f->news)
		f->news(f->ctx, buf_text(what));
}

/* Run a tool whose failure is the end of the matter. */
static struct err *run_tool(const struct kernel_package_fetch *f,
			    const struct child_spec *spec, u64 timeout_ms,
			    const char *package, struct child_output *o)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct err *err = child_run(spec, timeout_ms, f->cancel, o);

	if (err && err_code(err) == ERR_ABSENT) {
		err_free(err);
		return err_new(
			ERR_ABSENT,
			"%s is not installed: --apt needs a Debian system; elsewhere use "
			"--kernel and --modules",
			spec->argv[0]);
	}
	if (err || o->status == 0)
		return err;
	child_output_reason(o, &reason);
	return err_new(ERR_OS, "%s failed for %s: %s", spec->argv[0], package,
		       buf_text(&reason));
}

static bool apt_has_lists(void)
{
	glob_t found = {0};
	bool has = glob("/var/lib/apt/lists/*_Packages*", 0, NULL, &found) == 0;

	globfree(&found);
	return has;
}

static struct err *query(const struct kernel_package_fetch *f, const char *package,
			 struct apt_record *ret)
{
	const char *const argv[] = {"apt-cache", "show",  "--no-all-versions",
				    "--",	 package, NULL};
	struct child_spec spec = {.argv = argv, .env_add = "LC_ALL=C"};
	cleanup(child_output_deinit) struct child_output o = {0};
	struct err *err = run_tool(f, &spec, QUERY_MS, package, &o);

	if (err && err_code(err) == ERR_OS && o.status) {
		err_free(err);
		if (!apt_has_lists())
			return err_new(ERR_ABSENT, "apt has no package lists: run `apt-get "
						   "update` as root");
		return err_new(
			ERR_ABSENT,
			"apt knows no package %s: check the name, or run `apt-get update` "
			"as root if its lists are old",
			package);
	}
	if (!err)
		err = apt_record_parse(buf_text(&o.out), ret);
	return err_wrap(err, "package %s", package);
}

/* Follow metapackages (linux-image-amd64) to the package that holds an image. */
static struct err *resolve(const struct kernel_package_fetch *f, struct apt_record *ret)
{
	cleanup(freep) char *name = strdup(f->name);

	for (int depth = 0; depth < METAPACKAGES_MAX; depth++) {
		struct apt_record r = {0};
		struct err *err;

		if (!name)
			return err_nomem();
		err = query(f, name, &r);
		if (err)
			return err;
		if (!r.image_dependency) {
			*ret = r;
			return NULL;
		}
		free(name);
		name = steal(r.image_dependency);
		apt_record_deinit(&r);
	}
	return err_new(ERR_BAD_DATA, "package %s is a metapackage of a metapackage of …",
		       f->name);
}

/* ---- folders ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* What cannot be removed stays: the next attempt to use its name will say so. */
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct err *make_dirs(const char *path)
{
	cleanup(freep) char *copy = strdup(path);

	if (!copy)
		return err_nomem();
	if (!*copy)
		return err_new(ERR_USAGE, "the cache folder has no name");
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return err_os(errno, "cannot make the folder %s", copy);
		*p = c;
		if (!c)
			return NULL;
	}
}

/* Hold the cache folder's lock; the kernel drops it however we end. */
static struct err *lock_cache(const struct kernel_package_fetch *f, int *ret_fd)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	cleanup(closep) int fd = -1;
	struct err *err;

	buf_printf(&path, "%s/lock", f->cache_dir);
	err = buf_check(&path);
	if (err)
		return err;
	fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_os(errno, "cannot open %s", path.data);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		cleanup(buf_deinit) struct buf what = BUF_INIT;

		buf_printf(&what, "waiting for another program that uses %s", f->cache_dir);
		tell(f, &what);
		while (flock(fd, LOCK_EX) < 0) {
			if (errno != EINTR)
				return err_os(errno, "cannot lock %s", path.data);
			if (cancel_is_set(f->cancel))
				return err_new(ERR_REFUSED, "interrupted");
		}
	}
	*ret_fd = steal_fd(&fd);
	return NULL;
}

/* With the lock held, nobody else is at work on these. */
static void remove_partial_ones(const char *cache_dir)
{
	cleanup(buf_deinit) struct buf pattern = BUF_INIT;
	glob_t found = {0};

	buf_printf(&pattern, "%s/*" PARTIAL_SUFFIX, cache_dir);
	if (!pattern.failed && glob(pattern.data, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			remove_tree(found.gl_pathv[i]);
	}
	globfree(&found);
}

/* ---- fetching ---- */

/* The only .deb in @dir: apt chooses its name. */
static struct err *find_deb(const char *dir, struct buf *ret)
{
	cleanup(buf_deinit) struct buf pattern = BUF_INIT;
	glob_t found = {0};
	struct err *err;

	buf_printf(&pattern, "%s/*.deb", dir);
	err = buf_check(&pattern);
	if (err)
		return err;
	if (glob(pattern.data, 0, NULL, &found) == 0 && found.gl_pathc == 1)
		buf_add_str(ret, found.gl_pathv[0]);
	else
		err = err_new(ERR_ABSENT, "apt-get download left no package in %s", dir);
	globfree(&found);
	return err ? err : buf_check(ret);
}

static struct err *download(const struct kernel_package_fetch *f,
			    const struct apt_record *r, const char *dir)
{
	cleanup(buf_deinit) struct buf what = BUF_INIT, exact = BUF_INIT;
	cleanup(child_output_deinit) struct child_output o = {0};
	char size[STR_SIZE_TEXT_LEN];
	/* As root, apt would drop to a user who may not write here, and warn. */
	const char *argv[] = {"apt-get",  "-q", "-o", "APT::Sandbox::User=root",
			      "download", "--", NULL, NULL};
	struct child_spec spec = {.argv = argv, .dir = dir, .env_add = "LC_ALL=C"};
	struct err *err;

	buf_printf(&what, "fetching %s %s (%s)", r->package, r->version,
		   str_format_size(size, r->size_bytes));
	tell(f, &what);
	buf_printf(&exact, "%s=%s", r->package, r->version);
	err = buf_check(&exact);
	if (err)
		return err;
	argv[6] = exact.data;
	err = run_tool(f, &spec, DOWNLOAD_MS, r->package, &o);
	if (err && o.status) {
		struct err *hinted = err_new(
			ERR_OS, "%s (if apt's lists are old, run `apt-get update` as root)",
			err_message(err));

		err_free(err);
		return hinted;
	}
	return err;
}

static struct err *unpack(const struct kernel_package_fetch *f, const struct apt_record *r,
			  const char *dir)
{
	cleanup(buf_deinit) struct buf what = BUF_INIT, deb = BUF_INIT;
	cleanup(child_output_deinit) struct child_output o = {0};
	const char *argv[] = {"dpkg-deb", "--extract", NULL, dir, NULL};
	struct child_spec spec = {.argv = argv, .env_add = "LC_ALL=C"};
	struct err *err = find_deb(dir, &deb);

	if (err)
		return err;
	buf_printf(&what, "unpacking %s", r->package);
	tell(f, &what);
	argv[2] = deb.data;
	err = run_tool(f, &spec, UNPACK_MS, r->package, &o);
	if (err)
		return err;
	unlink(deb.data);
	return NULL;
}

/* Into a folder that gets its name only when it is whole. */
static struct err *fetch_into(const struct kernel_package_fetch *f,
			      const struct apt_record *r, const char *dir)
{
	cleanup(buf_deinit) struct buf partial = BUF_INIT;
	struct err *err;

	buf_printf(&partial, "%s" PARTIAL_SUFFIX, dir);
	err = buf_check(&partial);
	if (!err)
		err = make_dirs(partial.data);
	if (err)
		return err;
	err = download(f, r, partial.data);
	if (!err)
		err = unpack(f, r, partial.data);
	if (!err && rename(partial.data, dir) < 0)
		err = err_os(errno, "cannot rename %s to %s", partial.data, dir);
	if (err)
		remove_tree(partial.data);
	return err;
}

/* ---- what was unpacked ---- */

/* Modules move to /usr/lib with the packages of Debian 13. */
static struct err *find_unpacked(const char *dir, struct kernel_package *ret)
{
	static const char *const places[] = {"lib/modules", "usr/lib/modules"};
	cleanup(buf_deinit) struct buf pattern = BUF_INIT, modules = BUF_INIT;
	cleanup(freep) char *image = NULL;
	glob_t found = {0};
	struct err *err;

	buf_printf(&pattern, "%s/boot/vmlinuz-*", dir);
	err = buf_check(&pattern);
	if (err)
		return err;
	if (glob(pattern.data, 0, NULL, &found) == 0)
		image = strdup(found.gl_pathv[0]);
	globfree(&found);
	if (!image)
		return err_new(ERR_ABSENT, "the package holds no kernel: nothing is %s",
			       pattern.data);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		buf_deinit(&modules);
		buf_printf(&modules, "%s/%s/%s", dir, places[i],
			   strrchr(image, '/') + strlen("/vmlinuz-"));
		err = buf_check(&modules);
		if (err)
			return err;
		if (access(modules.data, F_OK) == 0)
			break;
	}
	return kernel_package_from_paths(image, modules.data, ret);
}

static struct err *fetch_locked(const struct kernel_package_fetch *f,
				const struct apt_record *r, struct kernel_package *ret)
{
	cleanup(kernel_package_deinit) struct kernel_package k = {0};
	cleanup(buf_deinit) struct buf dir = BUF_INIT, name = BUF_INIT;
	struct err *err;

	buf_printf(&dir, "%s/%s_%s", f->cache_dir, r->package, r->version);
	buf_printf(&name, "%s %s", r->package, r->version);
	err = buf_check(&dir);
	if (!err)
		err = buf_check(&name);
	if (err)
		return err;
	remove_partial_ones(f->cache_dir);
	if (access(dir.data, F_OK) < 0)
		err = fetch_into(f, r, dir.data);
	if (!err)
		err = find_unpacked(dir.data, &k);
	if (err)
		return err_wrap(err, "package %s", buf_text(&name));
	k.name = steal(name.data);
	*ret = k;
	k = (struct kernel_package){0};
	return NULL;
}

struct err *kernel_package_fetch(const struct kernel_package_fetch *fetch,
				 struct kernel_package *ret)
{
	cleanup(apt_record_deinit) struct apt_record r = {0};
	cleanup(closep) int lock_fd = -1;
	struct err *err = resolve(fetch, &r);

	if (!err)
		err = make_dirs(fetch->cache_dir);
	if (!err)
		err = lock_cache(fetch, &lock_fd);
	return err ? err : fetch_locked(fetch, &r, ret);
}
