/*
 * What `inquest nmi` and `inquest investigate` do alike before an interrupt is sent, and
 * what they say when it was not.
 */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include "backend/backend.h"
#include "base/opts.h"

/* A row of a verb's table of options. */
/* clang-format off */
#define INTERRUPT_OPTIONS                                                                  \
	{.name = "yes", .letter = 'y', .help = "Do not ask."},                             \
	{.name = "timeout", .arg = OPTS_VALUE, .value_name = "SECONDS",                    \
	 .help = "How long to wait for an answer (30)."}
/* clang-format on */

/* Say what an interrupt does to the machine, and ask unless --yes is in @given. ERR_REFUSED
 * if the answer is not yes, or nobody can be asked. */
must_check struct err *interrupt_ask(const struct opts_result *given,
				     const struct backend *b);

/* ERR_REFUSED for a machine that is off, paused or crashed already, as far as its interface
 * can tell. */
must_check struct err *interrupt_check_runs(struct backend *b, u64 timeout_ms);

/* The error for @r, which is BACKEND_NOT_SENT. */
must_check struct err *interrupt_not_sent(struct backend_result *r);

#endif
