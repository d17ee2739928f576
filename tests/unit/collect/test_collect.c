#include "testing.h"

#include "base/bytes.h"
#include "collect/collect.h"
#include "failing_malloc.h"
#include "gen_kernel.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};
static const struct collect_codec *const codecs[] = {
	&collect_codec_none, &collect_codec_zlib, &collect_codec_zstd, &collect_codec_lzo,
	&collect_codec_snappy};

struct world {
	struct gen g;
	enum gen_kernel_flavour flavour;
	struct buf file;
	struct byte_source src;
	struct dump *in, *out;
	int fd;
	struct collect_stats stats;
};

/* Where each class lies. */
#define FREE_PFN    64 /* 64 page frames */
#define CACHE_PFN   200
#define PRIVATE_PFN 201
#define USER_PFN    256 /* 32 page frames */
#define POISON_PFN  300
#define HUGE_PFN    512 /* 256 page frames: a whole section */
#define ZERO_PFN    800 /* 3 of them */

static void begin(struct world *w, enum gen_kernel_flavour flavour)
{
	struct gen *g = &w->g;

	*w = (struct world){.flavour = flavour};
	w->fd = memfd_create("vmcore", MFD_CLOEXEC);
	assert_true(w->fd >= 0);
	gen_kernel_init(g, flavour);
	gen_kernel_free(g, flavour, FREE_PFN, 6);
	gen_kernel_set(g, CACHE_PFN, (struct gen_page_struct){.flags = GEN_PG_LRU});
	gen_kernel_set(g, PRIVATE_PFN,
		       (struct gen_page_struct){.flags = GEN_PG_LRU | GEN_PG_PRIVATE});
	gen_kernel_compound(g, flavour, USER_PFN, 5, GEN_PG_LRU, 0xffff888000001001);
	gen_kernel_set(g, POISON_PFN, (struct gen_page_struct){.flags = GEN_PG_HWPOISON});
	gen_kernel_hugetlb(g, flavour, HUGE_PFN, 8);
	for (pfn_t pfn = ZERO_PFN; pfn < ZERO_PFN + 3; pfn++)
		memset(gen_page(g, pfn), 0, 4096);
}

static void open_source(struct world *w, const struct gen_elf_options *options)
{
	gen_elf(&w->g, options, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "source");
	assert_success(dump_open_source(&w->src, formats, &w->in));
}

/* Path of the output through its descriptor. */
static const char *out_path(struct world *w, char path[64])
{
	snprintf(path, 64, "/proc/self/fd/%d", w->fd);
	return path;
}

static void collect_with(struct world *w, const struct collect_options *o)
{
	char path[64];

	if (!w->in)
		open_source(w, NULL);
	assert_success(collect_to_fd(w->in, w->fd, "vmcore", o, &w->stats));
	dump_close(w->out);
	assert_success(dump_open(out_path(w, path), formats, &w->out));
}

static void collect(struct world *w, unsigned level, const struct collect_codec *codec)
{
	collect_with(w, &(struct collect_options){.dump_level = level, .codec = codec});
}

static void end(struct world *w)
{
	dump_close(w->in);
	dump_close(w->out);
	close(w->fd);
	buf_deinit(&w->file);
	gen_deinit(&w->g);
}

static bool in_range(pfn_t pfn, pfn_t first, u64 count)
{
	return pfn >= first && pfn - first < count;
}

/* Should a dump of @level hold the page? */
static bool is_wanted(pfn_t pfn, unsigned level)
{
	if (pfn == 0 || pfn == POISON_PFN)
		return false;
	if (in_range(pfn, FREE_PFN, 64))
		return !(level & 16);
	if (in_range(pfn, USER_PFN, 32) || in_range(pfn, HUGE_PFN, 256))
		return !(level & 8);
	if (pfn == PRIVATE_PFN)
		return !(level & 4);
	if (pfn == CACHE_PFN)
		return !(level & 6);
	return true;
}

static void assert_right(struct world *w, unsigned level)
{
	u64 num = 0;
	u8 page[4096];

	for (pfn_t pfn = 0; pfn < GEN_KERNEL_PAGES; pfn++) {
		enum pfn_state state = is_wanted(pfn, level) ? PFN_PRESENT
				       : pfn		     ? PFN_EXCLUDED
							     : PFN_ABSENT;

		if (dump_pfn_state(w->out, pfn) != state)
			print_error("level %u: pfn %llu is %d\n", level,
				    (unsigned long long)pfn, dump_pfn_state(w->out, pfn));
		assert_int_equal(dump_pfn_state(w->out, pfn), state);
		if (state != PFN_PRESENT)
			continue;
		num++;
		assert_success(dump_read(w->out, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
	}
	assert_int_equal(w->stats.pages_written, num);
	assert_false(dump_is_incomplete(w->out));
	assert_false(w->stats.is_incomplete);
	assert_int_equal(dump_notices(w->out)->count, 0);
}

static void each_level_leaves_out_exactly_its_classes(void **state)
{
	for (unsigned i = 0; i < 64; i++) {
		struct world w;

		begin(&w, i & 1 ? GEN_KERNEL_6_12 : GEN_KERNEL_6_1);
		collect(&w, i / 2, codecs[i % ARRAY_SIZE(codecs)]);
		assert_right(&w, i / 2);
		end(&w);
	}
}

static void any_number_of_workers_writes_the_same_pages(void **state)
{
	for (unsigned workers = 1; workers <= 8; workers++) {
		struct world w;

		begin(&w, GEN_KERNEL_6_12);
		collect_with(&w, &(struct collect_options){.dump_level = 31,
							   .codec = &collect_codec_lzo,
							   .num_workers = workers});
		assert_right(&w, 31);
		assert_int_equal(w.stats.num_workers, workers);
		end(&w);
	}
}

/* All bytes of the output. */
static char *read_output(struct world *w, size_t *ret_len)
{
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(w->fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(w->fd, bytes, (size_t)st.st_size, 0), st.st_size);
	*ret_len = (size_t)st.st_size;
	return bytes;
}

static void an_ordered_file_has_the_same_bytes_however_many_workers_write_it(void **state)
{
	struct collect_options o = {
		.dump_level = 16, .codec = &collect_codec_zstd, .is_ordered = true};
	cleanup(freep) char *first = NULL;
	size_t first_len = 0;

	for (o.num_workers = 1; o.num_workers <= 8; o.num_workers++) {
		cleanup(freep) char *bytes = NULL;
		size_t len;
		struct world w;

		begin(&w, GEN_KERNEL_6_1);
		buf_add_str(&w.g.vmcoreinfo, "CRASHTIME=1700000000\n");
		collect_with(&w, &o);
		bytes = read_output(&w, &len);
		if (first) {
			assert_int_equal(len, first_len);
			assert_memory_equal(bytes, first, len);
		} else {
			first = steal(bytes);
			first_len = len;
		}
		end(&w);
	}
}

static void an_elf_core_holds_the_same_pages(void **state)
{
	for (unsigned level = 0; level < 32; level += 2) {
		struct world w;

		begin(&w, level & 4 ? GEN_KERNEL_6_12 : GEN_KERNEL_6_1);
		collect_with(&w, &(struct collect_options){.dump_level = level,
							   .format = COLLECT_ELF,
							   .num_workers = 1 + level % 3});
		assert_string_equal(dump_format_name(w.out), "ELF core");
		assert_right(&w, level);
		assert_int_equal(dump_level(w.out), level);
		assert_int_equal(dump_num_cpu_notes(w.out), dump_num_cpu_notes(w.in));
		end(&w);
	}
}

static void an_elf_core_leaves_zero_pages_out(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	collect_with(&w, &(struct collect_options){.dump_level = 1, .format = COLLECT_ELF});
	assert_int_equal(dump_pfn_state(w.out, ZERO_PFN), PFN_EXCLUDED);
	assert_int_equal(dump_pfn_state(w.out, ZERO_PFN + 3), PFN_PRESENT);
	assert_true(w.stats.pages_zero >= 3);
	assert_false(dump_is_incomplete(w.out));
	end(&w);
}

/* The descriptor of the device dump, which is the only far note of @d. */
static void assert_device_dump(struct dump *d, size_t len)
{
	const size_t name_end = 12 + 8; /* header, "LINUX" */
	cleanup(freep) u8 *note = NULL;
	u64 note_len;

	assert_int_equal(dump_num_far_notes(d), 1);
	note_len = dump_far_note_len(d, 0);
	assert_int_equal(note_len, align_up(name_end + len, 4));
	note = malloc(note_len);
	assert_non_null(note);
	assert_success(dump_far_note_read(d, 0, 0, note, note_len));
	assert_int_equal(get_le32(note + 8), 0x700);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(note[name_end + i], gen_device_dump_byte(i));
}

static void device_dumps_of_any_size_survive_in_every_format(void **state)
{
	const struct collect_options options[] = {
		{.codec = &collect_codec_lzo, .dump_level = 30},
		{.format = COLLECT_ELF, .dump_level = 30},
	};
	const size_t len = 20 * 1000 * 1000 + 3;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct world w;

		begin(&w, GEN_KERNEL_6_1);
		w.g.device_dump_len = len;
		w.g.num_cpus = 3;
		collect_with(&w, &options[i]);
		assert_device_dump(w.in, len);
		assert_device_dump(w.out, len);
		assert_int_equal(dump_num_cpu_notes(w.out), 3);
		assert_non_null(dump_vmcoreinfo(w.out));
		assert_right(&w, 30);
		end(&w);
	}
}

static void pages_of_a_compressed_source_can_stay_as_they_are(void **state)
{
	struct world w, v;
	cleanup(freep) char *once = NULL, *again = NULL;
	size_t once_len, again_len;

	begin(&w, GEN_KERNEL_6_1);
	buf_add_str(&w.g.vmcoreinfo, "CRASHTIME=1700000000\n");
	collect_with(&w, &(struct collect_options){.codec = &collect_codec_lzo,
						   .is_ordered = true});
	once = read_output(&w, &once_len);
	begin(&v, GEN_KERNEL_6_1);
	v.in = steal(w.out);
	collect_with(&v, &(struct collect_options){.is_ordered = true});
	again = read_output(&v, &again_len);
	assert_int_equal(again_len, once_len);
	assert_memory_equal(again, once, once_len);
	collect(&v, 31, &collect_codec_lzo);
	assert_right(&v, 31);
	collect(&v, 31, &collect_codec_zlib);
	assert_right(&v, 31);
	end(&v);
	end(&w);
}

static void the_statistics_tell_the_pages_of_each_class(void **state)
{
	struct world w;
	struct stat st;

	begin(&w, GEN_KERNEL_6_12);
	collect(&w, 31, &collect_codec_zlib);
	assert_int_equal(w.stats.pages_ram, GEN_KERNEL_PAGES - 1);
	assert_int_equal(w.stats.excluded[PAGE_FREE], 64);
	assert_int_equal(w.stats.excluded[PAGE_CACHE], 1);
	assert_int_equal(w.stats.excluded[PAGE_CACHE_PRIVATE], 1);
	assert_int_equal(w.stats.excluded[PAGE_USER], 32 + 256);
	assert_int_equal(w.stats.excluded[PAGE_HWPOISON], 1);
	assert_int_equal(w.stats.excluded[PAGE_KERNEL], 0);
	assert_int_equal(fstat(w.fd, &st), 0);
	assert_int_equal(w.stats.bytes_written, st.st_size);
	end(&w);
}

static void zero_pages_share_one_page_of_data(void **state)
{
	struct world w, v;

	begin(&w, GEN_KERNEL_6_1);
	collect(&w, 31, &collect_codec_none);
	begin(&v, GEN_KERNEL_6_1);
	for (pfn_t pfn = ZERO_PFN; pfn < ZERO_PFN + 3; pfn++)
		gen_fill(&v.g, pfn);
	collect(&v, 31, &collect_codec_none);
	assert_true(w.stats.pages_zero >= v.stats.pages_zero + 3);
	assert_true(w.stats.bytes_written <= v.stats.bytes_written - 2 * 4096);
	end(&v);
	end(&w);
}

static void header_notes_and_registers_are_carried_over(void **state)
{
	struct world w;
	size_t in_len, out_len;
	const void *in, *out;
	char path[64];
	struct diskdump dd;
	u8 block[3 * 4096];
	struct byte_source src;

	begin(&w, GEN_KERNEL_6_1);
	w.g.num_cpus = 3;
	collect(&w, 31, &collect_codec_zstd);
	in = dump_notes(w.in, &in_len);
	out = dump_notes(w.out, &out_len);
	assert_int_equal(in_len, out_len);
	assert_memory_equal(in, out, in_len);
	assert_int_equal(dump_num_cpu_notes(w.out), 3);
	assert_string_equal(vmcoreinfo_find(dump_vmcoreinfo(w.out), "OSRELEASE"),
			    "6.1.0-gen");
	assert_true(dump_is_partial(w.out));
	assert_int_equal(pread(w.fd, block, sizeof(block), 0), sizeof(block));
	src = source_from_memory(block, sizeof(block), out_path(&w, path));
	assert_success(diskdump_parse(&src, &dd));
	assert_int_equal(dd.version, 6);
	assert_int_equal(dd.status, DISKDUMP_ZSTD);
	assert_int_equal(dd.dump_level, 31);
	assert_int_equal(dd.num_cpus, 3);
	assert_int_equal(dd.timestamp_s, 1700000000);
	assert_int_equal(dd.max_pfn, GEN_KERNEL_PAGES);
	assert_string_equal(dd.uts[DISKDUMP_NODENAME], "gen-host");
	assert_string_equal(dd.uts[DISKDUMP_MACHINE], "x86_64");
	assert_memory_equal(block + dd.vmcoreinfo_offset, "OSRELEASE=6.1.0-gen\n", 20);
	end(&w);
}

static void a_compressed_dump_can_be_filtered_again(void **state)
{
	struct world w, v;

	begin(&w, GEN_KERNEL_6_12);
	collect(&w, 1, &collect_codec_zlib);
	begin(&v, GEN_KERNEL_6_12);
	v.in = w.out;
	w.out = NULL;
	collect(&v, 31, &collect_codec_zstd);
	assert_right(&v, 31);
	assert_int_equal(v.stats.pages_not_in_source, 1);
	end(&v);
	end(&w);
}

static void pages_missing_in_the_source_show_in_the_dump_level(void **state)
{
	struct world w, v;

	begin(&w, GEN_KERNEL_6_12);
	collect(&w, 24, &collect_codec_zlib);
	begin(&v, GEN_KERNEL_6_12);
	v.in = w.out;
	w.out = NULL;
	collect(&v, 2, &collect_codec_zlib);
	assert_int_equal(dump_level(v.out), 26);
	assert_right(&v, 26);
	end(&v);
	end(&w);
}

static void without_a_memory_model_every_page_is_kept_and_said(void **state)
{
	struct world w;
	bool told = false;

	begin(&w, GEN_KERNEL_6_1);
	gen_kernel_forget(&w.g, "mem_section");
	collect(&w, 31, &collect_codec_zlib);
	assert_int_equal(w.stats.pages_written, GEN_KERNEL_PAGES - 1);
	for (size_t i = 0; i < dump_notices(w.in)->count; i++)
		told |= strstr(dump_notices(w.in)->texts[i], "every page is kept") != NULL;
	assert_true(told);
	end(&w);
}

static void pages_whose_struct_cannot_be_read_are_kept(void **state)
{
	struct world w;

	/* The memmap of page frames 64 … 127 is not in the source. */
	begin(&w, GEN_KERNEL_6_1);
	w.g.kinds[GEN_KERNEL_STRUCTS_PFN + 1] = GEN_ABSENT;
	collect(&w, 31, &collect_codec_zlib);
	assert_int_equal(dump_pfn_state(w.out, FREE_PFN), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w.out, CACHE_PFN), PFN_EXCLUDED);
	assert_int_equal(dump_pfn_state(w.out, USER_PFN), PFN_EXCLUDED);
	end(&w);
}

static void a_block_may_be_longer_than_a_chunk_of_work(void **state)
{
	struct world w = {.fd = memfd_create("vmcore", MFD_CLOEXEC)};

	/* A compound page of all 2^16 page frames. Only what is needed is in the source. */
	gen_kernel_init_big(&w.g, GEN_KERNEL_6_12, 65536);
	gen_kernel_hugetlb(&w.g, GEN_KERNEL_6_12, 0, 16);
	gen_ram(&w.g, 0, 65536, GEN_EXCLUDED);
	gen_ram(&w.g, 0, 1100, GEN_PRESENT);
	gen_ram(&w.g, 40000, 10, GEN_PRESENT);
	collect(&w, 31, &collect_codec_zlib);
	assert_int_equal(w.stats.excluded[PAGE_USER], 1110);
	assert_int_equal(w.stats.pages_written, 0);
	assert_int_equal(dump_pfn_state(w.out, 40000), PFN_EXCLUDED);
	end(&w);
}

static void a_page_that_is_ram_in_part_is_filled_up_with_zeros(void **state)
{
	struct world w;
	u8 page[4096];

	begin(&w, GEN_KERNEL_6_1);
	gen_elf(&w.g, NULL, &w.file);
	/* p_filesz and p_memsz of the only PT_LOAD, the second program header. */
	put_le64(w.file.data + 64 + 56 + 32, (GEN_KERNEL_PAGES - 1) * 4096 - 1000);
	put_le64(w.file.data + 64 + 56 + 40, (GEN_KERNEL_PAGES - 1) * 4096 - 1000);
	w.src = source_from_memory(w.file.data, w.file.len, "source");
	assert_success(dump_open_source(&w.src, formats, &w.in));
	collect(&w, 31, &collect_codec_zlib);
	assert_success(
		dump_read(w.out, ADDR_PHYSICAL, (GEN_KERNEL_PAGES - 1) * 4096, page, 4096));
	assert_memory_equal(page, gen_page(&w.g, GEN_KERNEL_PAGES - 1), 3096);
	for (size_t i = 3096; i < 4096; i++)
		assert_int_equal(page[i], 0);
	assert_int_equal(w.stats.pages_unreadable, 0);
	end(&w);
}

static void a_truncated_source_makes_an_incomplete_dump(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	gen_elf(&w.g, NULL, &w.file);
	w.src = source_from_memory(w.file.data, w.file.len - 50 * 4096, "source");
	assert_success(dump_open_source(&w.src, formats, &w.in));
	collect(&w, 31, &collect_codec_zlib);
	assert_true(dump_is_incomplete(w.out));
	assert_true(w.stats.is_incomplete);
	assert_int_equal(w.stats.pages_not_in_source, 50);
	end(&w);
}

static void a_full_disk_leaves_a_readable_dump_marked_incomplete(void **state)
{
	struct rlimit old, small;
	struct world w;
	char path[64];
	pfn_t num = 0;
	u8 page[4096];

	begin(&w, GEN_KERNEL_6_1);
	open_source(&w, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = old;
	small.rlim_cur = 2000000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_failure(
		collect_to_fd(w.in, w.fd, "vmcore",
			      &(struct collect_options){.codec = &collect_codec_none},
			      &w.stats),
		ERR_INCOMPLETE, "of 1022 pages");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_success(dump_open(out_path(&w, path), formats, &w.out));
	assert_true(dump_is_incomplete(w.out));
	for (pfn_t pfn = 0; pfn < GEN_KERNEL_PAGES; pfn++) {
		if (dump_pfn_state(w.out, pfn) != PFN_PRESENT)
			continue;
		num++;
		assert_success(dump_read(w.out, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w.g, pfn), 4096);
	}
	assert_int_equal(num, w.stats.pages_written);
	assert_in_range(num, 200, 500);
	end(&w);
}

/* Page frames of a machine whose kernel image lies high. */
#define BIG_PAGES   4096
#define IMAGE_FIRST 2990
#define IMAGE_LAST  3000

static void cut_short(unsigned workers)
{
	const struct collect_options o = {.codec = &collect_codec_none,
					  .num_workers = workers};
	struct world w = {.fd = memfd_create("vmcore", MFD_CLOEXEC)};
	struct rlimit old, small;
	char path[64];

	gen_kernel_init_big(&w.g, GEN_KERNEL_6_1, BIG_PAGES);
	for (pfn_t pfn = 1100; pfn < BIG_PAGES; pfn++)
		gen_fill(&w.g, pfn);
	gen_kernel_forget(&w.g, "init_uts_ns");
	gen_kernel_forget(&w.g, "swapper_pg_dir");
	buf_add_str(
		&w.g.vmcoreinfo,
		"SYMBOL(_stext)=ffffffff80bae000\nSYMBOL(clear_seq)=ffffffff80bb8000\n");
	open_source(&w, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = old;
	small.rlim_cur = 6000000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_INCOMPLETE,
		       "of 4095 pages");
	assert_true(w.stats.is_out_of_space);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_success(dump_open(out_path(&w, path), formats, &w.out));
	for (pfn_t pfn = IMAGE_FIRST; pfn <= IMAGE_LAST; pfn++)
		assert_int_equal(dump_pfn_state(w.out, pfn), PFN_PRESENT);
	if (workers == 1)
		assert_int_equal(dump_pfn_state(w.out, 1), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w.out, IMAGE_FIRST - 1), PFN_LOST);
	end(&w);
}

struct foreseen {
	u64 bytes;
	bool refuses;
};

static struct err *on_foreseen(void *ctx, u64 bytes)
{
	struct foreseen *f = ctx;

	f->bytes = bytes;
	return f->refuses ? err_new(ERR_REFUSED, "too large") : NULL;
}

static void the_size_is_foreseen_and_can_be_refused(void **state)
{
	struct foreseen f = {0};
	struct collect_options o = {.dump_level = 1,
				    .codec = &collect_codec_none,
				    .foresee = on_foreseen,
				    .foresee_ctx = &f};
	struct world w;

	begin(&w, GEN_KERNEL_6_12);
	collect_with(&w, &o);
	assert_in_range(f.bytes, w.stats.bytes_written * 95 / 100,
			w.stats.bytes_written * 105 / 100);
	o.codec = &collect_codec_zstd;
	collect_with(&w, &o);
	assert_in_range(f.bytes, w.stats.bytes_written * 80 / 100,
			w.stats.bytes_written * 120 / 100);
	f.refuses = true;
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_REFUSED,
		       "too large");
	assert_int_equal(w.stats.pages_written, 0);
	end(&w);
}

static void a_dump_that_is_cut_short_has_the_kernel_image(void **state)
{
	for (unsigned workers = 1; workers <= 4; workers++)
		cut_short(workers);
}

static void a_cut_shows_however_many_workers_wrote_the_file(void **state)
{
	for (unsigned workers = 1; workers <= 8; workers++) {
		const struct collect_options o = {.codec = &collect_codec_none,
						  .num_workers = workers};
		char path[64];
		struct stat st;
		struct world w;

		begin(&w, GEN_KERNEL_6_1);
		collect_with(&w, &o);
		assert_false(dump_is_incomplete(w.out));
		dump_close(steal(w.out));
		assert_int_equal(fstat(w.fd, &st), 0);
		assert_int_equal(ftruncate(w.fd, st.st_size - 1), 0);
		assert_success(dump_open(out_path(&w, path), formats, &w.out));
		assert_true(dump_is_incomplete(w.out));
		end(&w);
	}
}

static void a_target_appears_only_when_it_is_whole(void **state)
{
	char dir[] = "/tmp/inquest-test-XXXXXX", path[64], incomplete[80];
	struct collect_options o = {.dump_level = 31, .codec = &collect_codec_zstd};
	struct rlimit old, small;
	struct world w;
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vmcore", dir);
	snprintf(incomplete, sizeof(incomplete), "%s-incomplete", path);
	begin(&w, GEN_KERNEL_6_1);
	open_source(&w, NULL);
	assert_success(collect_to_path(w.in, path, false, &o, &w.stats));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, w.stats.bytes_written);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_failure(collect_to_path(w.in, path, false, &o, &w.stats), ERR_REFUSED,
		       "exists");
	assert_success(collect_to_path(w.in, path, true, &o, &w.stats));
	assert_int_equal(unlink(path), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	small = old;
	small.rlim_cur = 60000;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_failure(collect_to_path(w.in, path, false, &o, &w.stats), ERR_INCOMPLETE,
		       "kept as");
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(stat(incomplete, &st), 0);
	assert_int_equal(unlink(incomplete), 0);
	assert_int_equal(rmdir(dir), 0);
	end(&w);
}

static void options_that_make_no_sense_are_refused(void **state)
{
	struct collect_options o = {.dump_level = 32, .codec = &collect_codec_zlib};
	struct world w;
	int pipe_fds[2];

	begin(&w, GEN_KERNEL_6_1);
	open_source(&w, NULL);
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_USAGE,
		       "dump level 32");
	o = (struct collect_options){
		.codec = &collect_codec_zlib, .has_codec_level = true, .codec_level = 13};
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_USAGE,
		       "zlib level 13 is not one of 1");
	o.codec = &collect_codec_none;
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_USAGE,
		       "none has no levels");
	o = (struct collect_options){.codec = &collect_codec_zlib};
	assert_int_equal(pipe(pipe_fds), 0);
	assert_failure(collect_to_fd(w.in, pipe_fds[1], "a pipe", &o, &w.stats),
		       ERR_UNSUPPORTED, "a pipe is neither a regular file nor a block");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	o.codec = NULL;
	assert_failure(collect_to_fd(w.in, w.fd, "vmcore", &o, &w.stats), ERR_USAGE,
		       "its pages are not compressed");
	end(&w);
}

static struct err *collect_again(void *ctx)
{
	struct world *w = ctx;

	return collect_to_fd(
		w->in, w->fd, "vmcore",
		&(struct collect_options){.dump_level = 31, .codec = &collect_codec_zstd},
		&w->stats);
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	open_source(&w, NULL);
	assert_true(each_allocation_fails_once(collect_again, &w) > 4);
	end(&w);
}

struct seen {
	u64 calls, last_done;
};

static void see(void *ctx, const struct collect_progress *p)
{
	struct seen *s = ctx;

	assert_true(p->pages_done >= s->last_done && p->pages_done <= p->pages_total);
	s->last_done = p->pages_done;
	s->calls++;
}

static void progress_reaches_the_total(void **state)
{
	struct seen s = {0};
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	open_source(&w, NULL);
	assert_success(collect_to_fd(w.in, w.fd, "vmcore",
				     &(struct collect_options){.codec = &collect_codec_zlib,
							       .progress = see,
							       .progress_ctx = &s},
				     &w.stats));
	assert_true(s.calls > 2);
	assert_int_equal(s.last_done, w.stats.pages_written);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_leaves_out_exactly_its_classes),
		cmocka_unit_test(any_number_of_workers_writes_the_same_pages),
		cmocka_unit_test(
			an_ordered_file_has_the_same_bytes_however_many_workers_write_it),
		cmocka_unit_test(an_elf_core_holds_the_same_pages),
		cmocka_unit_test(an_elf_core_leaves_zero_pages_out),
		cmocka_unit_test(device_dumps_of_any_size_survive_in_every_format),
		cmocka_unit_test(pages_of_a_compressed_source_can_stay_as_they_are),
		cmocka_unit_test(the_statistics_tell_the_pages_of_each_class),
		cmocka_unit_test(zero_pages_share_one_page_of_data),
		cmocka_unit_test(header_notes_and_registers_are_carried_over),
		cmocka_unit_test(a_compressed_dump_can_be_filtered_again),
		cmocka_unit_test(pages_missing_in_the_source_show_in_the_dump_level),
		cmocka_unit_test(without_a_memory_model_every_page_is_kept_and_said),
		cmocka_unit_test(pages_whose_struct_cannot_be_read_are_kept),
		cmocka_unit_test(a_block_may_be_longer_than_a_chunk_of_work),
		cmocka_unit_test(a_page_that_is_ram_in_part_is_filled_up_with_zeros),
		cmocka_unit_test(a_truncated_source_makes_an_incomplete_dump),
		cmocka_unit_test(a_full_disk_leaves_a_readable_dump_marked_incomplete),
		cmocka_unit_test(the_size_is_foreseen_and_can_be_refused),
		cmocka_unit_test(a_dump_that_is_cut_short_has_the_kernel_image),
		cmocka_unit_test(a_cut_shows_however_many_workers_wrote_the_file),
		cmocka_unit_test(a_target_appears_only_when_it_is_whole),
		cmocka_unit_test(options_that_make_no_sense_are_refused),
		cmocka_unit_test(lack_of_memory_is_an_error_wherever_it_comes),
		cmocka_unit_test(progress_reaches_the_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
