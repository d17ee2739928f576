/* A block device without a file system: the dump alone, flattened, from its first byte on.
 */
#include "capture/target.h"

#include "base/io.h"
#include "capture/device.h"
#include "format/flattened.h"
#include "format/raw_label.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK FLATTENED_HEADER_LEN

static struct err *find(const struct target *t, struct device *ret)
{
	return device_find(t->row->device, t->manifest->deadlines.device_ms, ret);
}

static struct err *raw_open(const struct target *t)
{
	struct device device;
	struct err *err = find(t, &device);

	/* Whoever says raw means it, but may have meant another device. */
	if (!err && *device.type)
		sink_warn(t->sink, err_new(ERR_REFUSED,
					   "there was a file system (%s) on %s, which the "
					   "dump overwrites",
					   device.type, device.path));
	return err;
}

static struct err *sync_device(int fd, const char *path)
{
	return fsync(fd) < 0 ? err_os(errno, "cannot fsync %s", path) : NULL;
}

/* What an older dump left must not be taken for the end of this one, nor this one for
 * whole: its labels go before anything else does. */
static struct err *forget_older(int fd, const char *path)
{
	u8 block[BLOCK];
	struct raw_label old;
	struct err *err;
	size_t len;

	err = io_pread_some(fd, block, sizeof(block), 0, path, &len);
	if (err)
		return err;
	if (len == BLOCK && raw_label_parse(block + RAW_LABEL_OFFSET, &old)) {
		memset(block, 0, sizeof(block));
		err_ignore(io_pwrite_all(fd, block, RAW_LABEL_LEN, old.bytes, path));
	}
	memset(block, 0, sizeof(block));
	err = io_pwrite_all(fd, block, sizeof(block), 0, path);
	return err ? err : sync_device(fd, path);
}

/* All of the stream is on the disk: say so at its end, and then at its start. */
static struct err *add_labels(const struct target *t, int fd, const char *path, u64 bytes)
{
	struct raw_label label = {.bytes = bytes, .started = (u64)t->record->started};
	u8 text[RAW_LABEL_LEN];
	struct err *err;

	snprintf(label.id, sizeof(label.id), "%s", t->record->identity.boot_id);
	raw_label_format(&label, text);
	err = io_pwrite_all(fd, text, sizeof(text), bytes, path);
	if (!err)
		err = sync_device(fd, path);
	if (!err)
		err = io_pwrite_all(fd, text, sizeof(text), RAW_LABEL_OFFSET, path);
	return err ? err : sync_device(fd, path);
}

static struct err *write_stream(const struct target *t, const struct target_file *file,
				int fd, const char *path, u64 *ret_bytes)
{
	u8 head[FLATTENED_USED_LEN];
	struct err *err = forget_older(fd, path);
	off_t bytes;
	size_t len;

	if (!err)
		err = file->write(file->ctx, fd, path);
	if (!err)
		err = sync_device(fd, path);
	if (err)
		return err;
	bytes = lseek(fd, 0, SEEK_CUR);
	if (bytes < 0)
		return err_os(errno, "cannot tell how much was written to %s", path);
	*ret_bytes = (u64)bytes;
	err = io_pread_some(fd, head, sizeof(head), 0, path, &len);
	/* Of what dd or cat copy the first block is not ours. */
	if (err || len < sizeof(head) || !flattened_recognises(head, len))
		return err;
	return add_labels(t, fd, path, *ret_bytes);
}

static struct err *raw_save(const struct target *t, const struct target_file *file,
			    u64 *ret_bytes)
{
	struct device device;
	struct err *err = find(t, &device);
	cleanup(closep) int fd = -1;

	if (err)
		return err;
	/* EBUSY if it is mounted. */
	fd = open(device.path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot open %s", device.path);
	return write_stream(t, file, fd, device.path, ret_bytes);
}

static struct err *raw_space(const struct target *t, u64 *ret_bytes)
{
	struct device device;
	struct err *err = find(t, &device);
	cleanup(closep) int fd = -1;
	u64 bytes;

	if (err)
		return err;
	fd = open(device.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) < 0)
		return err_os(errno, "cannot ask %s for its size", device.path);
	*ret_bytes = bytes > RAW_LABEL_LEN ? bytes - RAW_LABEL_LEN : 0;
	return NULL;
}

const struct target_kind target_kind_raw = {.name = "raw",
					    .is_stream = true,
					    .open = raw_open,
					    .save = raw_save,
					    .space = raw_space};
