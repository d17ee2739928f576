/*
 * The headers of an ELF64 core file: which CPU it is of, and where its segments lie.
 *
 * Source: the ELF specification (gABI), and fs/proc/vmcore.c, dump/dump.c of QEMU and
 * makedumpfile as writers. Program headers are looked for where e_phoff says, their count
 * is in sh_info of section 0 when e_phnum is 0xffff, and data may begin at any offset.
 * Which CPUs and which segments make sense is for the caller to judge. The object owns its
 * table; it does not keep the source. What is written is an ELF header, program headers,
 * and, where their number asks for it, one section header.
 */
#ifndef FORMAT_ELFCORE_H
#define FORMAT_ELFCORE_H

#include "base/err.h"
#include "base/io.h"

/* More program headers than any writer makes: bounds what a hostile file makes us
 * allocate. */
#define ELFCORE_MAX_SEGMENTS (1u << 18)

struct elfcore_segment {
	u32 type; /* PT_LOAD, PT_NOTE, … */
	u32 flags;
	u64 offset; /* in the file, any alignment */
	vaddr_t vaddr;
	paddr_t paddr;
	u64 filesz;
	u64 memsz;
};

/* Layout public. */
struct elfcore {
	u16 machine; /* e_machine */
	size_t num_segments;
	struct elfcore_segment *segments;
	u64 num_segments_lost; /* program headers that lie past the end of the file */
};

/* Do these first bytes of a file say ELF (of any class)? */
bool elfcore_recognises(const void *head, size_t len);

/* Parse the headers. ERR_UNSUPPORTED for a 32-bit or foreign-endian file and for one that
 * is not a core, ERR_BAD_DATA naming the offset otherwise. Segments are not checked against
 * the size of the file: a truncated dump still has readable parts. */
must_check struct err *elfcore_parse(const struct byte_source *src, struct elfcore **ret);
void elfcore_free(struct elfcore *e);
CLEANUP_FREEP(elfcore)

#define ELFCORE_HEADER_LEN  64
#define ELFCORE_SEGMENT_LEN 56
#define ELFCORE_SECTION_LEN 64

/* Where program headers lie in a file that is being written. */
struct elfcore_layout {
	u16 machine;
	u64 num_segments;
	u64 segments_offset;
	u64 section_offset; /* of one section header; only used by 0xffff segments or more
			     */
};

void elfcore_format_header(const struct elfcore_layout *l, u8 ret[ELFCORE_HEADER_LEN]);
void elfcore_format_section(const struct elfcore_layout *l, u8 ret[ELFCORE_SECTION_LEN]);
void elfcore_format_segment(const struct elfcore_segment *s, u8 ret[ELFCORE_SEGMENT_LEN]);

#endif
