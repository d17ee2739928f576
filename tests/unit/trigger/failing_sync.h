/* A disk that takes what is written and fails when it is to keep it: fdatasync() of this
 * program, as its libraries see it too, fails with `failing_sync.why` for files whose path
 * ends in `failing_sync.suffix`. Included once per program. */
#ifndef TESTS_UNIT_TRIGGER_FAILING_SYNC_H
#define TESTS_UNIT_TRIGGER_FAILING_SYNC_H

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	const char *suffix;
	atomic_int why; /* 0: it works */
} failing_sync;

int fdatasync(int fd)
{
	int why = atomic_load(&failing_sync.why);
	char link[64], path[256];
	ssize_t len;
	size_t suffix;

	if (!why)
		return (int)syscall(SYS_fdatasync, fd);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	suffix = strlen(failing_sync.suffix);
	if (strlen(path) < suffix ||
	    strcmp(path + strlen(path) - suffix, failing_sync.suffix) != 0)
		return (int)syscall(SYS_fdatasync, fd);
	errno = why;
	return -1;
}

#endif
