#include "kernel/rbtree.h"

#include "kernel/field.h"

#define COLOUR_BITS 3u /* of __rb_parent_color, not part of the address */

struct walk {
	struct kernel *k;
	u64 parent, left, right; /* in struct rb_node */
	enum rbtree_order order;
	bool (*each)(void *ctx, const struct rbtree_place *p);
	void *ctx;
	vaddr_t top;	     /* where the walk began */
	bool top_has_parent; /* which is not looked at */
	u32 count;
	struct err *err; /* the first one */
	u8 path[RBTREE_MAX_DEPTH];
};

struct node {
	vaddr_t addr, left, right;
};

static void remember(struct walk *w, struct err *err)
{
	if (!w->err)
		w->err = err;
	else
		err_ignore(err);
}

static struct err *read_layout(struct walk *w)
{
	struct field parent, left, right;
	struct err *err = field_get(w->k, "rb_node", "__rb_parent_color", &parent);

	if (!err)
		err = field_get(w->k, "rb_node", "rb_left", &left);
	if (!err)
		err = field_get(w->k, "rb_node", "rb_right", &right);
	if (err)
		return err;
	w->parent = parent.offset;
	w->left = left.offset;
	w->right = right.offset;
	return NULL;
}

/* That a node names the one we come from as its parent is what makes walks end: it can do
 * so for one only. */
static struct err *check_node(const struct walk *w, const struct node *n, u64 said_parent,
			      vaddr_t parent, unsigned depth)
{
	if (depth && n->addr == w->top)
		return err_new(ERR_BAD_DATA, "the tree leads back to its top");
	if (said_parent != parent && (depth || !w->top_has_parent))
		return err_new(ERR_BAD_DATA,
			       "its parent is 0x%llx, but it hangs below 0x%llx",
			       (unsigned long long)said_parent, (unsigned long long)parent);
	if (n->left && n->left == n->right)
		return err_new(ERR_BAD_DATA, "0x%llx is both of its children",
			       (unsigned long long)n->left);
	return NULL;
}

static struct err *read_node(const struct walk *w, vaddr_t addr, vaddr_t parent,
			     unsigned depth, struct node *ret)
{
	struct node n = {.addr = addr};
	u64 said_parent = 0;
	struct err *err = NULL;

	if (addr & COLOUR_BITS)
		err = err_new(ERR_BAD_DATA, "an odd address, in 0x%llx",
			      (unsigned long long)parent);
	if (!err)
		err = kernel_read_ptr(w->k, addr + w->parent, &said_parent);
	if (!err)
		err = kernel_read_ptr(w->k, addr + w->left, &n.left);
	if (!err)
		err = kernel_read_ptr(w->k, addr + w->right, &n.right);
	if (!err)
		err = check_node(w, &n, said_parent & ~(u64)COLOUR_BITS, parent, depth);
	if (err)
		return err_wrap(err, "rb_node at 0x%llx", (unsigned long long)addr);
	*ret = n;
	return NULL;
}

static bool tell(struct walk *w, vaddr_t node, unsigned depth)
{
	const struct rbtree_place place = {.node = node, .depth = depth, .path = w->path};

	if (++w->count > RBTREE_MAX_NODES) {
		remember(w,
			 err_new(ERR_INCOMPLETE, "more than %u nodes", RBTREE_MAX_NODES));
		return false;
	}
	return w->each(w->ctx, &place);
}

/* False: the walk is over. */
static bool walk_below(struct walk *w, vaddr_t addr, vaddr_t parent, unsigned depth)
{
	struct node n = {.addr = addr};
	struct err *err;

	if (!addr)
		return true;
	if (depth == RBTREE_MAX_DEPTH)
		err = err_new(ERR_BAD_DATA, "rb_node at 0x%llx: deeper than %d nodes",
			      (unsigned long long)addr, RBTREE_MAX_DEPTH);
	else
		err = read_node(w, addr, parent, depth, &n);
	if (err) {
		remember(w, err);
		return true;
	}
	if (w->order == RBTREE_TOP_DOWN && !tell(w, addr, depth))
		return false;
	w->path[depth] = 0;
	if (!walk_below(w, n.left, addr, depth + 1))
		return false;
	if (w->order == RBTREE_SORTED && !tell(w, addr, depth))
		return false;
	w->path[depth] = 1;
	return walk_below(w, n.right, addr, depth + 1);
}

static struct err *walk(struct kernel *k, vaddr_t top, bool top_has_parent,
			enum rbtree_order order,
			bool (*each)(void *ctx, const struct rbtree_place *p), void *ctx)
{
	struct walk w = {.k = k,
			 .order = order,
			 .each = each,
			 .ctx = ctx,
			 .top = top,
			 .top_has_parent = top_has_parent};
	struct err *err = read_layout(&w);

	if (err)
		return err;
	(void)walk_below(&w, top, 0, 0);
	return w.err;
}

struct err *rbtree_each(struct kernel *k, vaddr_t root, enum rbtree_order order,
			bool (*each)(void *ctx, const struct rbtree_place *p), void *ctx)
{
	struct field f;
	vaddr_t top;
	struct err *err = field_get(k, "rb_root", "rb_node", &f);

	if (!err)
		err = kernel_read_ptr(k, root + f.offset, &top);
	if (!err)
		err = walk(k, top, false, order, each, ctx);
	return err_wrap(err, "red-black tree at 0x%llx", (unsigned long long)root);
}

struct err *rbtree_each_below(struct kernel *k, vaddr_t node, enum rbtree_order order,
			      bool (*each)(void *ctx, const struct rbtree_place *p),
			      void *ctx)
{
	return walk(k, node, true, order, each, ctx);
}
