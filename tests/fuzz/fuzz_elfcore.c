#include "fuzz.h"

#include "format/elfcore.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source src = source_from_memory(data, size, "core");
	struct elfcore *e = NULL;
	struct err *err = elfcore_parse(&src, &e);

	if (err) {
		assert(!e);
		err_free(err);
		return 0;
	}
	assert(e->num_segments && e->num_segments <= size / 56);
	elfcore_free(e);
	return 0;
}
