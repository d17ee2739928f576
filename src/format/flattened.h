/*
 * The flattened format: a file as a stream of segments that say where they belong.
 *
 * Source: makedumpfile (-F) and dump/dump.c of QEMU, whose kdump formats are written so. A
 * header of 4096 bytes is followed by segments, each a header of 16 bytes and data, until
 * an end marker. Integers are big-endian. Offsets are those of the rearranged file; later
 * segments override earlier ones; what no segment holds is zero. Pure: bytes to structs and
 * back.
 */
#ifndef FORMAT_FLATTENED_H
#define FORMAT_FLATTENED_H

#include "base/err.h"

#define FLATTENED_HEADER_LEN  4096
#define FLATTENED_SEGMENT_LEN 16 /* of a segment's header */
#define FLATTENED_USED_LEN    32 /* of the header; the rest is zero */

/* Do these first bytes of a file say flattened? */
bool flattened_recognises(const void *head, size_t len);

/* Check the first FLATTENED_USED_LEN bytes of a file that flattened_recognises().
 * ERR_UNSUPPORTED for a type or version that is not known. */
must_check struct err *flattened_check_header(const u8 head[FLATTENED_USED_LEN],
					      const char *name);
void flattened_format_header(u8 ret[FLATTENED_HEADER_LEN]);

/* @offset + @size does not overflow the file offsets of any system. */
struct flattened_segment {
	u64 offset; /* in the rearranged file */
	u64 size;   /* bytes of data that follow */
	bool is_end;
};

/* False if no writer makes such a header: the stream is damaged. */
bool flattened_parse_segment(const u8 bytes[FLATTENED_SEGMENT_LEN],
			     struct flattened_segment *ret);
void flattened_format_segment(u64 offset, u64 size, u8 ret[FLATTENED_SEGMENT_LEN]);
/* The end marker. */
void flattened_format_end(u8 ret[FLATTENED_SEGMENT_LEN]);

#endif
