/*
 * The inside of an open dump, shared by dump.c, reader.c, translate.c and the formats.
 *
 * A format fills what is marked so in its `open`, and then serves physical memory to any
 * number of readers, which change nothing of the dump. dump.c owns everything else.
 */
#ifndef DUMP_DUMP_PRIV_H
#define DUMP_DUMP_PRIV_H

#include "dump/reader_priv.h"

#define MAX_PADDR ((u64)1 << 52) /* no CPU here addresses more */

struct translation {
	struct arch_paging paging;
	vaddr_t direct_map;
	u64 direct_map_len; /* 0: not known */
	/* What the file itself says of the direct map: only used where the tables are of no
	 * help. */
	vaddr_t hint_map;
	u64 hint_map_len;
};

struct dump_format {
	const char *name;
	bool (*recognises)(const void *head, size_t len);
	bool can_be_split; /* `open` takes an input of several parts */

	/* Fill dump's fields marked "by format". Freed by `close` also when it fails. */
	struct err *(*open)(struct dump *d);
	void (*close)(struct dump *d);

	/* Make reader's `state`, which `close_reader` frees also when this fails. Both NULL
	 * if readers need nothing of their own. */
	struct err *(*open_reader)(struct dump_reader *r, size_t cache_bytes);
	void (*close_reader)(struct dump_reader *r); /* `state` is not NULL */

	/* See dump_reader_pfn_run(); called with *@ret_end = @pfn + 1, or NULL if only the
	 * state is wanted. */
	enum pfn_state (*pfn_run)(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end);
	/* Read 1 … @len bytes (*@ret_len) at @addr, stopping early where convenient. */
	struct err *(*read_phys)(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len);
	/* Bytes at @addr in place, *@ret_len of them physically contiguous; NULL if not
	 * possible. The pointer stays good as long as the reader. NULL: never possible. */
	const void *(*map_phys)(struct dump_reader *r, paddr_t addr, size_t len,
				u64 *ret_len);
	/* See dump_reader_look(). NULL: never possible. */
	const void *(*look_phys)(struct dump_reader *r, paddr_t addr, size_t len);
	/* See dump_reader_packed(). NULL: there are no such pages. */
	struct err *(*packed)(struct dump_reader *r, pfn_t pfn, const void **data,
			      size_t *len, u32 *flags);
};

struct dump {
	struct input *input;	       /* owned */
	const struct byte_source *src; /* its bytes; of several parts, those of one */
	const struct dump_format *format;

	/* By format. */
	void *state;
	const struct arch *arch;
	unsigned page_shift; /* 0: take VMCOREINFO's or the arch's */
	pfn_t max_pfn;	     /* 0: the end of `ram` */
	bool is_partial;
	unsigned level; /* dump level, 0: none or not known */
	bool is_incomplete;
	u32 codec_flags; /* DISKDUMP_ZLIB …, 0: none or not known */
	void *notes;	 /* owned; by dump_load_notes() */
	size_t notes_len;
	struct far_note *far_notes; /* owned */
	size_t num_far_notes;
	void *vmcoreinfo_text; /* owned; NULL: look into the notes */
	size_t vmcoreinfo_len;
	struct ram_range *ram; /* owned; sorted, disjoint */
	size_t num_ram;

	struct vmcoreinfo *vmcoreinfo;
	struct note_ref *cpu_notes; /* owned */
	size_t num_cpu_notes;
	struct translation translation;
	struct notices notices;
	struct dump_reader own; /* of whoever owns the dump */
};

/* Where an NT_PRSTATUS descriptor lies in dump.notes. */
struct note_ref {
	size_t offset, len;
};

/* A note that stays in the file: all of it, with header and padding. */
struct far_note {
	u64 offset, len;
};

/* Append to the list of RAM, merging with its last range where they touch. Ranges must come
 * in ascending order. */
must_check struct err *dump_add_ram(struct dump *d, paddr_t start, u64 len);

/* Read notes or text of the file into memory with a 0 behind; past @max_len or the end of
 * the file it is cut, with a notice. @what names it. */
must_check struct err *dump_load(struct dump *d, u64 offset, u64 len, size_t max_len,
				 const char *what, void **ret, size_t *ret_len);

/* notes.c: add @len bytes of notes at @offset of the file. */
must_check struct err *dump_load_notes(struct dump *d, u64 offset, u64 len);

/* self_description.c: look for the kernel's VMCOREINFO in memory, with the dump's own
 * reader, and say what came of it. */
must_check struct err *dump_find_self_description(struct dump *d);

/* The sentence for a page frame that cannot be read. */
must_check struct err *dump_page_fault(paddr_t addr, enum pfn_state state);

/* translate.c: prepare from VMCOREINFO. */
must_check struct err *translation_init(struct dump *d);

#endif
