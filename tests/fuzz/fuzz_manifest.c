/* The manifest is read by PID 1 of the capture kernel: no bytes may bring it down. */
#include "format/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(manifest_deinit) struct manifest m = {0};
	cleanup(manifest_deinit) struct manifest again = {0};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = manifest_parse((const char *)data, size, &m);

	if (err) {
		err_free(err);
		return 0;
	}
	/* What was understood can be written, and means the same when read again. */
	err = manifest_format(&m, &b);
	if (!err)
		err = manifest_parse(b.data, b.len, &again);
	if (err || again.num_modules != m.num_modules)
		abort();
	return 0;
}
