#include "dump/codec.h"
#include "format/diskdump.h"

#include <zstd.h>

static void *open_context(void)
{
	return ZSTD_createDCtx();
}

static void close_context(void *state)
{
	ZSTD_freeDCtx(state);
}

static bool zstd_decode(void *state, const void *data, size_t len, void *page,
			size_t page_size)
{
	return ZSTD_decompressDCtx(state, page, page_size, data, len) == page_size;
}

const struct codec codec_zstd = {
	.flag = DISKDUMP_ZSTD,
	.name = "zstd",
	.open = open_context,
	.close = close_context,
	.decode = zstd_decode,
};
