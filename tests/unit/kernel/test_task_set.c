#include "testing.h"

#include "kernel/task_set_priv.h"

static bool add(struct task_set *s, vaddr_t addr)
{
	bool is_new = false;

	assert_success(task_set_add(s, addr, &is_new));
	return is_new;
}

static void an_address_is_new_once(void **state)
{
	struct task_set *s = NULL;

	assert_success(task_set_new(&s));
	assert_true(add(s, 0xffff888000001000));
	assert_false(add(s, 0xffff888000001000));
	assert_true(add(s, 0));
	assert_false(add(s, 0));
	task_set_free(s);
}

static void growing_forgets_nothing(void **state)
{
	struct task_set *s = NULL;

	assert_success(task_set_new(&s));
	for (vaddr_t i = 1; i < 5000; i++)
		assert_true(add(s, i * 0x1000));
	for (vaddr_t i = 1; i < 5000; i++)
		assert_false(add(s, i * 0x1000));
	task_set_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_new_once),
		cmocka_unit_test(growing_forgets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
