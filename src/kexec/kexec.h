/*
 * Loading kernels with kexec_file_load(2), its state files, and its refusals as sentences.
 *
 * There are two places for a loaded kernel, which know nothing of each other: the capture
 * kernel, in the memory that crashkernel= reserved, is started by a panic; the other takes
 * the running kernel's place at a reboot, without firmware and boot loader between.
 *
 * All paths of /proc and /sys are read below a root, "" on a real machine and a directory
 * of made-up files in a test. A struct kexec_facts is plain data: kexec_explain() is a pure
 * function of it. No thread may load while another does; the kernel says EBUSY then.
 */
#ifndef KEXEC_KEXEC_H
#define KEXEC_KEXEC_H

#include "base/err.h"

/* What is loaded and reserved now. */
struct kexec_state {
	bool is_loaded;	    /* a capture kernel is loaded */
	u64 reserved_bytes; /* 0: no crashkernel= took effect */
};

/* Read the state. Since 6.19 the files are in /sys/kernel/kexec/, and the older ones in
 * /sys/kernel/ are deprecated. ERR_ABSENT if this kernel has neither (no CONFIG_KEXEC). */
must_check struct err *kexec_read_state(const char *root, struct kexec_state *ret);

/* Is a kernel loaded for the next reboot? ERR_ABSENT if this kernel has no kexec. */
must_check struct err *kexec_read_reboot_is_loaded(const char *root, bool *ret);

enum kexec_use { KEXEC_FOR_CRASH, KEXEC_FOR_REBOOT };

enum kexec_lockdown {
	KEXEC_LOCKDOWN_NONE,
	KEXEC_LOCKDOWN_INTEGRITY,
	KEXEC_LOCKDOWN_SECRET
};

/* Everything that explains a refusal. Layout is public; strings are borrowed. */
struct kexec_facts {
	enum kexec_use use;
	int os_errno;		  /* what kexec_file_load(2) said */
	const char *kernel;	  /* path of the kernel image */
	const char *kernel_fault; /* why it is no bzImage that can be loaded, or NULL */
	u64 reserved_bytes;
	u64 needed_bytes;	 /* at least, 0 if not known */
	size_t command_line_len; /* without the terminating 0 */
	bool has_cap_sys_boot;
	bool is_load_disabled; /* kernel.kexec_load_disabled = 1 */
	bool is_limit_used_up; /* kernel.kexec_load_limit_panic = 0, or that of reboot */
	bool has_crashkernel;  /* crashkernel= is on this kernel's command line */
	enum kexec_lockdown lockdown;
	bool is_signed; /* the kernel carries a signature, whosever */
};

struct kexec_image {
	const char *kernel, *initrd; /* paths; initrd may be NULL, for none */
	const char *command_line;
};

/* Gather what explains @os_errno on this machine. What cannot be read counts as not so.
 * @fault, borrowed by the facts, says why the kernel image cannot be loaded; the caller
 * frees it after the facts, NULL if it can. */
void kexec_gather_facts(const char *root, const struct kexec_image *image,
			enum kexec_use use, int os_errno, struct kexec_facts *ret,
			struct err **ret_fault);

/* The sentence for facts->os_errno: ERR_REFUSED, never NULL. */
must_check struct err *kexec_explain(const struct kexec_facts *facts);

/* The least reservation into which an x86 kernel with @init_bytes, aligned to
 * @alignment_bytes, and an initrd fit, rounded up to MiB. */
u64 kexec_needed_bytes(u64 init_bytes, u64 alignment_bytes, u64 initrd_bytes);

/* Load @image to be started on a crash. On a refusal the error is kexec_explain()'s, with
 * the errno in it, and *@ret_facts, which may be NULL, says what it was made of (its
 * kernel_fault is NULL); with any other error *@ret_facts stays as it was. */
must_check struct err *kexec_load_crash(const char *root, const struct kexec_image *image,
					struct kexec_facts *ret_facts);

/* The same for the next reboot. */
must_check struct err *kexec_load_reboot(const char *root, const struct kexec_image *image,
					 struct kexec_facts *ret_facts);

/* Unload the capture kernel. Its memory stays reserved. */
must_check struct err *kexec_unload_crash(void);
must_check struct err *kexec_unload_reboot(void);

/* Jump into the kernel loaded for a reboot, at once: nothing is synced or stopped before.
 * Returns only if it was refused. */
must_check struct err *kexec_reboot(void);

#endif
