#include "testing.h"

#include "format/makedumpfile_words.h"

static const struct opts_verb verb = {
	.name = "makedumpfile",
	.operands = "",
	.options = makedumpfile_options,
	.max_operands = SIZE_MAX,
	.takes_abbreviations = true,
};

static const struct words_defaults as_makedumpfile = {0};
static const struct words_defaults as_collect = {
	.dump_level = 31, .codec = WORDS_CODEC_ZSTD, .takes_many_sources = true};

/* The words of one line, and what became of them; freed by the next. */
static char line_copy[512];
static char *argv[32];
static struct opts_result given;
static struct makedumpfile_words w;

static struct err *read_line(const char *line, const struct words_defaults *defaults)
{
	int argc = 0;
	struct err *err;

	snprintf(line_copy, sizeof(line_copy), "%s", line);
	for (char *word = strtok(line_copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	opts_deinit(&given);
	memset(&w, 0, sizeof(w));
	err = opts_parse(&verb, argc, argv, 0, &given);
	return err ? err : makedumpfile_words_read(&given, defaults, &w);
}

#define READ(line) assert_success(read_line(line, &as_makedumpfile))
#define REFUSES(line, words)                                                               \
	assert_failure(read_line(line, &as_makedumpfile), ERR_USAGE, words)

static int free_words(void **state)
{
	opts_deinit(&given);
	return 0;
}

static void the_line_of_kdump_conf_is_understood(void **state)
{
	READ("-l --message-level 1 -d 31 /proc/vmcore /dest/vmcore");
	assert_int_equal(w.job, WORDS_COLLECT);
	assert_int_equal(w.codec, WORDS_CODEC_LZO);
	assert_int_equal(w.num_levels, 1);
	assert_int_equal(w.levels[0], 31);
	assert_int_equal(w.message_level, WORDS_SHOW_PROGRESS);
	assert_int_equal(w.num_sources, 1);
	assert_string_equal(w.sources[0], "/proc/vmcore");
	assert_int_equal(w.num_targets, 1);
	assert_string_equal(w.targets[0], "/dest/vmcore");
}

static void flattened_output_has_no_target(void **state)
{
	READ("-F -c -d 31 /proc/vmcore");
	assert_true(w.is_flattened);
	assert_int_equal(w.num_targets, 0);
	assert_int_equal(w.codec, WORDS_CODEC_ZLIB);
	READ("-d 31 /proc/vmcore -");
	assert_true(w.is_flattened);
	assert_int_equal(w.num_sources, 1);
	assert_int_equal(w.num_targets, 0);
	REFUSES("-F /proc/vmcore target", "one file too many");
	REFUSES("-F", "too few files");
}

static void letters_may_be_written_together(void **state)
{
	READ("-cfd31 a b");
	assert_true(w.overwrites);
	assert_int_equal(w.levels[0], 31);
	assert_int_equal(w.codec, WORDS_CODEC_ZLIB);
}

static void nothing_said_means_what_the_program_says(void **state)
{
	READ("a b");
	assert_int_equal(w.levels[0], 0);
	assert_int_equal(w.codec, WORDS_CODEC_NONE);
	assert_int_equal(w.message_level, 7);
	assert_int_equal(w.num_threads, 0);
	assert_success(read_line("a b", &as_collect));
	assert_int_equal(w.levels[0], 31);
	assert_int_equal(w.codec, WORDS_CODEC_ZSTD);
	assert_false(w.has_codec_level);
}

static void levels_come_in_a_list(void **state)
{
	READ("-d 0,16,31 a b");
	assert_int_equal(w.num_levels, 3);
	assert_int_equal(w.levels[0], 0);
	assert_int_equal(w.levels[1], 16);
	assert_int_equal(w.levels[2], 31);
	REFUSES("-d 32 a b", "-d 32: numbers from 0 to 31");
	REFUSES("-d 1,77 a b", "-d 1,77");
	REFUSES("-d 99999999999999999999999 a b", "numbers from 0 to 31");
	REFUSES("-d x a b", "-d x");
	REFUSES("-d 31, a b", "-d 31,");
	REFUSES("-d 1, a b", "-d 1,");
	REFUSES("-d -1 a b", "-d -1");
	REFUSES("-d 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 a b",
		"more than 32 levels");
}

static void the_last_codec_counts(void **state)
{
	READ("-c -l a b");
	assert_int_equal(w.codec, WORDS_CODEC_LZO);
	READ("-l -c a b");
	assert_int_equal(w.codec, WORDS_CODEC_ZLIB);
	READ("-p a b");
	assert_int_equal(w.codec, WORDS_CODEC_SNAPPY);
	READ("-z a b");
	assert_int_equal(w.codec, WORDS_CODEC_ZSTD);
	READ("--compress zstd:-5 -c a b");
	assert_int_equal(w.codec, WORDS_CODEC_ZLIB);
	assert_false(w.has_codec_level);
	READ("-c --compress zlib:6 a b");
	assert_true(w.has_codec_level);
	assert_int_equal(w.codec_level, 6);
	READ("--compress zstd:-5 a b");
	assert_int_equal(w.codec_level, -5);
	READ("-c --compress none a b");
	assert_int_equal(w.codec, WORDS_CODEC_NONE);
	REFUSES("--compress rar a b", "zstd, zlib, lzo, snappy or none");
	REFUSES("--compress zl a b", "--compress zl");
	REFUSES("--compress zlib: a b", "not a level");
	REFUSES("--compress zlib:1x a b", "not a level");
	REFUSES("--compress zlib:99999999999 a b", "not a level");
}

static void an_elf_core_is_not_compressed(void **state)
{
	READ("-E -d 31 a b");
	assert_true(w.is_elf);
	READ("-E --compress none a b");
	assert_success(read_line("-E a b", &as_collect));
	assert_int_equal(w.codec, WORDS_CODEC_NONE);
	REFUSES("-E -c a b", "no compressed pages");
	REFUSES("-E --split a b c", "--split");
}

static void threads_are_a_number(void **state)
{
	READ("-c --num-threads 4 a b");
	assert_int_equal(w.num_threads, 4);
	READ("--num-threads=0 a b");
	assert_int_equal(w.num_threads, 1);
	REFUSES("--num-threads x a b", "--num-threads x: a number");
	REFUSES("--num-threads -1 a b", "--num-threads -1");
	REFUSES("--num-threads 1025 a b", "up to 1024");
}

static void a_split_dump_has_several_targets(void **state)
{
	READ("--split -d 31 a p1 p2 p3");
	assert_int_equal(w.num_sources, 1);
	assert_int_equal(w.num_targets, 3);
	assert_string_equal(w.targets[0], "p1");
	REFUSES("--split a p1", "too few files: --split");
	REFUSES("--split -F a p1 p2", "one stream");
	READ("--reassemble p1 p2 whole");
	assert_int_equal(w.job, WORDS_REASSEMBLE);
	assert_int_equal(w.num_sources, 2);
	assert_string_equal(w.targets[0], "whole");
}

static void only_collect_takes_the_parts_of_a_split_dump(void **state)
{
	assert_success(read_line("p1 p2 whole", &as_collect));
	assert_int_equal(w.num_sources, 2);
	assert_success(read_line("-F p1 p2", &as_collect));
	assert_int_equal(w.num_sources, 2);
	REFUSES("p1 p2 whole", "one file too many");
}

static void other_jobs_take_their_own_files(void **state)
{
	READ("-R vmcore");
	assert_int_equal(w.job, WORDS_REARRANGE);
	assert_int_equal(w.num_sources, 0);
	assert_string_equal(w.targets[0], "vmcore");
	READ("--dump-dmesg v log");
	assert_int_equal(w.job, WORDS_DUMP_DMESG);
	assert_string_equal(w.targets[0], "log");
	READ("-F --dump-dmesg --partial-dmesg v");
	assert_true(w.since_clear);
	assert_int_equal(w.num_targets, 0);
	READ("--mem-usage /proc/kcore");
	assert_int_equal(w.job, WORDS_MEM_USAGE);
	assert_string_equal(w.sources[0], "/proc/kcore");
	READ("-v");
	assert_int_equal(w.job, WORDS_SHOW_VERSION);
	REFUSES("-R", "too few files: -R DUMPFILE");
	REFUSES("-R --dump-dmesg v log", "do not go together");
	REFUSES("--split -R v log", "do not go together");
	REFUSES("--partial-dmesg v d", "--dump-dmesg only");
	REFUSES("--dry-run --dump-dmesg v d", "--dry-run");
	REFUSES("v", "too few files: VMCORE DUMPFILE");
}

static void a_dump_is_verified_and_gets_a_sidecar(void **state)
{
	READ("--verify dump");
	assert_int_equal(w.job, WORDS_VERIFY);
	assert_int_equal(w.num_sources, 1);
	assert_int_equal(w.num_targets, 0);
	READ("--manifest a b");
	assert_true(w.makes_sidecar);
	REFUSES("--verify", "too few files: --verify");
	REFUSES("--manifest -F a", "a dump file only");
	REFUSES("--manifest --verify a", "a dump file only");
}

static void what_is_told_follows_the_message_level(void **state)
{
	READ("--show-stats a b");
	assert_int_equal(w.message_level, 7 | WORDS_SHOW_REPORT);
	READ("-D --message-level 1 a b");
	assert_int_equal(w.message_level, WORDS_SHOW_PROGRESS | WORDS_SHOW_DEBUG);
	REFUSES("--message-level 32 a b", "up to 31");
}

static void what_is_kept_beyond_the_level_is_said(void **state)
{
	READ("a b");
	assert_false(w.keeps_pcp || w.excludes_memmap || w.is_ordered);
	READ("--keep-pcp -e --ordered a b");
	assert_true(w.keeps_pcp && w.excludes_memmap && w.is_ordered);
}

static void sizes_and_addresses_are_read(void **state)
{
	READ("-L 5G --vtop 0xffffffff81000000 a b");
	assert_true(w.max_bytes == 5ULL << 30);
	assert_true(w.has_vtop && w.vtop == 0xffffffff81000000);
	REFUSES("-L x a b", "-L x");
	REFUSES("-L 0 a b", "-L 0");
	REFUSES("-L 5G -F a", "only a file");
}

static void long_options_may_be_abbreviated_as_the_manual_does(void **state)
{
	READ("--splitblock 1024 --split --num 2 --check v a b");
	assert_true(w.is_split && w.only_checks);
	assert_int_equal(w.num_threads, 2);
	/* Our own names stand in nobody's way. */
	READ("--dump v log");
	assert_int_equal(w.job, WORDS_DUMP_DMESG);
	REFUSES("--nosuch a b", "no option --nosuch");
}

static void what_is_ignored_is_told_with_its_reason(void **state)
{
	struct notices n = {0};

	READ("-x vmlinux -i info --cyclic-buffer 1024 --non-mmap --work-dir /tmp -b 4 "
	     "--non-cyclic --splitblock-size 16 -d 31 a b");
	makedumpfile_words_ignored(&given, &n);
	assert_int_equal(n.count, 8);
	assert_string_equal(n.texts[0],
			    "-x is ignored: what it would tell is read from the "
			    "dump itself");
	assert_non_null(strstr(n.texts[4], "--work-dir is ignored: no temporary files"));
	notices_deinit(&n);
	READ("-d 31 -e a b");
	makedumpfile_words_ignored(&given, &n);
	assert_int_equal(n.count, 0);
}

static void what_would_change_the_result_is_refused(void **state)
{
	static const char *const lines[][2] = {
		{"-x vmlinux --config f a b", "--config is refused: erasing data"},
		{"--eppic f a b", "--eppic is refused: erasing data"},
		{"--check-params --config f a b", "--config is refused"},
		{"-X a b", "-X is refused"},
		{"--xen-syms s a b", "--xen-syms is refused"},
		{"--xen-vmcoreinfo s a b", "--xen-vmcoreinfo is refused"},
		{"--xen_phys_start 0 a b", "--xen_phys_start is refused"},
		{"--diskset=a --diskset=b d", "--diskset is refused"},
		{"-g info -x vmlinux", "-g is refused"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_failure(read_line(lines[i][0], &as_makedumpfile), ERR_UNSUPPORTED,
			       lines[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_kdump_conf_is_understood),
		cmocka_unit_test(flattened_output_has_no_target),
		cmocka_unit_test(letters_may_be_written_together),
		cmocka_unit_test(nothing_said_means_what_the_program_says),
		cmocka_unit_test(levels_come_in_a_list),
		cmocka_unit_test(the_last_codec_counts),
		cmocka_unit_test(an_elf_core_is_not_compressed),
		cmocka_unit_test(threads_are_a_number),
		cmocka_unit_test(a_split_dump_has_several_targets),
		cmocka_unit_test(only_collect_takes_the_parts_of_a_split_dump),
		cmocka_unit_test(other_jobs_take_their_own_files),
		cmocka_unit_test(a_dump_is_verified_and_gets_a_sidecar),
		cmocka_unit_test(what_is_told_follows_the_message_level),
		cmocka_unit_test(what_is_kept_beyond_the_level_is_said),
		cmocka_unit_test(sizes_and_addresses_are_read),
		cmocka_unit_test(long_options_may_be_abbreviated_as_the_manual_does),
		cmocka_unit_test(what_is_ignored_is_told_with_its_reason),
		cmocka_unit_test(what_would_change_the_result_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, free_words);
}
