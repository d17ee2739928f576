/* What a server's wc(1) and df(1) print: any text, as a string. */
#include "fuzz.h"

#include "format/server_answer.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	u64 count = 7, bytes = 7;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!server_answer_count(text, &count))
		assert(count == 7);
	if (server_answer_free(text, &bytes))
		assert(bytes % 1024 == 0);
	else
		assert(bytes == 7);
	free(text);
	return 0;
}
