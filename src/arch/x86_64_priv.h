/* What the files of x86-64 share. */
#ifndef ARCH_X86_64_PRIV_H
#define ARCH_X86_64_PRIV_H

#include "arch/arch.h"

#define X86_64_PT_REGS_LEN 168 /* 21 words: r15 … ss, arch/x86/include/asm/ptrace.h */

struct err *x86_64_parse_pt_regs(const void *data, size_t len, struct arch_regs *ret);

struct err *x86_64_unwind_step(const struct orc_row *row, arch_read_virt read, void *ctx,
			       struct arch_regs *regs);
bool x86_64_is_call_of(arch_read_virt read, void *ctx, vaddr_t return_address,
		       vaddr_t target);
bool x86_64_is_user_mode(const struct arch_regs *regs);
bool x86_64_has_interrupts_off(const struct arch_regs *regs);
extern const struct arch_saved_reg x86_64_switch_regs[];

#endif
