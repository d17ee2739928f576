/* Sinks that fail: whatever happens to the writing, nobody takes the result for a whole
 * dump that is none. Environment: SINK_OFFSETS, how many offsets are tried (1000). */
#include "testing.h"

#include "collect/collect.h"
#include "collect/verify.h"
#include "failing_malloc.h"
#include "failing_sink.h"
#include "format/flattened.h"
#include "gen_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FLAVOUR	   GEN_KERNEL_6_12
#define NUM_PAGES  512
#define DEVICE_LEN (4u << 20)
#define SECTOR_LEN 512u

static unsigned num_offsets(void)
{
	const char *text = getenv("SINK_OFFSETS");

	return text ? (unsigned)strtoul(text, NULL, 0) : 1000;
}

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

enum sink { TO_FILE, TO_DEVICE, TO_PIPE, NUM_SINKS };

static const char *const sink_names[] = {"file", "block device", "pipe"};

/* What is asked of the collector; each is tried with each kind of sink. */
static const struct collect_options kinds[] = {
	{.dump_level = 31, .codec = &collect_codec_none, .num_workers = 1},
	{.dump_level = 31, .format = COLLECT_ELF, .num_workers = 1},
	{.dump_level = 16, .codec = &collect_codec_zstd, .num_workers = 3},
	{.dump_level = 0,
	 .codec = &collect_codec_lzo,
	 .num_workers = 2,
	 .is_ordered = true},
};

/* One machine, and the dump of another one that lies on the device beforehand. */
struct world {
	struct gen g;
	struct buf file, old;
	struct byte_source src;
	struct dump *in;
	int fd;
	int rearranged; /* what a reader of the pipe makes of it */
	enum sink sink;
	size_t kind;
	u64 pages_kept;
};

static void machine(struct gen *g, unsigned zero)
{
	gen_kernel_init_big(g, FLAVOUR, NUM_PAGES);
	gen_kernel_free(g, FLAVOUR, 64, 6);
	gen_kernel_compound(g, FLAVOUR, 256, 5, GEN_PG_LRU, 0xffff888000001001);
	for (pfn_t pfn = 32; pfn < NUM_PAGES; pfn++)
		if (pfn % 7 != zero)
			gen_fill(g, pfn);
}

static void begin(struct world *w, enum sink sink, size_t kind)
{
	struct gen other;

	*w = (struct world){.sink = sink, .kind = kind};
	w->fd = memfd_create("vmcore", MFD_CLOEXEC);
	w->rearranged = memfd_create("rearranged", MFD_CLOEXEC);
	assert_true(w->fd >= 0 && w->rearranged >= 0);
	machine(&w->g, 3);
	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "source");
	assert_success(dump_open_source(&w->src, formats, &w->in));
	machine(&other, 4);
	gen_kdump(&other, &(struct gen_kdump_options){.codec = DISKDUMP_ZSTD}, &w->old);
	gen_deinit(&other);
}

static void end(struct world *w)
{
	dump_close(w->in);
	close(w->fd);
	close(w->rearranged);
	buf_deinit(&w->file);
	buf_deinit(&w->old);
	gen_deinit(&w->g);
}

/* An empty file, or a device with somebody's older dump. */
static void prepare_sink(struct world *w)
{
	assert_int_equal(ftruncate(w->fd, 0), 0);
	assert_int_equal(lseek(w->fd, 0, SEEK_SET), 0);
	if (w->sink != TO_DEVICE)
		return;
	assert_int_equal(pwrite(w->fd, w->old.data, w->old.len, 0), w->old.len);
	assert_int_equal(ftruncate(w->fd, DEVICE_LEN), 0);
}

static bool device_is_untouched(const struct world *w)
{
	static char data[DEVICE_LEN];

	if (w->sink != TO_DEVICE)
		return false;
	assert_int_equal(pread(w->fd, data, sizeof(data), 0), sizeof(data));
	return memcmp(data, w->old.data, w->old.len) == 0;
}

/* Does the dump hold the pages it should, with their bytes? More are kept where memory does
 * not suffice to judge them. */
static bool is_right(struct world *w, struct dump *out)
{
	u64 count = 0;
	u8 page[4096];

	for (pfn_t pfn = 0; pfn < NUM_PAGES; pfn++) {
		if (dump_pfn_state(out, pfn) != PFN_PRESENT)
			continue;
		count++;
		assert_success(dump_read(out, ADDR_PHYSICAL, pfn << 12, page, 4096));
		if (memcmp(page, gen_page(&w->g, pfn), 4096) != 0)
			return false;
	}
	return count >= w->pages_kept;
}

struct outcome {
	bool succeeded; /* says the collector */
	bool is_whole;	/* says verify */
	bool is_right;	/* knows the test */
	struct sink_seen seen;
};

/* Put the segments of a flattened dump into their places. False if it is damaged or has no
 * end: whoever rearranges it is told so. */
static bool rearrange(struct world *w)
{
	u64 at = FLATTENED_HEADER_LEN;
	struct flattened_segment segment;
	u8 header[FLATTENED_SEGMENT_LEN];
	static char data[DEVICE_LEN];

	assert_int_equal(ftruncate(w->rearranged, 0), 0);
	while (pread(w->fd, header, sizeof(header), (off_t)at) == sizeof(header) &&
	       flattened_parse_segment(header, &segment)) {
		if (segment.is_end)
			return true;
		at += sizeof(header);
		if (segment.size > sizeof(data) ||
		    pread(w->fd, data, segment.size, (off_t)at) != (ssize_t)segment.size ||
		    pwrite(w->rearranged, data, segment.size, (off_t)segment.offset) !=
			    (ssize_t)segment.size)
			return false;
		at += segment.size;
	}
	return false;
}

static void examine(struct world *w, struct outcome *o)
{
	struct verify_options options = {.num_workers = 1};
	struct dump *out = NULL;
	struct verify_result r;
	char path[64];
	struct err *err;

	if (w->sink == TO_PIPE && !rearrange(w))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 w->sink == TO_PIPE ? w->rearranged : w->fd);
	err = dump_open(path, formats, &out);
	if (err) {
		err_free(err);
		return;
	}
	assert_success(verify_dump(out, &options, &r));
	o->is_whole = r.is_whole;
	o->is_right = r.is_whole && (is_right(w, out) || device_is_untouched(w));
	verify_result_deinit(&r);
	dump_close(out);
}

/* As the callers of the collector do: what is to last is synced. */
static struct err *collect(struct world *w, struct collect_stats *stats)
{
	struct err *err;

	if (w->sink == TO_PIPE)
		return collect_to_stream(w->in, w->fd, "pipe", &kinds[w->kind], stats);
	err = collect_to_fd(w->in, w->fd, "vmcore", &kinds[w->kind], stats);
	if (!err && fsync(w->fd) < 0)
		err = err_os(errno, "fsync");
	return err;
}

static struct outcome collect_with(struct world *w, struct sink_fault fault)
{
	struct collect_stats stats;
	struct outcome o = {0};
	struct err *err;

	prepare_sink(w);
	fault.is_device = w->sink == TO_DEVICE;
	if (fault.is_device && fault.kind != SINK_SHORT && fault.kind != SINK_HICCUP)
		fault.at = align_down(fault.at, SECTOR_LEN);
	failing_sink_set(fault);
	err = collect(w, &stats);
	o.seen = failing_sink_seen();
	failing_sink_set((struct sink_fault){0});
	o.succeeded = !err && !stats.is_incomplete;
	if (!err)
		w->pages_kept = stats.pages_written;
	err_free(err);
	examine(w, &o);
	return o;
}

/* The one thing that must hold for each fault. */
static void assert_honest(const struct world *w, struct sink_fault fault,
			  const struct outcome *o)
{
	bool is_honest = (!o->succeeded || o->is_whole) && (!o->is_whole || o->is_right);

	if (!is_honest)
		print_error("%s, kind %zu, fault %d at %llu (errno %d): success %d, whole "
			    "%d, right %d\n",
			    sink_names[w->sink], w->kind, fault.kind,
			    (unsigned long long)fault.at, fault.os_errno, o->succeeded,
			    o->is_whole, o->is_right);
	assert_true(is_honest);
}

/* How far a healthy run writes. */
static struct sink_seen measure(struct world *w)
{
	struct outcome o = collect_with(w, (struct sink_fault){0});

	assert_true(o.succeeded && o.is_whole && o.is_right);
	assert_true(w->pages_kept > 300);
	return o.seen;
}

/* Collect with the fault at @num offsets spread over @end bytes, the first and the last
 * included. Returns how many of the runs met it. */
static unsigned each_offset(struct world *w, struct sink_fault fault, u64 end, unsigned num)
{
	unsigned num_met = 0;

	for (unsigned i = 0; i < num; i++) {
		struct outcome o;

		fault.at = i * (end - 1) / (num - 1);
		o = collect_with(w, fault);
		assert_honest(w, fault, &o);
		if (!o.seen.failed)
			continue;
		num_met++;
		if (o.succeeded)
			print_error("%s, kind %zu, fault %d at %llu is no failure\n",
				    sink_names[w->sink], w->kind, fault.kind,
				    (unsigned long long)fault.at);
		assert_false(o.succeeded);
	}
	return num_met;
}

/* The fault at 1,000 offsets of each kind of sink, and at fewer for each other kind of
 * dump.
 */
static void each_offset_of_each_sink(struct sink_fault fault)
{
	for (unsigned i = 0; i < NUM_SINKS * ARRAY_SIZE(kinds); i++) {
		unsigned num = i < NUM_SINKS ? num_offsets() : num_offsets() / 10;
		struct sink_fault f = fault;
		unsigned num_met;
		u64 end_offset;
		struct world w;

		begin(&w, i % NUM_SINKS, i / NUM_SINKS);
		if (w.sink == TO_PIPE && f.os_errno == EIO)
			f.os_errno = EPIPE;
		end_offset = measure(&w).end;
		num_met = each_offset(&w, f, end_offset, num);
		/* Some offsets of a file lie in gaps that nobody writes to. */
		assert_in_range(num_met, num / 2, num);
		end(&w);
	}
}

static void a_disk_that_is_full_at_any_of_1000_offsets_yields_no_whole_dump(void **state)
{
	each_offset_of_each_sink(
		(struct sink_fault){.kind = SINK_FULL, .os_errno = ENOSPC});
}

static void a_bad_spot_at_any_of_1000_offsets_yields_no_whole_dump(void **state)
{
	each_offset_of_each_sink(
		(struct sink_fault){.kind = SINK_BAD_SPOT, .os_errno = EIO});
}

static void
a_target_that_vanishes_after_any_of_1000_bytes_yields_no_whole_dump(void **state)
{
	each_offset_of_each_sink((struct sink_fault){.kind = SINK_GONE, .os_errno = EIO});
}

static void each_call_that_writes_may_fail_once(void **state)
{
	static const int errors[] = {ENOSPC, EIO};

	for (unsigned k = 0; k < NUM_SINKS * ARRAY_SIZE(kinds); k++) {
		struct world w;
		u64 calls;

		begin(&w, k % NUM_SINKS, k / NUM_SINKS);
		calls = measure(&w).calls;
		assert_true(calls > 8);
		for (u64 i = 0; i < calls * ARRAY_SIZE(errors); i++) {
			struct sink_fault fault = {
				.kind = SINK_HICCUP,
				.at = 1 + i % calls,
				.os_errno = errors[i / calls],
			};
			struct outcome o = collect_with(&w, fault);

			assert_honest(&w, fault, &o);
		}
		end(&w);
	}
}

/* A disk takes what is written into its cache, and loses it. */
static void data_that_a_device_lost_is_not_taken_for_whole(void **state)
{
	for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		struct sink_fault fault = {.kind = SINK_LOST, .os_errno = EIO};
		struct world w;

		begin(&w, TO_DEVICE, kind);
		each_offset(&w, fault, measure(&w).end, num_offsets() / 10);
		end(&w);
	}
}

static void a_file_whose_data_was_lost_gets_no_name(void **state)
{
	char dir[] = "/tmp/inquest-test-XXXXXX", path[64];
	struct collect_stats stats;
	struct world w;

	begin(&w, TO_FILE, 0);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vmcore", dir);
	failing_sink_set(
		(struct sink_fault){.kind = SINK_LOST, .at = 100000, .os_errno = EIO});
	assert_failure(collect_to_path(w.in, path, false, &kinds[0], &stats), ERR_OS,
		       "fsync");
	failing_sink_set((struct sink_fault){0});
	assert_int_equal(rmdir(dir), 0);
	end(&w);
}

static void short_and_interrupted_writes_are_no_failures(void **state)
{
	static const u64 lengths[] = {1000, 4096, 65537};

	for (unsigned k = 0; k < NUM_SINKS * ARRAY_SIZE(kinds); k++) {
		struct world w;
		struct outcome o;

		begin(&w, k % NUM_SINKS, k / NUM_SINKS);
		measure(&w);
		for (size_t i = 0; i <= ARRAY_SIZE(lengths); i++) {
			struct sink_fault f = {.kind = SINK_INTERRUPTED};

			if (i < ARRAY_SIZE(lengths))
				f = (struct sink_fault){.kind = SINK_SHORT,
							.at = lengths[i]};
			o = collect_with(&w, f);
			assert_true(o.succeeded && o.is_whole && o.is_right);
		}
		end(&w);
	}
}

/* With several workers, one that gets no memory leaves its work to the others. */
static void lack_of_memory_yields_no_dump_that_is_taken_for_whole(void **state)
{
	for (unsigned k = 0; k < NUM_SINKS * ARRAY_SIZE(kinds); k++) {
		struct sink_fault healthy = {0};
		bool has_failed = true;
		struct world w;

		begin(&w, k % NUM_SINKS, k / NUM_SINKS);
		measure(&w);
		for (unsigned nth = 1; has_failed; nth++) {
			struct collect_stats stats;
			struct outcome o = {0};
			struct err *err;

			prepare_sink(&w);
			healthy.is_device = w.sink == TO_DEVICE;
			failing_sink_set(healthy);
			failing_malloc_set(nth);
			err = collect(&w, &stats);
			has_failed = failing_malloc_failed();
			failing_malloc_set(0);
			failing_sink_set((struct sink_fault){0});
			o.succeeded = !err && !stats.is_incomplete;
			err_free(err);
			examine(&w, &o);
			assert_honest(&w, (struct sink_fault){.at = nth}, &o);
			assert_true(o.succeeded || has_failed);
		}
		end(&w);
	}
}

/* What the source lacks at its end makes no whole dump of the rest, however well it is
 * written. */
static void a_source_that_is_cut_short_yields_no_whole_dump(void **state)
{
	for (unsigned k = 0; k < NUM_SINKS * ARRAY_SIZE(kinds); k++) {
		struct world w;
		struct outcome o;

		begin(&w, k % NUM_SINKS, k / NUM_SINKS);
		dump_close(w.in);
		w.src = source_from_memory(w.file.data, w.file.len - (40 << 12), "source");
		assert_success(dump_open_source(&w.src, formats, &w.in));
		o = collect_with(&w, (struct sink_fault){0});
		assert_true(w.pages_kept > 200);
		assert_false(o.succeeded);
		assert_false(o.is_whole);
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_disk_that_is_full_at_any_of_1000_offsets_yields_no_whole_dump),
		cmocka_unit_test(a_bad_spot_at_any_of_1000_offsets_yields_no_whole_dump),
		cmocka_unit_test(
			a_target_that_vanishes_after_any_of_1000_bytes_yields_no_whole_dump),
		cmocka_unit_test(each_call_that_writes_may_fail_once),
		cmocka_unit_test(data_that_a_device_lost_is_not_taken_for_whole),
		cmocka_unit_test(a_file_whose_data_was_lost_gets_no_name),
		cmocka_unit_test(short_and_interrupted_writes_are_no_failures),
		cmocka_unit_test(a_source_that_is_cut_short_yields_no_whole_dump),
		cmocka_unit_test(lack_of_memory_yields_no_dump_that_is_taken_for_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
