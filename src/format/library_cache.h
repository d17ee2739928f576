/*
 * /etc/ld.so.cache: where ldconfig(8) found each library. The format "glibc-ld.so.cache1.1"
 * of glibc 2.2 and newer, alone or behind one of the old format; pure, and every byte
 * untrusted.
 */
#ifndef FORMAT_LIBRARY_CACHE_H
#define FORMAT_LIBRARY_CACHE_H

#include "base/types.h"

/* The path of the @nth library (from 0) called @name among @len bytes of a cache; there is
 * one per kind of CPU that this host can run, and variants for newer CPUs are passed over.
 * NULL if there are no more, or if this is no cache. Lies in @cache. */
const char *library_cache_find(const void *cache, size_t len, const char *name, size_t nth);

#endif
