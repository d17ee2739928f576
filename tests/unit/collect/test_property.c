/* Random machines: what was filtered reads back as it was, and what is missing is exactly
 * what the classes say.
 *
 * Each number is a machine, a form of its dump, and one or two runs of the collector with
 * options of their own, the second on what the first wrote. Environment: PROPERTY_SEED, the
 * first number, and PROPERTY_COUNT, how many. */
#include "testing.h"

#include "collect/collect.h"
#include "collect/verify.h"
#include "dump/rearrange.h"
#include "gen_random.h"

#include <sys/mman.h>
#include <sys/stat.h>

#define SEED	    1u
#define COUNT	    300u
#define MAX_WORKERS 8
#define MAX_PARTS   4

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};
static const struct collect_codec *const codecs[] = {
	&collect_codec_none, &collect_codec_zlib,   &collect_codec_zstd,
	&collect_codec_lzo,  &collect_codec_snappy, NULL};

enum sink { TO_FILE, TO_STREAM, TO_PARTS, NUM_SINKS };

static const char *const sink_names[] = {"file", "stream", "parts"};

/* What the collector wrote: one file, or the parts of a split dump. */
struct files {
	int fd; /* of the one, -1 for parts */
	char paths[MAX_PARTS][64];
	struct dump *dumps[MAX_PARTS];
	size_t num;
};

struct trial {
	const char *dir; /* for parts */
	struct gen_random r;
	struct buf file;
	struct byte_source src;
	struct dump *in;
	bool in_is_elf;
	u8 *kept; /* per page frame: must the dump have it by now? */
	enum sink sink;
	struct collect_options o;
	struct collect_stats stats;
	struct files out;
};

static u64 number_from_env(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void files_open(struct files *f, const char *dir, size_t num_parts)
{
	*f = (struct files){.fd = -1, .num = num_parts ? num_parts : 1};
	if (!num_parts) {
		f->fd = memfd_create("vmcore", MFD_CLOEXEC);
		assert_true(f->fd >= 0);
		snprintf(f->paths[0], sizeof(f->paths[0]), "/proc/self/fd/%d", f->fd);
	}
	for (size_t i = 0; i < num_parts; i++)
		snprintf(f->paths[i], sizeof(f->paths[i]), "%s/part-%zu", dir, i);
}

static void files_close(struct files *f)
{
	for (size_t i = 0; i < f->num; i++) {
		dump_close(f->dumps[i]);
		if (f->fd < 0)
			unlink(f->paths[i]);
	}
	if (f->num && f->fd >= 0)
		close(f->fd);
	f->num = 0;
}

static void begin(struct trial *t, u64 seed, const char *dir)
{
	*t = (struct trial){.dir = dir};
	gen_random_init(&t->r, seed);
	t->in_is_elf = gen_random_below(&t->r, 2);
	if (t->in_is_elf)
		gen_random_elf(&t->r, &t->file);
	else
		gen_random_kdump(&t->r, &t->file);
	t->src = source_from_memory(t->file.data, t->file.len, "source");
	assert_success(dump_open_source(&t->src, formats, &t->in));
	t->kept = calloc(t->r.g.max_pfn, 1);
	assert_non_null(t->kept);
	for (pfn_t pfn = 0; pfn < t->r.g.max_pfn; pfn++)
		t->kept[pfn] = t->r.g.kinds[pfn] == GEN_PRESENT;
}

static void end(struct trial *t)
{
	files_close(&t->out);
	dump_close(t->in);
	free(t->kept);
	buf_deinit(&t->file);
	gen_random_deinit(&t->r);
}

/* Any options that make sense for this source. */
static void choose_options(struct trial *t, unsigned level)
{
	struct gen_random *r = &t->r;
	bool is_packed = dump_codec_flags(t->in) != 0;

	t->sink = gen_random_below(r, NUM_SINKS);
	t->o = (struct collect_options){
		.dump_level = level,
		.codec = codecs[gen_random_below(r, ARRAY_SIZE(codecs) - !is_packed)],
		.num_workers = 1 + (unsigned)gen_random_below(r, MAX_WORKERS),
		.is_ordered = gen_random_below(r, 2),
		.keeps_pcp = gen_random_below(r, 2),
	};
	if (t->sink != TO_PARTS && gen_random_below(r, 3) == 0)
		t->o.format = COLLECT_ELF;
	if (t->o.codec == &collect_codec_zstd && gen_random_below(r, 2)) {
		t->o.has_codec_level = true;
		t->o.codec_level = (int)gen_random_below(r, 6) - 3;
	}
}

static struct err *collect_to_files(struct trial *t, struct files *f)
{
	const char *paths[MAX_PARTS];

	if (t->sink == TO_FILE)
		return collect_to_fd(t->in, f->fd, "vmcore", &t->o, &t->stats);
	if (t->sink == TO_STREAM)
		return collect_to_stream(t->in, f->fd, "vmcore", &t->o, &t->stats);
	for (size_t i = 0; i < f->num; i++)
		paths[i] = f->paths[i];
	return collect_to_parts(t->in, paths, f->num, false, &t->o, &t->stats);
}

static void collect(struct trial *t)
{
	bool to_parts = t->sink == TO_PARTS;

	files_open(&t->out, t->dir,
		   to_parts ? 2 + gen_random_below(&t->r, MAX_PARTS - 1) : 0);
	assert_success(collect_to_files(t, &t->out));
	for (size_t i = 0; i < t->out.num; i++)
		assert_success(dump_open(t->out.paths[i], formats, &t->out.dumps[i]));
	for (pfn_t pfn = 0; pfn < t->r.g.max_pfn; pfn++) {
		t->kept[pfn] &= gen_random_is_wanted(&t->r, pfn, t->o.dump_level);
		if (t->o.format == COLLECT_ELF && t->o.dump_level & COLLECT_ZERO)
			t->kept[pfn] &= !gen_random_is_zero(&t->r, pfn);
	}
}

/* What must be known of the page frame in the dump. */
static enum pfn_state expected_state(const struct trial *t, pfn_t pfn)
{
	if (t->r.g.kinds[pfn] == GEN_ABSENT)
		return PFN_ABSENT;
	return t->kept[pfn] ? PFN_PRESENT : PFN_EXCLUDED;
}

/* The file that has the page frame, of several the first that does not say it has lost it.
 */
static enum pfn_state find_page(struct files *f, pfn_t pfn, struct dump **ret)
{
	enum pfn_state state = PFN_LOST;

	for (size_t i = 0; i < f->num && state == PFN_LOST; i++) {
		*ret = f->dumps[i];
		state = dump_pfn_state(*ret, pfn);
	}
	return state;
}

static bool page_is_right(struct trial *t, struct dump *d, pfn_t pfn)
{
	size_t start = t->in_is_elf ? t->r.cut_start[pfn] : 0;
	size_t end = 4096 - (t->in_is_elf ? t->r.cut_end[pfn] : 0u);
	u8 page[4096] = {0};
	struct err *err =
		dump_read(d, ADDR_PHYSICAL, (pfn << 12) + start, page + start, end - start);

	if (err)
		print_error("%s\n", err_message(err));
	err_free(err);
	return !err &&
	       memcmp(page + start, gen_page(&t->r.g, pfn) + start, end - start) == 0;
}

static bool pages_are_right(struct trial *t)
{
	u64 num_kept = 0;

	for (pfn_t pfn = 0; pfn < t->r.g.max_pfn; pfn++) {
		struct dump *d;
		enum pfn_state state = find_page(&t->out, pfn, &d);

		if (state != expected_state(t, pfn)) {
			print_error("page frame %llu, of use %d, is %d, not %d\n",
				    (unsigned long long)pfn, t->r.uses[pfn], state,
				    expected_state(t, pfn));
			return false;
		}
		num_kept += state == PFN_PRESENT;
		if (state == PFN_PRESENT && !page_is_right(t, d, pfn)) {
			print_error("page frame %llu differs\n", (unsigned long long)pfn);
			return false;
		}
	}
	if (num_kept != t->stats.pages_written || t->stats.is_incomplete)
		print_error("%llu pages, and the statistics say %llu\n",
			    (unsigned long long)num_kept,
			    (unsigned long long)t->stats.pages_written);
	return num_kept == t->stats.pages_written && !t->stats.is_incomplete;
}

/* A part lacks what the others have, and verify must say so. */
static bool verdict_is_right(struct trial *t)
{
	struct verify_options o = {.num_workers = t->o.num_workers};
	u64 num_decoded = 0;
	bool is_right = true;

	for (size_t i = 0; i < t->out.num; i++) {
		struct verify_result r;

		assert_success(verify_dump(t->out.dumps[i], &o, &r));
		num_decoded += r.pages_decoded;
		is_right &= r.pages_damaged == 0;
		is_right &= r.is_whole ==
			    (r.pages_decoded == t->stats.pages_written && r.pages_decoded);
		verify_result_deinit(&r);
	}
	return is_right && num_decoded == t->stats.pages_written;
}

/* The file as a reader has it: of a stream, that which it describes. The caller frees. */
static char *read_whole(const struct trial *t, const struct files *f, size_t *ret_len)
{
	int fd = f->fd;
	struct rearrange_stats stats;
	struct stat st;
	char *bytes;

	if (t->sink == TO_STREAM) {
		fd = memfd_create("rearranged", MFD_CLOEXEC);
		assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
		assert_success(rearrange(f->fd, "stream", fd, "rearranged",
					 &(struct rearrange_options){0}, &stats));
	}
	assert_int_equal(fstat(fd, &st), 0);
	*ret_len = (size_t)st.st_size;
	bytes = malloc(*ret_len + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, *ret_len, 0), *ret_len);
	if (fd != f->fd)
		close(fd);
	return bytes;
}

/* Where an order was asked for, any number of workers writes the same bytes. */
static bool order_holds(struct trial *t)
{
	struct files again;
	size_t len, len_again;
	char *bytes, *bytes_again;
	bool is_same;

	if (!t->o.is_ordered || t->sink == TO_PARTS)
		return true;
	files_open(&again, t->dir, 0);
	t->o.num_workers = 1 + (unsigned)gen_random_below(&t->r, MAX_WORKERS);
	assert_success(collect_to_files(t, &again));
	bytes = read_whole(t, &t->out, &len);
	bytes_again = read_whole(t, &again, &len_again);
	is_same = len == len_again && memcmp(bytes, bytes_again, len) == 0;
	if (!is_same)
		print_error("the bytes depend on the workers\n");
	free(bytes);
	free(bytes_again);
	files_close(&again);
	return is_same;
}

static void assert_run(struct trial *t, u64 seed, unsigned level)
{
	bool holds;

	choose_options(t, level);
	collect(t);
	holds = pages_are_right(t) && verdict_is_right(t) && order_holds(t);
	if (!holds)
		print_error(
			"machine %llu: %s, level %u, %s %s to %s, %u workers, ordered %d: "
			"not what it should be\n",
			(unsigned long long)seed, dump_format_name(t->in), t->o.dump_level,
			t->o.format == COLLECT_ELF ? "ELF" : "kdump",
			t->o.codec ? collect_codec_name(t->o.codec) : "as it was",
			sink_names[t->sink], t->o.num_workers, t->o.is_ordered);
	assert_true(holds);
}

static void assert_property(u64 seed, const char *dir)
{
	struct trial t;

	begin(&t, seed, dir);
	assert_run(&t, seed, (unsigned)(seed % (COLLECT_MAX_LEVEL + 1)));
	if (t.sink != TO_PARTS) {
		/* What was written is the next source. */
		struct files first = t.out;

		dump_close(t.in);
		t.in = steal(first.dumps[0]);
		assert_run(&t, seed,
			   (unsigned)gen_random_below(&t.r, COLLECT_MAX_LEVEL + 1));
		files_close(&first);
	}
	end(&t);
}

static void what_is_kept_reads_back_and_the_rest_is_what_the_classes_say(void **state)
{
	u64 seed = number_from_env("PROPERTY_SEED", SEED);
	u64 count = number_from_env("PROPERTY_COUNT", COUNT);
	char dir[64] = "/dev/shm/inquest-test-XXXXXX";

	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof(dir), "/tmp/inquest-test-XXXXXX");
		assert_non_null(mkdtemp(dir));
	}
	for (u64 i = 0; i < count; i++)
		assert_property(seed + i, dir);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_kept_reads_back_and_the_rest_is_what_the_classes_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
