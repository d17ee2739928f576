/* Parse as a sidecar; what is one must survive being written and read again. */
#include "fuzz.h"

#include "collect/sidecar.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(sidecar_deinit) struct sidecar s = {0}, again = {0};
	struct err *err = sidecar_parse((const char *)data, size, &s);

	if (err) {
		err_free(err);
		return 0;
	}
	fuzz_touch(s.crcs, s.num_ranges * sizeof(*s.crcs));
	err = sidecar_format(&s, &b);
	assert(!err);
	err = sidecar_parse(b.data, b.len, &again);
	assert(!err);
	assert(again.num_ranges == s.num_ranges && again.file_bytes == s.file_bytes);
	assert(!s.num_ranges ||
	       memcmp(again.crcs, s.crcs, s.num_ranges * sizeof(*s.crcs)) == 0);
	return 0;
}
