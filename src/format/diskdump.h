/*
 * The headers of a kdump-compressed file ("diskdump"), versions 1 to 6, both directions.
 *
 * Source: makedumpfile's IMPLEMENTATION document and the files its writers make. The file
 * is a row of blocks of one page each: the header, the sub header (with notes and
 * VMCOREINFO), two bitmaps (RAM that exists; pages in this file), page descriptors, page
 * data. Integers have the byte order and alignment of the crashed machine; here that is
 * 64-bit little-endian (x86-64, arm64), where timeval has 16 bytes. Pure: bytes to structs
 * and back.
 */
#ifndef FORMAT_DISKDUMP_H
#define FORMAT_DISKDUMP_H

#include "base/err.h"
#include "base/io.h"

#define DISKDUMP_SIGNATURE	"KDUMP   "
#define DISKDUMP_SIGNATURE_LEN	8
#define DISKDUMP_HEADER_LEN	464 /* up to, not including, tasks[] */
#define DISKDUMP_SUB_HEADER_LEN 104 /* version 6 */
#define DISKDUMP_PAGE_DESC_LEN	24
#define DISKDUMP_LATEST_VERSION 6
#define DISKDUMP_UTS_FIELDS	6
#define DISKDUMP_UTS_FIELD_LEN	65
#define DISKDUMP_MIN_BLOCK_SIZE 4096
#define DISKDUMP_MAX_BLOCK_SIZE 65536
#define DISKDUMP_MAX_PFN	((u64)1 << 40) /* 2^52 bytes of address space */

/* Bits of `status` and, up to zstd, of a descriptor's `flags`. */
#define DISKDUMP_ZLIB		  0x1u
#define DISKDUMP_LZO		  0x2u
#define DISKDUMP_SNAPPY		  0x4u
#define DISKDUMP_INCOMPLETE	  0x8u
#define DISKDUMP_EXCLUDED_VMEMMAP 0x10u
#define DISKDUMP_ZSTD		  0x20u
#define DISKDUMP_CODECS		  (DISKDUMP_ZLIB | DISKDUMP_LZO | DISKDUMP_SNAPPY | DISKDUMP_ZSTD)

enum diskdump_uts {
	DISKDUMP_SYSNAME,
	DISKDUMP_NODENAME,
	DISKDUMP_RELEASE,
	DISKDUMP_VERSION,
	DISKDUMP_MACHINE,
	DISKDUMP_DOMAINNAME,
};

/* Header and sub header as one. Offsets and sizes are 0 where the version has no such
 * field. Layout public. */
struct diskdump {
	u32 version;
	char uts[DISKDUMP_UTS_FIELDS][DISKDUMP_UTS_FIELD_LEN + 1]; /* always 0-terminated */
	u64 timestamp_s, timestamp_us;
	u32 status;
	u32 block_size; /* = page size */
	u32 sub_header_blocks;
	u32 bitmap_blocks; /* of both bitmaps */
	u32 current_cpu, num_cpus;
	u64 max_pfn; /* one past the last page frame */
	u64 phys_base;
	u32 dump_level;
	bool is_split;
	pfn_t split_start, split_end;
	u64 vmcoreinfo_offset, vmcoreinfo_size;
	u64 notes_offset, notes_size;
	u64 eraseinfo_offset, eraseinfo_size;

	/* Derived from the above. */
	u64 bitmap1_offset, bitmap2_offset;
	u64 bitmap_size; /* bytes of one bitmap that matter: one bit per page frame */
	u64 descs_offset;
};

struct diskdump_page_desc {
	u64 offset; /* in the file */
	u32 size;
	u32 flags; /* 0: stored raw */
	u64 page_flags;
};

/* Do these first bytes of a file say kdump-compressed? */
bool diskdump_recognises(const void *head, size_t len);

/* Parse and check. ERR_BAD_DATA naming offset and value where a count contradicts another
 * or makes no sense; ERR_UNSUPPORTED for foreign byte order. Where the file ends is for the
 * caller: bitmaps and offsets may lie past the end of a truncated one. */
must_check struct err *diskdump_parse(const struct byte_source *src, struct diskdump *ret);

/* Derive offsets from block_size, sub_header_blocks, bitmap_blocks and max_pfn. */
void diskdump_lay_out(struct diskdump *dd);

/* Write the first DISKDUMP_HEADER_LEN bytes of block 0, and of block 1. */
void diskdump_format_header(const struct diskdump *dd, u8 ret[DISKDUMP_HEADER_LEN]);
void diskdump_format_sub_header(const struct diskdump *dd, u8 ret[DISKDUMP_SUB_HEADER_LEN]);

/* Set DISKDUMP_INCOMPLETE in the first bytes of a file. False, with nothing changed, if
 * they are not those of a kdump-compressed file. */
bool diskdump_mark_incomplete(u8 header[DISKDUMP_HEADER_LEN]);

void diskdump_parse_page_desc(const void *bytes, struct diskdump_page_desc *ret);
void diskdump_format_page_desc(const struct diskdump_page_desc *desc,
			       u8 ret[DISKDUMP_PAGE_DESC_LEN]);

#endif
