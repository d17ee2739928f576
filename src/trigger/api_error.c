/* The codes of EC2's errors that we say, and their statuses, in the order in which they are
 * looked for. Source: "Error codes for the Amazon EC2 API". */
#include "trigger/api_priv.h"

#include "base/str.h"

#include <stdarg.h>

static const struct {
	const char *name;
	unsigned status;
} codes[] = {
	[API_OK] = {"Success", 200},
	[API_MALFORMED_QUERY] = {"MalformedQueryString", 400},
	[API_MISSING_TOKEN] = {"MissingAuthenticationToken", 403},
	[API_INCOMPLETE_SIGNATURE] = {"IncompleteSignature", 403},
	[API_AUTH_FAILURE] = {"AuthFailure", 401},
	[API_EXPIRED] = {"RequestExpired", 400},
	[API_INVALID_ACTION] = {"InvalidAction", 400},
	[API_NO_SUCH_VERSION] = {"NoSuchVersion", 400},
	[API_MISSING_PARAMETER] = {"MissingParameter", 400},
	[API_UNKNOWN_PARAMETER] = {"UnknownParameter", 400},
	[API_INVALID_VALUE] = {"InvalidParameterValue", 400},
	[API_INVALID_COMBINATION] = {"InvalidParameterCombination", 400},
	[API_MALFORMED_ID] = {"InvalidInstanceID.Malformed", 400},
	[API_LIMIT] = {"RequestLimitExceeded", 503},
	[API_UNAUTHORIZED] = {"UnauthorizedOperation", 403},
	[API_DRY_RUN] = {"DryRunOperation", 412},
	[API_NOT_FOUND] = {"InvalidInstanceID.NotFound", 400},
	[API_WRONG_STATE] = {"IncorrectInstanceState", 400},
	[API_UNSUPPORTED] = {"UnsupportedOperation", 400},
	[API_UNAVAILABLE] = {"Unavailable", 503},
	[API_INTERNAL] = {"InternalError", 500},
};

_Static_assert(ARRAY_SIZE(codes) == API_CODES_END, "a code without a name");
_Static_assert(ARRAY_SIZE(codes) <= API_NUM_CODES, "more codes than counters");

const char *api_error_name(enum api_code code)
{
	return codes[code].name;
}

unsigned api_error_status(enum api_code code)
{
	return codes[code].status;
}

const char *api_code_name(size_t i)
{
	return i < ARRAY_SIZE(codes) ? codes[i].name : NULL;
}

enum api_code api_say(struct call *c, enum api_code code, const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	/* Only now: the arguments may point into it. */
	buf_deinit(&c->message);
	if (text)
		buf_add_str(&c->message, text);
	else
		c->message.failed = true;
	return code;
}
