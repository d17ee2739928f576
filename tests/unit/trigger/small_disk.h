/* A small file system of our own, to be full: a tmpfs in a mount namespace of this process.
 */
#ifndef TESTS_UNIT_TRIGGER_SMALL_DISK_H
#define TESTS_UNIT_TRIGGER_SMALL_DISK_H

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "testing.h"

static inline bool small_disk_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return is_good;
}

/* Mount it at @dir; false where that is not allowed. The process stays in there. */
static inline bool small_disk_mount(const char *dir, const char *options)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();

	if (uid == 0 && unshare(CLONE_NEWNS) == 0) {
		/* nothing to map */
	} else if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!small_disk_write("/proc/self/uid_map", map))
			return false;
		snprintf(map, sizeof(map), "0 %u 1", gid);
		small_disk_write("/proc/self/setgroups", "deny");
		small_disk_write("/proc/self/gid_map", map);
	} else {
		return false;
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("small", dir, "tmpfs", 0, options) == 0;
}

/* Fill what is left of the file system with @path, to the last byte. */
static inline void small_disk_fill(const char *path)
{
	char zeros[4096] = {0};
	int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	ssize_t done;

	assert_true(fd >= 0);
	do
		done = write(fd, zeros, sizeof(zeros));
	while (done > 0);
	do
		done = write(fd, zeros, 1);
	while (done > 0);
	close(fd);
}

#endif
