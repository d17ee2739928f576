/* A label of a raw dump: what is read is written back as it was. */
#include "fuzz.h"

#include "format/raw_label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 bytes[RAW_LABEL_LEN] = {0}, again[RAW_LABEL_LEN];
	struct raw_label label, read;

	memcpy(bytes, data, min_u64(size, sizeof(bytes)));
	if (!raw_label_parse(bytes, &label))
		return 0;
	raw_label_format(&label, again);
	if (!raw_label_parse(again, &read) || read.bytes != label.bytes ||
	    read.started != label.started || strcmp(read.id, label.id) != 0)
		abort();
	return 0;
}
