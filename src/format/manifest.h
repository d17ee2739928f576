/*
 * The armed manifest: what arm/ decided and inquest-capture carries out, as JSON in the
 * image at MANIFEST_PATH.
 *
 * Layout is public. A writer fills the struct with strings it keeps alive itself and leaves
 * `json` and `arrays` NULL; manifest_parse() makes one whose strings live in `json`, to be
 * released with manifest_deinit(). Absent members take the values of MANIFEST_DEFAULTS; a
 * newer host reads what an older one wrote (version 1 had one "target"), and members that
 * are not known are ignored. The format is described in docs/formats.md.
 */
#ifndef FORMAT_MANIFEST_H
#define FORMAT_MANIFEST_H

#include "base/buf.h"

#define MANIFEST_PATH	 "/etc/inquest/manifest.json"
#define MANIFEST_VERSION 2

/* Far above any real image; what a damaged manifest can make us allocate. */
#define MANIFEST_BYTES_MAX   (256 * 1024)
#define MANIFEST_MODULES_MAX 512
#define MANIFEST_SYSCTLS_MAX 64
#define MANIFEST_ROWS_MAX    64 /* of targets, hooks, interfaces and routes each */

/* A module file of the image, in load order. */
struct manifest_module {
	const char *path;   /* in the image, "/lib/modules/ext4.ko" */
	const char *params; /* for finit_module(2), "" mostly */
	bool optional;	    /* a soft dependency: failing to load it is no failure */
};

struct manifest_sysctl {
	const char *name, *value; /* "kernel.unknown_nmi_panic", "1" */
};

/* Where a dump may go. Which members mean something depends on `kind`:
 *
 *	fs        device and fs_type and options are mounted, the dump goes below path
 *	virtiofs  device is the tag
 *	raw       device is written from its first byte on, flattened
 *	nfs       device is "HOST:/EXPORT", address the server's numeric address
 *	ssh       device is "USER@HOST", address as above, key and known_hosts in the image
 *	rootfs    as fs; the root file system, for failure_action dump_to_rootfs
 */
struct manifest_target {
	const char *kind;    /* "fs" … */
	const char *device;  /* "/dev/vda", "UUID=…", "LABEL=…", "HOST:/EXPORT", … */
	const char *fs_type; /* "ext4", "nfs" */
	const char *options; /* mount options for the file system, "" mostly */
	const char *path;    /* directory on it, "/var/crash" */
	const char *host;    /* first part of the dump directory's name; "" for none */
	const char *address; /* "192.0.2.7" or "2001:db8::7", "" where nothing is remote */
	u64 port;	     /* of the server, 0: the protocol's own */
	const char *key, *known_hosts; /* files of the image, "" for none */
	/* How often the server is asked for a session or a mount, a few seconds apart,
	 * once the network had its time to come up. 0: once. */
	u64 tries;
};

struct manifest_dump {
	u64 level;		 /* classes to leave out, as makedumpfile -d */
	const char *compression; /* "zstd", "zlib", "lzo", "snappy", "none" */
	s64 compression_level;
};

/* What fills the file `vmcore`. */
struct manifest_collector {
	/* "makedumpfile" is this program with `words` as its options; "cp", "cat", "dd" and
	 * "scp" copy as documented for kdump.conf; "program" runs words[0] of the image. */
	const char *kind;
	const char *words; /* the line as it was configured, "makedumpfile -l -d 31" */
};

/* Programs of the image that run around the dump, in this order. */
struct manifest_hook {
	const char *when; /* "pre", "post" or "emergency" */
	const char *path; /* in the image */
	bool is_optional; /* from pre.d: its failure does not stop the dump */
};

/* What to do with the network before a remote target is reached, as it was when arming. An
 * interface is found by its MAC address, names being given anew in the capture kernel. */
struct manifest_interface {
	const char *name;      /* "eth0", "bond0", "eth0.5" */
	const char *kind;      /* "ethernet", "vlan", "bond" */
	const char *mac;       /* "52:54:00:12:34:56" */
	const char *parent;    /* of a vlan: the name of the interface below, else "" */
	const char *master;    /* of a slave: its bond's name, else "" */
	const char *addresses; /* "192.0.2.5/24 2001:db8::5/64", "" for none */
	const char *bond_mode; /* "active-backup" …, "" if this is no bond */
	u64 vlan_id, mtu;      /* 0 where there is none */
	bool dhcp; /* ask a DHCP server if the addresses above do not lead anywhere */
};

struct manifest_route {
	const char *to;	       /* "default" or "192.0.2.0/24" */
	const char *gateway;   /* "" for none */
	const char *interface; /* its name */
};

/* All in milliseconds and above 0. */
struct manifest_deadlines {
	u64 device_ms;	/* for the target device to appear */
	u64 stall_ms;	/* without any progress, in any phase */
	u64 overall_ms; /* for the whole capture */
	u64 end_ms;	/* for unmounting and rebooting */
	u64 network_ms; /* until a remote target answers */
	u64 hook_ms;	/* for one hook */
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
	const char *host_name; /* of the machine, for HOSTTAG=hostname and for people */
	/* How directories and files are called: "inquest" and "kdump" HOST-DATE/vmcore,
	 * "kdump-tools" [HOST-]STAMP/dump.STAMP. */
	const char *naming;
	/* "reboot", "halt" or "poweroff": after success, and after what failure_action did.
	 */
	const char *final;
	/* "reboot", "halt", "poweroff", "shell" or "dump_to_rootfs". */
	const char *failure_action;
	u64 keep_dumps;	 /* remove the oldest beyond so many after a success, 0: never */
	bool watchdog;	 /* feed the watchdogs that are there */
	bool save_dmesg; /* save the log of the crashed kernel */
	const struct manifest_module *modules;
	size_t num_modules;
	const struct manifest_target *targets; /* tried in this order */
	size_t num_targets;
	const struct manifest_hook *hooks;
	size_t num_hooks;
	const struct manifest_interface *interfaces;
	size_t num_interfaces;
	const struct manifest_route *routes;
	size_t num_routes;
	struct manifest_collector collector;
	struct manifest_dump dump; /* what a collector "makedumpfile" comes to */
	struct manifest_deadlines deadlines;
	struct manifest_crashed crashed;

	void *json;   /* owned by a parsed manifest */
	void *arrays; /* likewise */
};

#define MANIFEST_DEFAULTS                                                                  \
	((struct manifest){                                                                \
		.version = MANIFEST_VERSION,                                               \
		.time_zone = "UTC0",                                                       \
		.host_name = "",                                                           \
		.naming = "inquest",                                                       \
		.final = "reboot",                                                         \
		.failure_action = "reboot",                                                \
		.watchdog = true,                                                          \
		.save_dmesg = true,                                                        \
		.collector = {.kind = "makedumpfile", .words = ""},                        \
		.dump = {.level = 31, .compression = "zstd", .compression_level = -1},     \
		.deadlines = {.device_ms = 30000,                                          \
			      .stall_ms = 60000,                                           \
			      .overall_ms = 4 * 3600 * 1000,                               \
			      .end_ms = 20000,                                             \
			      .network_ms = 90000,                                         \
			      .hook_ms = 60000},                                           \
	})

/* A target of kind "fs" without anything else set; of static storage, or as a value. */
#define MANIFEST_TARGET_VALUES                                                             \
	{                                                                                  \
		.kind = "fs", .device = "", .fs_type = "", .options = "",                  \
		.path = "/var/crash", .host = "127.0.0.1", .address = "", .key = "",       \
		.known_hosts = ""                                                          \
	}
#define MANIFEST_TARGET_DEFAULTS ((struct manifest_target)MANIFEST_TARGET_VALUES)

/* Append @m as JSON, keys in a fixed order: equal manifests give equal bytes. */
must_check struct err *manifest_format(const struct manifest *m, struct buf *b);

/* Parse @len bytes. ERR_BAD_DATA naming the member (and for JSON itself the line) if it is
 * not a manifest, ERR_UNSUPPORTED if its version is newer than this program. */
must_check struct err *manifest_parse(const char *text, size_t len, struct manifest *ret);
void manifest_deinit(struct manifest *m);

#endif
