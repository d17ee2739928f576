/* capture.json, as a machine that crashed has left it. */
#include "fuzz.h"

#include "trigger/dump_record.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dump_record r;
	struct err *err = dump_record_parse((const char *)data, size, &r);

	assert(r.num_files <= DUMP_RECORD_FILES_MAX);
	if (!err)
		assert(r.outcome);
	for (size_t i = 0; i < r.num_files; i++)
		assert(r.files[i].name[0] && !strchr(r.files[i].name, '/') &&
		       strcmp(r.files[i].name, "..") != 0);
	dump_record_deinit(&r);
	err_free(err);
	return 0;
}
