#include "failing_malloc.h"
#include "testing.h"

#include "format/capture_config.h"

static void each_dialect_has_its_own_collector(void **state)
{
	static const char *const collectors[] = {
		[CONFIG_INQUEST] = "makedumpfile --compress=zstd:-1 -d 31",
		[CONFIG_KDUMP] = "makedumpfile -l --message-level 7 -d 31",
		[CONFIG_KDUMP_TOOLS] = "makedumpfile -c -d 31",
	};

	for (size_t i = 0; i < ARRAY_SIZE(collectors); i++) {
		struct capture_config c;

		assert_success(capture_config_init(&c, (enum config_dialect)i));
		assert_string_equal(c.core_collector, collectors[i]);
		assert_false(c.has_core_collector);
		assert_string_equal(c.path, "/var/crash");
		assert_true(c.is_enabled && c.watchdog && c.save_dmesg);
		assert_false(c.cmdline.has_append || c.cmdline.has_remove);
		capture_config_deinit(&c);
	}
}

static void words_keep_their_order_up_to_the_limit(void **state)
{
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_INQUEST));
	for (int i = 0; i < CONFIG_WORDS_MAX; i++) {
		char word[16];
		int len = snprintf(word, sizeof(word), "m%d and more", i);

		assert_success(capture_config_add_word(&c, &c.extra_modules, word,
						       (size_t)len - 9));
	}
	assert_int_equal(c.extra_modules.count, CONFIG_WORDS_MAX);
	assert_string_equal(c.extra_modules.words[0], "m0");
	assert_string_equal(c.extra_modules.words[255], "m255");
	assert_failure(capture_config_add_word(&c, &c.extra_modules, "x", 1), ERR_USAGE,
		       "more than 256 words");
	capture_config_deinit(&c);
}

static void targets_are_copied_up_to_the_limit(void **state)
{
	char spec[] = "/dev/vdb1";
	struct config_target target = {
		.kind = CONFIG_TARGET_FS, .spec = spec, .fs_type = "ext4", .line = 3};
	struct capture_config c;

	assert_success(capture_config_init(&c, CONFIG_INQUEST));
	for (int i = 0; i < CONFIG_TARGETS_MAX; i++)
		assert_success(capture_config_add_target(&c, &target));
	spec[7] = 'x';
	assert_string_equal(c.targets[7].spec, "/dev/vdb1");
	assert_string_equal(c.targets[7].options, "");
	assert_int_equal(c.targets[7].line, 3);
	assert_failure(capture_config_add_target(&c, &target), ERR_USAGE,
		       "more than 8 dump targets");
	capture_config_deinit(&c);
}

static struct err *fill(void *ctx)
{
	const struct config_target target = {.kind = CONFIG_TARGET_RAW, .spec = "/dev/sda"};
	struct capture_config c;
	struct err *err = capture_config_init(&c, CONFIG_KDUMP);

	if (!err)
		err = capture_config_add_target(&c, &target);
	if (!err)
		err = capture_config_add_word(&c, &c.extra_bins, "/bin/ls", 7);
	capture_config_deinit(&c);
	return err;
}

static void an_allocation_that_fails_is_told(void **state)
{
	assert_true(each_allocation_fails_once(fill, NULL) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_dialect_has_its_own_collector),
		cmocka_unit_test(words_keep_their_order_up_to_the_limit),
		cmocka_unit_test(targets_are_copied_up_to_the_limit),
		cmocka_unit_test(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
