/*
 * Those who want to know how captures end: a webhook that is POSTed the capture as JSON,
 * and a command that has it on its standard input. Both may come twice for one capture, if
 * we are killed between; never not at all while we run.
 */
#ifndef TRIGGER_HOOKS_H
#define TRIGGER_HOOKS_H

#include "trigger/config.h"

#include <jansson.h>
#include <signal.h>

/* Tell all of @hooks of @capture. Ends within a minute or so each, or when *@cancel is set.
 * The error says who could not be told, after three tries. */
must_check struct err *hooks_tell(const struct config_hooks *hooks, const json_t *capture,
				  const volatile sig_atomic_t *cancel);

#endif
