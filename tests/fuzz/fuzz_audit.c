/* The verifier of an audit log: any text. What it takes for good is so for a prefix too. */
#include "fuzz.h"

#include "trigger/audit.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_check check, of_prefix;
	struct err *err = audit_verify_text((const char *)data, size, "log", &check);

	assert(check.cuts <= check.lines);
	assert(strlen(check.last_hash) == AUDIT_HASH_LEN);
	if (err) {
		assert(err_code(err) == ERR_BAD_DATA || err_code(err) == ERR_INCOMPLETE);
	} else if (size) {
		/* Without its last byte the last line has no end: never good. */
		err = audit_verify_text((const char *)data, size - 1, "log", &of_prefix);
		assert(err || size == 1 || data[size - 2] == '\n');
		assert(of_prefix.lines <= check.lines);
	}
	err_free(err);
	return 0;
}
