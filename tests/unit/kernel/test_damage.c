/* Whatever a damaged or hostile dump holds where the kernel's tables should be: everything
 * is answered, in bounded time. Most of what this can find is found by the sanitizers. */
#include "kernel/tiny_kernel.h"

#include "arch/arch.h"

#define ROUNDS 300

/* A small generator of its own, so that each run damages the same bytes. */
static u32 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*seed >> 33);
}

static void ask_everything(struct tiny_kernel *t, struct stack *s)
{
	static const char *const members[] = {"comm", "thread.sp", "flag", "nothing"};
	struct arch_regs regs = {0};
	const struct kernel_module *modules;
	struct symbol_at symbol;
	size_t count;
	u64 value;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		err_ignore(field_read_by_name(t->k, TINY(TINY_TASK), "task_struct",
					      members[i], &value));
	modules = kernel_modules(t->k, &count);
	for (size_t i = 0; i < count && i < 4; i++)
		(void)kernel_symbol_at(t->k, modules[i].text.start, &symbol);
	for (u32 off = 0x1000; off < 0x1800; off += 0x80)
		(void)kernel_symbol_at(t->k, TINY(off), &symbol);
	err_ignore(kernel_percpu_symbol(t->k, "runqueues", 1, &value));
	stack_unwind_task(t->k, TINY(TINY_TASK), s);
	assert_true(s->num_frames <= STACK_MAX_FRAMES);
	for (u32 off = 0x1010; off < 0x1800; off += 0x100) {
		regs_set(&regs, X86_64_RIP, TINY(off));
		regs_set(&regs, X86_64_RSP, TINY(TINY_STACK + 0x100));
		stack_unwind_regs(t->k, &regs, s);
		assert_true(s->num_frames > 0 && s->num_frames <= STACK_MAX_FRAMES);
		assert_true(s->end == STACK_END_CLEAN || s->why[0]);
	}
}

/* Change some bytes between @first and @end, then ask. */
static void damage(u64 seed, u32 first, u32 end)
{
	cleanup(freep) struct stack *s = calloc(1, sizeof(*s));
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);

	tiny_put64(t, TINY_TASK + TINY_TASK_THREAD_SP, TINY(TINY_STACK + 0x100));
	for (u32 off = TINY_STACK; off < TINY_STACK_END; off += 8)
		tiny_put64(t, off, TINY(0x1000 + next_random(&seed) % 0x800));
	for (u32 n = 1 + next_random(&seed) % 8; n > 0; n--)
		t->g.memory[first + next_random(&seed) % (end - first)] =
			(u8)next_random(&seed);
	tiny_kernel_open(t);
	ask_everything(t, s);
}

static void damaged_symbol_tables_are_survived(void **state)
{
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_SYMBOLS, TINY_SYMBOLS + 0x180);
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_TOKENS, TINY_OFFSETS + 0x60);
}

static void damaged_types_are_survived(void **state)
{
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_BTF, TINY_BTF + 0x500);
}

static void damaged_unwind_tables_are_survived(void **state)
{
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_ORC, TINY_ORC + 0x50);
}

static void damaged_modules_are_survived(void **state)
{
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_MODULE, TINY_MODULE + 0xa00);
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_MODULE, TINY_MODULE + 0xa0);
}

static void damaged_variables_are_survived(void **state)
{
	for (u32 i = 0; i < ROUNDS; i++)
		damage(i, TINY_VARIABLES, TINY_VARIABLES + 0x40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_symbol_tables_are_survived),
		cmocka_unit_test(damaged_types_are_survived),
		cmocka_unit_test(damaged_unwind_tables_are_survived),
		cmocka_unit_test(damaged_modules_are_survived),
		cmocka_unit_test(damaged_variables_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
