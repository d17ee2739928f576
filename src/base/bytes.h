/*
 * Reading and writing integers of a stated byte order at any alignment.
 *
 * Everything that parses bytes from outside goes through these: no struct is laid over
 * them.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/types.h"

#include <endian.h>
#include <string.h>

#define BYTES_ACCESSORS(bits)                                                              \
	static inline u##bits get_le##bits(const void *p)                                  \
	{                                                                                  \
		u##bits v;                                                                 \
		memcpy(&v, p, sizeof(v));                                                  \
		return le##bits##toh(v);                                                   \
	}                                                                                  \
	static inline u##bits get_be##bits(const void *p)                                  \
	{                                                                                  \
		u##bits v;                                                                 \
		memcpy(&v, p, sizeof(v));                                                  \
		return be##bits##toh(v);                                                   \
	}                                                                                  \
	static inline void put_le##bits(void *p, u##bits v)                                \
	{                                                                                  \
		v = htole##bits(v);                                                        \
		memcpy(p, &v, sizeof(v));                                                  \
	}                                                                                  \
	static inline void put_be##bits(void *p, u##bits v)                                \
	{                                                                                  \
		v = htobe##bits(v);                                                        \
		memcpy(p, &v, sizeof(v));                                                  \
	}

BYTES_ACCESSORS(16)
BYTES_ACCESSORS(32)
BYTES_ACCESSORS(64)

#endif
