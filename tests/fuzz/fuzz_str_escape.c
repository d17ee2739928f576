#include "fuzz.h"

#include "base/str.h"

#include <assert.h>

/* Escaped text has no control character, and escaping it again changes nothing: it is all
 * valid UTF-8. */
static void check(const uint8_t *data, size_t size, bool keep_lines)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;

	str_escape(&once, (const char *)data, size, keep_lines);
	for (size_t i = 0; i < once.len; i++) {
		unsigned char c = (unsigned char)once.data[i];

		if (keep_lines && (c == '\n' || c == '\t'))
			continue;
		assert(c >= 0x20 && c != 0x7f);
	}
	str_escape(&twice, buf_text(&once), once.len, keep_lines);
	assert(once.len == twice.len);
	assert(!once.len || memcmp(once.data, twice.data, once.len) == 0);
	buf_deinit(&once);
	buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
	return 0;
}
