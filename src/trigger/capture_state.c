#include "base/str.h"
#include "trigger/store.h"

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
		[CAPTURE_UNVERIFIED] = "unverified",
		[CAPTURE_FAILED] = "failed",
		[CAPTURE_NOT_SENT] = "not-sent",
	};

	return names[s];
}

bool capture_state_is_terminal(enum capture_state s)
{
	return s >= CAPTURE_VERIFIED;
}

bool capture_state_find(const char *name, enum capture_state *ret)
{
	for (unsigned s = 0; s < CAPTURE_NUM_STATES; s++)
		if (str_eq(name, capture_state_name((enum capture_state)s))) {
			*ret = (enum capture_state)s;
			return true;
		}
	return false;
}

void capture_deinit(struct capture *c)
{
	char **const strings[] = {
		&c->instance_id, &c->account,	    &c->region,		&c->principal_arn,
		&c->access_key,	 &c->invocation_id, &c->signature_hash, &c->request_id,
		&c->reason,	 &c->dump_path,
	};

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(steal(*strings[i]));
}

void captures_free(struct capture *captures, size_t len)
{
	for (size_t i = 0; i < len; i++)
		capture_deinit(&captures[i]);
	free(captures);
}

void capture_steps_free(struct capture_step *steps, size_t len)
{
	for (size_t i = 0; i < len; i++)
		free(steps[i].text);
	free(steps);
}
