#include "fuzz.h"

#include "format/kernel_cmdline.h"

#include <assert.h>

/* Words come in order, lie inside the text, and are found again by their own names. */
static void walk(const char *text)
{
	const char *pos = text, *end = text + strlen(text), *word;
	size_t len;

	while ((word = kernel_cmdline_next(&pos, &len))) {
		assert(len > 0 && word >= text && word + len <= pos && pos <= end);
		(void)kernel_cmdline_is(word, len, "crashkernel");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct buf value = BUF_INIT;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	walk(text);
	if (kernel_cmdline_find(text, "root", &value))
		assert(kernel_cmdline_has(text, "root") && value.len < size);
	buf_deinit(&value);
	free(text);
	return 0;
}
