#include "testing.h"

#include "base/io.h"
#include "dump/dump.h"
#include "gen.h"

#include <pthread.h>
#include <sys/mman.h>

#define MAX_PFN	    6000
#define NUM_THREADS 4

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	int fd;
	struct dump *d;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, MAX_PFN);
	gen_ram(&w->g, 16, 5900, GEN_EXCLUDED);
	for (pfn_t pfn = 20; pfn < 5900; pfn += pfn % 700 ? 1 : 300) {
		gen_ram(&w->g, pfn, 1, GEN_PRESENT);
		gen_fill(&w->g, pfn);
	}
	buf_add_str(&w->g.vmcoreinfo,
		    "OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=4096\n"
		    "SYMBOL(swapper_pg_dir)=ffffffff80000000\n"
		    "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n");
	w->fd = -1;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	dump_close(w->d);
	gen_deinit(&w->g);
	buf_deinit(&w->file);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
	return 0;
}

static void open_file(struct world *w)
{
	char path[64];

	w->fd = memfd_create("vmcore", MFD_CLOEXEC);
	assert_true(w->fd >= 0);
	assert_success(io_write_all(w->fd, w->file.data, w->file.len, "vmcore"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w->fd);
	assert_success(dump_open(path, formats, &w->d));
}

/* What a thread found; cmocka's asserts belong to the thread of the test. */
struct findings {
	struct world *w;
	unsigned number;
	u64 num_present, num_wrong;
};

static bool reads_right(struct findings *f, struct dump_reader *r, pfn_t pfn)
{
	struct world *w = f->w;
	/* One thread reads pages, the next pieces, and both spaces are used. */
	u64 in_page = f->number % 2 ? 0 : 1000;
	u8 page[4096];
	struct err *err =
		f->number / 2 % 2
			? dump_reader_read(r, ADDR_PHYSICAL, pfn << 12 | in_page, page,
					   4096 - in_page)
			: dump_reader_read(r, ADDR_VIRTUAL,
					   0xffffffff80000000 + ((pfn - 1) << 12 | in_page),
					   page, 4096 - in_page);
	bool is_right =
		!err && memcmp(page, gen_page(&w->g, pfn) + in_page, 4096 - in_page) == 0;

	err_free(err);
	return is_right;
}

static void *read_all(void *arg)
{
	struct findings *f = arg;
	struct dump_reader *r;
	struct err *err = dump_reader_open(f->w->d, &r);
	pfn_t end;

	if (err) {
		err_free(err);
		f->num_wrong = 1;
		return NULL;
	}
	for (pfn_t pfn = 0; pfn < MAX_PFN; pfn = end) {
		enum pfn_state state = dump_reader_pfn_run(r, pfn, &end);

		for (pfn_t i = pfn; state == PFN_PRESENT && i < end; i++) {
			f->num_present++;
			f->num_wrong += !reads_right(f, r, i);
		}
	}
	dump_reader_close(r);
	return NULL;
}

static void threads_agree_with_memory(struct world *w)
{
	struct findings f[NUM_THREADS] = {0};
	pthread_t threads[NUM_THREADS];
	u64 num_present = 0;

	for (pfn_t pfn = 0; pfn < MAX_PFN; pfn++)
		num_present += w->g.kinds[pfn] == GEN_PRESENT;
	for (unsigned i = 0; i < NUM_THREADS; i++) {
		f[i].w = w;
		f[i].number = i;
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &f[i]), 0);
	}
	for (unsigned i = 0; i < NUM_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(f[i].num_present, num_present);
		assert_int_equal(f[i].num_wrong, 0);
	}
}

static void several_readers_of_a_compressed_file_read_at_once(void **state)
{
	static const u32 codecs[] = {DISKDUMP_ZLIB, DISKDUMP_ZSTD};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		gen_kdump(&w->g, &(struct gen_kdump_options){.codec = codecs[i]}, &w->file);
		open_file(w);
		threads_agree_with_memory(w);
		dump_close(w->d);
		w->d = NULL;
		close(w->fd);
		w->file.len = 0;
	}
	w->fd = -1;
}

static void several_readers_of_an_elf_core_read_at_once(void **state)
{
	struct world *w = *state;

	gen_elf(&w->g, &(struct gen_elf_options){.misalignment = 0x55c}, &w->file);
	open_file(w);
	threads_agree_with_memory(w);
}

static void several_readers_of_a_flattened_file_read_at_once(void **state)
{
	cleanup(buf_deinit) struct buf plain = BUF_INIT;
	struct world *w = *state;

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_LZO}, &plain);
	gen_flatten(&plain,
		    &(struct gen_flatten_options){.segment_len = 3000, .interleaves = true},
		    &w->file);
	open_file(w);
	threads_agree_with_memory(w);
}

static void several_readers_share_a_source_that_cannot_be_mapped(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_LZO}, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	w->src.map = NULL;
	assert_success(dump_open_source(&w->src, formats, &w->d));
	threads_agree_with_memory(w);
}

static void a_reader_tells_of_a_missing_page_as_the_dump_does(void **state)
{
	struct world *w = *state;
	struct dump_reader *r;
	struct err *why;
	u8 data[8192];
	size_t len;

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &w->file);
	open_file(w);
	assert_success(dump_reader_open(w->d, &r));
	assert_ptr_equal(dump_reader_dump(r), w->d);
	dump_reader_read_some(r, ADDR_PHYSICAL, 20 << 12 | 4000, data, 4096, &len, &why);
	assert_null(why);
	assert_int_equal(len, 4096);
	assert_failure(dump_reader_read(r, ADDR_PHYSICAL, 16 << 12, data, 1), ERR_FAULT,
		       "0x10000 was filtered out");
	dump_reader_close(r);
}

static void a_packed_page_is_what_lies_in_the_file(void **state)
{
	static const u32 codecs[] = {0, DISKDUMP_ZLIB};
	struct world *w = *state;
	struct dump_reader *r;
	const void *data;
	struct err *why;
	size_t len;
	u32 flags;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		w->file.len = 0;
		gen_kdump(&w->g, &(struct gen_kdump_options){.codec = codecs[i]}, &w->file);
		w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
		/* The second time without a mapping. */
		if (i)
			w->src.map = NULL;
		assert_success(dump_open_source(&w->src, formats, &w->d));
		assert_int_equal(dump_codec_flags(w->d), codecs[i]);
		assert_success(dump_reader_open(w->d, &r));
		assert_true(dump_reader_packed(r, 4600, &data, &len, &flags, &why));
		assert_null(why);
		assert_int_equal(flags, codecs[i]);
		assert_true(i ? len < 4096 : len == 4096);
		assert_non_null(memmem(w->file.data, w->file.len, data, len));
		if (!i)
			assert_memory_equal(data, gen_page(&w->g, 4600), 4096);
		assert_true(dump_reader_packed(r, 16, &data, &len, &flags, &why));
		assert_failure(why, ERR_FAULT, "0x10000 was filtered out");
		dump_reader_close(r);
		dump_close(w->d);
		w->d = NULL;
	}
	w->file.len = 0;
	gen_elf(&w->g, NULL, &w->file);
	open_file(w);
	assert_int_equal(dump_codec_flags(w->d), 0);
	assert_success(dump_reader_open(w->d, &r));
	assert_false(dump_reader_packed(r, 4600, &data, &len, &flags, &why));
	dump_reader_close(r);
}

static void a_run_of_present_pages_ends_at_a_bad_descriptor(void **state)
{
	struct world *w = *state;
	struct diskdump dd;
	u64 rank = 0;
	pfn_t end;

	gen_ram(&w->g, 1000, 1600, GEN_PRESENT);
	gen_kdump(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_success(diskdump_parse(&w->src, &dd));
	for (pfn_t pfn = 0; pfn < 2400; pfn++)
		rank += w->g.kinds[pfn] == GEN_PRESENT;
	memset(w->file.data + dd.descs_offset + rank * DISKDUMP_PAGE_DESC_LEN, 0xff,
	       3 * DISKDUMP_PAGE_DESC_LEN);
	/* Without a mapping descriptors come in pieces, fewer than there are in the run. */
	for (int i = 0; i < 2; i++) {
		assert_success(dump_open_source(&w->src, formats, &w->d));
		assert_int_equal(dump_pfn_run(w->d, 1010, &end), PFN_PRESENT);
		assert_int_equal(end, 2400);
		assert_int_equal(dump_pfn_run(w->d, 2400, &end), PFN_LOST);
		assert_int_equal(end, 2403);
		assert_int_equal(dump_pfn_run(w->d, 2403, &end), PFN_PRESENT);
		assert_int_equal(end, 2801);
		assert_int_equal(dump_pfn_run(w->d, 2801, &end), PFN_EXCLUDED);
		assert_int_equal(end, 3100);
		dump_close(w->d);
		w->d = NULL;
		w->src.map = NULL;
	}
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(several_readers_of_a_compressed_file_read_at_once),
		world_test(several_readers_of_an_elf_core_read_at_once),
		world_test(several_readers_of_a_flattened_file_read_at_once),
		world_test(several_readers_share_a_source_that_cannot_be_mapped),
		world_test(a_reader_tells_of_a_missing_page_as_the_dump_does),
		world_test(a_packed_page_is_what_lies_in_the_file),
		world_test(a_run_of_present_pages_ends_at_a_bad_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
