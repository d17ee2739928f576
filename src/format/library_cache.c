#include "format/library_cache.h"

#include "base/bytes.h"
#include "base/str.h"

#define OLD_MAGIC	 "ld.so-1.7.0"
#define OLD_COUNT_AT	 12
#define OLD_HEADER_BYTES 16
#define OLD_ENTRY_BYTES	 12

#define MAGIC	     "glibc-ld.so.cache1.1"
#define COUNT_AT     20
#define HEADER_BYTES 48
/* flags, name, path, an unused number, and which CPUs it is for */
#define ENTRY_BYTES 24
#define NAME_AT	    4
#define PATH_AT	    8
#define CPUS_AT	    16

/* "ELF, of glibc 2"; the bits above are the kind of CPU, which the file itself tells. */
#define KIND_MASK 0xff
#define KIND_ELF  0x03

static const char *text_at(const u8 *cache, size_t len, u32 offset)
{
	if (offset >= len || !memchr(cache + offset, '\0', len - offset))
		return NULL;
	return (const char *)cache + offset;
}

/* Skip the old format, which some ldconfig write before the new one. */
static bool skip_old(const u8 **cache, size_t *len)
{
	size_t skip;

	if (*len < OLD_HEADER_BYTES || memcmp(*cache, OLD_MAGIC, strlen(OLD_MAGIC)) != 0)
		return true;
	skip = get_le32(*cache + OLD_COUNT_AT);
	skip = OLD_HEADER_BYTES + skip * OLD_ENTRY_BYTES;
	skip = (size_t)align_up(skip, 8);
	if (skip > *len)
		return false;
	*cache += skip;
	*len -= skip;
	return true;
}

const char *library_cache_find(const void *cache, size_t len, const char *name, size_t nth)
{
	const u8 *c = cache;
	u64 count;

	if (!skip_old(&c, &len) || len < HEADER_BYTES ||
	    memcmp(c, MAGIC, strlen(MAGIC)) != 0)
		return NULL;
	count = get_le32(c + COUNT_AT);
	if (!range_fits(HEADER_BYTES, count * ENTRY_BYTES, len))
		return NULL;
	for (u64 i = 0; i < count; i++) {
		const u8 *e = c + HEADER_BYTES + i * ENTRY_BYTES;
		const char *found = text_at(c, len, get_le32(e + NAME_AT));

		if ((get_le32(e) & KIND_MASK) != KIND_ELF || get_le64(e + CPUS_AT) ||
		    !found || !str_eq(found, name))
			continue;
		if (nth--)
			continue;
		return text_at(c, len, get_le32(e + PATH_AT));
	}
	return NULL;
}
