/*
 * Small synthetic dumps: a machine's memory is described by calls, and written as an ELF
 * core or a kdump-compressed file in memory, healthy or with a chosen oddity.
 *
 * Any mistake in using it, and lack of memory, ends the test program. Page frames not
 * mentioned do not exist.
 */
#ifndef TESTS_DUMPS_GEN_H
#define TESTS_DUMPS_GEN_H

#include "base/buf.h"
#include "format/diskdump.h"

struct gen {
	unsigned page_shift;
	pfn_t max_pfn;
	u8 *kinds;		/* enum gen_kind per page frame */
	u8 *memory;		/* max_pfn pages */
	struct buf vmcoreinfo;	/* text; no note is written while it is empty */
	unsigned num_cpus;	/* NT_PRSTATUS notes, rip of CPU n is GEN_RIP + n */
	size_t device_dump_len; /* of an NT_VMCOREDD note in front, as drivers make them; 0:
				   none */
};

enum gen_kind { GEN_ABSENT, GEN_EXCLUDED, GEN_PRESENT };

#define GEN_RIP 0xffffffff81000000ULL

/* Byte @i of the descriptor of the device dump. */
u8 gen_device_dump_byte(size_t i);

/* @max_pfn is one past the last page frame, at most 65536. */
void gen_init(struct gen *g, unsigned page_shift, pfn_t max_pfn);
void gen_deinit(struct gen *g);

/* Make page frames exist; present pages are zero until written to. */
void gen_ram(struct gen *g, pfn_t first, pfn_t count, enum gen_kind kind);
/* The bytes of a page frame. */
u8 *gen_page(struct gen *g, pfn_t pfn);
/* Fill a page with bytes that differ from those of any other page and do not compress to
 * nothing. */
void gen_fill(struct gen *g, pfn_t pfn);
void gen_put64(struct gen *g, paddr_t addr, u64 value);
void gen_put32(struct gen *g, paddr_t addr, u32 value);

/* A PT_LOAD: @file_pages pages of memory from @first on lie in the file, @mem_pages are
 * described. */
struct gen_load {
	pfn_t first;
	u64 file_pages, mem_pages;
	vaddr_t vaddr;
};

struct gen_elf_options {
	const struct gen_load *loads; /* NULL: one per run of present pages */
	size_t num_loads;
	u64 phoff;		 /* 0: right behind the ELF header */
	bool count_in_section;	 /* e_phnum = 0xffff, the count in section 0 */
	unsigned misalignment;	 /* added to the offset of the first data */
	unsigned num_note_parts; /* PT_NOTEs the notes are spread over, 0 as 1 */
	u16 machine;		 /* 0: x86-64 */
};

/* Append an ELF core to @out. @options may be NULL. */
void gen_elf(const struct gen *g, const struct gen_elf_options *options, struct buf *out);

struct gen_kdump_options {
	u32 codec;   /* DISKDUMP_ZLIB …, 0: raw */
	u32 version; /* 0: 6 */
	u32 status;  /* besides the codec */
	u32 dump_level;
	const char *machine; /* NULL: "x86_64" */
	bool shares_zero_pages;
	bool is_split;
	pfn_t split_start, split_end;
};

/* Append a kdump-compressed file to @out. @options may be NULL. */
void gen_kdump(const struct gen *g, const struct gen_kdump_options *options,
	       struct buf *out);

struct gen_flatten_options {
	size_t segment_len;   /* 0: 16384 */
	bool interleaves;     /* segments of the file's two halves take turns */
	bool rewrites_header; /* its first 4096 bytes come last; something else is first */
	bool skips_zeros;     /* segments of zeros are left out */
	bool has_no_end;
};

/* Append the flattened form of @file to @out. @options may be NULL. */
void gen_flatten(const struct buf *file, const struct gen_flatten_options *options,
		 struct buf *out);

#endif
