#include "fuzz.h"

#include "format/bzimage.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bzimage b;
	struct err *err = bzimage_parse(data, size, "input", &b);

	if (err) {
		assert(err_code(err) == ERR_BAD_DATA);
		err_free(err);
		return 0;
	}
	assert(b.release[0] && strlen(b.release) <= BZIMAGE_RELEASE_MAX);
	return 0;
}
