#include "dump/codec.h"
#include "format/diskdump.h"

#include <lzo/lzo1x.h>

static bool lzo_decode(void *state, const void *data, size_t len, void *page,
		       size_t page_size)
{
	lzo_uint out = page_size;

	return lzo1x_decompress_safe(data, len, page, &out, NULL) == LZO_E_OK &&
	       out == page_size;
}

const struct codec codec_lzo = {
	.flag = DISKDUMP_LZO,
	.name = "lzo",
	.decode = lzo_decode,
};
