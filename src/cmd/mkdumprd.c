/* mkdumprd: the capture image of a kernel, as a file where its caller wants it. */
#include "base/new_file.h"
#include "base/str.h"
#include "cmd/kdumpctl.h"
#include "cmd/service.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

static int outcome(const struct service *s, struct err *err)
{
	int status = err ? 1 : 0;

	service_tell(s, err);
	return status;
}

/* Copy the image of @release that arming would use to @path. */
static struct err *copy_image(const struct service *s, const char *release,
			      const char *path, bool overwrite)
{
	cleanup(new_file_deinit) struct new_file target = {.fd = -1};
	cleanup(closep) int fd = -1;
	cleanup(freep) char *image = NULL;
	struct err *err;
	struct stat st;

	if (asprintf(&image, "%s" ARM_STATE_DIR "/initrd-%s", s->root, release) < 0) {
		image = NULL;
		return err_nomem();
	}
	fd = open(image, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(errno, "cannot open the image %s", image);
	err = new_file_open(&target, path, overwrite);
	for (off_t done = 0; !err && done < st.st_size;) {
		ssize_t n = sendfile(target.fd, fd, NULL, (size_t)(st.st_size - done));

		if (n <= 0)
			err = err_os(n ? errno : EIO, "cannot copy %s to %s", image, path);
		done += n;
	}
	return err ? err : new_file_keep(&target);
}

static struct err *mkdumprd(struct service *s, const char *path, const char *release,
			    bool overwrite)
{
	struct err *err;

	if (!overwrite && access(path, F_OK) == 0)
		return err_new(ERR_REFUSED, "%s is there already; -f replaces it", path);
	err = service_configure(s, CONFIG_KDUMP);
	if (err)
		return err;
	service_choose_release(s, release);
	err = service_load(s, &(struct service_load){.rebuild = true, .no_load = true});
	return err ? err : copy_image(s, release, path, overwrite);
}

static int mkdumprd_usage(FILE *f, int status)
{
	fprintf(f, "Usage: mkdumprd [--root=DIR] [-f] IMAGE KERNEL-RELEASE\n"
		   "Build the capture image of a kernel.\n");
	return status;
}

int mkdumprd_main(int argc, char **argv)
{
	cleanup(service_deinit) struct service s = {.program = "mkdumprd"};
	struct err *err = service_take_root(&argc, &argv, &s.root);
	bool overwrite = false;
	int lock = -1;

	if (err)
		return outcome(&s, err);
	if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h")))
		return mkdumprd_usage(stdout, 0);
	if (argc > 1 && (str_eq(argv[1], "-f") || str_eq(argv[1], "--force"))) {
		overwrite = true;
		argc--;
		argv++;
	}
	if (argc != 3 || argv[1][0] == '-')
		return mkdumprd_usage(stderr, 1);
	err = arm_lock(s.root, SERVICE_LOCK_WAIT_MS, &lock);
	if (!err)
		err = mkdumprd(&s, argv[1], argv[2], overwrite);
	arm_unlock(lock);
	return outcome(&s, err);
}
