/* Walks of red-black trees, whole and broken. */
#include "kernel/rbtree.h"

#include "kernel/typed_kernel.h"

enum {
	ROOT = 0xd700, /* struct rb_root */
	NODES = 0xd800,
	NODE_SIZE = 0x20,
};

struct walked {
	u32 nodes[64];
	char paths[64][8];
	unsigned count, limit;
};

/* Node @i of the tests. */
static u32 node(u32 i)
{
	return NODES + i * NODE_SIZE;
}

static u64 pointer(u32 i)
{
	return i ? TINY(node(i)) : 0;
}

/* 0 is none; the node is black. */
static void put_node(struct typed_kernel *t, u32 i, u32 parent, u32 left, u32 right)
{
	tiny_put64(t->tiny, node(i), pointer(parent) | 1);
	tiny_put64(t->tiny, node(i) + 8, pointer(right));
	tiny_put64(t->tiny, node(i) + 16, pointer(left));
}

/* A root, whose top is node 1. */
static struct typed_kernel *new_tree(void)
{
	struct typed_kernel *t = typed_kernel_new();
	u32 word, pointer_type;

	word = btf_bytes_int(&t->base, "u64", 8);
	btf_bytes_type(&t->base, "rb_node", BTF_STRUCT, 3, 0, 24);
	pointer_type = t->base.num_types;
	btf_bytes_member(&t->base, "__rb_parent_color", word, 0);
	btf_bytes_member(&t->base, "rb_right", word, 64);
	btf_bytes_member(&t->base, "rb_left", word, 128);
	btf_bytes_type(&t->base, "", BTF_PTR, 0, 0, pointer_type);
	btf_bytes_type(&t->base, "rb_root", BTF_STRUCT, 1, 0, 8);
	btf_bytes_member(&t->base, "rb_node", word, 0);
	typed_kernel_put_btf(t);
	tiny_put64(t->tiny, ROOT, pointer(1));
	return t;
}

/*        1
 *    2       3
 *  4   5   6
 */
static void put_six(struct typed_kernel *t)
{
	put_node(t, 1, 0, 2, 3);
	put_node(t, 2, 1, 4, 5);
	put_node(t, 3, 1, 6, 0);
	put_node(t, 4, 2, 0, 0);
	put_node(t, 5, 2, 0, 0);
	put_node(t, 6, 3, 0, 0);
}

static bool note(void *ctx, const struct rbtree_place *p)
{
	struct walked *w = ctx;

	assert_true(w->count < ARRAY_SIZE(w->nodes));
	for (unsigned i = 0; i < p->depth && i < 7; i++)
		w->paths[w->count][i] = p->path[i] ? 'r' : 'l';
	w->nodes[w->count++] = (u32)(p->node - TINY(NODES)) / NODE_SIZE;
	return w->count != w->limit;
}

static bool count(void *ctx, const struct rbtree_place *p)
{
	struct walked *w = ctx;

	w->count++;
	return true;
}

static void assert_nodes(const struct walked *w, const u32 *expected, unsigned num)
{
	assert_int_equal(w->count, num);
	for (unsigned i = 0; i < num; i++)
		assert_int_equal(w->nodes[i], expected[i]);
}
#define ASSERT_NODES(w, ...)                                                               \
	assert_nodes(w, (const u32[]){__VA_ARGS__},                                        \
		     sizeof((const u32[]){__VA_ARGS__}) / sizeof(u32))

static struct err *walk(struct typed_kernel *t, struct walked *w)
{
	return rbtree_each(t->tiny->k, TINY(ROOT), RBTREE_SORTED, note, w);
}

static void nodes_come_from_left_to_right(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	ASSERT_NODES(&w, 4, 2, 5, 1, 6, 3);
	assert_string_equal(w.paths[0], "ll");
	assert_string_equal(w.paths[3], "");
	assert_string_equal(w.paths[4], "rl");
}

static void nodes_come_from_the_top_down(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	typed_kernel_open(t);
	assert_success(rbtree_each(t->tiny->k, TINY(ROOT), RBTREE_TOP_DOWN, note, &w));
	ASSERT_NODES(&w, 1, 2, 4, 5, 3, 6);
}

static void a_part_of_a_tree_can_be_walked(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	typed_kernel_open(t);
	assert_success(
		rbtree_each_below(t->tiny->k, TINY(node(2)), RBTREE_SORTED, note, &w));
	ASSERT_NODES(&w, 4, 2, 5);
}

static void a_tree_can_be_empty(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	tiny_put64(t->tiny, ROOT, 0);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	assert_int_equal(w.count, 0);
}

static void a_walk_ends_when_its_visitor_says_so(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.limit = 2};

	put_six(t);
	typed_kernel_open(t);
	assert_success(walk(t, &w));
	ASSERT_NODES(&w, 4, 2);
}

static void a_cycle_is_told_and_the_rest_still_comes(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	put_node(t, 4, 2, 2, 1);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "hangs below");
	ASSERT_NODES(&w, 4, 2, 5, 1, 6, 3);
}

static void a_cycle_through_the_start_of_a_part_is_told(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	put_node(t, 2, 5, 4, 5);
	put_node(t, 5, 2, 0, 2);
	typed_kernel_open(t);
	assert_failure(
		rbtree_each_below(t->tiny->k, TINY(node(2)), RBTREE_SORTED, note, &w),
		ERR_BAD_DATA, "leads back");
	ASSERT_NODES(&w, 4, 2, 5);
}

static void a_node_is_not_both_children(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	put_node(t, 2, 1, 4, 4);
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_BAD_DATA, "both of its children");
	ASSERT_NODES(&w, 1, 6, 3);
}

static void a_node_outside_of_memory_is_told_with_its_address(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	put_six(t);
	tiny_put64(t->tiny, node(2) + 16, TINY(0x7000000));
	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_FAULT, "rb_node at 0xffffffff87000000");
	ASSERT_NODES(&w, 2, 5, 1, 6, 3);
}

static void a_tree_deeper_than_any_is_cut(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = new_tree();
	struct walked w = {.count = 0};

	for (u32 i = 1; i <= 129; i++)
		put_node(t, i, i - 1, 0, i == 129 ? 0 : i + 1);
	typed_kernel_open(t);
	assert_failure(rbtree_each(t->tiny->k, TINY(ROOT), RBTREE_SORTED, count, &w),
		       ERR_BAD_DATA, "deeper than 128");
	assert_int_equal(w.count, 128);
}

static void without_types_it_says_which_is_missing(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct walked w = {.count = 0};

	typed_kernel_open(t);
	assert_failure(walk(t, &w), ERR_ABSENT, "rb_root with rb_node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_come_from_left_to_right),
		cmocka_unit_test(nodes_come_from_the_top_down),
		cmocka_unit_test(a_part_of_a_tree_can_be_walked),
		cmocka_unit_test(a_tree_can_be_empty),
		cmocka_unit_test(a_walk_ends_when_its_visitor_says_so),
		cmocka_unit_test(a_cycle_is_told_and_the_rest_still_comes),
		cmocka_unit_test(a_cycle_through_the_start_of_a_part_is_told),
		cmocka_unit_test(a_node_is_not_both_children),
		cmocka_unit_test(a_node_outside_of_memory_is_told_with_its_address),
		cmocka_unit_test(a_tree_deeper_than_any_is_cut),
		cmocka_unit_test(without_types_it_says_which_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
