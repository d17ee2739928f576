#include "testing.h"

#include "format/elfcore.h"
#include "gen.h"

#include <elf.h>

static struct elfcore *parse(const struct buf *file)
{
	struct byte_source src = source_from_memory(file->data, file->len, "core");
	struct elfcore *e = NULL;

	assert_success(elfcore_parse(&src, &e));
	return e;
}

static void make(const struct gen_elf_options *options, struct buf *file)
{
	struct gen g;

	gen_init(&g, 12, 16);
	gen_ram(&g, 1, 2, GEN_PRESENT);
	gen_ram(&g, 8, 1, GEN_PRESENT);
	gen_elf(&g, options, file);
	gen_deinit(&g);
}

static void segments_come_in_file_order_with_their_addresses(void **state)
{
	struct buf file = BUF_INIT;
	struct elfcore *e;

	make(NULL, &file);
	e = parse(&file);
	assert_int_equal(e->machine, EM_X86_64);
	assert_int_equal(e->num_segments, 3);
	assert_int_equal(e->segments[0].type, PT_NOTE);
	assert_int_equal(e->segments[1].paddr, 0x1000);
	assert_int_equal(e->segments[1].filesz, 0x2000);
	assert_int_equal(e->segments[2].vaddr, 0xff11000000008000ULL);
	elfcore_free(e);
	buf_deinit(&file);
}

static void program_headers_are_looked_for_where_e_phoff_says(void **state)
{
	struct buf file = BUF_INIT;
	struct elfcore *e;

	make(&(struct gen_elf_options){.phoff = 0x2c1}, &file);
	e = parse(&file);
	assert_int_equal(e->segments[2].paddr, 0x8000);
	elfcore_free(e);
	buf_deinit(&file);
}

static void a_count_of_ffff_is_looked_up_in_section_0(void **state)
{
	struct buf file = BUF_INIT;
	struct elfcore *e;

	make(&(struct gen_elf_options){.count_in_section = true}, &file);
	e = parse(&file);
	assert_int_equal(e->num_segments, 3);
	elfcore_free(e);
	buf_deinit(&file);
}

static void a_truncated_table_gives_the_headers_that_are_left(void **state)
{
	struct buf file = BUF_INIT;
	struct elfcore *e;

	make(NULL, &file);
	file.len = 64 + 2 * 56 + 10;
	e = parse(&file);
	assert_int_equal(e->num_segments, 2);
	assert_int_equal(e->num_segments_lost, 1);
	elfcore_free(e);
	buf_deinit(&file);
}

static void other_elf_files_are_refused_in_a_sentence(void **state)
{
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct elfcore *e;

	make(NULL, &file);
	src = source_from_memory(file.data, file.len, "core");
	file.data[EI_DATA] = ELFDATA2MSB;
	assert_failure(elfcore_parse(&src, &e), ERR_UNSUPPORTED, "core: a big-endian ELF");
	file.data[EI_DATA] = ELFDATA2LSB;
	file.data[EI_CLASS] = ELFCLASS32;
	assert_failure(elfcore_parse(&src, &e), ERR_UNSUPPORTED, "32-bit ELF");
	file.data[EI_CLASS] = ELFCLASS64;
	file.data[16] = ET_EXEC;
	assert_failure(elfcore_parse(&src, &e), ERR_UNSUPPORTED, "not a core");
	file.data[16] = ET_CORE;
	file.data[39] = 0x70;
	assert_failure(elfcore_parse(&src, &e), ERR_BAD_DATA, "0x7000000000000040");
	src.size = 40;
	assert_failure(elfcore_parse(&src, &e), ERR_BAD_DATA, "offset 0x0");
	buf_deinit(&file);
}

static void a_wild_segment_count_costs_no_memory(void **state)
{
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct elfcore *e;

	make(&(struct gen_elf_options){.count_in_section = true}, &file);
	memset(file.data + 64 + 44, 0xff, 4);
	src = source_from_memory(file.data, file.len, "core");
	assert_failure(elfcore_parse(&src, &e), ERR_BAD_DATA, "4294967295 program headers");
	buf_deinit(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_come_in_file_order_with_their_addresses),
		cmocka_unit_test(program_headers_are_looked_for_where_e_phoff_says),
		cmocka_unit_test(a_count_of_ffff_is_looked_up_in_section_0),
		cmocka_unit_test(a_truncated_table_gives_the_headers_that_are_left),
		cmocka_unit_test(other_elf_files_are_refused_in_a_sentence),
		cmocka_unit_test(a_wild_segment_count_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
