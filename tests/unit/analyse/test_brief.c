#include "testing.h"

#include "seed_dump.h"

#include "analyse/brief.h"
#include "base/bytes.h"
#include "kernel/field.h"

static void assert_says(const struct buf *b, const char *text)
{
	if (!strstr(buf_text(b), text))
		fail_msg("\"%s\" is not in\n%s", text, buf_text(b));
}

static void a_deadlock_is_told_with_who_holds_what(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct seed_dump s;

	seed_dump_open(&s, "deadlock-6.1");
	assert_success(brief_format(&b, s.k));
	assert_int_equal(strncmp(buf_text(&b), "Deadlock in tsr_", 16), 0);
	assert_says(&b, "\n  Kernel panic - not syncing: NMI: Not continuing\n");
	assert_says(&b, "\nCPUs:\n  CPU 0: swapper/0 (pid 0), idle in ");
	assert_says(&b, "\nBlocked:\n");
	assert_says(&b, "  ingestd (pid 95) for 0.4 s in tsr_volume_resize [tessera]: "
			"waits for a mutex at 0xffffffffc03571c0");
	assert_says(&b, ", held by compactd (pid 96), deadlock 1\n");
	assert_says(&b, "\nMemory: ");
	assert_says(&b, " MiB free; ");
	assert_says(&b, "\nLog:\n");
	seed_dump_close(&s);
}

static void a_frozen_filesystem_is_told(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct seed_dump s;

	seed_dump_open(&s, "frozen-fs-6.12");
	assert_success(brief_format(&b, s.k));
	assert_int_equal(strncmp(buf_text(&b), "Frozen filesystem (ext4)", 24), 0);
	assert_says(&b, "\nBlocked:\n");
	seed_dump_close(&s);
}

static void a_name_that_is_an_escape_sequence_is_shown_as_text(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct seed_dump s;
	struct field comm;

	seed_dump_open(&s, "deadlock-6.1");
	assert_success(field_get(s.k, "task_struct", "comm", &comm));
	/* compactd */
	memcpy(seed_dump_at(&s, 0xff374a0f1093c200 + comm.offset), "\033[2J\nab", 8);
	assert_success(brief_format(&b, s.k));
	assert_says(&b, "held by \\x1b[2J\\x0aab (pid 96)");
	assert_null(strchr(buf_text(&b), '\033'));
	seed_dump_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadlock_is_told_with_who_holds_what),
		cmocka_unit_test(a_frozen_filesystem_is_told),
		cmocka_unit_test(a_name_that_is_an_escape_sequence_is_shown_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
