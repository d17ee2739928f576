/* Random machines: what was filtered reads back as it was, and what is missing is exactly
 * what the classes say.
 *
 * Each number is a machine, a form of its dump, and options of the collector. Environment:
 * PROPERTY_SEED, the first number, and PROPERTY_COUNT, how many. */
#include "testing.h"

#include "collect/collect.h"
#include "collect/verify.h"
#include "gen_random.h"

#include <sys/mman.h>

#define SEED  1u
#define COUNT 300u

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};
static const struct collect_codec *const codecs[] = {
	&collect_codec_none, &collect_codec_zlib, &collect_codec_zstd};

struct trial {
	u64 seed;
	struct gen_random r;
	struct buf file;
	struct byte_source src;
	struct dump *in, *out;
	bool in_is_elf;
	struct collect_options o;
	struct collect_stats stats;
	int fd;
};

static u64 number_from_env(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void begin(struct trial *t, u64 seed)
{
	*t = (struct trial){.seed = seed, .fd = memfd_create("vmcore", MFD_CLOEXEC)};
	assert_true(t->fd >= 0);
	gen_random_init(&t->r, seed);
	t->in_is_elf = gen_random_below(&t->r, 2);
	if (t->in_is_elf)
		gen_random_elf(&t->r, &t->file);
	else
		gen_random_kdump(&t->r, &t->file);
	t->src = source_from_memory(t->file.data, t->file.len, "source");
	assert_success(dump_open_source(&t->src, formats, &t->in));
	t->o = (struct collect_options){
		.dump_level = (unsigned)(seed % (COLLECT_MAX_LEVEL + 1)),
		.codec = codecs[gen_random_below(&t->r, ARRAY_SIZE(codecs))],
	};
}

static void end(struct trial *t)
{
	dump_close(t->out);
	dump_close(t->in);
	close(t->fd);
	buf_deinit(&t->file);
	gen_random_deinit(&t->r);
}

static void collect(struct trial *t)
{
	char path[64];

	assert_success(collect_to_fd(t->in, t->fd, "vmcore", &t->o, &t->stats));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	assert_success(dump_open(path, formats, &t->out));
}

/* What must be known of the page frame in the dump. */
static enum pfn_state expected_state(const struct trial *t, pfn_t pfn)
{
	switch (t->r.g.kinds[pfn]) {
	case GEN_ABSENT:
		return PFN_ABSENT;
	case GEN_EXCLUDED:
		return PFN_EXCLUDED;
	default:
		return gen_random_is_wanted(&t->r, pfn, t->o.dump_level) ? PFN_PRESENT
									 : PFN_EXCLUDED;
	}
}

static bool page_is_right(struct trial *t, pfn_t pfn)
{
	size_t start = t->in_is_elf ? t->r.cut_start[pfn] : 0;
	size_t end = 4096 - (t->in_is_elf ? t->r.cut_end[pfn] : 0u);
	u8 page[4096] = {0};
	struct err *err = dump_read(t->out, ADDR_PHYSICAL, (pfn << 12) + start,
				    page + start, end - start);

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
		enum pfn_state state = dump_pfn_state(t->out, pfn);

		if (state != expected_state(t, pfn)) {
			print_error("page frame %llu, of use %d, is %d, not %d\n",
				    (unsigned long long)pfn, t->r.uses[pfn], state,
				    expected_state(t, pfn));
			return false;
		}
		num_kept += state == PFN_PRESENT;
		if (state == PFN_PRESENT && !page_is_right(t, pfn)) {
			print_error("page frame %llu differs\n", (unsigned long long)pfn);
			return false;
		}
	}
	return num_kept == t->stats.pages_written && !t->stats.is_incomplete;
}

static bool is_whole(struct trial *t)
{
	struct verify_options o = {.num_workers = 1};
	struct verify_result r;
	bool whole;

	assert_success(verify_dump(t->out, &o, &r));
	whole = r.is_whole && r.pages_decoded == t->stats.pages_written;
	verify_result_deinit(&r);
	return whole;
}

static void assert_property(u64 seed)
{
	struct trial t;
	bool holds;

	begin(&t, seed);
	collect(&t);
	holds = pages_are_right(&t) && is_whole(&t);
	if (!holds)
		print_error(
			"machine %llu: %s source, level %u, %s: not what it should be\n",
			(unsigned long long)seed, t.in_is_elf ? "ELF" : "kdump",
			t.o.dump_level, collect_codec_name(t.o.codec));
	assert_true(holds);
	end(&t);
}

static void what_is_kept_reads_back_and_the_rest_is_what_the_classes_say(void **state)
{
	u64 seed = number_from_env("PROPERTY_SEED", SEED);
	u64 count = number_from_env("PROPERTY_COUNT", COUNT);

	for (u64 i = 0; i < count; i++)
		assert_property(seed + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_kept_reads_back_and_the_rest_is_what_the_classes_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
