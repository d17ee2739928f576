/*
 * The armed manifest: what arm/ decided and inquest-capture carries out, as JSON in the
 * image at MANIFEST_PATH.
 *
 * Layout is public. A writer fills the struct with strings it keeps alive itself and leaves
 * `json` and `arrays` NULL; manifest_parse() makes one whose strings live in `json`, to be
 * released with manifest_deinit(). Absent members take the values of MANIFEST_DEFAULTS; a
 * newer host reads what an older one wrote, and members that are not known are ignored. The
 * format is described in docs/formats.md.
 */
#ifndef FORMAT_MANIFEST_H
#define FORMAT_MANIFEST_H

#include "base/buf.h"

#define MANIFEST_PATH	 "/etc/inquest/manifest.json"
#define MANIFEST_VERSION 1

/* Far above any real image; what a damaged manifest can make us allocate. */
#define MANIFEST_BYTES_MAX   (256 * 1024)
#define MANIFEST_MODULES_MAX 512
#define MANIFEST_SYSCTLS_MAX 64

/* A module file of the image, in load order. */
struct manifest_module {
	const char *path;   /* in the image, "/lib/modules/ext4.ko" */
	const char *params; /* for finit_module(2), "" mostly */
	bool optional;	    /* a soft dependency: failing to load it is no failure */
};

struct manifest_sysctl {
	const char *name, *value; /* "kernel.unknown_nmi_panic", "1" */
};

struct manifest_target {
	const char *device;  /* "/dev/vda" */
	const char *fs_type; /* "ext4" */
	const char *options; /* mount options for the file system, "" mostly */
	const char *path;    /* directory on it, "/var/crash" */
	const char *host;    /* first part of the dump directory's name, "127.0.0.1" */
};

struct manifest_dump {
	u64 level;		 /* classes to leave out, as makedumpfile -d */
	const char *compression; /* "zstd" or "zlib" */
	s64 compression_level;
};

/* All in milliseconds and above 0. */
struct manifest_deadlines {
	u64 device_ms;	/* for the target device to appear */
	u64 stall_ms;	/* without any progress, in any phase */
	u64 overall_ms; /* for the whole capture */
	u64 end_ms;	/* for unmounting and rebooting */
};

/* What the crashed role of a rehearsal does; kernel NULL where the image has no such role.
 */
struct manifest_crashed {
	const char *kernel, *initrd; /* in the image, "/boot/vmlinuz", "/boot/initrd" */
	const char *command_line;    /* of the capture kernel */
	const struct manifest_sysctl *sysctls;
	size_t num_sysctls;
};

struct manifest {
	u64 version;
	const char *time_zone; /* a POSIX TZ value of the host, "UTC0" */
	const char *final;     /* "reboot" or "poweroff" */
	const struct manifest_module *modules;
	size_t num_modules;
	struct manifest_target target;
	struct manifest_dump dump;
	struct manifest_deadlines deadlines;
	struct manifest_crashed crashed;

	void *json;   /* owned by a parsed manifest */
	void *arrays; /* likewise */
};

#define MANIFEST_DEFAULTS                                                                  \
	((struct manifest){                                                                \
		.version = MANIFEST_VERSION,                                               \
		.time_zone = "UTC0",                                                       \
		.final = "reboot",                                                         \
		.target = {.device = "",                                                   \
			   .fs_type = "",                                                  \
			   .options = "",                                                  \
			   .path = "/var/crash",                                           \
			   .host = "127.0.0.1"},                                           \
		.dump = {.level = 31, .compression = "zstd", .compression_level = -1},     \
		.deadlines = {.device_ms = 30000,                                          \
			      .stall_ms = 60000,                                           \
			      .overall_ms = 4 * 3600 * 1000,                               \
			      .end_ms = 20000},                                            \
	})

/* Append @m as JSON, keys in a fixed order: equal manifests give equal bytes. */
must_check struct err *manifest_format(const struct manifest *m, struct buf *b);

/* Parse @len bytes. ERR_BAD_DATA naming the member (and for JSON itself the line) if it is
 * not a manifest, ERR_UNSUPPORTED if its version is newer than this program. */
must_check struct err *manifest_parse(const char *text, size_t len, struct manifest *ret);
void manifest_deinit(struct manifest *m);

#endif
