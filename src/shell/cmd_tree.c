/* tree: red-black trees, XArrays (radix trees) and maple trees. */
#include "shell/entries.h"

#include "base/str.h"
#include "kernel/maple_tree.h"
#include "kernel/rbtree.h"
#include "kernel/xarray.h"

#include <string.h>

enum tree_type { TREE_RB, TREE_XARRAY, TREE_MAPLE };

struct request {
	enum tree_type type;
	u64 start;
	u64 root_offset; /* -r: of the tree in what is at start */
	u64 node_offset; /* -o: of the rb_node in an entry */
	bool is_node;	 /* -N: start is a node */
	bool is_sorted;	 /* -l */
	bool with_place; /* -p */
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
	default:
		q->is_node = true;
		return NULL;
	}
}

static struct err *check_request(const struct request *q)
{
	static const char *const names[] = {
		[TREE_XARRAY] = "XArrays and radix trees", [TREE_MAPLE] = "maple trees"};

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

	while (!(err = shell_option(w, "t:r:o:s:S:xdlpN", &option)) && option) {
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
		"-[x|d] [-o offset] [-l] [-p] [-N] start",
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
		"    -N         start is not a root but what a root points to.\n"
		"    -x, -d     numbers in hexadecimal, decimal.\n\n"
		"A part of a tree that is broken or missing is left out, which is told at the\n"
		"end.",
	.run = run,
};
