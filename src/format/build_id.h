/*
 * Which build an ELF file of a kernel (vmlinux) is of: its build-id, and the pieces of it
 * that are loaded.
 *
 * Source: the ELF specification (gABI); the GNU note NT_GNU_BUILD_ID. Only little-endian
 * 64-bit files are read. Pure.
 */
#ifndef FORMAT_BUILD_ID_H
#define FORMAT_BUILD_ID_H

#include "base/err.h"
#include "base/io.h"

#define BUILD_ID_MAX_LEN  64 /* bytes; SHA-1 has 20 */
#define BUILD_ID_TEXT_LEN (2 * BUILD_ID_MAX_LEN + 1)

/* Is @src an ELF executable or shared object, as a vmlinux is, and not a core? */
bool build_id_is_program(const struct byte_source *src);

/* The build-id of such a file in hexadecimal, "" if it has none. ERR_BAD_DATA naming the
 * offset, ERR_UNSUPPORTED for a file of another kind. */
must_check struct err *build_id_read(const struct byte_source *src,
				     char ret[BUILD_ID_TEXT_LEN]);

/* Are the @len bytes at @text somewhere in what the file has of the kernel's memory? */
must_check struct err *build_id_has_bytes(const struct byte_source *src, const void *text,
					  size_t len, bool *ret);

#endif
