/*
 * What the verbs around arming share: reading the configuration, holding the lock, telling
 * what is done.
 */
#ifndef CMD_ARMING_H
#define CMD_ARMING_H

#include "arm/arm.h"
#include "base/opts.h"

/* The row of an option table for --root. */
#define ARMING_ROOT_OPTION                                                                 \
	{                                                                                  \
		.name = "root", .arg = OPTS_VALUE, .value_name = "DIR",                    \
		.help = "Look at the system that lies below DIR; nothing is loaded."       \
	}

/* The root that was given, "" without. */
const char *arming_root(const struct opts_result *given);

/* In MiB, rounded up, as reservations are told. */
unsigned long long arming_mib(u64 bytes);

/* Read the configuration and load, under the lock. Sentences of what is done go to standard
 * output. */
must_check struct err *arming_load(const char *root, const struct arm_options *how);

/* Print what would be loaded. */
must_check struct err *arming_describe(const char *root);

#endif
