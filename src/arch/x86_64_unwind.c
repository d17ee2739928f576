/* x86-64: one step up the stack by a row of the ORC tables. Source of the rules:
 * arch/x86/kernel/unwind_orc.c. */
#include "arch/x86_64_priv.h"

#include "base/bytes.h"

#define WORD	       8
#define IRET_FRAME_LEN 40 /* ip, cs, flags, sp, ss */
#define CS_USER_BITS   3
#define RFLAGS_IF      0x200 /* interrupts are taken */
#define CALL_LEN       5
#define CALL_OPCODE    0xe8 /* with the distance in the next 4 bytes */

/* struct inactive_task_frame, arch/x86/include/asm/switch_to.h: what __switch_to_asm
 * pushes.
 */
const struct arch_saved_reg x86_64_switch_regs[] = {
	{"r15", X86_64_R15},	  {"r14", X86_64_R14}, {"r13", X86_64_R13},
	{"r12", X86_64_R12},	  {"bx", X86_64_RBX},  {"bp", X86_64_RBP},
	{"ret_addr", X86_64_RIP}, {NULL, 0},
};

bool x86_64_is_user_mode(const struct arch_regs *regs)
{
	u64 cs;

	return regs_get(regs, X86_64_CS, &cs) && cs & CS_USER_BITS;
}

bool x86_64_has_interrupts_off(const struct arch_regs *regs)
{
	u64 flags;

	return regs_get(regs, X86_64_RFLAGS, &flags) && !(flags & RFLAGS_IF);
}

bool x86_64_is_call_of(arch_read_virt read, void *ctx, vaddr_t return_address,
		       vaddr_t target)
{
	u8 bytes[CALL_LEN];
	struct err *err = read(ctx, return_address - CALL_LEN, bytes, sizeof(bytes));

	if (err) {
		err_free(err);
		return false;
	}
	return bytes[0] == CALL_OPCODE &&
	       return_address + (u64)(s64)(s32)get_le32(bytes + 1) == target;
}

static struct err *get_reg(const struct arch_regs *regs, unsigned reg, u64 *ret)
{
	if (!regs_get(regs, reg, ret))
		return err_new(ERR_ABSENT,
			       "the frame is found through %s, which is not known",
			       arch_x86_64.reg_names[reg]);
	return NULL;
}

static struct err *read_word(arch_read_virt read, void *ctx, vaddr_t addr, u64 *ret)
{
	u8 bytes[WORD];
	struct err *err = read(ctx, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = get_le64(bytes);
	return err;
}

/* The register whose value alone is the caller's sp in realigned and entry code. */
static unsigned plain_register(enum orc_base base)
{
	switch (base) {
	case ORC_BASE_AX:
		return X86_64_RAX;
	case ORC_BASE_DX:
		return X86_64_RDX;
	case ORC_BASE_DI:
		return X86_64_RDI;
	case ORC_BASE_R10:
		return X86_64_R10;
	default:
		return X86_64_R13;
	}
}

/* The address that row->sp_base and row->sp_offset stand for. */
static struct err *find_sp(const struct orc_row *row, arch_read_virt read, void *ctx,
			   const struct arch_regs *regs, u64 *ret)
{
	u64 offset = (u64)(s64)row->sp_offset;
	struct err *err;
	u64 base = 0;

	switch (row->sp_base) {
	case ORC_BASE_SP:
	case ORC_BASE_SP_INDIRECT:
		err = get_reg(regs, X86_64_RSP, &base);
		break;
	case ORC_BASE_BP:
	case ORC_BASE_BP_INDIRECT:
		err = get_reg(regs, X86_64_RBP, &base);
		break;
	case ORC_BASE_UNDEFINED:
	case ORC_BASE_PREV_SP:
		return err_new(ERR_BAD_DATA, "ORC row without a stack pointer");
	default:
		return get_reg(regs, plain_register(row->sp_base), ret);
	}
	/* 87ccc826bf1c ("x86/unwind/orc: Change REG_SP_INDIRECT"): the offset is added
	 * after the read; for bp before it. */
	if (!err && row->sp_base == ORC_BASE_SP_INDIRECT)
		err = read_word(read, ctx, base, &base);
	base += offset;
	if (!err && row->sp_base == ORC_BASE_BP_INDIRECT)
		err = read_word(read, ctx, base, &base);
	if (!err)
		*ret = base;
	return err;
}

/* Where the caller's rbp was saved. False: nowhere, it is still what it was. */
static bool find_saved_bp(const struct orc_row *row, const struct arch_regs *regs, u64 sp,
			  u64 *ret)
{
	u64 bp;

	if (row->bp_base == ORC_BASE_PREV_SP)
		*ret = sp + (u64)(s64)row->bp_offset;
	else if (row->bp_base == ORC_BASE_BP && regs_get(regs, X86_64_RBP, &bp))
		*ret = bp + (u64)(s64)row->bp_offset;
	else
		return false;
	return true;
}

static struct err *caller_of_call(arch_read_virt read, void *ctx, u64 sp,
				  struct arch_regs *caller)
{
	u64 ip = 0;
	struct err *err = read_word(read, ctx, sp - WORD, &ip);

	if (err)
		return err_wrap(err, "return address");
	regs_set(caller, X86_64_RIP, ip);
	regs_set(caller, X86_64_RSP, sp);
	return NULL;
}

static struct err *caller_of_regs(arch_read_virt read, void *ctx, u64 sp,
				  struct arch_regs *caller)
{
	u8 bytes[X86_64_PT_REGS_LEN];
	struct err *err = read(ctx, sp, bytes, sizeof(bytes));

	if (!err)
		err = x86_64_parse_pt_regs(bytes, sizeof(bytes), caller);
	return err_wrap(err, "saved registers");
}

static struct err *caller_of_iret(arch_read_virt read, void *ctx, u64 sp,
				  struct arch_regs *caller)
{
	static const u8 order[IRET_FRAME_LEN / WORD] = {
		X86_64_RIP, X86_64_CS, X86_64_RFLAGS, X86_64_RSP, X86_64_SS};
	u8 bytes[IRET_FRAME_LEN];
	struct err *err = read(ctx, sp, bytes, sizeof(bytes));

	if (err)
		return err_wrap(err, "interrupt frame");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		regs_set(caller, order[i], get_le64(bytes + WORD * i));
	return NULL;
}

struct err *x86_64_unwind_step(const struct orc_row *row, arch_read_virt read, void *ctx,
			       struct arch_regs *regs)
{
	struct arch_regs caller = {0};
	u64 sp = 0, saved_bp, bp;
	struct err *err = find_sp(row, read, ctx, regs, &sp);

	if (err)
		return err;
	if (regs_get(regs, X86_64_RBP, &bp))
		regs_set(&caller, X86_64_RBP, bp);
	if (row->kind == ORC_KIND_REGS)
		err = caller_of_regs(read, ctx, sp, &caller);
	else if (row->kind == ORC_KIND_REGS_PARTIAL)
		err = caller_of_iret(read, ctx, sp, &caller);
	else
		err = caller_of_call(read, ctx, sp, &caller);
	if (err)
		return err;
	if (find_saved_bp(row, regs, sp, &saved_bp)) {
		/* Only some frames above need it: go on without. */
		err = read_word(read, ctx, saved_bp, &bp);
		if (err)
			regs_forget(&caller, X86_64_RBP);
		else
			regs_set(&caller, X86_64_RBP, bp);
		err_ignore(err);
	}
	*regs = caller;
	return NULL;
}
