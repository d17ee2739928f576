#include "testing.h"

#include "analyse/signature.h"

static struct verdict verdict_of(enum crash_class class, const char *const *frames)
{
	struct verdict v = {.class = class};

	for (; frames[v.num_frames]; v.num_frames++)
		snprintf(v.frames[v.num_frames], sizeof(v.frames[0]), "%s",
			 frames[v.num_frames]);
	v.culprit.is_known = v.num_frames;
	snprintf(v.culprit.function, sizeof(v.culprit.function), "%s", v.frames[0]);
	return v;
}

static void the_text_is_all_that_goes_into_the_hash(void **state)
{
	static const char *const frames[] = {"flush", "submit", "vfs_write", NULL};
	struct verdict v = verdict_of(CRASH_DEADLOCK, frames);
	struct signature a, b;

	snprintf(v.culprit.module, sizeof(v.culprit.module), "blk");
	assert_success(signature_make(&v, &a));
	assert_string_equal(a.bucket, "deadlock:flush[blk]");
	assert_string_equal(buf_text(&a.text),
			    "sig_v1\ndeadlock\nflush\nsubmit\nvfs_write\n");
	/* printf 'sig_v1\ndeadlock\nflush\nsubmit\nvfs_write\n' | sha256sum */
	assert_string_equal(
		a.hash, "961601a042821f26dd7bb56158a189520b3f71dca0625168804246df18a64b11");
	v.culprit.pc = 0x1234;
	v.confidence = CONFIDENCE_CERTAIN;
	v.num_evidence = 3;
	assert_success(signature_make(&v, &b));
	assert_string_equal(a.hash, b.hash);
	signature_deinit(&a);
	signature_deinit(&b);
}

static void another_class_or_caller_is_another_crash(void **state)
{
	static const char *const frames[] = {"flush", "submit", NULL};
	static const char *const others[] = {"flush", "commit", NULL};
	struct verdict v = verdict_of(CRASH_DEADLOCK, frames);
	struct signature a, b;

	assert_success(signature_make(&v, &a));
	v.class = CRASH_HUNG_TASK;
	assert_success(signature_make(&v, &b));
	assert_string_not_equal(a.hash, b.hash);
	signature_deinit(&b);
	v = verdict_of(CRASH_DEADLOCK, others);
	assert_success(signature_make(&v, &b));
	assert_string_not_equal(a.hash, b.hash);
	assert_string_equal(a.bucket, b.bucket);
	signature_deinit(&a);
	signature_deinit(&b);
}

static void names_cannot_forge_lines(void **state)
{
	static const char *const frames[] = {"a\nb", NULL};
	struct verdict v = verdict_of(CRASH_BUG, frames);
	struct signature s;

	assert_success(signature_make(&v, &s));
	assert_string_equal(buf_text(&s.text), "sig_v1\nbug\na\\x0ab\n");
	assert_string_equal(s.bucket, "bug:a\\x0ab");
	signature_deinit(&s);
}

static void where_nobody_is_to_blame_the_subject_counts(void **state)
{
	static const char *const frames[] = {NULL};
	struct verdict v = verdict_of(CRASH_FROZEN_FILESYSTEM, frames);
	struct signature s;

	snprintf(v.subject, sizeof(v.subject), "ext4");
	assert_success(signature_make(&v, &s));
	assert_string_equal(s.bucket, "frozen-filesystem:ext4");
	assert_string_equal(buf_text(&s.text), "sig_v1\nfrozen-filesystem\next4\n");
	signature_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_all_that_goes_into_the_hash),
		cmocka_unit_test(another_class_or_caller_is_another_crash),
		cmocka_unit_test(names_cannot_forge_lines),
		cmocka_unit_test(where_nobody_is_to_blame_the_subject_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
