/*
 * One machine instruction as text, in the AT&T syntax and the columns that gdb and objdump
 * print.
 *
 * Over capstone. The object is opened once for a CPU and belongs to one thread.
 */
#ifndef SHELL_DISASM_H
#define SHELL_DISASM_H

#include "arch/arch.h"
#include "base/buf.h"

#define DISASM_MAX_LEN 16 /* bytes of an instruction */

struct disasm;

/* ERR_UNSUPPORTED for a CPU that capstone or we do not know, or if this program was built
 * without it. */
must_check struct err *disasm_open(const struct arch *arch, struct disasm **ret);
void disasm_free(struct disasm *d);
CLEANUP_FREEP(disasm)

/* Append "<symbol+offset>" of @addr, without a blank in front, if it has one. */
typedef void (*disasm_name)(void *ctx, vaddr_t addr, struct buf *b);

/* Append the instruction at @addr, whose bytes are at @bytes: "mov    0x18(%rbx),%eax".
 * Returns how long it is, 0 if it is none. */
size_t disasm_format(struct disasm *d, vaddr_t addr, const u8 *bytes, size_t len,
		     disasm_name name, void *ctx, struct buf *b);

#endif
