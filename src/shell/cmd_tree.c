/* tree: red-black trees, XArrays (radix trees) and maple trees. */
#include "shell/entries.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/maple_tree.h"
#include "kernel/rbtree.h"
#include "kernel/xarray.h"

#include <string.h>

/* Of ma_flags: include/linux/maple_tree.h. */
#define MAPLE_HEIGHT	   0x7cu
#define MAPLE_HEIGHT_SHIFT 2

enum tree_type { TREE_RB, TREE_XARRAY, TREE_MAPLE };

struct request {
	enum tree_type type;
	u64 start;
	u64 root_offset; /* -r: of the tree in what is at start */
	u64 node_offset; /* -o: of the rb_node in an entry */
	bool is_node;	 /* -N: start is a node */
	bool is_sorted;	 /* -l */
	bool with_place; /* -p */
	bool with_nodes; /* -v */
	struct entry_view view;
};

/* While a tree is walked. */
struct walk {
	struct shell *s;
	const struct request *q;
	struct err *err;
	u64 count;
};

static const struct {
	const char *name;
	size_t least; /* letters that it can be shortened to */
	enum tree_type type;
} tree_types[] = {
	{"rbtree", 2, TREE_RB},
	{"radix", 2, TREE_XARRAY},
	{"xarray", 1, TREE_XARRAY},
	{"maple", 1, TREE_MAPLE},
};

static struct err *find_type(const char *word, enum tree_type *ret)
{
	const size_t len = strlen(word);

	for (size_t i = 0; i < ARRAY_SIZE(tree_types); i++) {
		if (len < tree_types[i].least ||
		    strncmp(word, tree_types[i].name, len) != 0)
			continue;
		*ret = tree_types[i].type;
		return NULL;
	}
	return err_new(ERR_USAGE, "invalid tree type: %s", word);
}

/* ---- entries ---- */

static void print_slots(struct walk *w, u64 index, unsigned depth, const u8 *path)
{
	struct buf *b = shell_out(w->s);

	buf_printf(b, "  index: %llu  position: %s", (unsigned long long)index,
		   depth ? "root" : "direct/0");
	for (unsigned i = 0; i < depth; i++)
		buf_printf(b, "/%u", path[i]);
	buf_add_char(b, '\n');
}

/* False: no more of them. */
static bool end_entry(struct walk *w, u64 addr)
{
	w->err = entry_view_print(w->s, &w->q->view, addr);
	shell_flush(w->s);
	return !w->err && !shell_is_over(w->s);
}

static bool print_rb_node(void *ctx, const struct rbtree_place *p)
{
	struct walk *w = ctx;
	const u64 addr = p->node - w->q->node_offset;
	struct buf *b = shell_out(w->s);

	buf_printf(b, "%llx\n", (unsigned long long)addr);
	if (w->q->with_place) {
		buf_add_str(b, "  position: root");
		for (unsigned i = 0; i < p->depth; i++)
			buf_add_str(b, p->path[i] ? "/r" : "/l");
		buf_add_char(b, '\n');
	}
	return end_entry(w, addr);
}

static bool print_xarray_entry(void *ctx, const struct xarray_entry *e)
{
	struct walk *w = ctx;

	buf_printf(shell_out(w->s), "%llx\n", (unsigned long long)e->entry);
	if (w->q->with_place)
		print_slots(w, e->index, e->depth, e->path);
	return end_entry(w, e->entry);
}

/* The index is the number of the entry: what crash calls so. */
static bool print_maple_entry(void *ctx, const struct maple_tree_entry *e)
{
	struct walk *w = ctx;

	w->count++;
	buf_printf(shell_out(w->s), "%llx\n", (unsigned long long)e->entry);
	if (w->q->with_place)
		print_slots(w, w->count, e->depth, e->path);
	return end_entry(w, e->entry);
}

/* ---- -v: the nodes of maple trees, as the kernel's own debugging prints them ---- */

static void add_pointer(struct buf *b, u64 value)
{
	buf_printf(b, value ? "0x%llx" : "(nil)", (unsigned long long)value);
}

static void add_range(struct buf *b, unsigned depth, u64 first, u64 last)
{
	buf_printf(b, "%*s%llu", 2 * (int)depth, "", (unsigned long long)first);
	if (first != last)
		buf_printf(b, "-%llu", (unsigned long long)last);
	buf_add_str(b, ": ");
}

/* The gaps of arange_64, and what it says of its last slot and its largest gap. */
static void add_gaps(struct shell *s, struct buf *b, const struct maple_tree_node *n)
{
	const struct field gaps = field_find(s->k, "maple_arange_64", "gap");
	const struct field end = field_find(s->k, "maple_arange_64", "meta.end");
	const struct field largest = field_find(s->k, "maple_arange_64", "meta.gap");
	u64 value = 0;

	for (u64 i = 0; gaps.present && i < min_u64(gaps.count, n->max_slots); i++) {
		err_ignore(kernel_read_u64(s->k, n->addr + gaps.offset + 8 * i, &value));
		buf_printf(b, "%llu ", (unsigned long long)value);
	}
	err_ignore(field_read(s->k, n->addr, &end, &value));
	buf_printf(b, "| %02llX ", (unsigned long long)value & 0xff);
	err_ignore(field_read(s->k, n->addr, &largest, &value));
	buf_printf(b, "%02llX| ", (unsigned long long)value & 0xff);
}

static bool print_maple_node(void *ctx, const struct maple_tree_node *n)
{
	struct walk *w = ctx;
	struct buf *b = shell_out(w->s);

	add_range(b, n->depth, n->first, n->last);
	buf_printf(b, "node 0x%llx depth %u type %d parent 0x%llx contents: ",
		   (unsigned long long)n->addr, n->depth, (int)n->type,
		   (unsigned long long)n->parent);
	if (n->type == MAPLE_TREE_ARANGE_64)
		add_gaps(w->s, b, n);
	for (unsigned i = 0; i < n->max_slots; i++) {
		add_pointer(b, n->slots[i]);
		if (i < n->num_pivots)
			buf_printf(b, " %llu ", (unsigned long long)n->pivots[i]);
	}
	buf_add_char(b, '\n');
	shell_flush(w->s);
	return !shell_is_over(w->s);
}

static bool print_maple_range(void *ctx, const struct maple_tree_entry *e)
{
	struct walk *w = ctx;
	struct buf *b = shell_out(w->s);

	add_range(b, e->depth, e->first, e->last);
	if (e->is_value)
		buf_printf(b, "value %llu (0x%llx) [0x%llx]\n",
			   (unsigned long long)e->value, (unsigned long long)e->value,
			   (unsigned long long)e->entry);
	else
		buf_printf(b, "0x%llx\n", (unsigned long long)e->entry);
	shell_flush(w->s);
	return !shell_is_over(w->s);
}

static void print_maple_root(struct shell *s, u64 tree)
{
	u64 flags, root;
	struct err *err = field_read_by_name(s->k, tree, "maple_tree", "ma_flags", &flags);

	if (!err)
		err = field_read_by_name(s->k, tree, "maple_tree", "ma_root", &root);
	if (!err)
		buf_printf(shell_out(s),
			   "maple_tree(%llx) flags %llX, height %llu root 0x%llx\n\n",
			   (unsigned long long)tree, (unsigned long long)flags,
			   (unsigned long long)(flags & MAPLE_HEIGHT) >> MAPLE_HEIGHT_SHIFT,
			   (unsigned long long)root);
	/* The walk will say the same. */
	err_ignore(err);
}

static struct err *print_nodes(struct walk *w, u64 root)
{
	const struct maple_tree_visitor v = {.entry = print_maple_range,
					     .node = print_maple_node,
					     .with_gaps = true,
					     .ctx = w};

	if (w->q->is_node)
		return maple_tree_each_below(w->s->k, root, &v);
	print_maple_root(w->s, root);
	return maple_tree_each(w->s->k, root, &v);
}

static struct err *print_tree(struct shell *s, const struct request *q)
{
	struct walk w = {.s = s, .q = q};
	const struct maple_tree_visitor v = {.entry = print_maple_entry, .ctx = &w};
	const enum rbtree_order order = q->is_sorted ? RBTREE_SORTED : RBTREE_TOP_DOWN;
	const u64 root = q->start + q->root_offset;
	struct err *err;

	if (q->type == TREE_RB)
		err = q->is_node ? rbtree_each_below(s->k, root, order, print_rb_node, &w)
				 : rbtree_each(s->k, root, order, print_rb_node, &w);
	else if (q->type == TREE_XARRAY)
		err = q->is_node ? xarray_each_below(s->k, root, print_xarray_entry, &w)
				 : xarray_each(s->k, root, print_xarray_entry, &w);
	else if (q->with_nodes)
		err = print_nodes(&w, root);
	else
		err = q->is_node ? maple_tree_each_below(s->k, root, &v)
				 : maple_tree_each(s->k, root, &v);
	if (w.err) {
		err_ignore(err);
		return w.err;
	}
	return err;
}

/* ---- the command line ---- */

static struct err *take_option(struct shell *s, struct request *q, char option,
			       const char *value)
{
	switch (option) {
	case 't':
		return find_type(value, &q->type);
	case 'r':
		return entry_offset(s, value, 'r', &q->root_offset);
	case 'o':
		return entry_offset(s, value, 'o', &q->node_offset);
	case 's':
	case 'S':
		return entry_view_add(&q->view, value, option == 'S');
	case 'x':
	case 'd':
		q->view.text.hex = option == 'x';
		return NULL;
	case 'l':
		q->is_sorted = true;
		return NULL;
	case 'p':
		q->with_place = true;
		return NULL;
	case 'v':
		q->with_nodes = true;
		return NULL;
	default:
		q->is_node = true;
		return NULL;
	}
}

static struct err *check_request(const struct request *q)
{
	static const char *const names[] = {
		[TREE_XARRAY] = "XArrays and radix trees", [TREE_MAPLE] = "maple trees"};

	if (q->with_nodes && q->type != TREE_MAPLE)
		return err_new(ERR_REFUSED, "-v option is applicable to maple trees only");
	if (q->type == TREE_RB || (!q->is_sorted && !q->node_offset))
		return NULL;
	return err_new(ERR_REFUSED, "-%c option is not applicable to %s",
		       q->is_sorted ? 'l' : 'o', names[q->type]);
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.view = {.text = {.hex = s->radix == 16}}};
	char option;
	struct err *err;

	while (!(err = shell_option(w, "t:r:o:s:S:xdlpvN", &option)) && option) {
		err = take_option(s, &q, option, w->value);
		if (err)
			return err;
	}
	if (!err && !w->num_operands)
		err = err_new(ERR_USAGE, "a starting address is required");
	if (!err)
		err = shell_check_operands(w, 1, 1);
	if (!err)
		err = check_request(&q);
	if (!err)
		err = shell_address(s, w->words[0], &q.start);
	if (!err && !q.start)
		err = err_new(ERR_REFUSED, "invalid start argument: %s", w->words[0]);
	return err ? err : print_tree(s, &q);
}

const struct shell_command shell_cmd_tree = {
	.name = "tree",
	.synopsis =
		"[-t [radix|xarray|rbtree|maple]] [-r offset] [-[s|S] struct[.member[,member]]]\n"
		"-[x|d] [-o offset] [-l] [-p] [-v] [-N] start",
	.summary = "radix tree, XArray, red-black tree or maple tree",
	.help = "Show the address of each entry of a tree. start is the address or symbol of\n"
		"its root: a struct rb_root (or rb_root_cached), xarray, radix_tree_root, idr\n"
		"or maple_tree. Offsets are a number of bytes, or a member such as\n"
		"mm_struct.mm_mt.\n\n"
		"    -t type    the type of the tree: rbtree (rb), which is meant without -t;\n"
		"               radix (ra) and xarray (x), which are the same; maple (m).\n"
		"    -r offset  start is a structure that holds the root, at this offset.\n"
		"    -o offset  of the rb_node in an entry; red-black trees only.\n"
		"    -s struct  also show each entry as this structure, or members of it.\n"
		"    -S struct  the same with members as plain numbers.\n"
		"    -l         sorted, not from the top down; red-black trees only.\n"
		"    -p         with the position of each entry: the way from the root, and\n"
		"               the index in an XArray, the number of the entry in a maple\n"
		"               tree.\n"
		"    -v         the nodes of a maple tree and all its ranges, gaps included.\n"
		"    -N         start is not a root but what a root points to.\n"
		"    -x, -d     numbers in hexadecimal, decimal.\n\n"
		"A part of a tree that is broken or missing is left out, which is told at the\n"
		"end.",
	.run = run,
};
