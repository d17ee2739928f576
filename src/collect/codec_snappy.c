#include "collect/codec_priv.h"
#include "format/diskdump.h"

#include <snappy-c.h>

/* The library needs no state; but NULL would be lack of memory. */
static void *open_nothing(int level, size_t page_size)
{
	return malloc(1);
}

static size_t snappy_encode(void *state, const void *page, size_t page_size, void *ret,
			    size_t capacity)
{
	size_t len = page_size + CODEC_SLACK(page_size);

	if (snappy_compress(page, page_size, ret, &len) != SNAPPY_OK)
		return 0;
	return len <= capacity ? len : 0;
}

const struct collect_codec collect_codec_snappy = {
	.name = "snappy",
	.flag = DISKDUMP_SNAPPY,
	.open = open_nothing,
	.close = free,
	.encode = snappy_encode,
};
