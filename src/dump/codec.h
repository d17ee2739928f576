/*
 * Decompressors of single pages, one const table each in its own file, so that a program
 * links only those its formats name.
 */
#ifndef DUMP_CODEC_H
#define DUMP_CODEC_H

#include "base/err.h"

struct codec {
	u32 flag; /* in a descriptor's `flags`: DISKDUMP_ZLIB, … */
	const char *name;
	/* Scratch memory or a context; `open` may be NULL if none is needed. */
	void *(*open)(void);
	void (*close)(void *state);
	/* Decompress @len bytes into exactly @page_size. False if the data is damaged. */
	bool (*decode)(void *state, const void *data, size_t len, void *page,
		       size_t page_size);
};

extern const struct codec codec_zlib;
extern const struct codec codec_lzo;
extern const struct codec codec_snappy;
extern const struct codec codec_zstd;

#endif
