#include "capture/plain_copy.h"

#include "base/child.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMINFO	   "/proc/meminfo"
#define PIECE	   65536
#define STEP_BYTES (1u << 20)
#define POLL_MS	   500

static bool is_zero(const char *data, size_t len)
{
	return !data[0] && memcmp(data, data + 1, len - 1) == 0;
}

static struct err *copy_piece(const char *data, size_t len, int fd, const char *path,
			      bool is_sparse)
{
	if (!is_sparse || !is_zero(data, len))
		return io_write_all(fd, data, len, path);
	if (lseek(fd, (off_t)len, SEEK_CUR) < 0)
		return err_os(errno, "cannot seek in %s", path);
	return NULL;
}

static struct err *copy_all(int in, const char *vmcore, int fd, const char *path,
			    bool is_sparse, struct record *r, u64 *ret_bytes)
{
	cleanup(freep) char *data = malloc(PIECE);
	struct err *err = data ? NULL : err_nomem();
	u64 bytes = 0;

	while (!err) {
		ssize_t len = read(in, data, PIECE);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return err_os(errno, "cannot read %s at %llu", vmcore,
				      (unsigned long long)bytes);
		if (len == 0)
			break;
		err = copy_piece(data, (size_t)len, fd, path, is_sparse);
		if (bytes / STEP_BYTES != (bytes + (u64)len) / STEP_BYTES)
			record_step(r, MEMINFO);
		bytes += (u64)len;
	}
	*ret_bytes = bytes;
	return err;
}

struct err *plain_copy(const char *vmcore, int fd, const char *path, bool is_sparse,
		       struct record *r)
{
	cleanup(closep) int in = open(vmcore, O_RDONLY | O_CLOEXEC);
	struct stat st, out;
	u64 bytes = 0;
	struct err *err;

	if (in < 0 || fstat(in, &st) < 0)
		return err_os(errno, "cannot open %s", vmcore);
	if (fstat(fd, &out) < 0)
		return err_os(errno, "cannot stat %s", path);
	is_sparse &= S_ISREG(out.st_mode);
	err = copy_all(in, vmcore, fd, path, is_sparse, r, &bytes);
	if (!err && is_sparse && ftruncate(fd, (off_t)bytes) < 0)
		err = err_os(errno, "cannot extend %s", path);
	if (!err && bytes != (u64)st.st_size)
		err = err_new(ERR_INCOMPLETE, "%s has %lld bytes, and %llu could be read",
			      vmcore, (long long)st.st_size, (unsigned long long)bytes);
	return err;
}

/* Whatever it does, as long as the file grows it gets on; where there is no file nobody can
 * tell. */
static void look_at_progress(int fd, u64 *size, struct record *r)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		u64 now = (u64)st.st_blocks;

		if (now == *size)
			return;
		*size = now;
	}
	record_step(r, MEMINFO);
}

struct err *run_program(const struct collector *c, const char *vmcore, int fd,
			const char *path, bool is_stream, struct record *r)
{
	const char *argv[COLLECTOR_WORDS_MAX + 3] = {NULL};
	struct child_spec spec = {.argv = argv,
				  .stdout_fd = is_stream ? fd : STDERR_FILENO,
				  .stderr_fd = STDERR_FILENO};
	cleanup(child_freep) struct child *child = NULL;
	bool has_ended = false;
	struct err *err;
	u64 size = 0;

	memcpy(argv, c->words, c->num_words * sizeof(*argv));
	argv[c->num_words] = vmcore;
	argv[c->num_words + 1] = is_stream ? NULL : path;
	err = child_spawn(&spec, &child);
	while (!err && !has_ended) {
		err = child_wait(child, POLL_MS, NULL, &has_ended);
		look_at_progress(fd, &size, r);
	}
	if (!err && child_status(child) != 0)
		err = err_new(ERR_INCOMPLETE, "%s ended with status %d", argv[0],
			      child_status(child));
	return err;
}
