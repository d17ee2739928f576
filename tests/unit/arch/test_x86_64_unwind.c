#include "testing.h"

#include "arch/arch.h"
#include "base/bytes.h"

#define STACK 0xffffc90000000000ULL
#define WORDS 64
#define CODE  0xffffffff81000000ULL

static u64 stack[WORDS];
static u8 code[16];

static struct err *read_memory(void *ctx, vaddr_t addr, void *data, size_t len)
{
	if (addr >= STACK && range_fits(addr - STACK, len, sizeof(stack)))
		memcpy(data, (u8 *)stack + (addr - STACK), len);
	else if (addr >= CODE && range_fits(addr - CODE, len, sizeof(code)))
		memcpy(data, code + (addr - CODE), len);
	else
		return err_fault(addr, "nothing at 0x%llx", (unsigned long long)addr);
	return NULL;
}

static vaddr_t word(unsigned index)
{
	return STACK + 8 * (vaddr_t)index;
}

/* Registers of a frame whose sp is at word 8, with every word of the stack telling its
 * index.
 */
static struct arch_regs start(void)
{
	struct arch_regs regs = {0};

	for (unsigned i = 0; i < WORDS; i++)
		stack[i] = 0x1000 + i;
	regs_set(&regs, X86_64_RIP, CODE);
	regs_set(&regs, X86_64_RSP, word(8));
	regs_set(&regs, X86_64_RBP, word(20));
	regs_set(&regs, X86_64_RAX, 1);
	return regs;
}

static struct err *step(struct orc_row row, struct arch_regs *regs)
{
	return arch_x86_64.unwind_step(&row, read_memory, NULL, regs);
}

static u64 value(const struct arch_regs *regs, unsigned reg)
{
	u64 v = 0;

	assert_true(regs_get(regs, reg, &v));
	return v;
}

static void a_call_pops_the_frame_and_the_return_address(void **state)
{
	struct arch_regs regs = start();
	u64 ignored;

	assert_success(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_SP,
					     .sp_offset = 24,
					     .bp_base = ORC_BASE_PREV_SP,
					     .bp_offset = -16},
			    &regs));
	assert_int_equal(value(&regs, X86_64_RSP), word(11));
	assert_int_equal(value(&regs, X86_64_RIP), 0x1000 + 10);
	assert_int_equal(value(&regs, X86_64_RBP), 0x1000 + 9);
	/* Nothing is known of what the callee may have changed. */
	assert_false(regs_get(&regs, X86_64_RAX, &ignored));
}

static void a_frame_pointer_that_was_not_saved_is_still_the_callers(void **state)
{
	struct arch_regs regs = start();

	assert_success(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_SP,
					     .sp_offset = 8},
			    &regs));
	assert_int_equal(value(&regs, X86_64_RBP), word(20));
	assert_success(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_BP,
					     .sp_offset = 16,
					     .bp_base = ORC_BASE_BP},
			    &regs));
	assert_int_equal(value(&regs, X86_64_RSP), word(22));
	assert_int_equal(value(&regs, X86_64_RIP), 0x1000 + 21);
	assert_int_equal(value(&regs, X86_64_RBP), 0x1000 + 20);
}

static void a_switched_stack_is_left_through_the_word_at_its_top(void **state)
{
	struct arch_regs regs = start();

	stack[8] = word(40);
	assert_success(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_SP_INDIRECT,
					     .sp_offset = 8},
			    &regs));
	assert_int_equal(value(&regs, X86_64_RSP), word(41));
	assert_int_equal(value(&regs, X86_64_RIP), 0x1000 + 40);
	regs = start();
	stack[19] = word(50);
	assert_success(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_BP_INDIRECT,
					     .sp_offset = -8},
			    &regs));
	assert_int_equal(value(&regs, X86_64_RSP), word(50));
}

static void saved_registers_are_the_interrupted_frame(void **state)
{
	struct arch_regs regs = start();

	/* struct pt_regs at word 9: r15 first, bp fifth, ip 17th, cs 18th, sp 20th */
	stack[9 + 17] = 0x10;
	assert_success(step((struct orc_row){.kind = ORC_KIND_REGS,
					     .sp_base = ORC_BASE_SP,
					     .sp_offset = 8},
			    &regs));
	assert_int_equal(value(&regs, X86_64_R15), 0x1000 + 9);
	assert_int_equal(value(&regs, X86_64_RBP), 0x1000 + 13);
	assert_int_equal(value(&regs, X86_64_RIP), 0x1000 + 25);
	assert_int_equal(value(&regs, X86_64_RSP), 0x1000 + 28);
	assert_false(arch_x86_64.is_user_mode(&regs));
}

static void
an_interrupt_frame_gives_five_registers_and_keeps_the_frame_pointer(void **state)
{
	struct arch_regs regs = start();
	u64 ignored;

	stack[9] = 0x33;
	assert_success(step(
		(struct orc_row){.kind = ORC_KIND_REGS_PARTIAL, .sp_base = ORC_BASE_SP},
		&regs));
	assert_int_equal(value(&regs, X86_64_RIP), 0x1000 + 8);
	assert_int_equal(value(&regs, X86_64_RFLAGS), 0x1000 + 10);
	assert_int_equal(value(&regs, X86_64_RSP), 0x1000 + 11);
	assert_int_equal(value(&regs, X86_64_SS), 0x1000 + 12);
	assert_int_equal(value(&regs, X86_64_RBP), word(20));
	assert_false(regs_get(&regs, X86_64_RAX, &ignored));
	assert_true(arch_x86_64.is_user_mode(&regs));
}

static void a_register_that_is_not_known_is_named(void **state)
{
	struct arch_regs regs = start();

	assert_failure(
		step((struct orc_row){.kind = ORC_KIND_CALL, .sp_base = ORC_BASE_R10},
		     &regs),
		ERR_ABSENT, "r10");
	regs_set(&regs, X86_64_R10, word(30));
	assert_success(step(
		(struct orc_row){.kind = ORC_KIND_CALL, .sp_base = ORC_BASE_R10}, &regs));
	assert_int_equal(value(&regs, X86_64_RSP), word(30));
}

static void an_unreadable_stack_is_a_fault_and_changes_nothing(void **state)
{
	struct arch_regs regs = start();

	assert_failure(step((struct orc_row){.kind = ORC_KIND_CALL,
					     .sp_base = ORC_BASE_SP,
					     .sp_offset = 32000},
			    &regs),
		       ERR_FAULT, "return address");
	assert_int_equal(value(&regs, X86_64_RSP), word(8));
	assert_failure(step((struct orc_row){.kind = ORC_KIND_CALL}, &regs), ERR_BAD_DATA,
		       "without a stack pointer");
}

static void a_direct_call_is_recognised_by_its_target(void **state)
{
	code[3] = 0xe8;
	put_le32(code + 4, (u32)-0x108);
	assert_true(arch_x86_64.is_call_of(read_memory, NULL, CODE + 8, CODE - 0x100));
	assert_false(arch_x86_64.is_call_of(read_memory, NULL, CODE + 8, CODE - 0xff));
	assert_false(arch_x86_64.is_call_of(read_memory, NULL, CODE + 9, CODE - 0xff));
	assert_false(arch_x86_64.is_call_of(read_memory, NULL, CODE + 2, CODE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_pops_the_frame_and_the_return_address),
		cmocka_unit_test(a_frame_pointer_that_was_not_saved_is_still_the_callers),
		cmocka_unit_test(a_switched_stack_is_left_through_the_word_at_its_top),
		cmocka_unit_test(saved_registers_are_the_interrupted_frame),
		cmocka_unit_test(
			an_interrupt_frame_gives_five_registers_and_keeps_the_frame_pointer),
		cmocka_unit_test(a_register_that_is_not_known_is_named),
		cmocka_unit_test(an_unreadable_stack_is_a_fault_and_changes_nothing),
		cmocka_unit_test(a_direct_call_is_recognised_by_its_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
