#include "format/diskdump.h"

#include "base/bytes.h"

/* Offsets in struct disk_dump_header. */
#define H_VERSION	8
#define H_UTS		12
#define H_TIMESTAMP	408 /* 12 + 6 * 65, aligned to 8 */
#define H_STATUS	424
#define H_BLOCK_SIZE	428
#define H_SUB_BLOCKS	432
#define H_BITMAP_BLOCKS 436
#define H_MAX_MAPNR	440
#define H_CURRENT_CPU	456
#define H_NR_CPUS	460

/* Offsets in struct kdump_sub_header. */
#define S_PHYS_BASE    0
#define S_DUMP_LEVEL   8
#define S_SPLIT	       12
#define S_START_PFN    16
#define S_END_PFN      24
#define S_VMCOREINFO   32
#define S_NOTES	       48
#define S_ERASEINFO    64
#define S_START_PFN_64 80
#define S_END_PFN_64   88
#define S_MAX_MAPNR_64 96

#define MAX_SUB_HEADER_BLOCKS (1u << 16)

bool diskdump_recognises(const void *head, size_t len)
{
	return len >= DISKDUMP_SIGNATURE_LEN &&
	       memcmp(head, DISKDUMP_SIGNATURE, DISKDUMP_SIGNATURE_LEN) == 0;
}

static void decode_header(const u8 *h, struct diskdump *dd)
{
	dd->version = get_le32(h + H_VERSION);
	for (size_t i = 0; i < DISKDUMP_UTS_FIELDS; i++)
		memcpy(dd->uts[i], h + H_UTS + i * DISKDUMP_UTS_FIELD_LEN,
		       DISKDUMP_UTS_FIELD_LEN);
	dd->timestamp_s = get_le64(h + H_TIMESTAMP);
	dd->timestamp_us = get_le64(h + H_TIMESTAMP + 8);
	dd->status = get_le32(h + H_STATUS);
	dd->block_size = get_le32(h + H_BLOCK_SIZE);
	dd->sub_header_blocks = get_le32(h + H_SUB_BLOCKS);
	dd->bitmap_blocks = get_le32(h + H_BITMAP_BLOCKS);
	dd->max_pfn = get_le32(h + H_MAX_MAPNR);
	dd->current_cpu = get_le32(h + H_CURRENT_CPU);
	dd->num_cpus = get_le32(h + H_NR_CPUS);
}

/* Each version added fields behind those of the one before. */
static void decode_sub_header(const u8 *s, struct diskdump *dd)
{
	dd->phys_base = get_le64(s + S_PHYS_BASE);
	dd->dump_level = get_le32(s + S_DUMP_LEVEL);
	if (dd->version >= 2) {
		dd->is_split = get_le32(s + S_SPLIT) != 0;
		dd->split_start = get_le64(s + S_START_PFN);
		dd->split_end = get_le64(s + S_END_PFN);
	}
	if (dd->version >= 3) {
		dd->vmcoreinfo_offset = get_le64(s + S_VMCOREINFO);
		dd->vmcoreinfo_size = get_le64(s + S_VMCOREINFO + 8);
	}
	if (dd->version >= 4) {
		dd->notes_offset = get_le64(s + S_NOTES);
		dd->notes_size = get_le64(s + S_NOTES + 8);
	}
	if (dd->version >= 5) {
		dd->eraseinfo_offset = get_le64(s + S_ERASEINFO);
		dd->eraseinfo_size = get_le64(s + S_ERASEINFO + 8);
	}
	if (dd->version >= 6) {
		dd->split_start = get_le64(s + S_START_PFN_64);
		dd->split_end = get_le64(s + S_END_PFN_64);
		dd->max_pfn = get_le64(s + S_MAX_MAPNR_64);
	}
}

/* i386 … i686, arm: their timeval has 8 bytes, which moves all that follows. */
static bool is_32_bit(const char *machine)
{
	return (machine[0] == 'i' && machine[1] && strcmp(machine + 2, "86") == 0) ||
	       strncmp(machine, "armv", 4) == 0;
}

static struct err *check_header(const char *name, const struct diskdump *dd)
{
	if (dd->version & 0xffff0000 && !(dd->version & 0xffff))
		return err_new(
			ERR_UNSUPPORTED,
			"%s: a big-endian kdump-compressed file (header version 0x%x "
			"at offset 0x%x); only little-endian dumps are read",
			name, dd->version, H_VERSION);
	if (dd->version < 1 || dd->version > 0xffff)
		return err_new(ERR_BAD_DATA,
			       "%s: header version %u at offset 0x%x is not that of a "
			       "kdump-compressed file",
			       name, dd->version, H_VERSION);
	if (is_32_bit(dd->uts[DISKDUMP_MACHINE]))
		return err_new(ERR_UNSUPPORTED,
			       "%s: a kdump-compressed file of a 32-bit machine, \"%.8s\" "
			       "(offset 0x%x); only 64-bit dumps are read",
			       name, dd->uts[DISKDUMP_MACHINE],
			       H_UTS + DISKDUMP_MACHINE * DISKDUMP_UTS_FIELD_LEN);
	if (dd->block_size < DISKDUMP_MIN_BLOCK_SIZE ||
	    dd->block_size > DISKDUMP_MAX_BLOCK_SIZE ||
	    dd->block_size & (dd->block_size - 1))
		return err_new(ERR_BAD_DATA,
			       "%s: block size %u at offset 0x%x is not a page size", name,
			       dd->block_size, H_BLOCK_SIZE);
	if (dd->sub_header_blocks < 1 || dd->sub_header_blocks > MAX_SUB_HEADER_BLOCKS)
		return err_new(ERR_BAD_DATA,
			       "%s: sub header of %u blocks (offset 0x%x) cannot be", name,
			       dd->sub_header_blocks, H_SUB_BLOCKS);
	return NULL;
}

static struct err *check_bitmaps(const struct byte_source *src, const struct diskdump *dd)
{
	if (dd->max_pfn > DISKDUMP_MAX_PFN)
		return err_new(ERR_BAD_DATA,
			       "%s: max_mapnr 0x%llx is past the last page any CPU can "
			       "address",
			       src->name, (unsigned long long)dd->max_pfn);
	if (dd->bitmap_size > (u64)(dd->bitmap_blocks / 2) * dd->block_size)
		return err_new(
			ERR_BAD_DATA,
			"%s: %u bitmap blocks (offset 0x%x) are too few for max_mapnr "
			"0x%llx",
			src->name, dd->bitmap_blocks, H_BITMAP_BLOCKS,
			(unsigned long long)dd->max_pfn);
	return NULL;
}

void diskdump_lay_out(struct diskdump *dd)
{
	u64 block = dd->block_size;

	dd->bitmap_size = (dd->max_pfn + 7) / 8;
	dd->bitmap1_offset = (1 + (u64)dd->sub_header_blocks) * block;
	dd->bitmap2_offset = dd->bitmap1_offset + (u64)(dd->bitmap_blocks / 2) * block;
	dd->descs_offset = dd->bitmap1_offset + (u64)dd->bitmap_blocks * block;
}

struct err *diskdump_parse(const struct byte_source *src, struct diskdump *ret)
{
	struct diskdump dd = {0};
	u8 h[DISKDUMP_HEADER_LEN], s[DISKDUMP_SUB_HEADER_LEN];
	struct err *err;

	err = source_read(src, 0, h, sizeof(h));
	if (err)
		return err_wrap(err, "kdump-compressed header");
	if (!diskdump_recognises(h, sizeof(h)))
		return err_new(ERR_UNSUPPORTED,
			       "%s: no kdump-compressed signature at offset 0x0",
			       src->name);
	decode_header(h, &dd);
	err = check_header(src->name, &dd);
	if (err)
		return err;
	err = source_read(src, dd.block_size, s, sizeof(s));
	if (err)
		return err_wrap(err, "kdump-compressed sub header");
	decode_sub_header(s, &dd);
	diskdump_lay_out(&dd);
	err = check_bitmaps(src, &dd);
	if (err)
		return err;
	*ret = dd;
	return NULL;
}

/* The 32-bit page frame fields are hints since version 6; they hold what fits. */
static u32 clip_u32(u64 v)
{
	return v > UINT32_MAX ? UINT32_MAX : (u32)v;
}

void diskdump_format_header(const struct diskdump *dd, u8 ret[DISKDUMP_HEADER_LEN])
{
	memset(ret, 0, DISKDUMP_HEADER_LEN);
	memcpy(ret, DISKDUMP_SIGNATURE, DISKDUMP_SIGNATURE_LEN);
	put_le32(ret + H_VERSION, dd->version);
	for (size_t i = 0; i < DISKDUMP_UTS_FIELDS; i++)
		memcpy(ret + H_UTS + i * DISKDUMP_UTS_FIELD_LEN, dd->uts[i],
		       DISKDUMP_UTS_FIELD_LEN);
	put_le64(ret + H_TIMESTAMP, dd->timestamp_s);
	put_le64(ret + H_TIMESTAMP + 8, dd->timestamp_us);
	put_le32(ret + H_STATUS, dd->status);
	put_le32(ret + H_BLOCK_SIZE, dd->block_size);
	put_le32(ret + H_SUB_BLOCKS, dd->sub_header_blocks);
	put_le32(ret + H_BITMAP_BLOCKS, dd->bitmap_blocks);
	put_le32(ret + H_MAX_MAPNR, clip_u32(dd->max_pfn));
	put_le32(ret + H_CURRENT_CPU, dd->current_cpu);
	put_le32(ret + H_NR_CPUS, dd->num_cpus);
}

void diskdump_format_sub_header(const struct diskdump *dd, u8 ret[DISKDUMP_SUB_HEADER_LEN])
{
	memset(ret, 0, DISKDUMP_SUB_HEADER_LEN);
	put_le64(ret + S_PHYS_BASE, dd->phys_base);
	put_le32(ret + S_DUMP_LEVEL, dd->dump_level);
	put_le32(ret + S_SPLIT, dd->is_split);
	put_le64(ret + S_START_PFN, dd->split_start);
	put_le64(ret + S_END_PFN, dd->split_end);
	put_le64(ret + S_VMCOREINFO, dd->vmcoreinfo_offset);
	put_le64(ret + S_VMCOREINFO + 8, dd->vmcoreinfo_size);
	put_le64(ret + S_NOTES, dd->notes_offset);
	put_le64(ret + S_NOTES + 8, dd->notes_size);
	put_le64(ret + S_ERASEINFO, dd->eraseinfo_offset);
	put_le64(ret + S_ERASEINFO + 8, dd->eraseinfo_size);
	put_le64(ret + S_START_PFN_64, dd->split_start);
	put_le64(ret + S_END_PFN_64, dd->split_end);
	put_le64(ret + S_MAX_MAPNR_64, dd->max_pfn);
}

bool diskdump_mark_incomplete(u8 header[DISKDUMP_HEADER_LEN])
{
	if (!diskdump_recognises(header, DISKDUMP_HEADER_LEN))
		return false;
	put_le32(header + H_STATUS, get_le32(header + H_STATUS) | DISKDUMP_INCOMPLETE);
	return true;
}

void diskdump_parse_page_desc(const void *bytes, struct diskdump_page_desc *ret)
{
	const u8 *p = bytes;

	*ret = (struct diskdump_page_desc){
		.offset = get_le64(p),
		.size = get_le32(p + 8),
		.flags = get_le32(p + 12),
		.page_flags = get_le64(p + 16),
	};
}

void diskdump_format_page_desc(const struct diskdump_page_desc *desc,
			       u8 ret[DISKDUMP_PAGE_DESC_LEN])
{
	put_le64(ret, desc->offset);
	put_le32(ret + 8, desc->size);
	put_le32(ret + 12, desc->flags);
	put_le64(ret + 16, desc->page_flags);
}
