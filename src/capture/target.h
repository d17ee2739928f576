/*
 * Where the files of one dump go: a kind of target as a table of functions, and one target
 * of the manifest at work.
 *
 * There is one table per kind, each in its own file, and target_kind_find() knows them all.
 * The functions are called in the order open, begin, save…, close; each call may run in a
 * process of its own, so nothing can be kept in memory between them but in the record: its
 * `directory` is the name of the dump's directory, as a person would find it on the target.
 * What is mounted stays mounted, since the processes share their mount table.
 *
 * Each function obeys the deadlines of the manifest that are its own (device_ms,
 * network_ms); the supervisor ends what makes no progress, for which record_step() counts.
 */
#ifndef CAPTURE_TARGET_H
#define CAPTURE_TARGET_H

#include "capture/dumpdir.h"
#include "capture/record.h"
#include "capture/sink.h"
#include "format/manifest.h"

#define TARGET_MOUNT_POINT "/mnt"

/* Layout is public; everything is borrowed. */
struct target {
	const struct target_kind *kind;
	const struct manifest_target *row;
	const struct manifest *manifest;
	struct record *record;
	const struct sink *sink;
	const char *root; /* where a file system is mounted: TARGET_MOUNT_POINT */
};

/* A file to be saved: written as @incomplete, called @name once all of it is safe. */
struct target_file {
	const char *incomplete, *name;
	dumpdir_writer *write;
	void *ctx;
};

struct target_kind {
	const char *name; /* as in manifest_target.kind */
	/* Writers get a descriptor that cannot seek (a pipe, a device whose start must not
	 * look whole too early): a dump is written flattened. */
	bool is_stream;
	/* False where there is room for the dump alone, and log, reports and capture.json
	 * cannot be kept. */
	bool holds_files;
	bool is_remote;

	/* Reach it: wait for the device and mount it, bring up the network and connect. */
	struct err *(*open)(const struct target *t);
	/* Make the directory for this dump, by dumpdir_name() of the record's time, and put
	 * it on record. NULL: nothing to do. */
	struct err *(*begin)(const struct target *t);
	/* Save one file; it has its final name only when all of it is safe. *@ret_bytes is
	 * its size. What is left after an error is under the unfinished name. */
	struct err *(*save)(const struct target *t, const struct target_file *file,
			    u64 *ret_bytes);
	/* Bytes of the unfinished file @incomplete that save() left, 0 if there are none.
	 * NULL: nothing ever is left that could be found. */
	u64 (*left_over)(const struct target *t, const char *incomplete);
	/* Bytes that can still be written. NULL: nobody can tell. */
	struct err *(*space)(const struct target *t, u64 *ret_bytes);
	/* Remove the oldest dumps beyond manifest.keep_dumps. NULL: never. */
	struct err *(*prune)(const struct target *t);
	/* Let go of it. Must bring everything to disk. NULL: nothing to do. */
	struct err *(*close)(const struct target *t);
};

/* File systems of a block device, "fs" and "rootfs", and virtiofs. */
extern const struct target_kind target_kind_fs, target_kind_rootfs, target_kind_virtiofs;
/* A block device by itself. */
extern const struct target_kind target_kind_raw;
/* Directories of other machines. */
extern const struct target_kind target_kind_nfs, target_kind_ssh;

/* The kind called @name, NULL if there is none. */
const struct target_kind *target_kind_find(const char *name);

/* Parts that kinds which mount something share: begin, save, left_over, space, prune and
 * close of a directory below t->root. */
must_check struct err *target_mount(const struct target *t, const char *source,
				    const char *fs_type, const char *options);
must_check struct err *target_directory_begin(const struct target *t);
must_check struct err *target_directory_save(const struct target *t,
					     const struct target_file *file,
					     u64 *ret_bytes);
must_check struct err *target_directory_prune(const struct target *t);
u64 target_directory_left_over(const struct target *t, const char *incomplete);
must_check struct err *target_directory_space(const struct target *t, u64 *ret_bytes);
must_check struct err *target_directory_close(const struct target *t);

#endif
