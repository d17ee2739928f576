#include "fuzz.h"

#include "rehearse/story.h"

#include <assert.h>

/* A guest's console may carry anything: there is always a verdict, in plain text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict_question q = {.end = size ? data[0] % 5 : STORY_RESET,
				     .crashkernel = "88M",
				     .silence_ms = 1000,
				     .qemu_reason = "exit status 1"};
	const char *text = (const char *)data;
	struct story s = {0};
	struct buf b = BUF_INIT;

	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t len = end ? (size_t)(end - text) - at : size - at;

		story_take_line(&s, text + at, len, at);
		at += len + 1;
	}
	story_judge(&s, &q, &b);
	assert(b.len > 0);
	for (size_t i = 0; i < b.len; i++)
		assert((unsigned char)b.data[i] >= ' ');
	buf_deinit(&b);
	return 0;
}
