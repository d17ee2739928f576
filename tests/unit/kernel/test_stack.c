#include "kernel/tiny_kernel.h"

#include "arch/arch.h"

#define SP (TINY_STACK + 0x100)

struct world {
	struct tiny_kernel *t;
	struct stack *s;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->t = tiny_kernel_new(TINY_WHOLE);
	w->s = calloc(1, sizeof(*w->s));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	tiny_kernel_free(w->t);
	free(w->s);
	free(w);
	return 0;
}

/* Put return address @target at @off. */
static void put_return(struct world *w, u32 off, u32 target)
{
	tiny_put64(w->t, off, TINY(target));
}

static struct arch_regs regs_at(u64 pc, u64 sp)
{
	struct arch_regs regs = {0};

	regs_set(&regs, X86_64_RIP, pc);
	regs_set(&regs, X86_64_RSP, sp);
	regs_set(&regs, X86_64_CS, 0x10);
	return regs;
}

static void unwind_from(struct world *w, u64 pc, u64 sp)
{
	struct arch_regs regs = regs_at(pc, sp);

	if (!w->t->k)
		tiny_kernel_open(w->t);
	stack_unwind_regs(w->t->k, &regs, w->s);
}

static void assert_names(const struct stack *s, const char *names)
{
	char text[1024] = "";

	for (size_t i = 0; i < s->num_frames; i++) {
		strcat(text, i ? " " : "");
		strcat(text, s->frames[i].has_symbol ? s->frames[i].symbol.name : "?");
	}
	assert_string_equal(text, names);
}

static void calls_are_followed_to_the_outermost_frame(void **state)
{
	struct world *w = *state;

	put_return(w, SP, 0x1210);	/* inner: sp + 8 */
	put_return(w, SP + 24, 0x1110); /* middle: sp + 24 */
	put_return(w, SP + 40, 0x1010); /* outer: sp + 16 */
	unwind_from(w, TINY(0x1350), TINY(SP));
	assert_names(w->s, "inner middle outer _stext");
	assert_int_equal(w->s->end, STACK_END_CLEAN);
	assert_false(w->s->end_is_user);
	assert_string_equal(w->s->why, "");
	assert_int_equal(w->s->frames[0].kind, FRAME_FIRST);
	assert_int_equal(w->s->frames[1].kind, FRAME_CALL);
	assert_int_equal(w->s->frames[1].pc, TINY(0x1210));
	assert_int_equal(w->s->frames[1].sp, TINY(SP + 8));
	assert_int_equal(w->s->frames[1].symbol.offset, 0x10);
	assert_false(w->s->frames[1].is_searched);
}

/* `tail` ends with a call: its return address is the first byte of `after`, whose row would
 * lead elsewhere. */
static void a_return_address_at_a_functions_end_belongs_to_that_function(void **state)
{
	struct world *w = *state;

	put_return(w, SP, 0x1700);
	put_return(w, SP + 8, 0x1010); /* tail: sp + 8 */
	put_return(w, SP + 8 + 56, 0x1350);
	unwind_from(w, TINY(0x1350), TINY(SP));
	assert_names(w->s, "inner tail _stext");
	assert_int_equal(w->s->frames[1].symbol.offset, 0x100);
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

/* Where the CPU was is looked up as it is, though it is the first byte of `after`. */
static void
an_interrupted_address_at_a_functions_start_belongs_to_that_function(void **state)
{
	struct world *w = *state;

	put_return(w, SP, 0x1350);
	put_return(w, SP + 56, 0x1010); /* after: sp + 64 */
	unwind_from(w, TINY(0x1700), TINY(SP));
	assert_names(w->s, "after _stext");
	assert_int_equal(w->s->frames[0].symbol.offset, 0);
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

/* Write a struct pt_regs at @off: ip, cs, sp. */
static void put_pt_regs(struct world *w, u32 off, u64 ip, u64 cs, u64 sp)
{
	tiny_put64(w->t, off + 16 * 8, ip);
	tiny_put64(w->t, off + 17 * 8, cs);
	tiny_put64(w->t, off + 19 * 8, sp);
}

static void an_interrupt_is_followed_to_the_stack_it_hit(void **state)
{
	struct world *w = *state;

	/* The handler runs on the upper page, what it interrupted on the lower one. */
	put_pt_regs(w, TINY_STACK + 0x1100, TINY(0x1700), 0x10, TINY(SP));
	put_return(w, SP + 56, 0x1010);
	unwind_from(w, TINY(0x1510), TINY(TINY_STACK + 0x1100));
	assert_names(w->s, "handler after _stext");
	assert_int_equal(w->s->frames[1].kind, FRAME_REGS);
	assert_int_equal(w->s->frames[1].sp, TINY(SP));
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

static void registers_of_user_mode_end_the_stack_cleanly(void **state)
{
	struct world *w = *state;
	struct arch_regs regs = regs_at(0x401000, 0x7ffd0000);

	put_pt_regs(w, SP, 0x401000, 0x33, 0x7ffd0000);
	unwind_from(w, TINY(0x1510), TINY(SP));
	assert_names(w->s, "handler");
	assert_int_equal(w->s->end, STACK_END_CLEAN);
	assert_true(w->s->end_is_user);
	regs_set(&regs, X86_64_CS, 0x33);
	stack_unwind_regs(w->t->k, &regs, w->s);
	assert_int_equal(w->s->num_frames, 0);
	assert_int_equal(w->s->end, STACK_END_CLEAN);
	assert_true(w->s->end_is_user);
}

static void a_module_is_unwound_by_its_own_table(void **state)
{
	struct world *w = *state;

	put_return(w, SP, TINY_MODULE_TEXT + 0x20);
	put_return(w, SP + 16, 0x1010); /* mod_work: sp + 16 */
	unwind_from(w, TINY(0x1350), TINY(SP));
	assert_names(w->s, "inner mod_work _stext");
	assert_string_equal(w->s->frames[1].symbol.module, "tiny_mod");
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

static void a_call_through_a_null_pointer_still_has_a_caller(void **state)
{
	struct world *w = *state;

	put_return(w, SP, 0x1110);
	put_return(w, SP + 16, 0x1010);
	unwind_from(w, 0, TINY(SP));
	assert_names(w->s, "? outer _stext");
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

static void the_caller_of_a_function_without_rows_is_the_one_that_calls_it(void **state)
{
	struct world *w = *state;

	put_return(w, SP + 8, 0x1210);	/* text, but no call of no_rows */
	put_return(w, SP + 24, 0x1150); /* calls no_rows */
	put_return(w, SP + 40, 0x1010);
	tiny_put_call(w->t, 0x1150, 0x1400);
	unwind_from(w, TINY(0x1480), TINY(SP));
	assert_names(w->s, "no_rows outer _stext");
	assert_true(w->s->frames[1].is_searched);
	assert_int_equal(w->s->frames[1].kind, FRAME_CALL);
	assert_false(w->s->frames[2].is_searched);
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

static void without_a_caller_to_be_found_the_reason_is_told(void **state)
{
	struct world *w = *state;

	put_return(w, SP + 8, 0x1210);
	unwind_from(w, TINY(0x1480), TINY(SP));
	assert_names(w->s, "no_rows");
	assert_int_equal(w->s->end, STACK_END_BROKEN);
	assert_non_null(
		strstr(w->s->why, "do not describe the code at 0xffffffff80001480"));
}

static void a_search_on_a_stack_that_cannot_be_read_tells_that(void **state)
{
	struct world *w = *state;

	unwind_from(w, TINY(0x1480), 0x1000);
	assert_names(w->s, "no_rows");
	assert_int_equal(w->s->end, STACK_END_BROKEN);
	assert_non_null(strstr(w->s->why, "stack: virtual address 0x1000"));
}

static void a_return_address_outside_all_text_ends_the_stack_with_the_reason(void **state)
{
	struct world *w = *state;

	put_return(w, SP, TINY_STACK + 0x40);
	unwind_from(w, TINY(0x1350), TINY(SP));
	assert_names(w->s, "inner ?");
	assert_int_equal(w->s->end, STACK_END_BROKEN);
	assert_non_null(strstr(w->s->why, "not in the text"));
}

static void a_stack_that_cannot_be_read_ends_with_the_reason(void **state)
{
	struct world *w = *state;

	unwind_from(w, TINY(0x1350), 0x1000);
	assert_names(w->s, "inner");
	assert_int_equal(w->s->end, STACK_END_BROKEN);
	assert_non_null(strstr(w->s->why, "return address"));
}

static void interrupts_that_lead_back_to_themselves_come_to_an_end(void **state)
{
	struct world *w = *state;

	put_pt_regs(w, SP, TINY(0x1510), 0x10, TINY(SP));
	unwind_from(w, TINY(0x1510), TINY(SP));
	assert_int_equal(w->s->end, STACK_END_LIMIT);
	assert_true(w->s->num_frames < 20);
	assert_non_null(strstr(w->s->why, "do not move up"));
}

static void endless_calls_are_cut_at_the_limit(void **state)
{
	struct world *w = *state;

	for (u32 off = SP; off < TINY_STACK_END; off += 8)
		put_return(w, off, 0x1350);
	unwind_from(w, TINY(0x1350), TINY(SP));
	assert_int_equal(w->s->num_frames, STACK_MAX_FRAMES);
	assert_int_equal(w->s->end, STACK_END_LIMIT);
}

static void a_switched_out_task_is_unwound_from_its_saved_frame(void **state)
{
	struct world *w = *state;

	tiny_put64(w->t, TINY_TASK + TINY_TASK_THREAD_SP, TINY(SP));
	tiny_put64(w->t, SP + 24, 12);	/* r12 */
	tiny_put64(w->t, SP + 40, 77);	/* bp */
	put_return(w, SP + 48, 0x1700); /* into `tail`, at its end */
	put_return(w, SP + 56, 0x1010);
	tiny_kernel_open(w->t);
	stack_unwind_task(w->t->k, TINY(TINY_TASK), w->s);
	assert_names(w->s, "tail _stext");
	assert_int_equal(w->s->frames[0].sp, TINY(SP + 56));
	assert_int_equal(w->s->frames[0].regs.value[X86_64_R12], 12);
	assert_int_equal(w->s->frames[0].regs.value[X86_64_RBP], 77);
	assert_int_equal(w->s->end, STACK_END_CLEAN);
}

static void a_task_that_cannot_be_read_has_no_frames_and_a_reason(void **state)
{
	struct world *w = *state;

	tiny_kernel_open(w->t);
	stack_unwind_task(w->t->k, 0x1000, w->s);
	assert_int_equal(w->s->num_frames, 0);
	assert_int_equal(w->s->end, STACK_END_BROKEN);
	assert_non_null(strstr(w->s->why, "thread.sp"));
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(calls_are_followed_to_the_outermost_frame),
		test(a_return_address_at_a_functions_end_belongs_to_that_function),
		test(an_interrupted_address_at_a_functions_start_belongs_to_that_function),
		test(an_interrupt_is_followed_to_the_stack_it_hit),
		test(registers_of_user_mode_end_the_stack_cleanly),
		test(a_module_is_unwound_by_its_own_table),
		test(a_call_through_a_null_pointer_still_has_a_caller),
		test(the_caller_of_a_function_without_rows_is_the_one_that_calls_it),
		test(without_a_caller_to_be_found_the_reason_is_told),
		test(a_search_on_a_stack_that_cannot_be_read_tells_that),
		test(a_return_address_outside_all_text_ends_the_stack_with_the_reason),
		test(a_stack_that_cannot_be_read_ends_with_the_reason),
		test(interrupts_that_lead_back_to_themselves_come_to_an_end),
		test(endless_calls_are_cut_at_the_limit),
		test(a_switched_out_task_is_unwound_from_its_saved_frame),
		test(a_task_that_cannot_be_read_has_no_frames_and_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
