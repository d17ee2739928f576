/* The inside of a struct dwarf_file, shared by dwarf_file.c and dwarf_variable.c. */
#ifndef SYMBOL_DWARF_FILE_PRIV_H
#define SYMBOL_DWARF_FILE_PRIV_H

#include "symbol/dwarf_file.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>

/* What is called of libdw and the libelf that it brings along. */
#define DWARF_FUNCTIONS(F)                                                                 \
	F(elf_version)                                                                     \
	F(elf_begin)                                                                       \
	F(elf_end)                                                                         \
	F(elf_getshdrstrndx)                                                               \
	F(elf_nextscn)                                                                     \
	F(elf_rawdata)                                                                     \
	F(elf_strptr)                                                                      \
	F(gelf_getshdr)                                                                    \
	F(dwarf_begin_elf)                                                                 \
	F(dwarf_end)                                                                       \
	F(dwarf_addrdie)                                                                   \
	F(dwarf_nextcu)                                                                    \
	F(dwarf_haspc)                                                                     \
	F(dwarf_getsrc_die)                                                                \
	F(dwarf_linesrc)                                                                   \
	F(dwarf_lineno)                                                                    \
	F(dwarf_getscopes)                                                                 \
	F(dwarf_getscopes_die)                                                             \
	F(dwarf_getsrcfiles)                                                               \
	F(dwarf_filesrc)                                                                   \
	F(dwarf_diename)                                                                   \
	F(dwarf_tag)                                                                       \
	F(dwarf_attr)                                                                      \
	F(dwarf_attr_integrate)                                                            \
	F(dwarf_hasattr)                                                                   \
	F(dwarf_formudata)                                                                 \
	F(dwarf_formref_die)                                                               \
	F(dwarf_child)                                                                     \
	F(dwarf_siblingof)                                                                 \
	F(dwarf_offdie)                                                                    \
	F(dwarf_errmsg)

struct dwarf_functions {
#define DECLARE(name) __typeof__(name) *name;
	DWARF_FUNCTIONS(DECLARE)
#undef DECLARE
};

struct dwarf_file {
	void *library;
	struct dwarf_functions f;
	Elf *elf;
	Dwarf *dwarf;
	u64 offset;
	struct debuginfo debuginfo;
};

bool dwarf_find_variable(void *ctx, const char *name, struct variable_type *ret);

#endif
