#include "collect/codec_priv.h"
#include "format/diskdump.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

static void *open_buffer(int level, size_t page_size)
{
	return malloc(snappy_max_compressed_length(page_size));
}

static size_t snappy_encode(void *state, const void *page, size_t page_size, void *ret,
			    size_t capacity)
{
	size_t len = snappy_max_compressed_length(page_size);

	if (snappy_compress(page, page_size, state, &len) != SNAPPY_OK || len > capacity)
		return 0;
	memcpy(ret, state, len);
	return len;
}

const struct collect_codec collect_codec_snappy = {
	.name = "snappy",
	.flag = DISKDUMP_SNAPPY,
	.open = open_buffer,
	.close = free,
	.encode = snappy_encode,
};
