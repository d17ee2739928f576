#include "testing.h"

#include "capture/collector.h"

static struct manifest m;
static struct collector c;

static void read_words(const char *kind, const char *words)
{
	m = (struct manifest)MANIFEST_DEFAULTS;
	m.collector.kind = kind;
	m.collector.words = words;
	m.dump.level = 30;
	assert_success(collector_init(&m, &c));
}

static void assert_codec(const char *name)
{
	assert_int_equal(c.way, COLLECTOR_FILTER);
	assert_string_equal(collect_codec_name(c.options.codec), name);
}

static void a_makedumpfile_line_is_carried_out(void **state)
{
	read_words("makedumpfile", "makedumpfile -l --message-level 7 -d 17,31");
	assert_codec("lzo");
	assert_int_equal(c.num_levels, 2);
	assert_int_equal(c.levels[0], 17);
	assert_int_equal(c.levels[1], 31);
	collector_deinit(&c);
	read_words("makedumpfile", "makedumpfile -F -c -d 31");
	assert_codec("zlib");
	assert_int_equal(c.num_levels, 1);
	collector_deinit(&c);
	read_words("makedumpfile", "makedumpfile -E -d 31");
	assert_int_equal(c.options.format, COLLECT_ELF);
	collector_deinit(&c);
}

static void without_options_the_manifest_says_how(void **state)
{
	read_words("makedumpfile", "");
	assert_codec("zstd");
	assert_int_equal(c.options.codec_level, -1);
	assert_int_equal(c.levels[0], 30);
	/* What does not fit is tried with less. */
	assert_int_equal(c.levels[1], 31);
	assert_int_equal(c.num_levels, 2);
	collector_deinit(&c);
}

static void copies_and_programs_are_plain(void **state)
{
	read_words("cp", "cp --sparse=always");
	assert_int_equal(c.way, COLLECTOR_COPY);
	assert_true(c.is_sparse);
	assert_int_equal(collector_form(&c, true), DUMP_PLAIN);
	collector_deinit(&c);
	read_words("dd", "dd bs=4096");
	assert_int_equal(c.way, COLLECTOR_COPY);
	assert_false(c.is_sparse);
	collector_deinit(&c);
	read_words("program", "/usr/bin/my-dump --into 'a b' \"c\"");
	assert_int_equal(c.way, COLLECTOR_PROGRAM);
	assert_int_equal(c.num_words, 4);
	assert_string_equal(c.words[2], "a b");
	assert_string_equal(c.words[3], "c");
	assert_null(c.words[4]);
	collector_deinit(&c);
}

static void a_line_that_makes_no_sense_still_gives_a_dump(void **state)
{
	m = (struct manifest)MANIFEST_DEFAULTS;
	m.collector.words = "makedumpfile -d 99";
	assert_failure(collector_init(&m, &c), ERR_USAGE, "99");
	assert_codec("zstd");
	assert_int_equal(c.levels[0], 31);
	collector_deinit(&c);
	/* The names of the parts, which there would be none of. */
	m.collector.words = "makedumpfile --split -d 31 /part1 /part2";
	assert_failure(collector_init(&m, &c), ERR_USAGE, "");
	assert_codec("zstd");
	collector_deinit(&c);
	m.collector.words = "makedumpfile -p -d 31";
	assert_failure(collector_init(&m, &c), ERR_UNSUPPORTED, "snappy");
	assert_codec("zstd");
	collector_deinit(&c);
}

static void the_form_is_flattened_where_nobody_can_seek(void **state)
{
	read_words("makedumpfile", "");
	assert_int_equal(collector_form(&c, true), DUMP_FLATTENED);
	assert_int_equal(collector_form(&c, false), DUMP_KDUMP);
	collector_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_makedumpfile_line_is_carried_out),
		cmocka_unit_test(without_options_the_manifest_says_how),
		cmocka_unit_test(copies_and_programs_are_plain),
		cmocka_unit_test(a_line_that_makes_no_sense_still_gives_a_dump),
		cmocka_unit_test(the_form_is_flattened_where_nobody_can_seek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
