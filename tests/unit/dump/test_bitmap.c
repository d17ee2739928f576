#include "testing.h"

#include "dump/bitmap.h"
#include "dump/file.h"

#include <sys/mman.h>

#define NUM_BITS 300007
#define OFFSET	 77

/* Bits in a file, and what they are, one by one. */
struct world {
	u8 *file;
	struct byte_source src;
	struct bitmap b;
	struct bitmap_view v;
};

static bool is_set(const struct world *w, u64 bit)
{
	return w->file[OFFSET + bit / 8] >> (bit % 8) & 1;
}

static void write_bits(struct world *w, u64 from, u64 to, unsigned one_in)
{
	u32 random = (u32)from;

	for (u64 bit = from; bit < to; bit++) {
		random = random * 1664525 + 1013904223;
		if ((random >> 8) % one_in == 0)
			w->file[OFFSET + bit / 8] |= (u8)(1u << bit % 8);
	}
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t len = OFFSET + (NUM_BITS + 7) / 8;

	w->file = calloc(1, len);
	w->src = source_from_memory(w->file, len, "bits");
	/* Full, empty, dense and sparse stretches that end anywhere. */
	write_bits(w, 100, 9001, 1);
	write_bits(w, 50000, 100000, 3);
	write_bits(w, 100000, 200001, 300);
	write_bits(w, 290000, NUM_BITS, 1);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	bitmap_deinit(&w->b);
	free(w->file);
	free(w);
	return 0;
}

static void count(struct world *w)
{
	bitmap_init(&w->b, &w->src, OFFSET, NUM_BITS);
	bitmap_view_init(&w->v, &w->b, &w->src);
	assert_success(bitmap_count(&w->b, &w->v));
}

static void assert_agrees(struct world *w)
{
	u64 rank = 0, step = 1, next[2] = {NUM_BITS, NUM_BITS};

	for (u64 bit = 0; bit < NUM_BITS; bit++) {
		assert_int_equal(bitmap_test(&w->v, bit), is_set(w, bit));
		if (bit % 61 == 0)
			assert_int_equal(bitmap_rank(&w->v, bit), rank);
		rank += is_set(w, bit);
	}
	assert_int_equal(bitmap_rank(&w->v, NUM_BITS), rank);
	for (u64 bit = NUM_BITS; bit-- > 0;) {
		next[is_set(w, bit)] = bit;
		if (bit % step)
			continue;
		step = step % 97 + 1;
		assert_int_equal(bitmap_find(&w->v, bit, UINT64_MAX, true), next[1]);
		assert_int_equal(bitmap_find(&w->v, bit, UINT64_MAX, false), next[0]);
		assert_int_equal(bitmap_find(&w->v, bit, bit + 50, true),
				 min_u64(min_u64(next[1], bit + 50), NUM_BITS));
		assert_int_equal(bitmap_count_between(&w->v, bit, NUM_BITS),
				 rank - bitmap_rank(&w->v, bit));
	}
	assert_false(bitmap_test(&w->v, NUM_BITS));
	assert_false(w->v.has_failed);
}

static void bits_in_a_mapping_and_read_in_pieces_are_the_same(void **state)
{
	struct world *w = *state;

	count(w);
	assert_agrees(w);
	bitmap_deinit(&w->b);
	w->src.map = NULL;
	count(w);
	assert_agrees(w);
}

static void a_file_that_ends_inside_has_fewer_bits(void **state)
{
	struct world *w = *state;

	w->src.size = OFFSET + 1000;
	count(w);
	assert_int_equal(w->b.num_bits, 8000);
	assert_int_equal(bitmap_rank(&w->v, 8000), 7900);
	assert_false(bitmap_test(&w->v, 8000));
	assert_int_equal(bitmap_find(&w->v, 200, UINT64_MAX, false), 8000);
	bitmap_deinit(&w->b);
	w->src.size = OFFSET - 10;
	count(w);
	assert_int_equal(w->b.num_bits, 0);
	assert_int_equal(bitmap_find(&w->v, 0, UINT64_MAX, true), 0);
}

static void a_terabit_of_holes_costs_neither_time_nor_memory(void **state)
{
	struct file_source *f;
	struct bitmap b;
	struct bitmap_view v;
	int fd = memfd_create("bits", MFD_CLOEXEC);
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	assert_int_equal(pwrite(fd, "\1", 1, 4096 + ((off_t)1 << 30)), 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_success(file_source_open(path, &f));
	bitmap_init(&b, file_source_bytes(f), 4096, (u64)1 << 40);
	bitmap_view_init(&v, &b, file_source_bytes(f));
	assert_success(bitmap_count(&b, &v));
	assert_int_equal(bitmap_find(&v, 0, UINT64_MAX, true), (u64)1 << 33);
	assert_int_equal(bitmap_find(&v, ((u64)1 << 33) + 1, UINT64_MAX, true),
			 (u64)1 << 40);
	assert_int_equal(bitmap_rank(&v, (u64)1 << 33), 0);
	assert_int_equal(bitmap_rank(&v, (u64)1 << 40), 1);
	assert_true(((u64)1 << 40) >> b.group_shift <= (u64)1 << 17);
	bitmap_deinit(&b);
	file_source_close(f);
	close(fd);
}

static struct err *fail_to_read(const struct byte_source *src, u64 offset, void *data,
				size_t len)
{
	return err_new(ERR_OS, "bits: cannot be read");
}

static void bits_that_cannot_be_read_are_an_error(void **state)
{
	struct world *w = *state;

	w->src.map = NULL;
	w->src.read_at = fail_to_read;
	bitmap_init(&w->b, &w->src, OFFSET, NUM_BITS);
	bitmap_view_init(&w->v, &w->b, &w->src);
	assert_failure(bitmap_count(&w->b, &w->v), ERR_BAD_DATA,
		       "bits: the bitmap at offset 0x4d cannot be read");
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(bits_in_a_mapping_and_read_in_pieces_are_the_same),
		world_test(a_file_that_ends_inside_has_fewer_bits),
		world_test(a_terabit_of_holes_costs_neither_time_nor_memory),
		world_test(bits_that_cannot_be_read_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
