#include "kernel/maple_tree.h"

#include "kernel/field.h"

#define NODE_SIZE      256
#define NODE_MASK      (NODE_SIZE - 1u) /* of a pointer to a node: what is no address */
#define MAX_SLOTS      (NODE_SIZE / 8 - 1)
#define TYPE_SHIFT     3 /* in a pointer to a node */
#define TYPE_MASK      15u
#define SLOT_SHIFT     3 /* in a pointer to the parent */
#define SLOT_MASK      31u
#define PARENT_IS_ROOT 1u   /* the rest of it is a struct maple_tree */
#define FIRST_NODE     4096 /* internal entries above point to nodes */

struct layout {
	u64 number; /* of the type, in a pointer to a node */
	u64 pivots, slots;
	unsigned num_pivots, num_slots;
	bool has_end;
	u64 end; /* u8: the last slot in use */
};

struct walk {
	struct kernel *k;
	struct layout layouts[MAPLE_TREE_NUM_TYPES];
	u64 parent; /* in a node */
	const struct maple_tree_visitor *v;
	bool top_has_parent; /* which is not looked at */
	u32 count;
	struct err *err; /* the first one */
	u8 path[MAPLE_TREE_MAX_DEPTH];
};

struct node {
	vaddr_t addr;
	u64 parent;
	enum maple_tree_type type;
	u64 first, last;
	unsigned num_slots;
	u64 pivots[MAX_SLOTS], slots[MAX_SLOTS];
};

static bool is_internal(u64 entry)
{
	return (entry & 3) == 2;
}

static bool is_node(u64 entry)
{
	return is_internal(entry) && entry > FIRST_NODE;
}

/* What points from one node to another is not marked as internal, but has a bit that no
 * entry has. */
static bool is_inner_node(u64 entry)
{
	return (entry & 7) == 4 && entry > FIRST_NODE;
}

static void remember(struct walk *w, struct err *err)
{
	if (!w->err)
		w->err = err;
	else
		err_ignore(err);
}

/* ---- layout ---- */

/* An array of words in a node. */
static struct err *read_array(struct kernel *k, const char *type, const char *member,
			      u64 *ret_offset, unsigned *ret_count)
{
	struct field f;
	struct err *err = field_get(k, type, member, &f);

	if (err)
		return err;
	if (!f.count || f.count > MAX_SLOTS || f.offset > NODE_SIZE - 8 * f.count)
		return err_new(ERR_UNSUPPORTED, "struct %s with %llu of %s at %llu", type,
			       (unsigned long long)f.count, member,
			       (unsigned long long)f.offset);
	*ret_offset = f.offset;
	*ret_count = (unsigned)f.count;
	return NULL;
}

static struct err *read_node_layout(struct kernel *k, const char *type, struct layout *l)
{
	struct field end;
	struct err *err = read_array(k, type, "pivot", &l->pivots, &l->num_pivots);

	if (!err)
		err = read_array(k, type, "slot", &l->slots, &l->num_slots);
	if (err)
		return err;
	if (l->num_slots != l->num_pivots && l->num_slots != l->num_pivots + 1)
		return err_new(ERR_UNSUPPORTED, "struct %s with %u slots and %u pivots",
			       type, l->num_slots, l->num_pivots);
	end = field_find(k, type, "meta.end");
	l->has_end = end.present && end.offset < NODE_SIZE;
	l->end = end.offset;
	return NULL;
}

static struct err *read_layout(struct walk *w)
{
	static const char *const names[] = {"maple_dense", "maple_leaf_64",
					    "maple_range_64", "maple_arange_64"};
	struct layout *l = w->layouts;
	struct field parent;
	struct err *err = field_get(w->k, "maple_node", "parent", &parent);

	for (unsigned i = 0; !err && i < MAPLE_TREE_NUM_TYPES; i++)
		if (!constant_find(w->k, names[i], &l[i].number))
			l[i].number = i;
	if (!err)
		err = read_array(w->k, "maple_node", "slot", &l[MAPLE_TREE_DENSE].slots,
				 &l[MAPLE_TREE_DENSE].num_slots);
	if (!err)
		err = read_node_layout(w->k, "maple_range_64", &l[MAPLE_TREE_LEAF_64]);
	if (!err)
		err = read_node_layout(w->k, "maple_range_64", &l[MAPLE_TREE_RANGE_64]);
	if (!err)
		err = read_node_layout(w->k, "maple_arange_64", &l[MAPLE_TREE_ARANGE_64]);
	if (!err)
		w->parent = parent.offset;
	return err;
}

/* ---- nodes ---- */

static struct err *find_type(const struct walk *w, u64 pointer, enum maple_tree_type *ret)
{
	const u64 number = pointer >> TYPE_SHIFT & TYPE_MASK;

	for (unsigned i = 0; i < MAPLE_TREE_NUM_TYPES; i++) {
		if (w->layouts[i].number != number)
			continue;
		*ret = (enum maple_tree_type)i;
		return NULL;
	}
	return err_new(ERR_UNSUPPORTED, "a type of node that is not known, %llu",
		       (unsigned long long)number);
}

/* That a node names its parent and its place there is what makes walks end: it can do so
 * for one place only. */
static struct err *check_place(const struct walk *w, vaddr_t addr, vaddr_t parent,
			       unsigned slot, u64 *ret_said)
{
	vaddr_t said = 0;
	struct err *err = kernel_read_ptr(w->k, addr + w->parent, &said);

	*ret_said = said;
	if (err || (!parent && w->top_has_parent))
		return err;
	if (!parent)
		return said & PARENT_IS_ROOT
			       ? NULL
			       : err_new(ERR_BAD_DATA,
					 "its parent is 0x%llx, but it is the root",
					 (unsigned long long)said);
	if ((said & ~(u64)NODE_MASK) != parent)
		return err_new(ERR_BAD_DATA,
			       "its parent is 0x%llx, but it hangs below 0x%llx",
			       (unsigned long long)said, (unsigned long long)parent);
	if ((said >> SLOT_SHIFT & SLOT_MASK) != slot)
		return err_new(ERR_BAD_DATA,
			       "it is slot %llu of its parent, but lies in slot %u",
			       (unsigned long long)(said >> SLOT_SHIFT & SLOT_MASK), slot);
	return NULL;
}

/* How many slots are in use. A node of ranges that is not full says so where its last slot
 * would be. */
static struct err *count_slots(const struct walk *w, struct node *n)
{
	const struct layout *l = &w->layouts[n->type];
	const u64 pivot = l->num_pivots ? n->pivots[l->num_pivots - 1] : 0;
	struct err *err;
	u8 end;

	n->num_slots = l->num_slots;
	if (n->type == MAPLE_TREE_DENSE) {
		n->num_slots = (unsigned)min_u64(l->num_slots - 1, n->last - n->first) + 1;
		return NULL;
	}
	if (n->type != MAPLE_TREE_ARANGE_64 && pivot) {
		n->num_slots = pivot == n->last ? l->num_pivots : l->num_slots;
		return NULL;
	}
	if (!l->has_end)
		return NULL;
	err = kernel_read_u8(w->k, n->addr + l->end, &end);
	if (err)
		return err;
	if (end >= l->num_slots)
		return err_new(ERR_BAD_DATA, "its last slot is %u of %u", end,
			       l->num_slots);
	n->num_slots = end + 1u;
	return NULL;
}

static struct err *read_node(const struct walk *w, u64 pointer, u64 first, u64 last,
			     struct node *n)
{
	const struct layout *l;
	struct err *err;

	n->addr = pointer & ~(u64)NODE_MASK;
	n->first = first;
	n->last = last;
	err = find_type(w, pointer, &n->type);
	if (err)
		return err;
	l = &w->layouts[n->type];
	if (l->num_pivots)
		err = kernel_read_words(w->k, n->addr + l->pivots, n->pivots,
					l->num_pivots);
	if (!err)
		err = kernel_read_words(w->k, n->addr + l->slots, n->slots, l->num_slots);
	return err ? err : count_slots(w, n);
}

/* The last index of slot @i: no pivot, or none behind the first, is that of the node. */
static u64 slot_last(const struct walk *w, const struct node *n, unsigned i)
{
	if (n->type == MAPLE_TREE_DENSE)
		return n->first + i;
	if (i >= w->layouts[n->type].num_pivots || (i && !n->pivots[i]))
		return n->last;
	return n->pivots[i];
}

/* ---- the walk ---- */

static bool tell(struct walk *w, u64 entry, u64 first, u64 last, unsigned depth)
{
	const struct maple_tree_entry e = {
		.first = first,
		.last = last,
		.entry = entry,
		.is_value = entry & 1,
		.value = entry >> 1,
		.depth = depth,
		.path = w->path,
	};

	/* A gap, or reserved. */
	if (is_internal(entry) || (!entry && !w->v->with_gaps))
		return true;
	if (++w->count > MAPLE_TREE_MAX_ENTRIES) {
		remember(w, err_new(ERR_INCOMPLETE, "more than %u entries",
				    MAPLE_TREE_MAX_ENTRIES));
		return false;
	}
	return w->v->entry(w->v->ctx, &e);
}

static bool tell_node(struct walk *w, const struct node *n, unsigned depth)
{
	const struct layout *l = &w->layouts[n->type];
	const struct maple_tree_node node = {.addr = n->addr,
					     .type = n->type,
					     .first = n->first,
					     .last = n->last,
					     .num_slots = n->num_slots,
					     .depth = depth,
					     .path = w->path,
					     .parent = n->parent,
					     .pivots = n->pivots,
					     .slots = n->slots,
					     .num_pivots = l->num_pivots,
					     .max_slots = l->num_slots};

	return !w->v->node || w->v->node(w->v->ctx, &node);
}

static bool walk_node(struct walk *w, u64 pointer, vaddr_t parent, u64 first, u64 last,
		      unsigned depth);

static bool walk_slot(struct walk *w, const struct node *n, u64 entry, u64 first, u64 last,
		      unsigned depth)
{
	if (n->type == MAPLE_TREE_LEAF_64 || n->type == MAPLE_TREE_DENSE)
		return tell(w, entry, first, last, depth);
	if (is_inner_node(entry))
		return walk_node(w, entry, n->addr, first, last, depth);
	remember(w,
		 err_new(ERR_BAD_DATA, "maple_node at 0x%llx: 0x%llx is no node below it",
			 (unsigned long long)n->addr, (unsigned long long)entry));
	return true;
}

static bool walk_slots(struct walk *w, const struct node *n, unsigned depth)
{
	u64 first = n->first;

	for (unsigned i = 0; i < n->num_slots; i++) {
		const u64 last = slot_last(w, n, i);

		if (last < first || last > n->last) {
			remember(w, err_new(ERR_BAD_DATA,
					    "maple_node at 0x%llx: slot %u ends at 0x%llx, "
					    "which is not in 0x%llx…0x%llx",
					    (unsigned long long)n->addr, i,
					    (unsigned long long)last,
					    (unsigned long long)first,
					    (unsigned long long)n->last));
			return true;
		}
		w->path[depth] = (u8)i;
		if (!walk_slot(w, n, n->slots[i], first, last, depth + 1))
			return false;
		if (last == n->last)
			break;
		first = last + 1;
	}
	return true;
}

static bool walk_node(struct walk *w, u64 pointer, vaddr_t parent, u64 first, u64 last,
		      unsigned depth)
{
	const unsigned slot = depth ? w->path[depth - 1] : 0;
	const vaddr_t addr = pointer & ~(u64)NODE_MASK;
	struct node n;
	struct err *err = NULL;

	if (depth == MAPLE_TREE_MAX_DEPTH)
		err = err_new(ERR_BAD_DATA, "deeper than %d nodes", MAPLE_TREE_MAX_DEPTH);
	if (!err)
		err = check_place(w, addr, parent, slot, &n.parent);
	if (!err)
		err = read_node(w, pointer, first, last, &n);
	if (err) {
		remember(w,
			 err_wrap(err, "maple_node at 0x%llx", (unsigned long long)addr));
		return true;
	}
	return tell_node(w, &n, depth) && walk_slots(w, &n, depth);
}

static struct err *walk(struct kernel *k, u64 root, bool top_has_parent,
			const struct maple_tree_visitor *v)
{
	struct walk w = {.k = k, .v = v, .top_has_parent = top_has_parent};
	struct err *err = read_layout(&w);

	if (err)
		return err;
	if (is_node(root) || (top_has_parent && is_inner_node(root)))
		(void)walk_node(&w, root, 0, 0, UINT64_MAX, 0);
	else
		(void)tell(&w, root, 0, 0, 0);
	return w.err;
}

struct err *maple_tree_each(struct kernel *k, vaddr_t tree,
			    const struct maple_tree_visitor *v)
{
	struct field f;
	u64 root;
	struct err *err = field_get(k, "maple_tree", "ma_root", &f);

	if (!err)
		err = kernel_read_ptr(k, tree + f.offset, &root);
	if (!err)
		err = walk(k, root, false, v);
	return err_wrap(err, "maple tree at 0x%llx", (unsigned long long)tree);
}

struct err *maple_tree_each_below(struct kernel *k, u64 root,
				  const struct maple_tree_visitor *v)
{
	return walk(k, root, true, v);
}
