/* Collect whatever opens as a dump: a hostile memory model must lead to more pages being
 * kept, never to trouble. The first bytes are options. */
#include "fuzz.h"

#include "collect_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source src;
	struct dump *d = NULL;
	struct err *err;

	if (size < COLLECT_CHECK_OPTIONS)
		return 0;
	src = source_from_memory(data + COLLECT_CHECK_OPTIONS, size - COLLECT_CHECK_OPTIONS,
				 "source");
	err = dump_open_source(&src, collect_check_formats, &d);
	if (err) {
		err_free(err);
		return 0;
	}
	collect_and_check(d, data);
	dump_close(d);
	return 0;
}
