#include "dump/codec.h"
#include "format/diskdump.h"

#include <snappy-c.h>

static bool snappy_decode(void *state, const void *data, size_t len, void *page,
			  size_t page_size)
{
	size_t out = page_size;

	/* The length the data claims is checked first: snappy trusts the buffer's size. */
	if (snappy_uncompressed_length(data, len, &out) != SNAPPY_OK || out != page_size)
		return false;
	return snappy_uncompress(data, len, page, &out) == SNAPPY_OK && out == page_size;
}

const struct codec codec_snappy = {
	.flag = DISKDUMP_SNAPPY,
	.name = "snappy",
	.decode = snappy_decode,
};
