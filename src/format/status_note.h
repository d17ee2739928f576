/*
 * A note of our own in ELF dumps: whether the dump is whole, and what was left out of it.
 *
 * An ELF core has no place for either, and one that was cut short looks like a whole one
 * with little in it. The note is called INQUEST, has type 1 and a descriptor of three
 * little-endian words of 32 bits: version (1), flags, dump level. Other programs skip notes
 * they do not know.
 */
#ifndef FORMAT_STATUS_NOTE_H
#define FORMAT_STATUS_NOTE_H

#include "format/note.h"

#define STATUS_NOTE_NAME     "INQUEST"
#define STATUS_NOTE_TYPE     1u
#define STATUS_NOTE_DESC_LEN 12u

struct status_note {
	bool is_incomplete;
	unsigned dump_level;
};

/* Is @n such a note? */
bool status_note_parse(const struct note *n, struct status_note *ret);
void status_note_format(const struct status_note *s, u8 ret[STATUS_NOTE_DESC_LEN]);

#endif
