#include "testing.h"

#include "base/buf.h"
#include "dump/rearranged.h"
#include "failing_malloc.h"
#include "format/flattened.h"

/* The flattened file being made, and the file it stands for. */
struct world {
	struct buf flat;
	struct byte_source src;
	u8 model[20000];
	u64 model_len;
	u32 random;
	struct segment_index *index;
	struct rearranged r;
};

static u32 random_below(struct world *w, u32 limit)
{
	w->random = w->random * 1664525 + 1013904223;
	return (w->random >> 8) % limit;
}

static void start(struct world *w)
{
	u8 header[FLATTENED_HEADER_LEN];

	w->flat.len = 0;
	w->model_len = 0;
	memset(w->model, 0, sizeof(w->model));
	flattened_format_header(header);
	buf_add(&w->flat, header, sizeof(header));
}

/* Add a segment of bytes that tell their place in the flattened file. */
static void add(struct world *w, u64 offset, u64 len)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	assert_true(offset + len <= sizeof(w->model));
	flattened_format_segment(offset, len, header);
	buf_add(&w->flat, header, sizeof(header));
	for (u64 i = 0; i < len; i++) {
		w->model[offset + i] = (u8)(w->flat.len * 167 >> 3);
		buf_add_char(&w->flat, (char)w->model[offset + i]);
	}
	if (len)
		w->model_len = max_u64(w->model_len, offset + len);
}

static void add_end(struct world *w)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	flattened_format_end(header);
	buf_add(&w->flat, header, sizeof(header));
}

static void make_index(struct world *w)
{
	segment_index_free(w->index);
	w->index = NULL;
	w->src = source_from_memory(w->flat.data, w->flat.len, "flat");
	assert_success(segment_index_make(&w->src, &w->index));
	rearranged_init(&w->r, w->index, &w->src);
}

static void assert_is_the_model(struct world *w)
{
	u8 data[sizeof(w->model)];
	const struct byte_source *src = &w->r.bytes;

	assert_int_equal(src->size, w->model_len);
	assert_success(source_read(src, 0, data, w->model_len));
	assert_memory_equal(data, w->model, w->model_len);
	for (int i = 0; i < 50 && w->model_len; i++) {
		u64 offset = random_below(w, (u32)w->model_len);
		u64 len = random_below(w, (u32)min_u64(w->model_len - offset, 900) + 1);
		const u8 *mapped = src->map(src, offset, len);
		u64 next = source_next_data(src, offset);

		assert_success(source_read(src, offset, data, len));
		assert_memory_equal(data, w->model + offset, len);
		if (mapped)
			assert_memory_equal(mapped, w->model + offset, len);
		for (u64 hole = offset; hole < next; hole++)
			assert_int_equal(w->model[hole], 0);
	}
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	start(w);
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	segment_index_free(w->index);
	buf_deinit(&w->flat);
	free(w);
	return 0;
}

static void later_segments_override_earlier_ones_and_holes_are_zeros(void **state)
{
	struct world *w = *state;

	add(w, 100, 50);
	add(w, 0, 20);
	add(w, 110, 10);
	add(w, 140, 40);
	add(w, 10, 5);
	add_end(w);
	make_index(w);
	assert_false(w->index->is_cut);
	assert_is_the_model(w);
	assert_int_equal(source_next_data(&w->r.bytes, 30), 100);
	assert_null(w->r.bytes.map(&w->r.bytes, 15, 10));
	assert_memory_equal(w->r.bytes.map(&w->r.bytes, 12, 3), w->model + 12, 3);
}

static void streams_that_take_turns_make_few_entries(void **state)
{
	struct world *w = *state;

	for (u64 i = 0; i < 600; i++) {
		add(w, 10000 + i * 10, 10);
		if (i % 3 == 0)
			add(w, 1000 + i / 3 * 7, 7);
		if (i % 50 == 0)
			add(w, i / 50 * 40, 40);
	}
	add_end(w);
	make_index(w);
	assert_true(w->index->num_runs < 40);
	assert_is_the_model(w);
}

static void any_order_of_segments_gives_the_right_bytes(void **state)
{
	struct world *w = *state;

	for (unsigned round = 0; round < 300; round++) {
		/* Some rounds overlap a lot, some go on where a segment ended. */
		u32 room = round % 3 ? 20000 : 300, longest = round % 5 ? 100 : 3;
		u64 ends[3] = {0, room / 3, room / 2};
		u32 count = random_below(w, 200);

		start(w);
		for (u32 i = 0; i < count; i++) {
			u64 *end = &ends[random_below(w, 3)];
			u64 offset = random_below(w, 8) ? *end : random_below(w, room);
			u64 len = random_below(w, longest);

			offset = min_u64(offset, room - 1);
			len = min_u64(len, room - offset);
			add(w, offset, len);
			*end = offset + len;
		}
		add_end(w);
		make_index(w);
		assert_is_the_model(w);
	}
}

static void a_file_without_its_end_is_read_up_to_where_it_is_good(void **state)
{
	struct world *w = *state;
	size_t good;

	add(w, 0, 100);
	add(w, 200, 100);
	good = w->flat.len;
	make_index(w);
	assert_true(w->index->is_cut);
	assert_is_the_model(w);
	/* Cut inside the data of a segment. */
	w->flat.len -= 30;
	w->model_len -= 30;
	make_index(w);
	assert_true(w->index->is_cut);
	assert_is_the_model(w);
	/* A header that cannot be. */
	w->flat.len = good;
	w->model_len += 30;
	buf_add(&w->flat, "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 16);
	make_index(w);
	assert_true(w->index->is_cut);
	assert_int_equal(w->index->end, good);
	assert_is_the_model(w);
}

static void a_file_in_too_many_pieces_is_refused(void **state)
{
	struct world *w = *state;
	u8 header[FLATTENED_SEGMENT_LEN];

	for (u32 i = 0; i < 140000; i++) {
		flattened_format_segment((u64)random_below(w, 1u << 24) << 20, 1, header);
		buf_add(&w->flat, header, sizeof(header));
		buf_add_char(&w->flat, 1);
	}
	w->src = source_from_memory(w->flat.data, w->flat.len, "flat");
	assert_failure(segment_index_make(&w->src, &w->index), ERR_UNSUPPORTED,
		       "flat: a flattened file in too many pieces");
}

static void a_claimed_size_costs_no_memory(void **state)
{
	struct world *w = *state;
	u8 header[FLATTENED_SEGMENT_LEN], data[16];

	flattened_format_segment(((u64)1 << 62) - 1, 2, header);
	buf_add(&w->flat, header, sizeof(header));
	buf_add(&w->flat, "ab", 2);
	add_end(w);
	make_index(w);
	assert_int_equal(w->r.bytes.size, ((u64)1 << 62) + 1);
	assert_success(source_read(&w->r.bytes, ((u64)1 << 62) - 15, data, 16));
	assert_memory_equal(data, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0ab", 16);
	assert_int_equal(source_next_data(&w->r.bytes, 0), ((u64)1 << 62) - 1);
}

static struct err *make_once(void *ctx)
{
	struct world *w = ctx;
	struct err *err = segment_index_make(&w->src, &w->index);

	segment_index_free(w->index);
	w->index = NULL;
	return err;
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct world *w = *state;

	add(w, 0, 100);
	add(w, 50, 10);
	add_end(w);
	w->src = source_from_memory(w->flat.data, w->flat.len, "flat");
	assert_true(each_allocation_fails_once(make_once, w) >= 3);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(later_segments_override_earlier_ones_and_holes_are_zeros),
		world_test(streams_that_take_turns_make_few_entries),
		world_test(any_order_of_segments_gives_the_right_bytes),
		world_test(a_file_without_its_end_is_read_up_to_where_it_is_good),
		world_test(a_file_in_too_many_pieces_is_refused),
		world_test(a_claimed_size_costs_no_memory),
		world_test(lack_of_memory_is_an_error_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
