/* The inside of a compressor. */
#ifndef COLLECT_CODEC_PRIV_H
#define COLLECT_CODEC_PRIV_H

#include "collect/collect.h"

/* No codec writes so much more than it is given; snappy needs most. */
#define CODEC_SLACK(page_size) ((page_size) / 4 + 128)

struct collect_codec {
	const char *name;
	u32 flag; /* DISKDUMP_ZLIB …; 0: pages are stored as they are */
	int min_level, max_level, default_level; /* all 0: there are no levels */
	/* The functions are NULL where flag is 0. `open` gives NULL without memory. One
	 * state belongs to one thread. */
	void *(*open)(int level, size_t page_size);
	void (*close)(void *state);
	/* Compress one page into at most @capacity bytes. 0 if it does not fit; behind it
	 * there is room for CODEC_SLACK(page_size) bytes that need not stay as they are. */
	size_t (*encode)(void *state, const void *page, size_t page_size, void *ret,
			 size_t capacity);
};

#endif
