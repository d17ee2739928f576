#include "dump/file.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "dump/contest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Where the whole cannot be mapped, a window is mapped for reads of at least this many
 * bytes, or of a page shortly behind the read before: somebody is going through the file.
 * Mapping costs about as much as 16 page copies. */
#define WINDOW_MIN_READ (64u << 10)
#define WINDOW_NEAR	(1u << 20)
#define WINDOW_MIN_NEAR 4096u
#define WINDOW_LEN	(4u << 20)
#define WINDOW_ALIGN	(64u << 10) /* no page of any Linux is larger */

/* Reads of at least this size are what read(2) and mmap compete in. */
#define PIECE_LEN (512u << 10)

/* Below this a copy out of the mapping is cheaper than a system call; above it the page
 * faults cost more, and on tmpfs would fill the holes of a sparse file. */
#define MAP_MAX_READ (16u << 10)

enum { CHOICE_OPEN, CHOICE_READ, CHOICE_MAP };
/* Pages of the mapping that are in use: about the span of what was looked at last. */
#define LOOK_SPAN (4u << 20)

/* Pieces that are mapped for good where the whole is not. */
#define MAX_HELD     8
#define HOLD_MIN_LEN (64u << 10)

#define PIPE_PIECE ((size_t)256 << 10)

#ifndef MADV_POPULATE_READ
#	define MADV_POPULATE_READ 22 /* since Linux 5.14 */
#endif

struct held_piece {
	void *start;
	size_t len;
};

struct file_source {
	struct byte_source bytes;
	struct file_source *root; /* the one that was opened first, maybe itself */
	_Atomic int choice;	  /* of `root`, for long reads by all */
	struct contest contest;
	char *path;
	int fd;
	const char *map; /* the whole file, NULL if not mapped */
	bool borrows_map;
	bool uses_window;
	const char *window;
	u64 window_offset;
	size_t window_len;
	u64 last_end;		  /* of the read before */
	u64 look_start, look_end; /* pages of the mapping that are in use */
	struct held_piece held[MAX_HELD];
	size_t num_held;
	bool is_sparse;
	u64 data_start, data_end; /* here the file has no holes */
};

static void window_drop(struct file_source *f)
{
	if (f->window)
		munmap((void *)f->window, f->window_len);
	f->window = NULL;
	f->window_len = 0;
}

/* Move the window, of @want bytes if the file has them, over @offset. False if the kernel
 * will not map there: what lies in /proc/vmcore may be such. */
static bool window_move(struct file_source *f, u64 offset, size_t want)
{
	u64 start = align_down(offset, WINDOW_ALIGN);
	size_t len = min_u64(want, f->bytes.size - start);
	void *window;

	window_drop(f);
	window = mmap(NULL, len, PROT_READ, MAP_PRIVATE, f->fd, (off_t)start);
	if (window == MAP_FAILED)
		return false;
	f->window = window;
	f->window_offset = start;
	f->window_len = len;
	return true;
}

static bool window_has(const struct file_source *f, u64 offset)
{
	return f->window && offset >= f->window_offset &&
	       offset - f->window_offset < f->window_len;
}

static int get_choice(const struct file_source *f)
{
	return atomic_load_explicit(&f->root->choice, memory_order_relaxed);
}

static bool deserves_window(const struct file_source *f, u64 offset, size_t len)
{
	if (len >= WINDOW_MIN_READ)
		return get_choice(f) != CHOICE_READ;
	return len >= WINDOW_MIN_NEAR && offset - f->last_end < WINDOW_NEAR;
}

static struct err *read_fd(const struct file_source *f, u64 offset, void *data, size_t len)
{
	size_t done = 0;
	struct err *err = io_pread_some(f->fd, data, len, offset, f->path, &done);

	if (!err && done < len)
		return err_new(ERR_BAD_DATA,
			       "%s: the file became shorter: it ends at offset 0x%llx",
			       f->path, (unsigned long long)(offset + done));
	return err;
}

/* Copy at most @len bytes out of the window; false if they cannot be mapped. */
static bool read_window(struct file_source *f, u64 offset, void *data, size_t *len,
			size_t window_len)
{
	u64 at;

	if (!window_has(f, offset) && !window_move(f, offset, window_len))
		return false;
	at = offset - f->window_offset;
	*len = min_u64(*len, f->window_len - at);
	memcpy(data, f->window + at, *len);
	return true;
}

/* For all who have the file open, unless one of them was faster. */
static void decide(struct file_source *f)
{
	int was_open = CHOICE_OPEN;
	int choice = contest_winner(&f->contest) ? CHOICE_MAP : CHOICE_READ;

	atomic_compare_exchange_strong(&f->root->choice, &was_open, choice);
}

/* Read PIECE_LEN bytes in the way whose turn it is, and see how long it takes. What the
 * kernel does for read(2) and for mmap depends on its version and on the machine. */
static struct err *compete(struct file_source *f, u64 offset, void *data)
{
	bool maps = contest_turn(&f->contest) == 1;
	size_t done = PIECE_LEN;
	u64 start;
	struct err *err = NULL;

	window_drop(f);
	start = clock_now_ns();
	/* Aligned down, so that the window has all of the piece. */
	if (maps && !read_window(f, offset, data, &done, PIECE_LEN + WINDOW_ALIGN)) {
		contest_add(&f->contest, UINT64_MAX);
		err = read_fd(f, offset, data, PIECE_LEN);
	} else {
		if (!maps)
			err = read_fd(f, offset, data, PIECE_LEN);
		window_drop(f);
		contest_add(&f->contest, clock_now_ns() - start);
	}
	if (contest_is_over(&f->contest))
		decide(f);
	return err;
}

/* Read 1 … @len bytes, *@ret_len of them. */
static struct err *read_windowed(struct file_source *f, u64 offset, void *data, size_t len,
				 size_t *ret_len)
{
	*ret_len = PIECE_LEN;
	if (len >= PIECE_LEN && get_choice(f) == CHOICE_OPEN)
		return compete(f, offset, data);
	*ret_len = len;
	if ((window_has(f, offset) || deserves_window(f, offset, len)) &&
	    read_window(f, offset, data, ret_len, WINDOW_LEN))
		return NULL;
	/* Where mapping failed in small steps: a later one may be mappable again. */
	if (get_choice(f) != CHOICE_READ)
		*ret_len = min_u64(len, WINDOW_MIN_READ);
	return read_fd(f, offset, data, *ret_len);
}

static struct err *file_read_at(const struct byte_source *src, u64 offset, void *data,
				size_t len)
{
	struct file_source *f = src->ctx;

	if (f->map && len <= MAP_MAX_READ) {
		memcpy(data, f->map + offset, len);
		return NULL;
	}
	if (!f->uses_window)
		return read_fd(f, offset, data, len);
	while (len) {
		size_t done;
		struct err *err = read_windowed(f, offset, data, len, &done);

		if (err)
			return err;
		data = (char *)data + done;
		offset += done;
		len -= done;
		f->last_end = offset;
	}
	return NULL;
}

static const void *file_map(const struct byte_source *src, u64 offset, size_t len)
{
	const struct file_source *f = src->ctx;

	if (!f->map || !range_fits(offset, len, src->size))
		return NULL;
	return f->map + offset;
}

static const void *file_hold(const struct byte_source *src, u64 offset, size_t len)
{
	struct file_source *f = src->ctx;
	u64 start = align_down(offset, WINDOW_ALIGN);
	struct held_piece piece = {.len = (size_t)(offset - start) + len};

	if (len < HOLD_MIN_LEN || f->num_held == MAX_HELD ||
	    !range_fits(offset, len, src->size))
		return NULL;
	piece.start = mmap(NULL, piece.len, PROT_READ, MAP_PRIVATE, f->fd, (off_t)start);
	if (piece.start == MAP_FAILED)
		return NULL;
	f->held[f->num_held++] = piece;
	return (const char *)piece.start + (offset - start);
}

/* Has the file no hole there? Touching a hole in a mapping of tmpfs would fill it. */
static bool is_data(struct file_source *f, u64 offset, size_t len)
{
	off_t hole;

	if (!f->is_sparse)
		return true;
	if (offset < f->data_start || offset + len > f->data_end) {
		hole = lseek(f->fd, (off_t)offset, SEEK_HOLE);
		f->data_start = offset;
		f->data_end = hole < 0 ? offset : (u64)hole;
	}
	return offset + len <= f->data_end;
}

static void look_drop(struct file_source *f)
{
	if (f->look_end > f->look_start)
		(void)madvise((void *)(f->map + f->look_start), f->look_end - f->look_start,
			      MADV_DONTNEED);
	f->look_start = f->look_end = 0;
}

static const void *file_look(const struct byte_source *src, u64 offset, size_t len)
{
	struct file_source *f = src->ctx;
	u64 start = align_down(offset, WINDOW_ALIGN);
	u64 end = min_u64(align_up(offset + len, WINDOW_ALIGN), src->size);

	if (!f->map || !range_fits(offset, len, src->size) || !is_data(f, offset, len))
		return NULL;
	if (start < f->look_start || end > f->look_start + LOOK_SPAN) {
		look_drop(f);
		f->look_start = start;
	}
	f->look_end = max_u64(f->look_end, end);
	if (madvise((void *)(f->map + start), end - start, MADV_POPULATE_READ) < 0)
		return NULL;
	return f->map + offset;
}

static u64 file_next_data(const struct byte_source *src, u64 offset)
{
	const struct file_source *f = src->ctx;
	off_t data = lseek(f->fd, (off_t)offset, SEEK_DATA);

	if (data >= 0)
		return max_u64(offset, (u64)data);
	/* Nothing but a hole; any other error says nothing. */
	return errno == ENXIO ? src->size : offset;
}

/* A dump is not read from front to back: what comes through a pipe is kept in a file that
 * has no name. Takes the place of the pipe in @f. */
static struct err *keep_pipe(struct file_source *f)
{
	const char *dir = secure_getenv("TMPDIR");
	cleanup(freep) char *piece = malloc(PIPE_PIECE);
	cleanup(closep) int from = -1, to = -1;
	ssize_t got;

	if (!piece)
		return err_nomem();
	dir = dir && *dir ? dir : "/var/tmp";
	/* Once more, for reads that wait. */
	from = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		return err_os(errno, "cannot open %s", f->path);
	to = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (to < 0)
		return err_os(errno,
			      "cannot make a file in %s for what comes through the pipe %s "
			      "(TMPDIR names another directory)",
			      dir, f->path);
	while ((got = read(from, piece, PIPE_PIECE)) != 0) {
		struct err *err = NULL;

		if (got > 0)
			err = io_write_all(to, piece, (size_t)got, dir);
		else if (errno != EINTR)
			err = err_os(errno, "cannot read");
		if (err)
			return err_wrap(err, "the pipe %s", f->path);
	}
	close(f->fd);
	f->fd = steal_fd(&to);
	return NULL;
}

static bool is_pipe(const struct file_source *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Size and kind of what is open. */
static struct err *examine(struct file_source *f)
{
	struct stat st;
	struct statfs fs;
	off_t end;

	if (fstat(f->fd, &st) < 0 || fstatfs(f->fd, &fs) < 0)
		return err_os(errno, "cannot stat %s", f->path);
	if (S_ISREG(st.st_mode)) {
		f->bytes.size = (u64)st.st_size;
		f->is_sparse = (u64)st.st_blocks * 512 < f->bytes.size;
		f->bytes.next_data = file_next_data;
	} else if (S_ISBLK(st.st_mode)) {
		end = lseek(f->fd, 0, SEEK_END);
		if (end < 0)
			return err_os(errno, "cannot find the size of %s", f->path);
		f->bytes.size = (u64)end;
	} else {
		return err_new(ERR_UNSUPPORTED, "%s is neither a file nor a block device",
			       f->path);
	}
	if (fs.f_type == PROC_SUPER_MAGIC) {
		f->uses_window = true;
		f->bytes.next_data = NULL;
	}
	return NULL;
}

static struct err *open_path(const char *path, bool uses_window, struct file_source **ret)
{
	cleanup(file_source_closep) struct file_source *f = calloc(1, sizeof(*f));
	struct err *err;

	if (!f)
		return err_nomem();
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd < 0)
		return err_os(errno, "cannot open %s", path);
	f->path = strdup(path);
	if (!f->path)
		return err_nomem();
	f->bytes = (struct byte_source){.read_at = file_read_at,
					.map = file_map,
					.look = file_look,
					.ctx = f,
					.name = f->path};
	f->uses_window = uses_window;
	f->root = f;
	err = is_pipe(f) ? keep_pipe(f) : NULL;
	if (!err)
		err = examine(f);
	if (err)
		return err;
	f->bytes.hold = f->uses_window ? file_hold : NULL;
	if (!f->uses_window && f->bytes.size && f->bytes.size <= SIZE_MAX / 2) {
		void *map =
			mmap(NULL, (size_t)f->bytes.size, PROT_READ, MAP_SHARED, f->fd, 0);

		f->map = map == MAP_FAILED ? NULL : map;
	}
	*ret = steal(f);
	return NULL;
}

struct err *file_source_open(const char *path, struct file_source **ret)
{
	return open_path(path, false, ret);
}

struct err *file_source_open_in_windows(const char *path, struct file_source **ret)
{
	return open_path(path, true, ret);
}

struct err *file_source_open_again(const struct file_source *of, struct file_source **ret)
{
	cleanup(file_source_closep) struct file_source *f = calloc(1, sizeof(*f));

	if (!f)
		return err_nomem();
	f->fd = fcntl(of->fd, F_DUPFD_CLOEXEC, 0);
	if (f->fd < 0)
		return err_os(errno, "cannot open %s once more", of->path);
	f->path = strdup(of->path);
	if (!f->path)
		return err_nomem();
	f->bytes = of->bytes;
	f->bytes.ctx = f;
	f->bytes.name = f->path;
	f->map = of->map;
	f->borrows_map = true;
	f->root = of->root;
	f->uses_window = of->uses_window;
	f->is_sparse = of->is_sparse;
	*ret = steal(f);
	return NULL;
}

void file_source_close(struct file_source *f)
{
	if (!f)
		return;
	window_drop(f);
	for (size_t i = 0; i < f->num_held; i++)
		munmap(f->held[i].start, f->held[i].len);
	if (f->map && !f->borrows_map)
		munmap((void *)f->map, (size_t)f->bytes.size);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

const struct byte_source *file_source_bytes(const struct file_source *f)
{
	return &f->bytes;
}

enum file_way file_source_way(const struct file_source *f)
{
	if (!f->uses_window)
		return f->map ? FILE_IS_MAPPED : FILE_IS_READ;
	switch (get_choice(f)) {
	case CHOICE_READ:
		return FILE_IS_READ;
	case CHOICE_MAP:
		return FILE_IS_MAPPED;
	default:
		return FILE_IS_OPEN;
	}
}
