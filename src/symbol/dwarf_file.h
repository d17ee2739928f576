/*
 * The debug information of a vmlinux: DWARF, read with libdw.
 *
 * libdw is loaded when a file is opened, so that what never asks for lines does without.
 * Lines are decoded for the compilation units that are asked for, and kept. The object
 * belongs to one thread. Not part of the module's library: inquest-capture has no use of
 * it.
 */
#ifndef SYMBOL_DWARF_FILE_H
#define SYMBOL_DWARF_FILE_H

#include "base/err.h"
#include "symbol/debuginfo.h"

struct dwarf_file;

/* Open the debug information of the ELF file @fd, which stays the caller's and must stay
 * open; @path is for errors. @offset is added to all of its addresses: KASLR. ERR_ABSENT if
 * it has none, ERR_UNSUPPORTED if there is no libdw here or this program was built without.
 */
must_check struct err *dwarf_file_open(int fd, const char *path, u64 offset,
				       struct dwarf_file **ret);
void dwarf_file_close(struct dwarf_file *d);
static inline void dwarf_file_closep(struct dwarf_file **d)
{
	dwarf_file_close(*d);
}

/* All of it as the interface, good as long as @d. */
const struct debuginfo *dwarf_file_debuginfo(const struct dwarf_file *d);

#endif
