#include "testing.h"

#include "analyse/function_names.h"

static void what_the_compiler_appends_is_not_part_of_a_name(void **state)
{
	assert_true(function_is("__mutex_lock.constprop.0", "__mutex_lock"));
	assert_true(function_is("watchdog_timer_fn.cold", "watchdog_timer_fn"));
	assert_true(function_is("f.isra.0.cold", "f"));
	assert_false(function_is("__mutex_lock_slowpath", "__mutex_lock"));
	assert_false(function_is("", "f"));
	assert_int_equal(function_plain_len("get.part.0.isra.1"), 3);
	assert_int_equal(function_plain_len("a.b"), 3);
}

static void a_handler_tells_what_set_off_the_panic(void **state)
{
	assert_int_equal(function_trigger("unknown_nmi_error.cold"), TRIGGER_NMI);
	assert_int_equal(function_trigger("sysrq_handle_crash"), TRIGGER_SYSRQ);
	assert_int_equal(function_trigger("exc_page_fault"), TRIGGER_PAGE_FAULT);
	assert_int_equal(function_trigger("vfs_write"), TRIGGER_NONE);
	assert_int_equal(function_trigger(""), TRIGGER_NONE);
}

static void infrastructure_does_what_it_is_asked(void **state)
{
	static const char *const yes[] = {"_raw_spin_lock_irqsave",
					  "mutex_lock",
					  "__list_del_entry_valid.cold",
					  "memcpy_erms",
					  "kfree",
					  "asm_exc_page_fault",
					  "schedule_timeout"};
	static const char *const no[] = {"vfs_write",	 "ext4_file_write_iter",
					 "stress_me",	 "copy_page_range",
					 "show_cpuinfo", ""};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(function_is_infrastructure(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(function_is_infrastructure(no[i]));
}

static void who_sleeps_in_a_plain_system_call_holds_no_lock(void **state)
{
	assert_true(function_sleeps_without_locks("__do_sys_pause"));
	assert_true(function_sleeps_without_locks("__x64_sys_clock_nanosleep"));
	assert_false(function_sleeps_without_locks("__x64_sys_write"));
	assert_false(function_sleeps_without_locks("__x64_sys_ioctl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_compiler_appends_is_not_part_of_a_name),
		cmocka_unit_test(a_handler_tells_what_set_off_the_panic),
		cmocka_unit_test(who_sleeps_in_a_plain_system_call_holds_no_lock),
		cmocka_unit_test(infrastructure_does_what_it_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
