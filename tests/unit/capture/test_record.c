#include "testing.h"

#include "base/io.h"
#include "capture/record.h"

#include <jansson.h>

static struct record *r;

static int set_up(void **state)
{
	assert_success(record_new(&r));
	return 0;
}

static int tear_down(void **state)
{
	record_free(r);
	return 0;
}

static json_t *format(void)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	json_t *root;

	assert_success(record_format(r, 1000000007, &b));
	root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	return root;
}

static const char *text_at(json_t *root, const char *object, const char *key)
{
	json_t *from = object ? json_object_get(root, object) : root;

	return json_string_value(json_object_get(from, key));
}

static void a_complete_capture_tells_what_was_saved(void **state)
{
	json_t *root, *file;

	r->outcome = RECORD_COMPLETE;
	r->started = 1000000000;
	r->dump_level = 31;
	strcpy(r->compression, "zstd");
	strcpy(r->directory, "/var/crash/x");
	strcpy(r->identity.boot_id, "0123-4567");
	record_add_file(r, "vmcore", 5000000000, true);
	record_add_phase(r, "dump", 1250, false);
	root = format();
	assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
	assert_string_equal(text_at(root, NULL, "outcome"), "complete");
	assert_true(json_is_null(json_object_get(root, "reason")));
	assert_string_equal(text_at(root, NULL, "directory"), "/var/crash/x");
	assert_string_equal(text_at(root, "crashed", "boot_id"), "0123-4567");
	assert_null(text_at(root, "crashed", "machine_id"));
	assert_string_equal(text_at(root, "capture", "started"), "2001-09-09T01:46:40Z");
	assert_string_equal(text_at(root, "capture", "finished"), "2001-09-09T01:46:47Z");
	file = json_array_get(json_object_get(root, "files"), 0);
	assert_int_equal(json_integer_value(json_object_get(file, "bytes")), 5000000000);
	assert_true(json_is_true(json_object_get(file, "complete")));
	json_decref(root);
}

static void nothing_said_means_failed(void **state)
{
	json_t *root = format();

	assert_string_equal(text_at(root, NULL, "outcome"), "failed");
	assert_true(json_is_null(json_object_get(root, "directory")));
	json_decref(root);
}

static enum record_outcome settled(void)
{
	record_settle(r);
	return r->outcome;
}

static void only_a_whole_vmcore_makes_a_capture_complete(void **state)
{
	assert_int_equal(settled(), RECORD_FAILED);
	record_add_file(r, "vmcore-incomplete", 0, false);
	assert_int_equal(settled(), RECORD_FAILED);
	record_add_file(r, "vmcore-dmesg.txt", 5, true);
	assert_int_equal(settled(), RECORD_INCOMPLETE);
	record_add_file(r, "vmcore", 5, false);
	assert_int_equal(settled(), RECORD_INCOMPLETE);
	record_add_file(r, "vmcore", 5, true);
	assert_int_equal(settled(), RECORD_INCOMPLETE);
	record_add_dump(r, "vmcore", 5);
	assert_int_equal(settled(), RECORD_COMPLETE);
	/* What went wrong with another file takes nothing from it. */
	record_add_file(r, "dmesg-incomplete", 5, false);
	assert_int_equal(settled(), RECORD_COMPLETE);
}

static void the_first_reason_is_kept_and_escaped(void **state)
{
	json_t *root;

	record_fail(r, "dump: \x1b[2J\xff");
	record_fail(r, "finish: later");
	r->outcome = RECORD_INCOMPLETE;
	root = format();
	assert_string_equal(text_at(root, NULL, "outcome"), "incomplete");
	assert_string_equal(text_at(root, NULL, "reason"), "dump: \\x1b[2J\\xff");
	json_decref(root);
}

static void what_does_not_fit_is_dropped_and_not_written_past_the_end(void **state)
{
	char big[2 * RECORD_TEXT_SIZE];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	record_fail(r, big);
	for (int i = 0; i < 2 * RECORD_PHASES_MAX; i++) {
		record_add_file(r, big, 1, true);
		record_add_phase(r, big, 1, true);
	}
	assert_int_equal(strlen(r->reason), RECORD_TEXT_SIZE - 1);
	assert_int_equal(r->num_files, RECORD_FILES_MAX);
	assert_int_equal(r->num_phases, RECORD_PHASES_MAX);
	json_decref(format());
}

static void the_low_water_of_memory_is_kept(void **state)
{
	static const char *const texts[] = {"MemTotal: 99 kB\nMemAvailable:    30 kB\n",
					    "MemAvailable: 10 kB\n",
					    "MemAvailable: 20 kB\n", "nothing\n"};
	char path[] = "/tmp/inquest-test-record-XXXXXX";
	u64 total = 0;

	close(mkstemp(path));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_success(io_write_file(path, 0600, texts[i], strlen(texts[i])));
		if (i == 0)
			assert_true(meminfo_bytes(path, "MemTotal", &total));
		record_step(r, path);
	}
	unlink(path);
	assert_int_equal(total, 99 * 1024);
	assert_int_equal(r->mem_available_low_bytes, 10 * 1024);
	assert_int_equal(r->progress, ARRAY_SIZE(texts));
}

#define WITH_A_RECORD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_RECORD(a_complete_capture_tells_what_was_saved),
		WITH_A_RECORD(nothing_said_means_failed),
		WITH_A_RECORD(only_a_whole_vmcore_makes_a_capture_complete),
		WITH_A_RECORD(the_first_reason_is_kept_and_escaped),
		WITH_A_RECORD(what_does_not_fit_is_dropped_and_not_written_past_the_end),
		WITH_A_RECORD(the_low_water_of_memory_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
