/*
 * Backtraces as text, in about the shape that readers of crash know:
 *
 *  #0 [0xfffffe000000dd70] __crash_kexec+0xba at 0xffffffff8a774117
 *
 * Used on a struct stack in the capture kernel and on the report's tree on the host.
 */
#ifndef ANALYSE_FRAMES_H
#define ANALYSE_FRAMES_H

#include "base/buf.h"
#include "kernel/stack.h"

/* One line. @symbol is NULL if the address has no name, @module "" for the kernel image;
 * both escaped already. */
void frame_format(struct buf *b, size_t number, vaddr_t sp, vaddr_t pc, const char *symbol,
		  u64 offset, const char *module);

/* How a backtrace ended, as a phrase: "at user mode", "at the outermost frame", or why not.
 * Raw text from stack->why is escaped into @b. */
void stack_end_format(struct buf *b, const struct stack *s);

/* All frames and the end, escaped. */
void stack_format(struct buf *b, const struct stack *s);

#endif
