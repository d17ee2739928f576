/* All notes of the source on their way into the dump, whatever their size. */
#ifndef COLLECT_NOTES_PRIV_H
#define COLLECT_NOTES_PRIV_H

#include "collect/output_priv.h"
#include "dump/dump.h"

/* Bytes of all notes. */
u64 notes_len(const struct dump *d);
/* Write them from @offset on; those of dump_notes() come first. */
must_check struct err *notes_write(const struct dump *d, struct output *o, u64 offset);

#endif
