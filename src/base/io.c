#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct err *source_read(const struct byte_source *src, u64 offset, void *data, size_t len)
{
	if (!range_fits(offset, len, src->size))
		return err_new(ERR_BAD_DATA,
			       "%s: %zu bytes at offset 0x%llx lie past the end at 0x%llx",
			       src->name, len, (unsigned long long)offset,
			       (unsigned long long)src->size);
	return src->read_at(src, offset, data, len);
}

u64 source_next_data(const struct byte_source *src, u64 offset)
{
	if (offset >= src->size)
		return src->size;
	return src->next_data ? min_u64(src->next_data(src, offset), src->size) : offset;
}

static struct err *memory_read_at(const struct byte_source *src, u64 offset, void *data,
				  size_t len)
{
	if (len)
		memcpy(data, (const char *)src->ctx + offset, len);
	return NULL;
}

static const void *memory_map(const struct byte_source *src, u64 offset, size_t len)
{
	if (!range_fits(offset, len, src->size))
		return NULL;
	return (const char *)src->ctx + offset;
}

struct byte_source source_from_memory(const void *data, size_t size, const char *name)
{
	return (struct byte_source){
		.read_at = memory_read_at,
		.map = memory_map,
		.look = memory_map,
		.ctx = (void *)data,
		.size = size,
		.name = name,
	};
}

struct err *io_write_all(int fd, const void *data, size_t len, const char *name)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s: cannot write %zu bytes", name, len);
		if (n == 0)
			return err_os(EIO, "%s: a write of %zu bytes wrote nothing", name,
				      len);
		p += n;
		len -= (size_t)n;
	}
	return NULL;
}

struct err *io_pwrite_all(int fd, const void *data, size_t len, u64 offset,
			  const char *name)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s: cannot write %zu bytes at offset 0x%llx",
				      name, len, (unsigned long long)offset);
		if (n == 0)
			return err_os(EIO, "%s: a write at offset 0x%llx wrote nothing",
				      name, (unsigned long long)offset);
		p += n;
		len -= (size_t)n;
		offset += (u64)n;
	}
	return NULL;
}

struct err *io_pread_some(int fd, void *data, size_t len, u64 offset, const char *name,
			  size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n =
			pread(fd, (char *)data + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s: cannot read %zu bytes at offset 0x%llx",
				      name, len - done,
				      (unsigned long long)(offset + done));
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_len = done;
	return NULL;
}

struct err *io_read_file(const char *path, size_t max_len, char **ret, size_t *ret_len)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(freep) char *data = NULL;
	size_t capacity = 4096, len = 0;

	if (fd < 0)
		return err_os(errno, "cannot open %s", path);
	for (;;) {
		char *grown = realloc(data, capacity);
		ssize_t n;

		if (!grown)
			return err_nomem();
		data = grown;
		n = read(fd, data + len, capacity - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "cannot read %s", path);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max_len)
			return err_new(ERR_BAD_DATA, "%s is longer than %zu bytes", path,
				       max_len);
		if (len + 1 == capacity)
			capacity += capacity;
	}
	data[len] = '\0';
	*ret = steal(data);
	if (ret_len)
		*ret_len = len;
	return NULL;
}

struct err *io_write_file(const char *path, unsigned mode, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	struct err *err;

	if (fd < 0)
		return err_os(errno, "cannot create %s", path);
	err = io_write_all(fd, data, len, path);
	if (close(fd) < 0 && !err)
		err = err_os(errno, "cannot finish writing %s", path);
	return err;
}

const char *io_temp_dir(const char *otherwise)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : otherwise;
}

struct err *io_open_nameless(const char *dir, int *ret_fd)
{
	static const char name[] = "/inquest-XXXXXX";
	cleanup(freep) char *path = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		/* Overlay file systems have no O_TMPFILE before Linux 6.6. */
		path = malloc(strlen(dir) + sizeof(name));
		if (!path)
			return err_nomem();
		strcpy(stpcpy(path, dir), name);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			return err_os(errno, "cannot make a temporary file in %s", dir);
		unlink(path);
	}
	*ret_fd = fd;
	return NULL;
}

struct err *io_fsync_dir(const char *path)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_os(errno, "cannot open directory %s", path);
	if (fsync(fd) < 0)
		return err_os(errno, "cannot fsync directory %s", path);
	return NULL;
}
