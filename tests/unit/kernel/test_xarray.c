/* Walks of XArrays, whole and broken. */
#include "kernel/xarray.h"

#include "kernel/typed_kernel.h"

/* Nodes of the tests have 16 slots, as with CONFIG_BASE_SMALL. */
enum {
	ARRAY = 0xd700, /* struct xarray */
	NODES = 0xd800,
	NODE_SIZE = 0x100,
	NUM_SLOTS = 16,
	SLOTS = 40, /* in a node */
};

#define POINTER 0xffff888000001000ULL
#define RETRY	(256u << 2 | 2)
#define ZERO	(257u << 2 | 2)

struct walked {
	struct xarray_entry entries[64];
	u8 paths[64][XARRAY_MAX_DEPTH];
	unsigned count, limit;
};

static u32 node(u32 i)
{
	return NODES + i * NODE_SIZE;
}

static u64 node_entry(u32 i)
{
	return TINY(node(i)) | 2;
}

static u64 sibling(unsigned slot)
{
	return (u64)slot << 2 | 2;
}

static void put_head(struct typed_kernel *t, u64 entry)
{
	tiny_put64(t->tiny, ARRAY + 8, entry);
}

static void put_slot(struct typed_kernel *t, u32 i, u32 slot, u64 entry)
{
	tiny_put64(t->tiny, node(i) + SLOTS + 8 * slot, entry);
}

/* Node @i, which lies in @slot of @parent; 0 is none. */
static void put_node(struct typed_kernel *t, u32 i, u32 shift, u32 parent, u32 slot)
{
	tiny_put64(t->tiny, node(i), shift | slot << 8);
	tiny_put64(t->tiny, node(i) + 8, parent ? TINY(node(parent)) : 0);
	if (parent)
		put_slot(t, parent, slot, node_entry(i));
}

static struct typed_kernel *new_array(void)
{
	struct typed_kernel *t = typed_kernel_new();
	u32 byte, word, slots;

	byte = btf_bytes_int(&t->base, "u8", 1);
	word = btf_bytes_int(&t->base, "u64", 8);
	slots = btf_bytes_array(&t->base, word, NUM_SLOTS);
	btf_bytes_type(&t->base, "xa_node", BTF_STRUCT, 4, 0, 168);
	btf_bytes_member(&t->base, "shift", byte, 0);
	btf_bytes_member(&t->base, "offset", byte, 8);
	btf_bytes_member(&t->base, "parent", word, 64);
	btf_bytes_member(&t->base, "slots", slots, SLOTS * 8);
	btf_bytes_type(&t->base, "xarray", BTF_STRUCT, 1, 0, 16);
	btf_bytes_member(&t->base, "xa_head", word, 64);
	typed_kernel_put_btf(t);
	return t;
}

/* Two levels: entries at 0x02, 0x31 and 0x3f. */
static void put_two_levels(struct typed_kernel *t)
{
	put_head(t, node_entry(1));
	put_node(t, 1, 4, 0, 0);
	put_node(t, 2, 0, 1, 0);
	put_node(t, 3, 0, 1, 3);
	put_slot(t, 2, 2, POINTER);
	put_slot(t, 3, 1, POINTER + 8);
	put_slot(t, 3, 15, 77 << 1 | 1);
}

static bool note(void *ctx, const struct xarray_entry *e)
{
	struct walked *w = ctx;

	assert_true(w->count < ARRAY_SIZE(w->entries));
	memcpy(w->paths[w->count], e->path, e->depth);
	w->entries[w->count++] = *e;
	return w->count != w->limit;
}

static struct err *walk(struct typed_kernel *t, struct walked *w)
{
	return xarray_each(t->tiny->k, TINY(ARRAY), note, w);
}

static void entries_come_in_order_with_index_and_path(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 3);
	assert_int_equal(w.entries[0].index, 2);
	assert_int_equal(w.entries[0].last, 2);
	assert_true(w.entries[0].entry == POINTER);
	assert_false(w.entries[0].is_value);
	assert_int_equal(w.entries[1].index, 0x31);
	assert_int_equal(w.entries[1].depth, 2);
	assert_int_equal(w.paths[1][0], 3);
	assert_int_equal(w.paths[1][1], 1);
	assert_int_equal(w.entries[2].index, 0x3f);
	assert_true(w.entries[2].is_value);
	assert_int_equal(w.entries[2].value, 77);
}

static void the_head_can_be_the_only_entry(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};
	u64 entry;

	put_head(t, POINTER);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 1);
	assert_int_equal(w.entries[0].index, 0);
	assert_int_equal(w.entries[0].depth, 0);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 0, &entry));
	assert_true(entry == POINTER);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 1, &entry));
	assert_int_equal(entry, 0);
}

static void an_array_can_be_empty(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 0);
}

static void an_entry_of_many_indexes_is_told_once(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};
	u64 entry;

	put_two_levels(t);
	for (unsigned i = 5; i < 8; i++)
		put_slot(t, 2, i, sibling(4));
	put_slot(t, 2, 4, POINTER + 16);
	put_slot(t, 1, 8, POINTER + 32);
	put_slot(t, 1, 9, sibling(8));
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 5);
	assert_int_equal(w.entries[1].index, 4);
	assert_int_equal(w.entries[1].last, 7);
	assert_int_equal(w.entries[4].index, 0x80);
	assert_int_equal(w.entries[4].last, 0x9f);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 6, &entry));
	assert_true(entry == POINTER + 16);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 0x9e, &entry));
	assert_true(entry == POINTER + 32);
}

static void what_a_lookup_would_not_find_is_not_told(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 2, 0, RETRY);
	put_slot(t, 2, 1, ZERO);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 3);
}

static void one_index_can_be_looked_up(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	u64 entry;

	put_two_levels(t);
	put_slot(t, 3, 2, ZERO);
	typed_kernel_open(t);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 0x31, &entry));
	assert_true(entry == POINTER + 8);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 0x32, &entry));
	assert_int_equal(entry, 0);
	assert_success(xarray_load(t->tiny->k, TINY(ARRAY), 0x131, &entry));
	assert_int_equal(entry, 0);
}

static void a_part_of_an_array_can_be_walked_by_address_or_entry(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(xarray_each_below(t->tiny->k, TINY(node(3)), note, &w));
	assert_success(xarray_each_below(t->tiny->k, node_entry(3), note, &w));
	assert_int_equal(w.count, 4);
	assert_int_equal(w.entries[0].index, 1);
	assert_int_equal(w.entries[2].index, 1);
}

static void a_walk_ends_when_its_visitor_says_so(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.limit = 2};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 2);
}

static void a_cycle_is_told_and_the_rest_still_comes(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};
	u64 entry;

	put_two_levels(t);
	put_slot(t, 1, 1, node_entry(1));
	put_slot(t, 1, 2, node_entry(2));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "xa_node at 0xffffffff8000d900");
	assert_int_equal(w.count, 3);
	assert_failure(xarray_load(t->tiny->k, TINY(ARRAY), 0x11, &entry), ERR_BAD_DATA,
		       "shift");
}

static void a_node_in_another_slot_than_it_says_is_left_out(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, 2, node_entry(2));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "it is slot 0 of its parent");
	assert_int_equal(w.count, 3);
}

static void the_slot_of_a_root_says_nothing(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_node(t, 1, 4, 0, 31);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 3);
}

static void shifts_that_cannot_be_are_refused(void **state)
{
	static const unsigned shifts[] = {3, 64, 255};

	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
		struct walked w = {.count = 0};

		put_two_levels(t);
		put_node(t, 1, shifts[i], 0, 0);
		typed_kernel_open(t);
		assert_failure(walk(t, &w), ERR_BAD_DATA, "impossible shift");
		assert_int_equal(w.count, 0);
	}
}

static void a_node_outside_of_memory_is_told_with_its_address(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, 0, TINY(0x7000000) | 2);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_FAULT, "xa_node at 0xffffffff87000000");
	assert_int_equal(w.count, 2);
}

static void a_leaf_does_not_point_to_nodes(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_array();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 2, 3, node_entry(3));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "below the lowest");
	assert_int_equal(w.count, 3);
}

static void without_types_it_says_which_is_missing(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct walked w = {.count = 0};

	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_ABSENT, "xa_node with shift");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_order_with_index_and_path),
		cmocka_unit_test(the_head_can_be_the_only_entry),
		cmocka_unit_test(an_array_can_be_empty),
		cmocka_unit_test(an_entry_of_many_indexes_is_told_once),
		cmocka_unit_test(what_a_lookup_would_not_find_is_not_told),
		cmocka_unit_test(one_index_can_be_looked_up),
		cmocka_unit_test(a_part_of_an_array_can_be_walked_by_address_or_entry),
		cmocka_unit_test(a_walk_ends_when_its_visitor_says_so),
		cmocka_unit_test(a_cycle_is_told_and_the_rest_still_comes),
		cmocka_unit_test(a_node_in_another_slot_than_it_says_is_left_out),
		cmocka_unit_test(the_slot_of_a_root_says_nothing),
		cmocka_unit_test(shifts_that_cannot_be_are_refused),
		cmocka_unit_test(a_node_outside_of_memory_is_told_with_its_address),
		cmocka_unit_test(a_leaf_does_not_point_to_nodes),
		cmocka_unit_test(without_types_it_says_which_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
