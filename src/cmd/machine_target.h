/*
 * The machine that a verb is to interrupt: its TARGET operand and the options and variables
 * that say how to get in.
 *
 * Secrets come from the environment or a file, never from the command line, where everybody
 * could read them: INQUEST_PASSWORD or --password-file; for EC2, AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN as every AWS client takes them.
 */
#ifndef CMD_MACHINE_TARGET_H
#define CMD_MACHINE_TARGET_H

#include "backend/backend.h"
#include "base/opts.h"

/* Rows of a verb's table of options. */
/* clang-format off */
#define MACHINE_TARGET_OPTIONS                                                             \
	{.name = "username", .arg = OPTS_VALUE, .value_name = "NAME",                      \
	 .help = "Who to be to a BMC, unless the address says it."},                       \
	{.name = "password-file", .arg = OPTS_VALUE, .value_name = "FILE",                 \
	 .help = "Whose first line is the password; else $INQUEST_PASSWORD is."},          \
	{.name = "ca-file", .arg = OPTS_VALUE, .value_name = "FILE",                       \
	 .help = "Certificates to trust by, instead of the system's."},                    \
	{.name = "endpoint", .arg = OPTS_VALUE, .value_name = "URL",                       \
	 .help = "Another place than AWS's for ec2: addresses."}
/* clang-format on */

/* Open the first operand of @given. ERR_USAGE as backend_open(), also for exec:, which only
 * a configuration can have; ERR_REFUSED for a password file that others can read. */
must_check struct err *machine_target_open(const struct opts_result *given,
					   struct backend **ret);

/* The value of --timeout in milliseconds, 30 s if it was not given. ERR_USAGE. */
must_check struct err *machine_target_timeout(const struct opts_result *given, u64 *ret_ms);

#endif
