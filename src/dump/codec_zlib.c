#include "dump/codec.h"
#include "format/diskdump.h"

#include <libdeflate.h>

static void *zlib_open(void)
{
	return libdeflate_alloc_decompressor();
}

static void zlib_close(void *state)
{
	libdeflate_free_decompressor(state);
}

static bool zlib_decode(void *state, const void *data, size_t len, void *page,
			size_t page_size)
{
	return libdeflate_zlib_decompress(state, data, len, page, page_size, NULL) ==
	       LIBDEFLATE_SUCCESS;
}

const struct codec codec_zlib = {
	.flag = DISKDUMP_ZLIB,
	.name = "zlib",
	.open = zlib_open,
	.close = zlib_close,
	.decode = zlib_decode,
};
