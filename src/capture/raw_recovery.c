#include "capture/raw_recovery.h"

#include "analyse/brief.h"
#include "base/clock.h"
#include "base/io.h"
#include "capture/device.h"
#include "capture/names.h"
#include "capture/prune.h"
#include "capture/save.h"
#include "dump/rearrange.h"
#include "format/flattened.h"
#include "format/raw_label.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECTOR	    512
#define REPORT_NAME "vmcore-report.txt"

struct recovery {
	const struct raw_recovery_options *options;
	int fd;
	bool has_label;
	struct raw_label label; /* of the first block */
	struct manifest manifest;
	struct manifest_target row;
	struct record *record;
	struct target target;
};

static void recovery_deinit(struct recovery *r)
{
	closep(&r->fd);
	record_free(r->record);
}

/* False if there is none. */
static struct err *look(struct recovery *r, bool *ret_found)
{
	const char *path = r->options->device;
	u8 block[FLATTENED_HEADER_LEN];
	char type[DEVICE_TYPE_SIZE];
	size_t len;
	struct err *err = device_probe(path, type);

	if (!err && *type)
		err = err_new(ERR_REFUSED,
			      "there is a file system (%s) on %s: it is no place for raw "
			      "dumps, and nothing of it is touched",
			      type, path);
	if (!err)
		err = io_pread_some(r->fd, block, sizeof(block), 0, path, &len);
	if (err)
		return err;
	*ret_found = len == sizeof(block) && flattened_recognises(block, len);
	r->has_label = *ret_found && raw_label_parse(block + RAW_LABEL_OFFSET, &r->label);
	return NULL;
}

/* Is the end of the stream where the first block says it is? */
static struct err *check_labels(struct recovery *r)
{
	u8 bytes[FLATTENED_SEGMENT_LEN + RAW_LABEL_LEN] = {0};
	const char *path = r->options->device;
	struct flattened_segment end = {.is_end = false};
	struct raw_label label;
	off_t size = lseek(r->fd, 0, SEEK_END);
	struct err *err;
	size_t len = 0;

	if (size < RAW_LABEL_LEN || r->label.bytes > (u64)size - RAW_LABEL_LEN ||
	    r->label.bytes < FLATTENED_HEADER_LEN + FLATTENED_SEGMENT_LEN)
		return err_new(ERR_INCOMPLETE, "%s: its label is damaged", path);
	err = io_pread_some(r->fd, bytes, sizeof(bytes),
			    r->label.bytes - FLATTENED_SEGMENT_LEN, path, &len);
	if (err)
		return err;
	if (len < sizeof(bytes) || !flattened_parse_segment(bytes, &end) || !end.is_end ||
	    !raw_label_parse(bytes + FLATTENED_SEGMENT_LEN, &label) ||
	    memcmp(&label, &r->label, sizeof(label)) != 0)
		return err_new(ERR_INCOMPLETE,
			       "%s: the dump does not end where its label says", path);
	return NULL;
}

/* What the collector marked as cut short is not whole, whatever is around it. */
static struct err *check_mark(struct recovery *r, const char *path)
{
	cleanup(dump_closep) struct dump *dump = NULL;
	struct err *err = dump_open(path, r->options->formats, &dump);

	if (!err && dump_is_incomplete(dump))
		err = err_new(ERR_INCOMPLETE, "the dump is marked as cut short");
	return err;
}

static struct err *write_vmcore(void *ctx, int fd, const char *path)
{
	const struct rearrange_options options = {.should_stop = NULL};
	struct recovery *r = ctx;
	struct rearrange_stats stats;
	struct err *err = NULL;

	if (lseek(r->fd, 0, SEEK_SET) < 0)
		return err_os(errno, "cannot read %s", r->options->device);
	err = rearrange(r->fd, r->options->device, fd, path, &options, &stats);
	if (!err && r->has_label)
		err = check_labels(r);
	return err ? err : check_mark(r, path);
}

static struct err *write_report(void *ctx, int fd, const char *path)
{
	cleanup(kernel_closep) struct kernel *kernel = NULL;
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct err *err = kernel_open(ctx, &kernel);

	if (!err)
		err = brief_format(&text, kernel);
	return err ? err : io_write_all(fd, buf_text(&text), text.len, path);
}

/* Log and report, which need not come to anything. */
static void save_what_it_tells(struct recovery *r, const char *vmcore)
{
	const struct target *t = &r->target;
	cleanup(dump_closep) struct dump *dump = NULL;
	struct target_file report = {.incomplete = "." REPORT_NAME ".tmp",
				     .name = REPORT_NAME,
				     .write = write_report};
	struct err *err = dump_open(vmcore, r->options->formats, &dump);
	u64 bytes = 0;

	if (err) {
		sink_warn(t->sink, err);
		return;
	}
	if (!r->options->leaves_out_log)
		sink_warn(t->sink, save_dmesg_of(dump, t));
	report.ctx = dump;
	err = t->kind->save(t, &report, &bytes);
	if (err)
		sink_warn(t->sink, err);
	else
		record_add_file(t->record, REPORT_NAME, bytes, true);
}

static struct err *begin(struct recovery *r)
{
	const struct raw_recovery_options *o = r->options;
	struct err *err = record_new(&r->record);

	if (err)
		return err;
	r->manifest = (struct manifest)MANIFEST_DEFAULTS;
	r->manifest.naming = o->naming;
	r->row = MANIFEST_TARGET_DEFAULTS;
	r->row.path = o->parent;
	r->row.host = o->host;
	r->record->started = r->has_label ? (time_t)r->label.started : time(NULL);
	r->record->started_ms = clock_now_ms();
	record_begin_target(r->record, "raw", o->device);
	if (r->has_label)
		snprintf(r->record->identity.boot_id, sizeof(r->record->identity.boot_id),
			 "%s", r->label.id);
	r->target = (struct target){.kind = &target_kind_fs,
				    .row = &r->row,
				    .manifest = &r->manifest,
				    .record = r->record,
				    .sink = &o->sink,
				    .root = ""};
	return r->target.kind->begin(&r->target);
}

/* Is it the dump that is not whole, and not we who cannot save it (the disk is full, memory
 * is short)? Only then may the device be cleared afterwards. */
static bool is_of_dump(const struct err *err)
{
	return !err_errno(err) &&
	       (err_code(err) == ERR_INCOMPLETE || err_code(err) == ERR_BAD_DATA ||
		err_code(err) == ERR_FAULT);
}

/* What was in the way of a whole dump is the record's; only what keeps us from saving it is
 * an error. */
static struct err *save_vmcore(struct recovery *r, struct names *names)
{
	struct target_file file = {.write = write_vmcore, .ctx = r};
	u64 bytes = 0;
	struct err *err;

	names_make(r->manifest.naming, r->record->started, DUMP_KDUMP, names);
	file.incomplete = names->dump_incomplete;
	file.name = names->dump;
	err = r->target.kind->save(&r->target, &file, &bytes);
	if (!err) {
		record_add_dump(r->record, names->dump, bytes);
		return NULL;
	}
	if (!is_of_dump(err))
		return err;
	snprintf(names->dump, sizeof(names->dump), "%s", names->dump_incomplete);
	record_fail(r->record, err_message(err));
	err_free(err);
	save_left_over(&r->target);
	return NULL;
}

static struct err *save_all(struct recovery *r)
{
	cleanup(buf_deinit) struct buf vmcore = BUF_INIT;
	struct names names;
	struct err *err = save_vmcore(r, &names);

	if (err)
		return err;
	buf_printf(&vmcore, "%s/%s", r->record->directory, names.dump);
	err = buf_check(&vmcore);
	if (err)
		return err;
	save_what_it_tells(r, vmcore.data);
	record_settle(r->record);
	return save_record(&r->target);
}

static struct err *take_off(struct recovery *r)
{
	struct err *err = begin(r);

	if (err)
		return err;
	err = save_all(r);
	/* The device still has it: each boot tries again, and half a copy a time fills the
	 * disk.
	 */
	if (err)
		sink_warn(&r->options->sink, prune_dump(r->record->directory));
	return err;
}

static struct err *forget(struct recovery *r)
{
	const u8 zeros[SECTOR] = {0};
	struct err *err = io_pwrite_all(r->fd, zeros, sizeof(zeros), 0, r->options->device);

	if (!err && fsync(r->fd) < 0)
		err = err_os(errno, "cannot fsync %s", r->options->device);
	return err;
}

struct err *raw_recover(const struct raw_recovery_options *o, struct raw_recovered *ret)
{
	struct raw_recovered result = {.found = RAW_NOTHING};
	cleanup(recovery_deinit) struct recovery r = {
		.options = o, .fd = open(o->device, O_RDWR | O_EXCL | O_CLOEXEC)};
	bool found = false;
	struct err *err;

	if (r.fd < 0)
		return err_os(errno, "cannot open %s", o->device);
	err = look(&r, &found);
	if (!err && found)
		err = take_off(&r);
	if (!err && found)
		err = forget(&r);
	if (err)
		return err;
	if (found) {
		result.found =
			r.record->outcome == RECORD_COMPLETE ? RAW_WHOLE : RAW_INCOMPLETE;
		snprintf(result.directory, sizeof(result.directory), "%s",
			 r.record->directory);
		snprintf(result.reason, sizeof(result.reason), "%s", r.record->reason);
	}
	*ret = result;
	return NULL;
}
