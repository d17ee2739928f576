#include "collect/output_priv.h"

#include "base/io.h"
#include "format/flattened.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZEROS_BYTES  65536
#define HEADER_BYTES 4096 /* by which a dump of any format is known */

static struct err *begin_stream(struct output *o)
{
	u8 header[FLATTENED_HEADER_LEN];

	flattened_format_header(header);
	return io_write_all(o->fd, header, sizeof(header), o->name);
}

/* A device may hold an older dump. It must not be taken for ours, nor what ours has not
 * overwritten for a part of it: its header goes before anything else does. */
static struct err *begin_device(struct output *o)
{
	static const u8 zeros[HEADER_BYTES];
	struct err *err;

	o->kind = OUTPUT_DEVICE;
	err = io_pwrite_all(o->fd, zeros, sizeof(zeros), 0, o->name);
	return err ? err : output_sync(o);
}

/* What is behind the descriptor, ready to be written. */
static struct err *begin_file(struct output *o)
{
	struct stat st;

	if (fstat(o->fd, &st) < 0)
		return err_os(errno, "cannot stat %s", o->name);
	if (S_ISBLK(st.st_mode))
		return begin_device(o);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_UNSUPPORTED,
			       "%s is neither a regular file nor a block device; only a "
			       "flattened dump (-F) can be written to it",
			       o->name);
	if (ftruncate(o->fd, 0) < 0)
		return err_os(errno, "cannot empty %s", o->name);
	return NULL;
}

struct err *output_init(struct output *o, int fd, const char *name, bool as_stream)
{
	*o = (struct output){.fd = fd,
			     .name = name,
			     .kind = as_stream ? OUTPUT_STREAM : OUTPUT_FILE,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .turn_came = PTHREAD_COND_INITIALIZER};
	return as_stream ? begin_stream(o) : begin_file(o);
}

void output_deinit(struct output *o)
{
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->turn_came);
}

static struct err *write_segment(struct output *o, u64 offset, const void *data, size_t len)
{
	u8 header[FLATTENED_SEGMENT_LEN];
	struct err *err;

	flattened_format_segment(offset, len, header);
	pthread_mutex_lock(&o->lock);
	err = io_write_all(o->fd, header, sizeof(header), o->name);
	if (!err)
		err = io_write_all(o->fd, data, len, o->name);
	pthread_mutex_unlock(&o->lock);
	return err;
}

struct err *output_write(struct output *o, u64 offset, const void *data, size_t len)
{
	if (!len)
		return NULL;
	return o->kind == OUTPUT_STREAM ? write_segment(o, offset, data, len)
					: io_pwrite_all(o->fd, data, len, offset, o->name);
}

static struct err *extend(struct output *o, u64 len)
{
	struct stat st;

	if (fstat(o->fd, &st) < 0)
		return err_os(errno, "cannot stat %s", o->name);
	if ((u64)st.st_size < len && ftruncate(o->fd, (off_t)len) < 0)
		return err_os(errno, "%s: cannot be extended", o->name);
	return NULL;
}

struct err *output_clear(struct output *o, u64 offset, u64 len)
{
	cleanup(freep) u8 *zeros = NULL;
	struct err *err = NULL;

	/* What no segment of a stream covers is a hole when it is rearranged. */
	if (o->kind == OUTPUT_STREAM)
		return NULL;
	if (o->kind == OUTPUT_FILE)
		return extend(o, offset + len);
	/* A device may hold an older dump. */
	zeros = calloc(1, ZEROS_BYTES);
	if (!zeros)
		return err_nomem();
	for (u64 done = 0; done < len && !err; done += ZEROS_BYTES)
		err = io_pwrite_all(o->fd, zeros, min_u64(len - done, ZEROS_BYTES),
				    offset + done, o->name);
	return err;
}

bool output_place(struct output *o, u64 turn, bool is_ordered, u64 len, u64 *ret)
{
	bool has_turn;

	pthread_mutex_lock(&o->lock);
	while (o->turn < turn && !o->is_broken)
		pthread_cond_wait(&o->turn_came, &o->lock);
	has_turn = o->turn >= turn;
	if (has_turn) {
		*ret = o->end;
		o->end += len;
		o->turn += is_ordered;
		if (is_ordered)
			pthread_cond_broadcast(&o->turn_came);
	}
	pthread_mutex_unlock(&o->lock);
	return has_turn;
}

void output_break(struct output *o)
{
	pthread_mutex_lock(&o->lock);
	o->is_broken = true;
	pthread_cond_broadcast(&o->turn_came);
	pthread_mutex_unlock(&o->lock);
}

struct err *output_cut(struct output *o, u64 size)
{
	if (o->kind == OUTPUT_FILE && ftruncate(o->fd, (off_t)size) < 0)
		return err_os(errno, "%s: cannot be cut", o->name);
	return NULL;
}

struct err *output_sync(struct output *o)
{
	if (o->kind == OUTPUT_DEVICE && fdatasync(o->fd) < 0)
		return err_os(errno, "cannot fsync %s", o->name);
	return NULL;
}

struct err *output_end(struct output *o)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	if (o->kind != OUTPUT_STREAM)
		return NULL;
	flattened_format_end(header);
	return io_write_all(o->fd, header, sizeof(header), o->name);
}
