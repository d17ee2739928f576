/*
 * VMCOREINFO: the text note in which a kernel describes itself to dump readers.
 *
 * Lines are KEY=VALUE, where KEY is OSRELEASE, PAGESIZE, KERNELOFFSET, CRASHTIME … or of
 * the form SYMBOL(name), SIZE(type), OFFSET(type.member), LENGTH(array), NUMBER(name).
 * Source: kernel include/linux/vmcore_info.h (crash_core.h before 6.9),
 * kernel/vmcore_info.c, and Documentation/admin-guide/kdump/vmcoreinfo.rst. The object owns
 * a copy of the text; a returned string is valid as long as it. Absence of a key is normal
 * and therefore a bool, not an error.
 */
#ifndef FORMAT_VMCOREINFO_H
#define FORMAT_VMCOREINFO_H

#include "base/err.h"

struct vmcoreinfo;

/* Parse @len bytes of note text (padding zeros at the end are fine). ERR_BAD_DATA if it is
 * longer than 64 KiB or has no OSRELEASE line; lines that are not KEY=VALUE are skipped. */
must_check struct err *vmcoreinfo_parse(const void *text, size_t len,
					struct vmcoreinfo **ret);
void vmcoreinfo_free(struct vmcoreinfo *vi);
CLEANUP_FREEP(vmcoreinfo)

/* The note's text as it came, 0-terminated; *@ret_len excludes the terminator. */
const char *vmcoreinfo_text(const struct vmcoreinfo *vi, size_t *ret_len);

/* The value of a plain key such as "OSRELEASE", NULL if absent. */
const char *vmcoreinfo_find(const struct vmcoreinfo *vi, const char *key);

/* SYMBOL(name): hexadecimal address. */
bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, vaddr_t *ret);
/* SIZE(name), in bytes. */
bool vmcoreinfo_size(const struct vmcoreinfo *vi, const char *name, u64 *ret);
/* OFFSET(type.member), in bytes; @name is "type.member". */
bool vmcoreinfo_offset(const struct vmcoreinfo *vi, const char *name, u64 *ret);
/* LENGTH(name), in elements. */
bool vmcoreinfo_length(const struct vmcoreinfo *vi, const char *name, u64 *ret);
/* NUMBER(name): printed signed or unsigned, decimal or 0x…; negative values come as their
 * 64-bit two's complement. */
bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *name, u64 *ret);
/* KERNELOFFSET, CRASHTIME … : @base is 16 or 10 as the kernel prints that key. */
bool vmcoreinfo_value(const struct vmcoreinfo *vi, const char *key, int base, u64 *ret);

#endif
