/*
 * The program called as kexec: the command line, words and exit statuses of kexec-tools
 * 2.0.25, over kexec_file_load(2) alone.
 */
#ifndef CMD_KEXEC_TOOL_H
#define CMD_KEXEC_TOOL_H

#include "base/opts.h"

/* Returns the exit status: 0 done, 1 the command line or a file is off, 253 the kernel has
 * no kexec_file_load(2) though -s asked for it, 255 any other failure. With --status 1 if a
 * kernel is loaded, 0 if not, 255 if the kernel does not say. */
int kexec_tool_main(int argc, char **argv);

/* ---- for kexec_tool.c: what options there are, and which of them come to nothing ---- */

extern const struct opts_verb kexec_tool_verb;

/* Say on standard error what cannot be done with the options given, but is no reason to
 * stop. An error where it is one. */
must_check struct err *kexec_tool_check_options(const struct opts_result *given);

/* Take the network interfaces down, but for the loopback. A failure is told on standard
 * error and is none: a reboot is under way. */
void kexec_tool_stop_network(void);

#endif
