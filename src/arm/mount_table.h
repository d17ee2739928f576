/*
 * What is mounted where (/proc/self/mountinfo, proc(5)), and on which file system, at which
 * path of it, something of this machine lies.
 *
 * The table owns its strings and is read-only once made. A place that was found points into
 * the table.
 */
#ifndef ARM_MOUNT_TABLE_H
#define ARM_MOUNT_TABLE_H

#include "base/err.h"

#define MOUNTINFO_BYTES_MAX (4u << 20)
#define MOUNTS_MAX	    32768

/* Layout is public. */
struct mount_row {
	u64 id, parent;
	u32 major, minor;
	const char *root; /* what of the file system is mounted, "/" for all */
	const char *mount_point;
	const char *options;	   /* of the mount: "rw,relatime" */
	const char *fs_type;	   /* "ext4" */
	const char *source;	   /* "/dev/vda1", "host:/export", "tmpfs" */
	const char *super_options; /* of the file system */
};

struct mount_table {
	struct mount_row *rows; /* in the order of the file */
	size_t count;
	char *text; /* owns the strings */
};

/* Parse @len bytes of mountinfo. ERR_BAD_DATA naming the line. */
must_check struct err *mount_table_parse(const char *text, size_t len,
					 struct mount_table *ret);
must_check struct err *mount_table_read(const char *root, struct mount_table *ret);
void mount_table_deinit(struct mount_table *t);

/* The mount that hides all others at @path, which is absolute and without symbolic links.
 * NULL if there is none, not even at "/". */
const struct mount_row *mount_table_find(const struct mount_table *t, const char *path);

/* The last one mounted from device @major:@minor, a writable one if there is one; NULL if
 * it is not mounted. */
const struct mount_row *mount_table_find_device(const struct mount_table *t, u32 major,
						u32 minor);

struct mount_place {
	const struct mount_row *mount;
	char *path; /* on the file system, as if all of it were mounted: "/crash" */
};

/* Where @path of the machine below @root is, symbolic links followed; what of it does not
 * exist yet is taken as it stands. ERR_ABSENT if nothing is mounted there. The caller frees
 * ret->path. */
must_check struct err *mount_table_resolve(const struct mount_table *t, const char *root,
					   const char *path, struct mount_place *ret);

/* The value of "@name=…" in a list of mount options, copied; NULL if it is not there. */
must_check struct err *mount_option(const char *options, const char *name, char **ret);

#endif
