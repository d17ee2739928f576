/* Walks of maple trees, whole and broken. */
#include "kernel/maple_tree.h"

#include "kernel/typed_kernel.h"

enum {
	TREE = 0xd700, /* struct maple_tree */
	NODES = 0xd800,
	NODE_SIZE = 0x100,
	RANGE_PIVOTS = 15,
	RANGE_SLOTS = 128, /* in a node */
	RANGE_END = 248,
	ARANGE_SLOTS = 80,
	ARANGE_END = 240,
};

#define POINTER 0xffff888000001000ULL
#define ZERO	(257u << 2 | 2)

struct walked {
	struct maple_tree_entry entries[64];
	u8 paths[64][MAPLE_TREE_MAX_DEPTH];
	struct maple_tree_node nodes[64];
	unsigned count, num_nodes, limit;
};

static u32 node(u32 i)
{
	return NODES + i * NODE_SIZE;
}

/* What points to node @i from another. */
static u64 node_entry(u32 i, enum maple_tree_type type)
{
	return TINY(node(i)) | (u64)type << 3 | 4;
}

static void put_root(struct typed_kernel *t, u64 entry)
{
	tiny_put64(t->tiny, TREE + 8, entry);
}

/* Node @i is in @slot of @parent, which has to be filled in there; 0: it is the root. */
static void put_parent(struct typed_kernel *t, u32 i, u32 parent, u32 slot)
{
	tiny_put64(t->tiny, node(i),
		   parent ? TINY(node(parent)) | slot << 3 | 6 : TINY(TREE) | 1);
}

static void put_pivot(struct typed_kernel *t, u32 i, u32 pivot, u64 index)
{
	tiny_put64(t->tiny, node(i) + 8 + 8 * pivot, index);
}

static void put_slot(struct typed_kernel *t, u32 i, u32 slots, u32 slot, u64 entry)
{
	tiny_put64(t->tiny, node(i) + slots + 8 * slot, entry);
}

/* Indexes up to @last in @slot of leaf or range_64 @i. */
static void put_range(struct typed_kernel *t, u32 i, u32 slot, u64 last, u64 entry)
{
	put_slot(t, i, RANGE_SLOTS, slot, entry);
	if (slot < RANGE_PIVOTS)
		put_pivot(t, i, slot, last);
}

static void put_node_types(struct btf_bytes *b, u32 word, u32 meta)
{
	u32 slots, pivots, dense;

	pivots = btf_bytes_array(b, word, RANGE_PIVOTS);
	slots = btf_bytes_array(b, word, RANGE_PIVOTS + 1);
	btf_bytes_type(b, "maple_range_64", BTF_STRUCT, 3, 0, 256);
	btf_bytes_member(b, "pivot", pivots, 64);
	btf_bytes_member(b, "slot", slots, RANGE_SLOTS * 8);
	btf_bytes_member(b, "meta", meta, RANGE_END * 8);
	pivots = btf_bytes_array(b, word, 9);
	slots = btf_bytes_array(b, word, 10);
	btf_bytes_type(b, "maple_arange_64", BTF_STRUCT, 3, 0, 248);
	btf_bytes_member(b, "pivot", pivots, 64);
	btf_bytes_member(b, "slot", slots, ARANGE_SLOTS * 8);
	btf_bytes_member(b, "meta", meta, ARANGE_END * 8);
	dense = btf_bytes_array(b, word, 31);
	btf_bytes_type(b, "maple_node", BTF_STRUCT, 2, 0, 256);
	btf_bytes_member(b, "parent", word, 0);
	btf_bytes_member(b, "slot", dense, 64);
}

static struct typed_kernel *new_tree(void)
{
	struct typed_kernel *t = typed_kernel_new();
	u32 byte, word, meta;

	byte = btf_bytes_int(&t->base, "u8", 1);
	word = btf_bytes_int(&t->base, "u64", 8);
	btf_bytes_type(&t->base, "maple_metadata", BTF_STRUCT, 1, 0, 2);
	meta = t->base.num_types;
	btf_bytes_member(&t->base, "end", byte, 0);
	put_node_types(&t->base, word, meta);
	btf_bytes_type(&t->base, "maple_tree", BTF_STRUCT, 1, 0, 24);
	btf_bytes_member(&t->base, "ma_root", word, 64);
	typed_kernel_put_btf(t);
	return t;
}

/* A root of three leaves, the last of them full: 0x1000…0x1fff, 0x3000…0x3fff, then from
 * 0x10000 on sixteen of 0x100. */
static void put_two_levels(struct typed_kernel *t)
{
	put_root(t, node_entry(1, MAPLE_TREE_ARANGE_64) | 2);
	put_parent(t, 1, 0, 0);
	for (u32 i = 0; i < 3; i++) {
		put_slot(t, 1, ARANGE_SLOTS, i, node_entry(2 + i, MAPLE_TREE_LEAF_64));
		put_parent(t, 2 + i, 1, i);
	}
	put_pivot(t, 1, 0, 0x2fff);
	put_pivot(t, 1, 1, 0xffff);
	tiny_put64(t->tiny, node(1) + ARANGE_END, 2);

	put_range(t, 2, 0, 0xfff, 0);
	put_range(t, 2, 1, 0x1fff, POINTER);
	put_range(t, 2, 2, 0x2fff, 0);
	tiny_put64(t->tiny, node(2) + RANGE_END, 2);

	put_range(t, 3, 0, 0x3fff, POINTER + 0x10);
	put_range(t, 3, 1, 0, ZERO);
	tiny_put64(t->tiny, node(3) + RANGE_END, 1);

	for (u32 i = 0; i < 16; i++)
		put_range(t, 4, i, 0x100ff + 0x100 * i, POINTER + 0x100 + i * 8);
}

static bool note(void *ctx, const struct maple_tree_entry *e)
{
	struct walked *w = ctx;

	assert_true(w->count < ARRAY_SIZE(w->entries));
	memcpy(w->paths[w->count], e->path, e->depth);
	w->entries[w->count++] = *e;
	return w->count != w->limit;
}

static bool note_node(void *ctx, const struct maple_tree_node *n)
{
	struct walked *w = ctx;

	assert_true(w->num_nodes < ARRAY_SIZE(w->nodes));
	w->nodes[w->num_nodes++] = *n;
	return true;
}

static bool check_node(void *ctx, const struct maple_tree_node *n)
{
	struct walked *w = ctx;

	if (w->num_nodes++ == 0) {
		assert_true(n->parent == (TINY(TREE) | 1));
		assert_int_equal(n->max_slots, 10);
		assert_int_equal(n->num_pivots, 9);
		assert_int_equal(n->pivots[1], 0xffff);
		assert_true(n->slots[2] == node_entry(4, MAPLE_TREE_LEAF_64));
		assert_int_equal(n->slots[9], 0);
	}
	return true;
}

static struct err *walk(struct typed_kernel *t, struct walked *w)
{
	const struct maple_tree_visitor v = {.entry = note, .node = note_node, .ctx = w};

	return maple_tree_each(t->tiny->k, TINY(TREE), &v);
}

static void ranges_come_in_order_with_their_path(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 18);
	assert_int_equal(w.entries[0].first, 0x1000);
	assert_int_equal(w.entries[0].last, 0x1fff);
	assert_true(w.entries[0].entry == POINTER);
	assert_int_equal(w.entries[0].depth, 2);
	assert_int_equal(w.paths[0][0], 0);
	assert_int_equal(w.paths[0][1], 1);
	assert_int_equal(w.entries[1].first, 0x3000);
	assert_int_equal(w.entries[2].first, 0x10000);
}

static void the_last_slot_of_a_full_node_ends_with_the_node(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.entries[17].first, 0x10f00);
	assert_true(w.entries[17].last == UINT64_MAX);
	assert_int_equal(w.paths[17][1], 15);
}

static void nodes_come_in_front_of_what_is_in_them(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.num_nodes, 4);
	assert_int_equal(w.nodes[0].type, MAPLE_TREE_ARANGE_64);
	assert_int_equal(w.nodes[0].num_slots, 3);
	assert_true(w.nodes[0].last == UINT64_MAX);
	assert_int_equal(w.nodes[1].type, MAPLE_TREE_LEAF_64);
	assert_int_equal(w.nodes[1].num_slots, 3);
	assert_int_equal(w.nodes[2].first, 0x3000);
	assert_int_equal(w.nodes[2].last, 0xffff);
	assert_int_equal(w.nodes[3].num_slots, 16);
}

static void gaps_are_told_if_wanted_and_nodes_as_they_lie_there(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};
	const struct maple_tree_visitor v = {
		.entry = note, .node = check_node, .with_gaps = true, .ctx = &w};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(maple_tree_each(t->tiny->k, TINY(TREE), &v));
	assert_int_equal(w.count, 20);
	assert_int_equal(w.entries[0].first, 0);
	assert_int_equal(w.entries[0].last, 0xfff);
	assert_true(w.entries[0].entry == 0);
	assert_int_equal(w.num_nodes, 4);
}

static void a_full_node_can_end_with_its_last_pivot(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_pivot(t, 4, 14, UINT64_MAX);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 17);
	assert_int_equal(w.nodes[3].num_slots, 15);
}

static void the_root_can_be_the_only_entry(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_root(t, POINTER);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 1);
	assert_int_equal(w.entries[0].depth, 0);
	assert_int_equal(w.entries[0].last, 0);
}

static void a_tree_can_be_empty(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 0);
}

static void a_dense_node_has_an_entry_per_index(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_root(t, node_entry(1, MAPLE_TREE_DENSE) | 2);
	put_parent(t, 1, 0, 0);
	put_slot(t, 1, 8, 0, POINTER);
	put_slot(t, 1, 8, 30, 5 << 1 | 1);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 2);
	assert_int_equal(w.entries[1].first, 30);
	assert_int_equal(w.entries[1].last, 30);
	assert_true(w.entries[1].is_value);
	assert_int_equal(w.entries[1].value, 5);
}

static void a_part_of_a_tree_can_be_walked(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.limit = 2};
	const struct maple_tree_visitor v = {.entry = note, .ctx = &w};

	put_two_levels(t);
	typed_kernel_open(t);
	assert_success(
		maple_tree_each_below(t->tiny->k, node_entry(4, MAPLE_TREE_LEAF_64), &v));
	assert_int_equal(w.count, 2);
	assert_int_equal(w.entries[0].last, 0x100ff);
}

static void a_cycle_is_told_and_the_rest_still_comes(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, ARANGE_SLOTS, 0, node_entry(1, MAPLE_TREE_ARANGE_64));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "hangs below 0xffffffff8000d900");
	assert_int_equal(w.count, 17);
}

static void a_node_in_another_slot_than_it_says_is_left_out(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, ARANGE_SLOTS, 0, node_entry(4, MAPLE_TREE_LEAF_64));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "it is slot 2 of its parent");
	assert_int_equal(w.count, 17);
}

static void pivots_outside_of_their_node_end_it(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_pivot(t, 4, 2, 0xfff);
	put_pivot(t, 2, 1, 0x3000);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "slot 1 ends at 0x3000");
	assert_int_equal(w.count, 3);
}

static void a_node_of_no_known_type_is_refused(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, ARANGE_SLOTS, 1, TINY(node(3)) | 9 << 3 | 4);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_UNSUPPORTED, "not known, 9");
	assert_int_equal(w.count, 17);
}

static void more_slots_than_a_node_has_are_refused(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	tiny_put64(t->tiny, node(2) + RANGE_END, 200);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "last slot is 200 of 16");
	assert_int_equal(w.count, 17);
}

static void a_node_outside_of_memory_is_told_with_its_address(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, ARANGE_SLOTS, 1, TINY(0x7000000) | 0xc);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_FAULT, "maple_node at 0xffffffff87000000");
	assert_int_equal(w.count, 17);
}

static void what_is_no_node_below_a_node_is_told(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_two_levels(t);
	put_slot(t, 1, ARANGE_SLOTS, 0, 0x123);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "is no node below it");
	assert_int_equal(w.count, 17);
}

static void a_kernel_without_such_trees_is_told(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct walked w = {.count = 0};

	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_ABSENT, "maple_tree with ma_root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_come_in_order_with_their_path),
		cmocka_unit_test(the_last_slot_of_a_full_node_ends_with_the_node),
		cmocka_unit_test(nodes_come_in_front_of_what_is_in_them),
		cmocka_unit_test(gaps_are_told_if_wanted_and_nodes_as_they_lie_there),
		cmocka_unit_test(a_full_node_can_end_with_its_last_pivot),
		cmocka_unit_test(the_root_can_be_the_only_entry),
		cmocka_unit_test(a_tree_can_be_empty),
		cmocka_unit_test(a_dense_node_has_an_entry_per_index),
		cmocka_unit_test(a_part_of_a_tree_can_be_walked),
		cmocka_unit_test(a_cycle_is_told_and_the_rest_still_comes),
		cmocka_unit_test(a_node_in_another_slot_than_it_says_is_left_out),
		cmocka_unit_test(pivots_outside_of_their_node_end_it),
		cmocka_unit_test(a_node_of_no_known_type_is_refused),
		cmocka_unit_test(more_slots_than_a_node_has_are_refused),
		cmocka_unit_test(a_node_outside_of_memory_is_told_with_its_address),
		cmocka_unit_test(what_is_no_node_below_a_node_is_told),
		cmocka_unit_test(a_kernel_without_such_trees_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
