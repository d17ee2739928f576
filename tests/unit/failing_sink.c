#include "failing_sink.h"

#include "base/types.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sink_fault fault;
static struct sink_seen seen;
static u64 total;     /* bytes written */
static u64 stream_at; /* where the next write() goes */
static bool interrupted;
static bool is_lost; /* and fsync has not told yet */

void failing_sink_set(struct sink_fault f)
{
	pthread_mutex_lock(&lock);
	fault = f;
	seen = (struct sink_seen){0};
	total = stream_at = 0;
	interrupted = is_lost = false;
	pthread_mutex_unlock(&lock);
}

struct sink_seen failing_sink_seen(void)
{
	struct sink_seen s;

	pthread_mutex_lock(&lock);
	s = seen;
	pthread_mutex_unlock(&lock);
	return s;
}

static bool covers(u64 offset, size_t len)
{
	return offset <= fault.at && fault.at - offset < len;
}

static int fail_with(int os_errno)
{
	seen.failed++;
	return os_errno;
}

/* How many of @len bytes at @offset may be written; 0 with *@ret_errno if none. */
static size_t admit(u64 offset, size_t len, int *ret_errno)
{
	u64 left = len;

	seen.calls++;
	*ret_errno = 0;
	switch (fault.kind) {
	case SINK_FULL:
		left = offset < fault.at ? fault.at - offset : 0;
		break;
	case SINK_BAD_SPOT:
		if (covers(offset, len))
			left = fault.at - offset;
		break;
	case SINK_GONE:
		left = total < fault.at ? fault.at - total : 0;
		break;
	case SINK_HICCUP:
		left = seen.calls == fault.at ? 0 : len;
		break;
	case SINK_SHORT:
		left = fault.at;
		break;
	case SINK_INTERRUPTED:
		interrupted = !interrupted;
		if (interrupted) {
			*ret_errno = EINTR;
			return 0;
		}
		break;
	default:
		break;
	}
	if (len && !left)
		*ret_errno = fail_with(fault.os_errno);
	len = min_u64(len, left);
	total += len;
	seen.end = max_u64(seen.end, offset + len);
	return len;
}

/* May a call go on that changes a file other than by writing? */
static bool admit_call(bool is_sync, bool resizes)
{
	int os_errno = 0;

	pthread_mutex_lock(&lock);
	seen.calls++;
	if ((fault.kind == SINK_GONE && total >= fault.at) ||
	    (fault.kind == SINK_HICCUP && seen.calls == fault.at) || (is_lost && is_sync))
		os_errno = fail_with(fault.os_errno);
	else if (fault.is_device && resizes)
		os_errno = EINVAL;
	/* The kernel tells once. */
	is_lost &= !is_sync;
	pthread_mutex_unlock(&lock);
	if (os_errno)
		errno = os_errno;
	return !os_errno;
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite64(int fd, const void *data, size_t len, off_t offset);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate64(int fd, off_t size);
int __real_fallocate64(int fd, int mode, off_t offset, off_t len);
int __real_fstat64(int fd, struct stat *st);

ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t len, off_t offset);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t len);
int __wrap_fstat64(int fd, struct stat *st);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	size_t admitted = len;
	int os_errno = 0;

	if (fd > STDERR_FILENO) {
		pthread_mutex_lock(&lock);
		admitted = admit(stream_at, len, &os_errno);
		stream_at += admitted;
		pthread_mutex_unlock(&lock);
	}
	if (os_errno) {
		errno = os_errno;
		return -1;
	}
	return __real_write(fd, data, admitted);
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	bool is_dropped;
	int os_errno;

	pthread_mutex_lock(&lock);
	len = admit((u64)offset, len, &os_errno);
	is_dropped = fault.kind == SINK_LOST && covers((u64)offset, len);
	is_lost |= is_dropped;
	pthread_mutex_unlock(&lock);
	if (is_dropped)
		return (ssize_t)len;
	if (os_errno) {
		errno = os_errno;
		return -1;
	}
	return __real_pwrite64(fd, data, len, offset);
}

int __wrap_fsync(int fd)
{
	return admit_call(true, false) ? __real_fsync(fd) : -1;
}

int __wrap_fdatasync(int fd)
{
	return admit_call(true, false) ? __real_fdatasync(fd) : -1;
}

int __wrap_ftruncate64(int fd, off_t size)
{
	return admit_call(false, true) ? __real_ftruncate64(fd, size) : -1;
}

int __wrap_fallocate64(int fd, int mode, off_t offset, off_t len)
{
	return admit_call(false, true) ? __real_fallocate64(fd, mode, offset, len) : -1;
}

int __wrap_fstat64(int fd, struct stat *st)
{
	int status = __real_fstat64(fd, st);

	pthread_mutex_lock(&lock);
	if (status == 0 && fault.is_device && fd > STDERR_FILENO)
		st->st_mode = S_IFBLK | (st->st_mode & 0777);
	pthread_mutex_unlock(&lock);
	return status;
}
