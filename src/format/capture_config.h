/*
 * What a person configured about capturing, whichever file they wrote it in.
 *
 * One struct for three dialects, with one set of names: kdump.conf(5) together with
 * sysconfig/kdump; default/kdump-tools together with default/kexec; and inquest.conf. Each
 * has a parser of its own (kdump_conf.h, kdump_tools_conf.h, inquest_conf.h) that takes the
 * text of a file and fills this; nobody above needs to know which one it was, but for the
 * words in which old tools answer (`dialect`) and the names of the dump's files.
 *
 * All strings belong to the config and live until capture_config_deinit(). Layout is
 * public. Pure data: no file is opened, nothing of this machine is looked at. "" stands for
 * a string that was not given, a list that was not given is empty.
 */
#ifndef FORMAT_CAPTURE_CONFIG_H
#define FORMAT_CAPTURE_CONFIG_H

#include "base/err.h"

enum config_dialect { CONFIG_INQUEST, CONFIG_KDUMP, CONFIG_KDUMP_TOOLS };

enum config_target_kind {
	CONFIG_TARGET_FS,	/* a device with a file system: spec, fs_type, options */
	CONFIG_TARGET_VIRTIOFS, /* spec is the tag */
	CONFIG_TARGET_RAW,	/* spec is the partition */
	CONFIG_TARGET_NFS,	/* spec is HOST:/EXPORT or [V6]:/EXPORT */
	CONFIG_TARGET_SSH,	/* spec is USER@HOST */
};

struct config_target {
	enum config_target_kind kind;
	const char *spec;    /* "/dev/vdb1", "UUID=…", "LABEL=…", "user@host" … */
	const char *fs_type; /* "ext4" … for CONFIG_TARGET_FS */
	const char *options; /* mount options that were given, "" mostly */
	u64 line;	     /* of the file, for complaints */
};

enum config_action {
	CONFIG_REBOOT,
	CONFIG_HALT,
	CONFIG_POWEROFF,
	CONFIG_SHELL,	       /* failure_action only */
	CONFIG_DUMP_TO_ROOTFS, /* failure_action only */
};

/* How often the capture image is built. */
enum config_rebuild {
	CONFIG_REBUILD_IF_CHANGED,
	CONFIG_REBUILD_ALWAYS,
	CONFIG_REBUILD_NEVER
};

/* What a dump directory on a remote target begins with. */
enum config_host_tag { CONFIG_HOST_TAG_IP, CONFIG_HOST_TAG_HOSTNAME };

struct config_words {
	const char **words;
	size_t count;
};

/* The command line of the capture kernel. */
struct config_cmdline {
	const char *replace; /* in place of the running kernel's, "" : the running one's */
	struct config_words remove; /* names of parameters to leave out */
	bool has_remove; /* the list was given, if only as an empty one; else it is what the
			    dialect's own tools leave out */
	const char *append;
	bool has_append; /* was given; else it is what the dialect's own tools add */
};

struct config_nfs {
	u64 timeo_ds, retrans, mount_retries; /* 0: not given. timeo in 1/10 s, as nfs(5) */
};

struct capture_config {
	enum config_dialect dialect;
	bool is_enabled; /* USE_KDUMP=0 says no */

	/* None: the file system that `path` lies on. More than one (inquest.conf only) are
	 * tried in their order. */
	struct config_target *targets;
	size_t num_targets;
	const char *path; /* relative to the target if there is one, else absolute */
	enum config_host_tag host_tag;
	const char *ssh_key;
	u64 ssh_retries; /* 0: not given */
	struct config_nfs nfs;

	const char *core_collector; /* "makedumpfile -l -d 31"; never "" */
	bool has_core_collector;    /* it was given, and is not the dialect's default */
	bool save_dmesg;
	u64 keep_dumps; /* KDUMP_NUM_DUMPS; 0: all */

	/* Programs of this host, with absolute paths. "pre" and so on are one each; the
	 * directories pre.d and post.d are the business of who arms. */
	const char *pre, *post, *emergency;
	const char *fail_command; /* KDUMP_FAIL_CMD, for a shell; "" : failure_action */
	enum config_action failure_action, final_action;
	bool watchdog; /* false: dracut_args -o watchdog */

	struct config_words extra_bins, extra_modules;

	const char *kernel_release; /* KDUMP_KERNELVER, "" : the running one's */
	const char *boot_dir;	    /* KDUMP_BOOTDIR */
	const char *kernel_image;   /* KDUMP_KERNEL: a path, or KDUMP_IMG: a name */
	const char *initrd;	    /* KDUMP_INITRD: where the image is to lie */
	struct config_cmdline cmdline;
	struct config_words kexec_args; /* KEXEC_ARGS, KDUMP_KEXEC_ARGS */
	struct config_words sysctls;	/* KDUMP_SYSCTL: "kernel.panic_on_oops=1" … */
	enum config_rebuild rebuild;
	bool auto_reset_crashkernel;

	/* For the fast reboot (default/kexec). */
	bool load_kexec;
	const char *kexec_kernel, *kexec_initrd, *kexec_append;

	/* Things that were read, mean nothing to us, and that the user should hear of:
	 * "line 7: fence_kdump_nodes is not supported: …". Sentences. */
	struct config_words warnings;

	void *arena; /* owns all strings and lists */
};

/* The defaults of @dialect. The caller calls capture_config_deinit(). */
must_check struct err *capture_config_init(struct capture_config *c,
					   enum config_dialect dialect);
void capture_config_deinit(struct capture_config *c);

/* For parsers: a copy of @len bytes of @text that lives as long as @c, NULL without memory.
 */
char *capture_config_copy(struct capture_config *c, const char *text, size_t len);
/* Add a copy of a word to @list, which is one of @c's. */
must_check struct err *capture_config_add_word(struct capture_config *c,
					       struct config_words *list, const char *text,
					       size_t len);
/* Add a target with the strings given, copied; at most CONFIG_TARGETS_MAX. */
must_check struct err *capture_config_add_target(struct capture_config *c,
						 const struct config_target *target);

#define CONFIG_TARGETS_MAX 8
#define CONFIG_WORDS_MAX   256
#define CONFIG_TEXT_MAX	   65536 /* of a configuration file */

/* The directory on @target below which dump directories go: `path`, but for kdump-tools,
 * which mounts an NFS export over it, so that it is the top of the export. */
const char *capture_config_path_on(const struct capture_config *c,
				   const struct config_target *target);

/* What crashkernel= is set to where nobody says otherwise, as the dialect's own tools do on
 * x86-64. */
const char *capture_config_crashkernel(enum config_dialect dialect);

/* "reboot" …, as configuration files write it. */
const char *config_action_name(enum config_action action);

#endif
