#include "fuzz.h"

#include "format/build_id.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source src = source_from_memory(data, size, "fuzz");
	char id[BUILD_ID_TEXT_LEN];
	bool found;
	struct err *err = build_id_read(&src, id);

	if (!err)
		assert(strlen(id) <= 2 * BUILD_ID_MAX_LEN && build_id_is_program(&src));
	err_ignore(err);
	err_ignore(build_id_has_bytes(&src, "Linux version", 13, &found));
	return 0;
}
