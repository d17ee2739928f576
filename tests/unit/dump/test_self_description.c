#include "testing.h"

#include "base/bytes.h"
#include "dump/dump.h"
#include "gen.h"

#include <string.h>

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

#define IMAGE	  0xffffffff80000000ull
#define RELEASE	  "6.1.0-gen"
#define UTS	  0x3000 /* init_uts_ns */
#define TABLES	  0x4000 /* three, down to a large leaf at 0 */
#define TEXT	  0x9018 /* behind the header of a note, as the kernel has it */
#define ELSEWHERE 0x10000

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
};

static void put_release(struct world *w, paddr_t uts, const char *release)
{
	strcpy((char *)w->g.memory + uts + 130, release);
}

/* 256 pages of RAM; the kernel image lies at 0, its text at 0x1000. The tables map the
 * first 2 MiB of the image, and nothing else. */
static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, 256);
	gen_ram(&w->g, 0, 256, GEN_PRESENT);
	put_release(w, UTS, RELEASE);
	gen_put64(&w->g, TABLES + 511 * 8, (TABLES + 0x1000) | 3);
	gen_put64(&w->g, TABLES + 0x1000 + 510 * 8, (TABLES + 0x2000) | 3);
	gen_put64(&w->g, TABLES + 0x2000, 0x83);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	dump_close(w->d);
	gen_deinit(&w->g);
	buf_deinit(&w->file);
	free(w);
	return 0;
}

static void put_text(struct world *w, paddr_t at, vaddr_t uts, const char *more)
{
	snprintf((char *)w->g.memory + at, 1024,
		 "OSRELEASE=%s\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\n"
		 "OFFSET(uts_namespace.name)=0\nSYMBOL(swapper_pg_dir)=%llx\n"
		 "SYMBOL(_stext)=%llx\nNUMBER(phys_base)=0\n%s",
		 RELEASE, (unsigned long long)uts, IMAGE + TABLES, IMAGE + 0x1000, more);
}

static void open_elf(struct world *w)
{
	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
}

static bool has_notice(struct world *w, const char *words)
{
	const struct notices *n = dump_notices(w->d);

	for (size_t i = 0; i < n->count; i++)
		if (strstr(n->texts[i], words))
			return true;
	return false;
}

static void a_description_in_memory_serves_where_there_is_no_note(void **state)
{
	struct world *w = *state;
	paddr_t paddr;

	put_text(w, TEXT, IMAGE + UTS, "");
	open_elf(w);
	assert_non_null(dump_vmcoreinfo(w->d));
	assert_string_equal(vmcoreinfo_find(dump_vmcoreinfo(w->d), "OSRELEASE"), RELEASE);
	assert_success(dump_translate(w->d, IMAGE + 0x5000, &paddr));
	assert_int_equal(paddr, 0x5000);
	assert_true(has_notice(w, "found in memory at 0x9018"));
}

static void so_it_does_in_a_compressed_dump(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_non_null(dump_vmcoreinfo(w->d));
}

/* Windows of the search end at multiples of 256 KiB from the beginning. */
static void one_that_crosses_the_end_of_a_window_is_found(void **state)
{
	for (int before = 1; before < 11; before++) {
		struct world *w = *state;
		paddr_t at = 0x40000 - (paddr_t)before;

		memset(w->g.memory + 0x3f000, 0, 0x2000);
		put_text(w, at, IMAGE + UTS, "");
		open_elf(w);
		assert_non_null(dump_vmcoreinfo(w->d));
		dump_close(w->d);
		w->d = NULL;
		w->file.len = 0;
	}
}

static void one_that_memory_contradicts_is_not_believed(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	put_release(w, UTS, "5.10.0-other");
	open_elf(w);
	assert_null(dump_vmcoreinfo(w->d));
	assert_true(has_notice(w, "no VMCOREINFO note"));
	assert_true(has_notice(w, "in vain"));
}

static void one_whose_page_tables_lead_elsewhere_is_not_believed(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	gen_put64(&w->g, TABLES + 0x2000, 0x200083);
	open_elf(w);
	assert_null(dump_vmcoreinfo(w->d));
}

static void one_of_which_nothing_can_be_checked_is_not_believed(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	gen_ram(&w->g, UTS >> 12, 1, GEN_EXCLUDED);
	gen_ram(&w->g, TABLES >> 12, 1, GEN_EXCLUDED);
	open_elf(w);
	assert_null(dump_vmcoreinfo(w->d));
}

static void lost_tables_are_no_contradiction(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	gen_ram(&w->g, TABLES >> 12, 1, GEN_EXCLUDED);
	open_elf(w);
	assert_non_null(dump_vmcoreinfo(w->d));
}

static void of_two_kernels_the_one_that_crashed_is_taken(void **state)
{
	struct world *w = *state;
	char *other = (char *)w->g.memory + ELSEWHERE;

	/* The capture kernel runs 0x80000 further up, and has no time of a crash. */
	put_text(w, ELSEWHERE, IMAGE + UTS, "");
	memcpy(strstr(other, "phys_base)=0"), "phys_base)=524288\n", 18);
	put_release(w, 0x80000 + UTS, RELEASE);
	put_text(w, 0x20000, IMAGE + UTS, "CRASHTIME=1700000000\n");
	open_elf(w);
	assert_non_null(dump_vmcoreinfo(w->d));
	assert_string_equal(vmcoreinfo_find(dump_vmcoreinfo(w->d), "CRASHTIME"),
			    "1700000000");
	assert_true(has_notice(w, "descriptions of 2 kernels"));
}

static void the_same_text_twice_is_one_kernel(void **state)
{
	struct world *w = *state;

	put_text(w, TEXT, IMAGE + UTS, "");
	put_text(w, ELSEWHERE, IMAGE + UTS, "");
	open_elf(w);
	assert_true(has_notice(w, "found in memory at 0x9018"));
	assert_false(has_notice(w, "kernels"));
}

static void words_without_end_are_gone_over_in_bounded_time(void **state)
{
	struct world *w = *state;

	for (size_t i = 0x10000; i + 10 < 0x100000; i += 10)
		memcpy(w->g.memory + i, "OSRELEASE=", 10);
	put_text(w, TEXT, IMAGE + UTS, "");
	open_elf(w);
	assert_non_null(dump_vmcoreinfo(w->d));
}

static void a_note_is_taken_without_a_search(void **state)
{
	struct world *w = *state;

	buf_add_str(&w->g.vmcoreinfo, "OSRELEASE=of-the-note\n");
	put_text(w, TEXT, IMAGE + UTS, "");
	open_elf(w);
	assert_string_equal(vmcoreinfo_find(dump_vmcoreinfo(w->d), "OSRELEASE"),
			    "of-the-note");
	assert_false(has_notice(w, "VMCOREINFO"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_description_in_memory_serves_where_there_is_no_note, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(so_it_does_in_a_compressed_dump, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_crosses_the_end_of_a_window_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_memory_contradicts_is_not_believed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_whose_page_tables_lead_elsewhere_is_not_believed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			one_of_which_nothing_can_be_checked_is_not_believed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(lost_tables_are_no_contradiction, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			of_two_kernels_the_one_that_crashed_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_text_twice_is_one_kernel, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			words_without_end_are_gone_over_in_bounded_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_note_is_taken_without_a_search, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
