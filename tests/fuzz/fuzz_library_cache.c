/* Caches of ldconfig. */
#include "fuzz.h"

#include "format/library_cache.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t nth = 0; nth < 3; nth++) {
		const char *path = library_cache_find(data, size, "libc.so.6", nth);

		if (path)
			fuzz_touch(path, strlen(path));
	}
	return 0;
}
