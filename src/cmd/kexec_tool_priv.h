/*
 * What the files of the program called as kexec share.
 *
 *   kexec_tool.c             what the options come to, and the order of the steps
 *   kexec_tool_load.c        a kernel is loaded: as the words say, or as /etc/default/kexec
 *   kexec_tool_options.c     the options, and which of them come to nothing
 *   kexec_tool_network.c     the network goes down
 *
 * They speak on standard error, in the words of kexec-tools, and return exit statuses.
 */
#ifndef CMD_KEXEC_TOOL_PRIV_H
#define CMD_KEXEC_TOOL_PRIV_H

#include "base/opts.h"
#include "kexec/kexec.h"

enum kexec_tool_status {
	KEXEC_TOOL_DONE = 0,
	KEXEC_TOOL_BAD_WORDS = 1,
	KEXEC_TOOL_NOT_AVAILABLE = 253,
	KEXEC_TOOL_FAILED = 255,
};

/* What the options come to: as with kexec-tools, a later one changes what an earlier one
 * asked for. */
struct kexec_tool_plan {
	const struct opts_result *given;
	const char *root;
	enum kexec_use use;
	bool has_use; /* -l or -p was given */
	bool loads, unloads, shuts_down, syncs, stops_network, executes;
	const char *kernel; /* or NULL */
};

/* Load the kernel that the words name. */
int kexec_tool_load(const struct kexec_tool_plan *p);

/* Load what /etc/default/kexec says, if it does and nothing is loaded. */
int kexec_tool_load_configured(const struct kexec_tool_plan *p);

/* Say @err, which is taken over. DONE for NULL. */
int kexec_tool_tell(struct err *err);

extern const struct opts_verb kexec_tool_verb;

/* Say on standard error what cannot be done with the options given, but is no reason to
 * stop. An error where it is one. */
must_check struct err *kexec_tool_check_options(const struct opts_result *given);

/* Take the network interfaces down, but for the loopback. A failure is told on standard
 * error and is none: a reboot is under way. */
void kexec_tool_stop_network(void);

#endif
