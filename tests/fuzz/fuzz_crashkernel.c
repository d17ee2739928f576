#include "fuzz.h"

#include "format/crashkernel.h"

#include <assert.h>

/* What is accepted reserves something for some machine, and never more ranges than fit. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crashkernel c = {0};
	char *text = malloc(size + 1);
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = crashkernel_parse(text, &c);
	free(text);
	if (err) {
		assert(err_code(err) == ERR_USAGE);
		err_free(err);
		return 0;
	}
	assert(c.num_ranges >= 1 && c.num_ranges <= CRASHKERNEL_RANGES_MAX);
	for (size_t i = 0; i < c.num_ranges; i++) {
		assert(c.ranges[i].size_bytes > 0);
		assert(c.ranges[i].start_bytes < c.ranges[i].end_bytes);
	}
	(void)crashkernel_evaluate(&c, 1ULL << 30);
	return 0;
}
