#include "kernel/stack.h"

#include "kernel/field.h"
#include "kernel/kernel_priv.h"

#include <string.h>

/* A step that stays on one stack moves up by less than the largest one there is. */
#define MAX_STACK_LEN ((u64)256 << 10)
/* Task, IRQ, NMI, #DB, #DF, #MC, #VC stacks, and some to spare. */
#define MAX_STACK_CHANGES 16
#define WORD		  8
/* How far up the return address of a function without rows is searched. */
#define MAX_SEARCH_LEN 4096

struct unwinding {
	struct kernel *k;
	struct stack *s;
	struct arch_regs regs; /* of the frame to be added next */
	enum frame_kind kind;
	bool is_exact; /* its pc is where the CPU was, not a return address */
	bool is_searched;
	unsigned num_changes;
	vaddr_t saved_at; /* where the registers of the frame to be added were saved */
};

/* Read the stack for a step. Registers saved by an exception are the only thing read that
 * is longer than a word. */
static struct err *read_for_step(void *ctx, vaddr_t addr, void *data, size_t len)
{
	struct unwinding *u = ctx;

	if (len > WORD)
		u->saved_at = addr;
	return kernel_read(u->k, addr, data, len);
}

static void end_broken(struct stack *s, struct err *err)
{
	s->end = STACK_END_BROKEN;
	snprintf(s->why, sizeof(s->why), "%s", err_message(err));
	err_free(err);
}

static void end_user(struct unwinding *u)
{
	u->s->end_is_user = true;
	u->s->user_regs = u->regs;
	u->s->user_regs_at = u->saved_at;
}

/* A return address belongs to the call in front of it, which can be the last instruction of
 * its function. */
static vaddr_t lookup_address(const struct unwinding *u, vaddr_t pc)
{
	return u->is_exact ? pc : pc - 1;
}

static struct frame *add_frame(struct unwinding *u, vaddr_t pc, vaddr_t sp)
{
	struct frame *f = &u->s->frames[u->s->num_frames++];
	vaddr_t at = lookup_address(u, pc);

	f->kind = u->kind;
	f->is_searched = u->is_searched;
	f->pc = pc;
	f->sp = sp;
	f->regs_at = u->kind == FRAME_REGS ? u->saved_at : 0;
	f->regs = u->regs;
	f->has_symbol = kernel_symbol_at(u->k, at, &f->symbol);
	if (f->has_symbol)
		f->symbol.offset += pc - at;
	else
		memset(&f->symbol, 0, sizeof(f->symbol));
	return f;
}

/* A jump to where there is no code, mostly through a NULL pointer, leaves the return
 * address on top of the stack if it was a call. */
static bool is_call_into_nowhere(const struct unwinding *u, vaddr_t sp)
{
	vaddr_t return_address;
	struct err *err;

	if (!u->is_exact)
		return false;
	err = kernel_read_ptr(u->k, sp, &return_address);
	if (err) {
		err_free(err);
		return false;
	}
	return kernel_is_text(u->k, return_address - 1);
}

/* Find the caller of a function that the tables do not describe. Where the stack cannot be
 * read, *@why becomes that. */
static bool search_caller(struct unwinding *u, const struct frame *f, struct err **why)
{
	const struct arch *arch = u->k->arch;
	vaddr_t start = f->pc - f->symbol.offset;
	struct arch_regs caller = {0};
	u64 fp;

	if (!f->has_symbol || !arch->is_call_of)
		return false;
	for (u64 at = f->sp; at - f->sp < MAX_SEARCH_LEN; at += WORD) {
		vaddr_t return_address = 0;
		struct err *err = kernel_read_ptr(u->k, at, &return_address);

		if (err) {
			err_free(*why);
			*why = err_wrap(err, "stack");
			return false;
		}
		if (!kernel_is_text(u->k, return_address - 1) ||
		    !arch->is_call_of(kernel_read_callback, u->k, return_address, start))
			continue;
		regs_set(&caller, arch->reg_pc, return_address);
		regs_set(&caller, arch->reg_sp, at + WORD);
		/* Such functions are few, and do not change it. */
		if (regs_get(&f->regs, arch->reg_fp, &fp))
			regs_set(&caller, arch->reg_fp, fp);
		u->regs = caller;
		return true;
	}
	return false;
}

static struct err *find_row(const struct unwinding *u, const struct frame *f,
			    struct orc_row *ret)
{
	vaddr_t at = lookup_address(u, f->pc);
	const struct orc_table *table;
	bool is_found = false;
	struct err *err;

	if (!kernel_is_text(u->k, at)) {
		if (!is_call_into_nowhere(u, f->sp))
			return err_new(ERR_BAD_DATA,
				       "0x%llx is not in the text of the kernel or of a "
				       "module that is known (%s?)",
				       (unsigned long long)f->pc,
				       u->k->are_modules_incomplete
					       ? "a module that could not be read"
					       : "generated code");
		*ret = (struct orc_row){
			.kind = ORC_KIND_CALL, .sp_base = ORC_BASE_SP, .sp_offset = WORD};
		return NULL;
	}
	table = kernel_orc_table(u->k, at);
	if (!table)
		return err_new(ERR_ABSENT, "there are no unwind tables for 0x%llx",
			       (unsigned long long)f->pc);
	err = orc_find(table, kernel_read_callback, u->k, at, &is_found, ret);
	if (err)
		return err_wrap(err, "unwind tables for 0x%llx", (unsigned long long)f->pc);
	if (!is_found || ret->kind == ORC_KIND_UNDEFINED)
		return err_new(ERR_ABSENT,
			       "the unwind tables do not describe the code at 0x%llx",
			       (unsigned long long)f->pc);
	return NULL;
}

/* May a frame at @sp be followed by one at @caller_sp? Only interrupts, exceptions and code
 * that switches stacks leave the stack they are on. */
static bool is_progress(struct unwinding *u, const struct orc_row *row, vaddr_t sp,
			vaddr_t caller_sp)
{
	if (caller_sp > sp && caller_sp - sp < MAX_STACK_LEN)
		return true;
	if (row->kind == ORC_KIND_CALL && row->sp_base != ORC_BASE_SP_INDIRECT &&
	    row->sp_base != ORC_BASE_BP_INDIRECT)
		return false;
	return ++u->num_changes <= MAX_STACK_CHANGES;
}

static void end_limit(struct stack *s, const char *why)
{
	s->end = STACK_END_LIMIT;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

/* Go from the frame to its caller. False where there is none, or none can be found. */
static bool step(struct unwinding *u, const struct frame *f)
{
	const struct arch *arch = u->k->arch;
	struct orc_row row = {0};
	vaddr_t caller_sp = 0;
	struct err *err = find_row(u, f, &row);

	u->is_searched = false;
	if (err && search_caller(u, f, &err)) {
		err_free(err);
		u->kind = FRAME_CALL;
		u->is_exact = false;
		u->is_searched = true;
		return true;
	}
	if (!err && row.kind == ORC_KIND_END_OF_STACK)
		return false;
	if (!err)
		err = arch->unwind_step(&row, read_for_step, u, &u->regs);
	if (err) {
		end_broken(u->s, err);
		return false;
	}
	if (arch->is_user_mode(&u->regs)) {
		end_user(u);
		return false;
	}
	if (!regs_get(&u->regs, arch->reg_sp, &caller_sp) ||
	    !is_progress(u, &row, f->sp, caller_sp)) {
		end_limit(u->s, "the frames do not move up the stack");
		return false;
	}
	u->kind = row.kind == ORC_KIND_CALL ? FRAME_CALL : FRAME_REGS;
	u->is_exact = row.signal || u->kind == FRAME_REGS;
	return true;
}

static void unwind(struct unwinding *u)
{
	const struct arch *arch = u->k->arch;
	vaddr_t pc, sp;

	u->s->end = STACK_END_CLEAN;
	if (arch->is_user_mode(&u->regs)) {
		end_user(u);
		return;
	}
	do {
		if (u->s->num_frames == STACK_MAX_FRAMES) {
			end_limit(u->s, "there are more frames than can be shown");
			return;
		}
		if (!regs_get(&u->regs, arch->reg_pc, &pc) ||
		    !regs_get(&u->regs, arch->reg_sp, &sp)) {
			end_broken(u->s, err_new(ERR_ABSENT, "%s or %s is not known",
						 arch->reg_names[arch->reg_pc],
						 arch->reg_names[arch->reg_sp]));
			return;
		}
	} while (step(u, add_frame(u, pc, sp)));
}

static void init_stack(struct stack *s)
{
	s->num_frames = 0;
	s->end = STACK_END_BROKEN;
	s->end_is_user = false;
	s->user_regs = (struct arch_regs){0};
	s->user_regs_at = 0;
	s->why[0] = '\0';
}

void stack_unwind_regs(struct kernel *k, const struct arch_regs *regs, struct stack *ret)
{
	struct unwinding u = {
		.k = k, .s = ret, .regs = *regs, .kind = FRAME_FIRST, .is_exact = true};

	init_stack(ret);
	unwind(&u);
}

/* The registers that switch_to() saved at @sp. */
static struct err *read_switch_frame(struct kernel *k, vaddr_t sp, struct arch_regs *ret)
{
	const struct arch *arch = k->arch;
	struct arch_regs regs = {0};
	u64 len;

	for (const struct arch_saved_reg *r = arch->switch_regs; r->member; r++) {
		u64 value;
		struct err *err =
			field_read_by_name(k, sp, arch->switch_frame, r->member, &value);

		if (err)
			return err;
		regs_set(&regs, r->reg, value);
	}
	if (!type_size_find(k, arch->switch_frame, &len))
		return err_new(ERR_ABSENT, "the size of struct %s is not known",
			       arch->switch_frame);
	regs_set(&regs, arch->reg_sp, sp + len);
	*ret = regs;
	return NULL;
}

/* Has a task that is to begin with @pc never run? It was not called from anywhere then. */
static bool is_fresh(struct kernel *k, vaddr_t pc)
{
	/* 3aec4ecb3d1f ("x86: Rewrite ret_from_fork() in C") renamed the assembly. */
	static const char *const names[] = {"ret_from_fork_asm", "ret_from_fork"};
	vaddr_t addr;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (kernel_symbol_find(k, names[i], &addr) && addr == pc)
			return true;
	return false;
}

void stack_unwind_task(struct kernel *k, vaddr_t task, struct stack *ret)
{
	struct unwinding u = {.k = k, .s = ret, .kind = FRAME_FIRST};
	u64 sp, pc;
	struct err *err;

	init_stack(ret);
	if (!k->arch->switch_frame) {
		end_broken(ret,
			   err_new(ERR_UNSUPPORTED,
				   "tasks of %s that are not running cannot be unwound",
				   k->arch->name));
		return;
	}
	err = field_read_by_name(k, task, "task_struct", "thread.sp", &sp);
	if (!err)
		err = read_switch_frame(k, sp, &u.regs);
	if (err) {
		end_broken(ret, err);
		return;
	}
	if (regs_get(&u.regs, k->arch->reg_pc, &pc))
		u.is_exact = is_fresh(k, pc);
	unwind(&u);
}
