#include "kernel/tiny_kernel.h"

#include "kernel/spinlock.h"

#define LOCK 0x80 /* in TINY_VARIABLES */

static bool waits(u64 word, vaddr_t argument, vaddr_t *ret)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct cpu cpus[2] = {{.number = 0}, {.number = 1}};
	const struct cpu_table table = {.cpus = cpus, .count = 2};
	struct arch_regs regs = {0};

	tiny_put64(t, TINY_VARIABLES + LOCK, word);
	tiny_kernel_open(t);
	if (argument)
		regs_set(&regs, X86_64_RDI, argument);
	return spinlock_waited_for(t->k, &table, &regs, ret);
}

static void a_taken_lock_is_one_whoever_waits_for_it(void **state)
{
	static const u32 words[] = {
		1,	     /* a hypervisor's guest spins without saying so */
		0x101,	     /* one waits */
		0x100,	     /* it is its turn */
		1 | 2 << 18, /* CPU 1 is the last in the queue */
		1 | 1 << 18 | 3 << 16,
	};
	vaddr_t lock;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_true(waits(words[i], TINY(TINY_VARIABLES + LOCK), &lock));
		assert_int_equal(lock, TINY(TINY_VARIABLES + LOCK));
	}
}

static void a_word_that_is_no_taken_lock_is_none(void **state)
{
	static const u32 words[] = {
		0,		    /* free */
		2,	     0x201, /* more than a bit */
		1 | 3 << 18,	    /* there is no CPU 2 */
		1 | 1 << 16,	    /* a node of nobody */
	};
	vaddr_t lock;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_false(waits(words[i], TINY(TINY_VARIABLES + LOCK), &lock));
}

static void an_argument_that_leads_nowhere_is_no_lock(void **state)
{
	vaddr_t lock;

	assert_false(waits(1, 0, &lock));
	assert_false(waits(1, TINY(TINY_VARIABLES + LOCK + 1), &lock));
	assert_false(waits(1, 0x1000, &lock));
}

static void functions_that_spin_are_known_by_their_names(void **state)
{
	assert_true(spinlock_spins("native_queued_spin_lock_slowpath"));
	assert_true(spinlock_spins("__pv_queued_spin_lock_slowpath"));
	assert_true(spinlock_spins("_raw_spin_lock_irqsave"));
	assert_false(spinlock_spins("_raw_spin_unlock_irqrestore"));
	assert_false(spinlock_spins("my_raw_spin_lock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_lock_is_one_whoever_waits_for_it),
		cmocka_unit_test(a_word_that_is_no_taken_lock_is_none),
		cmocka_unit_test(an_argument_that_leads_nowhere_is_no_lock),
		cmocka_unit_test(functions_that_spin_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
