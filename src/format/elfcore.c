#include "format/elfcore.h"

#include "base/bytes.h"

#include <elf.h>

/* Offsets in Elf64_Ehdr, Elf64_Phdr and Elf64_Shdr. */
#define EHDR_LEN       64
#define EHDR_TYPE      16
#define EHDR_MACHINE   18
#define EHDR_VERSION   20
#define EHDR_PHOFF     32
#define EHDR_SHOFF     40
#define EHDR_EHSIZE    52
#define EHDR_PHENTSIZE 54
#define EHDR_PHNUM     56
#define EHDR_SHENTSIZE 58
#define EHDR_SHNUM     60
#define PHDR_LEN       56
#define SHDR_LEN       64
#define SHDR_INFO      44
#define PHDRS_PER_READ 64

bool elfcore_recognises(const void *head, size_t len)
{
	return len >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0;
}

static struct err *check_header(const struct byte_source *src, const u8 *h)
{
	if (!elfcore_recognises(h, EHDR_LEN))
		return err_new(ERR_UNSUPPORTED, "%s: no ELF signature at offset 0x0",
			       src->name);
	if (h[EI_DATA] == ELFDATA2MSB)
		return err_new(ERR_UNSUPPORTED,
			       "%s: a big-endian ELF file (byte at offset 0x%x); only "
			       "little-endian dumps are read",
			       src->name, EI_DATA);
	if (h[EI_CLASS] == ELFCLASS32)
		return err_new(ERR_UNSUPPORTED,
			       "%s: a 32-bit ELF file (byte at offset 0x%x); only 64-bit "
			       "dumps are read",
			       src->name, EI_CLASS);
	if (h[EI_DATA] != ELFDATA2LSB || h[EI_CLASS] != ELFCLASS64)
		return err_new(
			ERR_BAD_DATA,
			"%s: ELF class %u and byte order %u at offset 0x%x are unknown",
			src->name, h[EI_CLASS], h[EI_DATA], EI_CLASS);
	if (get_le16(h + EHDR_TYPE) != ET_CORE)
		return err_new(ERR_UNSUPPORTED,
			       "%s: an ELF file of type %u (offset 0x%x), not a core",
			       src->name, get_le16(h + EHDR_TYPE), EHDR_TYPE);
	return NULL;
}

/* The number of program headers; past 0xfffe it is kept in section 0. */
static struct err *read_count(const struct byte_source *src, const u8 *h, u64 *ret)
{
	u8 section[SHDR_LEN];
	struct err *err;

	*ret = get_le16(h + EHDR_PHNUM);
	if (*ret != PN_XNUM)
		return NULL;
	if (get_le16(h + EHDR_SHENTSIZE) < SHDR_LEN)
		return err_new(
			ERR_BAD_DATA,
			"%s: section headers of %u bytes (offset 0x%x) are too short",
			src->name, get_le16(h + EHDR_SHENTSIZE), EHDR_SHENTSIZE);
	err = source_read(src, get_le64(h + EHDR_SHOFF), section, sizeof(section));
	if (err)
		return err_wrap(err, "section 0, which holds the segment count");
	*ret = get_le32(section + SHDR_INFO);
	return NULL;
}

static void decode_segment(const u8 *p, struct elfcore_segment *ret)
{
	*ret = (struct elfcore_segment){
		.type = get_le32(p),
		.flags = get_le32(p + 4),
		.offset = get_le64(p + 8),
		.vaddr = get_le64(p + 16),
		.paddr = get_le64(p + 24),
		.filesz = get_le64(p + 32),
		.memsz = get_le64(p + 40),
	};
}

static struct err *read_segments(const struct byte_source *src, u64 phoff, size_t phentsize,
				 struct elfcore *e)
{
	u8 bytes[PHDRS_PER_READ * PHDR_LEN];

	if (phentsize == PHDR_LEN) {
		for (size_t i = 0; i < e->num_segments;) {
			size_t n = min_u64(PHDRS_PER_READ, e->num_segments - i);
			struct err *err =
				source_read(src, phoff + i * PHDR_LEN, bytes, n * PHDR_LEN);

			if (err)
				return err;
			for (size_t j = 0; j < n; j++)
				decode_segment(bytes + j * PHDR_LEN, &e->segments[i + j]);
			i += n;
		}
		return NULL;
	}
	for (size_t i = 0; i < e->num_segments; i++) {
		struct err *err = source_read(src, phoff + i * phentsize, bytes, PHDR_LEN);

		if (err)
			return err;
		decode_segment(bytes, &e->segments[i]);
	}
	return NULL;
}

struct err *elfcore_parse(const struct byte_source *src, struct elfcore **ret)
{
	cleanup(elfcore_freep) struct elfcore *e = calloc(1, sizeof(*e));
	u8 h[EHDR_LEN];
	u64 count, fitting, phoff;
	size_t phentsize;
	struct err *err;

	if (!e)
		return err_nomem();
	err = source_read(src, 0, h, sizeof(h));
	if (!err)
		err = check_header(src, h);
	if (!err)
		err = read_count(src, h, &count);
	if (err)
		return err_wrap(err, "ELF header");
	phoff = get_le64(h + EHDR_PHOFF);
	phentsize = get_le16(h + EHDR_PHENTSIZE);
	if (phentsize < PHDR_LEN)
		return err_new(
			ERR_BAD_DATA,
			"%s: program headers of %zu bytes (offset 0x%x) are too short",
			src->name, phentsize, EHDR_PHENTSIZE);
	fitting = phoff < src->size ? (src->size - phoff) / phentsize : 0;
	if (!count || !fitting)
		return err_new(
			ERR_BAD_DATA,
			"%s: no program headers: %llu at offset 0x%llx of 0x%llx bytes",
			src->name, (unsigned long long)count, (unsigned long long)phoff,
			(unsigned long long)src->size);
	if (count > ELFCORE_MAX_SEGMENTS)
		return err_new(ERR_BAD_DATA, "%s: %llu program headers are more than %u",
			       src->name, (unsigned long long)count, ELFCORE_MAX_SEGMENTS);
	e->machine = get_le16(h + EHDR_MACHINE);
	e->num_segments = min_u64(count, fitting);
	e->num_segments_lost = count - e->num_segments;
	e->segments = calloc(e->num_segments, sizeof(*e->segments));
	if (!e->segments)
		return err_nomem();
	err = read_segments(src, phoff, phentsize, e);
	if (err)
		return err_wrap(err, "program headers");
	*ret = steal(e);
	return NULL;
}

void elfcore_free(struct elfcore *e)
{
	if (!e)
		return;
	free(e->segments);
	free(e);
}

void elfcore_format_header(const struct elfcore_layout *l, u8 ret[ELFCORE_HEADER_LEN])
{
	bool needs_section = l->num_segments >= PN_XNUM;

	memset(ret, 0, ELFCORE_HEADER_LEN);
	memcpy(ret, ELFMAG, SELFMAG);
	ret[EI_CLASS] = ELFCLASS64;
	ret[EI_DATA] = ELFDATA2LSB;
	ret[EI_VERSION] = EV_CURRENT;
	put_le16(ret + EHDR_TYPE, ET_CORE);
	put_le16(ret + EHDR_MACHINE, l->machine);
	put_le32(ret + EHDR_VERSION, EV_CURRENT);
	put_le64(ret + EHDR_PHOFF, l->segments_offset);
	put_le64(ret + EHDR_SHOFF, needs_section ? l->section_offset : 0);
	put_le16(ret + EHDR_EHSIZE, EHDR_LEN);
	put_le16(ret + EHDR_PHENTSIZE, PHDR_LEN);
	put_le16(ret + EHDR_PHNUM, needs_section ? PN_XNUM : (u16)l->num_segments);
	put_le16(ret + EHDR_SHENTSIZE, SHDR_LEN);
	put_le16(ret + EHDR_SHNUM, needs_section);
}

void elfcore_format_section(const struct elfcore_layout *l, u8 ret[ELFCORE_SECTION_LEN])
{
	memset(ret, 0, ELFCORE_SECTION_LEN);
	put_le32(ret + SHDR_INFO, (u32)l->num_segments);
}

void elfcore_format_segment(const struct elfcore_segment *s, u8 ret[ELFCORE_SEGMENT_LEN])
{
	put_le32(ret, s->type);
	put_le32(ret + 4, s->flags);
	put_le64(ret + 8, s->offset);
	put_le64(ret + 16, s->vaddr);
	put_le64(ret + 24, s->paddr);
	put_le64(ret + 32, s->filesz);
	put_le64(ret + 40, s->memsz);
	put_le64(ret + 48, 0); /* no alignment */
}
