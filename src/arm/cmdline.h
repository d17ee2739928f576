/*
 * The command line of the capture kernel: what the user wants (console=…), plus what a
 * small and safe capture kernel needs.
 *
 * The options added were measured one by one on Debian 6.1 and 6.12; each saves memory or a
 * hang and each is known to both. Words of the base that must not reach a capture kernel
 * (crashkernel=, panic_on_warn, hugepages= …) are dropped; an option that the base already
 * sets is left as it is.
 */
#ifndef ARM_CMDLINE_H
#define ARM_CMDLINE_H

#include "base/buf.h"
#include "format/capture_config.h"

struct cmdline_options {
	const char *base; /* "" or words of a kernel command line */

	/* Add no5lvl, which saves 2 MiB on CPUs with 5-level paging. Only right if no RAM
	 * of the crashed kernel lies above 64 TiB: see cmdline_may_use_no5lvl(). */
	bool no5lvl;
	bool lean; /* add the memory savers; false leaves only what correctness needs */
};

/* Make the command line, with inquest.role=capture in it. ERR_USAGE if it would not fit the
 * kernel's 2,048 bytes together with what kexec and inquest append at load time. The caller
 * frees *@ret. */
must_check struct err *cmdline_format(const struct cmdline_options *options, char **ret);

/* What of this machine bears on the command line. Strings are borrowed. */
struct cmdline_machine {
	const char *running; /* /proc/cmdline */
	bool no5lvl;	     /* see cmdline_may_use_no5lvl() */
	bool has_boot_apicid;
	u64 boot_apicid; /* of the CPU that firmware started first */
	bool is_hyperv;	 /* where a second CPU does not come up after a crash */
	bool target_on_usb;
	u64 cpus;
	u64 reserved_bytes;
	/* Modules of active watchdogs whose pretimeout must not fire: NULL-terminated. */
	const char *const *watchdogs;
};

/* Make the command line that @config asks for on the machine @m: the running kernel's (or
 * what is configured in its place), less what is removed by the user or by the rules of the
 * dialect (docs/capture-command-line.md), plus what the user or the dialect appends, plus
 * what a small capture kernel needs, unless the user sets or removes that. ERR_USAGE if it
 * is too long. The caller frees *@ret. */
must_check struct err *cmdline_derive(const struct cmdline_machine *m,
				      const struct capture_config *config, char **ret);

/* How many CPUs a capture kernel with so much memory should start: each costs about 1 MB of
 * the kernel, and several MB where it compresses. */
u64 cmdline_cpus_for(u64 reserved_bytes, u64 cpus);

/* May the capture kernel do with 4-level page tables? From the text of /proc/iomem as root
 * reads it (with other users all addresses are 0, and the answer is no). */
bool cmdline_may_use_no5lvl(const char *iomem);

#endif
