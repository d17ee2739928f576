/*
 * What a program or library asks the dynamic loader for: the interpreter, the libraries by
 * name, and where it wants them looked for. Little-endian 64-bit ELF; pure, and every byte
 * untrusted.
 */
#ifndef FORMAT_ELF_NEEDS_H
#define FORMAT_ELF_NEEDS_H

#include "base/err.h"

#define ELF_NEEDS_MAX 256

/* Layout is public. Strings lie in the bytes that were read. */
struct elf_needs {
	u16 machine;		 /* EM_… */
	const char *interpreter; /* "" for a library or a static program */
	const char *rpath;	 /* DT_RPATH, "" for none; not looked at beside a runpath */
	const char *runpath;	 /* DT_RUNPATH, likewise */
	const char *libraries[ELF_NEEDS_MAX];
	size_t num_libraries;
};

/* Does @data begin as any ELF file does? */
bool elf_needs_is_elf(const void *data, size_t len);

/* ERR_UNSUPPORTED for other ELF files, ERR_BAD_DATA for a damaged one; sentences begin with
 * what is wrong, without the file's name. */
must_check struct err *elf_needs_parse(const void *data, size_t len, struct elf_needs *ret);

#endif
