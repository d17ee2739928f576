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

/* May the capture kernel do with 4-level page tables? From the text of /proc/iomem as root
 * reads it (with other users all addresses are 0, and the answer is no). */
bool cmdline_may_use_no5lvl(const char *iomem);

#endif
