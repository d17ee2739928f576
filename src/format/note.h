/*
 * Iterating over ELF notes in memory.
 *
 * Source: the ELF specification (gABI, "Note Section"); Linux and QEMU pad name and
 * descriptor to 4 bytes also in 64-bit files. The iterator borrows the bytes; what it
 * yields points into them. Layout is public; one thread at a time.
 */
#ifndef FORMAT_NOTE_H
#define FORMAT_NOTE_H

#include "base/types.h"

struct note {
	u32 type;	  /* NT_PRSTATUS, … ; its meaning depends on the name */
	const char *name; /* name_len bytes; not 0-terminated in a damaged file */
	size_t name_len;  /* without the terminating 0 */
	const void *desc;
	size_t desc_len;
	size_t offset; /* of the note's header in the bytes */
};

struct note_iter {
	const u8 *data;
	size_t len;
	size_t pos;
	bool is_damaged; /* set when a note claims to reach past the end */
};

static inline struct note_iter note_iter_init(const void *data, size_t len)
{
	return (struct note_iter){.data = data, .len = len};
}

/* Step to the next note. False at the end, also when that end is premature (`is_damaged`).
 * Empty notes, with which the kernel ends each CPU's buffer, are skipped. */
bool note_next(struct note_iter *it, struct note *ret);

/* Bytes of a note with a name of @name_len characters. */
size_t note_size(size_t name_len, size_t desc_len);
/* Write a note into note_size() bytes. */
void note_format(const char *name, u32 type, const void *desc, size_t desc_len, void *ret);

/* Is the note called @name? */
bool note_has_name(const struct note *n, const char *name);

#endif
