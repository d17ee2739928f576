/*
 * An open dump as an address space: which pages there are, reads by physical or virtual
 * address, the notes, the CPU registers.
 *
 * A struct dump owns its file and its VMCOREINFO, and what it says of the dump is constant
 * once it is open (and dump_set_direct_map() called). It has a reader of its own, with a
 * cache of half a megabyte, through which the functions without "reader" in their names
 * read; that reader and the notices belong to one thread at a time. Other threads have a
 * struct dump_reader each. Two dumps can be open at once.
 *
 * A dump takes about a megabyte, and notes. Whatever a file says, it takes at most 64: with
 * as many segments as an ELF core may have here, or in as many pieces as a flattened file.
 *
 * Virtual reads: dump/ walks the page tables with the target's arch ops. Before the tables
 * are known (and where they are lost) the kernel image and the direct map are linear;
 * kernel/ hands over the direct map with dump_set_direct_map() once it has read
 * page_offset_base.
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include "arch/arch.h"
#include "base/err.h"
#include "base/io.h"
#include "base/notices.h"
#include "format/vmcoreinfo.h"

struct dump;

/* A dump file format: one const table per format, in its own file, so that the capture
 * binary links only what it reads. `open` fails with ERR_UNSUPPORTED if the file is of
 * another format. */
struct dump_format;
extern const struct dump_format dump_format_elfcore;
extern const struct dump_format dump_format_diskdump;

/* Open the file (or device, or /proc/vmcore) at @path, trying each of @formats
 * (NULL-terminated) in turn. Errors name the file and the offset. Truncation is not an
 * error: see dump_notices(). */
must_check struct err *dump_open(const char *path, const struct dump_format *const *formats,
				 struct dump **ret);
/* Open the @count parts of a split kdump-compressed dump (makedumpfile --split) as one, in
 * any order; a single dump is a set of one. ERR_BAD_DATA if two are not of the same dump,
 * or hold the same pages. Pages of parts that are not among them are PFN_LOST, and the dump
 * incomplete. */
must_check struct err *dump_open_set(const char *const *paths, size_t count,
				     const struct dump_format *const *formats,
				     struct dump **ret);
/* The same over any byte sources, borrowed until dump_close(). Several threads may read
 * from them at once if there are several readers. */
must_check struct err *dump_open_source(const struct byte_source *src,
					const struct dump_format *const *formats,
					struct dump **ret);
must_check struct err *dump_open_sources(const struct byte_source *const *srcs,
					 size_t count,
					 const struct dump_format *const *formats,
					 struct dump **ret);
void dump_close(struct dump *d);
static inline void dump_closep(struct dump **d)
{
	dump_close(*d);
}

/* What is known of one page frame. Normal outcomes, not errors. */
enum pfn_state {
	PFN_PRESENT,  /* can be read */
	PFN_EXCLUDED, /* RAM, but filtered out of this dump: all zero, or of an excluded
			 class */
	PFN_ABSENT,   /* no RAM there, as far as the dump tells */
	PFN_LOST,     /* the file is truncated or damaged where the page should be */
};

enum pfn_state dump_pfn_state(struct dump *d, pfn_t pfn);
/* The same; *@ret_end > @pfn: every page frame before it has that state too. It is not
 * necessarily the end of the run. */
enum pfn_state dump_pfn_run(struct dump *d, pfn_t pfn, pfn_t *ret_end);

enum addr_space { ADDR_PHYSICAL, ADDR_VIRTUAL };

/* One thread's own way to the bytes of a dump: its own descriptor and window on the file,
 * decompressors and translation cache, and no memory to speak of. Any number of readers can
 * be open at once; the dump must outlive them. */
struct dump_reader;

must_check struct err *dump_reader_open(struct dump *d, struct dump_reader **ret);
void dump_reader_close(struct dump_reader *r);
static inline void dump_reader_closep(struct dump_reader **r)
{
	dump_reader_close(*r);
}
struct dump *dump_reader_dump(struct dump_reader *r);
/* As dump_pfn_state(), dump_pfn_run(), dump_read() and dump_read_some(). */
enum pfn_state dump_reader_pfn_state(struct dump_reader *r, pfn_t pfn);
enum pfn_state dump_reader_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end);
must_check struct err *dump_reader_read(struct dump_reader *r, enum addr_space space,
					u64 addr, void *data, size_t len);
void dump_reader_read_some(struct dump_reader *r, enum addr_space space, u64 addr,
			   void *data, size_t len, size_t *ret_len, struct err **ret_why);
/* As dump_translate(). */
must_check struct err *dump_reader_translate(struct dump_reader *r, vaddr_t addr,
					     paddr_t *ret);
/* @len bytes of physical memory in place, good until the next look with @r, where that is
 * faster than a copy. NULL where it is not, or they are not all there: read them. */
const void *dump_reader_look(struct dump_reader *r, paddr_t addr, size_t len);
/* The page as it lies in a kdump-compressed file: @len bytes at @data, good until the next
 * call with @r, compressed as @flags say (DISKDUMP_ZLIB …; 0: not at all). They are not
 * decompressed, so that damage to them goes unnoticed. False if the dump is not of that
 * format. *@ret_why is NULL, or why the page cannot be had, as dump_read() says it; the
 * caller frees. */
bool dump_reader_packed(struct dump_reader *r, pfn_t pfn, const void **data, size_t *len,
			u32 *flags, struct err **ret_why);

/* Read @len bytes at @addr into @data; may cross pages. ERR_FAULT naming the address and
 * why (excluded, absent, lost, not mapped) if any byte cannot be had; nothing is
 * zero-filled. */
must_check struct err *dump_read(struct dump *d, enum addr_space space, u64 addr,
				 void *data, size_t len);

/* As dump_read(), but reads what can be had from the start: *@ret_len <= @len bytes are
 * good. Returns the reason for stopping short in *@ret_why (NULL if it did not; the caller
 * frees). */
void dump_read_some(struct dump *d, enum addr_space space, u64 addr, void *data, size_t len,
		    size_t *ret_len, struct err **ret_why);

/* A read-only window on virtually contiguous bytes: points into the mapped file where the
 * format allows, else holds a private copy. Layout is public; release with
 * dump_view_release(). */
struct dump_view {
	const void *data;
	size_t len;
	void *copy; /* owned, NULL if data points into a mapping */
};

must_check struct err *dump_view(struct dump *d, vaddr_t addr, size_t len,
				 struct dump_view *ret);
void dump_view_release(struct dump_view *v);

/* Translate a virtual address; ERR_FAULT if it is not mapped or a table cannot be read. */
must_check struct err *dump_translate(struct dump *d, vaddr_t addr, paddr_t *ret);

/* Tell where the direct map of all RAM begins (x86-64: *page_offset_base) and how long it
 * is. */
void dump_set_direct_map(struct dump *d, vaddr_t base, u64 len);
/* Where it begins, as told, or as the file's headers have it. False if neither is so. */
bool dump_direct_map(const struct dump *d, vaddr_t *ret);

/* Facts about the file. Strings and objects live as long as the dump. */
const char *dump_path(const struct dump *d);
const struct arch *dump_arch(const struct dump *d);
u64 dump_page_size(const struct dump *d);
unsigned dump_page_shift(const struct dump *d);
pfn_t dump_max_pfn(const struct dump *d); /* one past the last page frame */
const struct vmcoreinfo *dump_vmcoreinfo(const struct dump *d); /* NULL if there is none */
bool dump_is_partial(const struct dump *d); /* some RAM was filtered out: [PARTIAL DUMP] */
/* The page classes that were left out, as the collector's dump level has them; 0 if none
 * were or the file does not tell. */
unsigned dump_level(const struct dump *d);
/* How a kdump-compressed file says its pages are compressed: DISKDUMP_ZLIB …; 0 if not at
 * all, or of another format. */
u32 dump_codec_flags(const struct dump *d);
bool dump_is_incomplete(const struct dump *d);	    /* marked as cut short, or truncated */
const char *dump_format_name(const struct dump *d); /* "ELF core", "kdump-compressed" */

/* The contiguous stretches of RAM the dump speaks of (PT_LOADs, or runs of the first
 * bitmap), sorted by start, not overlapping. */
struct ram_range {
	paddr_t start;
	u64 len;
};
const struct ram_range *dump_ram(const struct dump *d, size_t *ret_count);

/* The raw ELF notes of the dump, as one PT_NOTE segment would hold them, but for far ones.
 * NULL if none. */
const void *dump_notes(const struct dump *d, size_t *ret_len);

/* Notes too large to be held in memory, such as device dumps of drivers (NT_VMCOREDD):
 * their bytes with header and padding, read from the file. @index is less than
 * dump_num_far_notes(). */
size_t dump_num_far_notes(const struct dump *d);
u64 dump_far_note_len(const struct dump *d, size_t index);
must_check struct err *dump_far_note_read(const struct dump *d, size_t index, u64 offset,
					  void *data, size_t len);

/* Registers of CPU notes in file order: NT_PRSTATUS notes, whose order is not always the
 * CPU number (kdump writes only the CPUs that answered). */
size_t dump_num_cpu_notes(const struct dump *d);
must_check struct err *dump_cpu_regs(const struct dump *d, size_t index,
				     struct arch_regs *ret);

/* What is wrong or remarkable about this file: truncation, missing notes, … */
struct notices *dump_notices(struct dump *d);

#endif
