/* A guest's console carries anything, including what a crashed kernel was made to say. */
#include "format/console_line.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console_line l, again;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *text;
	size_t len;

	if (console_text_parse((const char *)data, size, &text, &len) && len > size)
		abort();
	if (!console_line_parse((const char *)data, size, &l))
		return 0;
	console_line_begin(&b, l.event);
	for (size_t i = 0; i < l.num_pairs; i++)
		console_line_add(&b, l.pairs[i].key, l.pairs[i].value);
	console_line_end(&b);
	if (b.len >= CONSOLE_LINE_MAX)
		return 0;
	/* What was understood can be said again and means the same. */
	if (!console_line_parse(b.data, b.len, &again) || again.num_pairs != l.num_pairs)
		abort();
	for (size_t i = 0; i < l.num_pairs; i++)
		if (strcmp(l.pairs[i].value, again.pairs[i].value) != 0)
			abort();
	return 0;
}
