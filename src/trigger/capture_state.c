#include "trigger/store.h"

#include <stdlib.h>

const char *capture_state_name(enum capture_state s)
{
	static const char *const names[CAPTURE_NUM_STATES] = {
		[CAPTURE_REQUESTED] = "requested",
		[CAPTURE_INJECTED] = "injected",
		[CAPTURE_UNKNOWN] = "unknown",
		[CAPTURE_PANICKED] = "panicked",
		[CAPTURE_CAPTURING] = "capturing",
		[CAPTURE_DUMPED] = "dumped",
		[CAPTURE_REBOOTED] = "rebooted",
		[CAPTURE_VERIFIED] = "verified",
		[CAPTURE_IGNORED] = "ignored",
		[CAPTURE_NO_KDUMP] = "no-kdump",
		[CAPTURE_TIMEOUT_FALLBACK_DUMPED] = "timeout-fallback-dumped",
		[CAPTURE_FAILED] = "failed",
		[CAPTURE_NOT_SENT] = "not-sent",
	};

	return names[s];
}

bool capture_state_is_terminal(enum capture_state s)
{
	return s >= CAPTURE_VERIFIED;
}
