#include "kernel/xarray.h"

#include "kernel/field.h"

#define MAX_SLOTS   64	 /* of a node; 16 with CONFIG_BASE_SMALL */
#define MAX_SIBLING 62	 /* internal entries up to there say: see that slot */
#define FIRST_NODE  4096 /* internal entries above point to nodes */
#define INDEX_BITS  64

struct layout {
	u64 shift, offset, parent, slots;
	unsigned num_slots;
	unsigned slot_bits; /* log2 of that */
};

struct walk {
	struct kernel *k;
	struct layout layout;
	bool (*each)(void *ctx, const struct xarray_entry *e);
	void *ctx;
	bool top_has_parent; /* which is not looked at */
	u32 count;
	struct err *err; /* the first one */
	u8 path[XARRAY_MAX_DEPTH];
};

struct node {
	vaddr_t addr;
	unsigned shift;
	u64 slots[MAX_SLOTS];
};

/* Two low bits tell what an entry is: a pointer has none, a value the lowest; internal ones
 * have the other. */
static bool is_internal(u64 entry)
{
	return (entry & 3) == 2;
}

static bool is_node(u64 entry)
{
	return is_internal(entry) && entry > FIRST_NODE;
}

static bool is_sibling(u64 entry)
{
	return is_internal(entry) && entry >> 2 <= MAX_SIBLING;
}

static void remember(struct walk *w, struct err *err)
{
	if (!w->err)
		w->err = err;
	else
		err_ignore(err);
}

static struct err *read_layout(struct kernel *k, struct layout *ret)
{
	struct field shift, offset, parent, slots;
	struct err *err = field_get(k, "xa_node", "shift", &shift);

	if (!err)
		err = field_get(k, "xa_node", "offset", &offset);
	if (!err)
		err = field_get(k, "xa_node", "parent", &parent);
	if (!err)
		err = field_get(k, "xa_node", "slots", &slots);
	if (err)
		return err;
	if (slots.count < 2 || slots.count > MAX_SLOTS || slots.count & (slots.count - 1))
		return err_new(ERR_UNSUPPORTED, "a struct xa_node with %llu slots",
			       (unsigned long long)slots.count);
	*ret = (struct layout){.shift = shift.offset,
			       .offset = offset.offset,
			       .parent = parent.offset,
			       .slots = slots.offset,
			       .num_slots = (unsigned)slots.count,
			       .slot_bits = (unsigned)__builtin_ctzll(slots.count)};
	return NULL;
}

/* That a node names its parent and its place there is what makes walks end: it can do so
 * for one place only. */
static struct err *check_place(const struct walk *w, vaddr_t addr, vaddr_t parent,
			       unsigned slot)
{
	vaddr_t said_parent;
	u8 said_slot;
	struct err *err = kernel_read_ptr(w->k, addr + w->layout.parent, &said_parent);

	if (!err)
		err = kernel_read_u8(w->k, addr + w->layout.offset, &said_slot);
	if (err || (!parent && w->top_has_parent))
		return err;
	if (said_parent != parent)
		return err_new(ERR_BAD_DATA,
			       "its parent is 0x%llx, but it hangs below 0x%llx",
			       (unsigned long long)said_parent, (unsigned long long)parent);
	/* A root that was a child before the tree shrank still has its slot there. */
	if (parent && said_slot != slot)
		return err_new(ERR_BAD_DATA,
			       "it is slot %u of its parent, but lies in slot %u",
			       said_slot, slot);
	return NULL;
}

/* @max_shift: one more than what the node's may be. */
static struct err *read_node(const struct walk *w, vaddr_t addr, unsigned max_shift,
			     struct node *ret)
{
	u8 shift;
	struct err *err = kernel_read_u8(w->k, addr + w->layout.shift, &shift);

	if (err)
		return err;
	if (shift >= max_shift || shift % w->layout.slot_bits)
		return err_new(ERR_BAD_DATA, "an impossible shift of %u", shift);
	ret->addr = addr;
	ret->shift = shift;
	return kernel_read_words(w->k, addr + w->layout.slots, ret->slots,
				 w->layout.num_slots);
}

static bool tell(struct walk *w, u64 entry, u64 index, u64 last, unsigned depth)
{
	const struct xarray_entry e = {
		.index = index,
		.last = last,
		.entry = entry,
		.is_value = entry & 1,
		.value = entry >> 1,
		.depth = depth,
		.path = w->path,
	};

	/* Reserved, or being emptied. */
	if (!entry || is_internal(entry))
		return true;
	if (++w->count > XARRAY_MAX_ENTRIES) {
		remember(w, err_new(ERR_INCOMPLETE, "more than %u entries",
				    XARRAY_MAX_ENTRIES));
		return false;
	}
	return w->each(w->ctx, &e);
}

/* Slots behind @slot that only refer to it. */
static unsigned count_siblings(const struct walk *w, const struct node *n, unsigned slot)
{
	unsigned count = 0;

	while (slot + count + 1 < w->layout.num_slots &&
	       is_sibling(n->slots[slot + count + 1]) &&
	       n->slots[slot + count + 1] >> 2 == slot)
		count++;
	return count;
}

static bool walk_node(struct walk *w, vaddr_t addr, vaddr_t parent, u64 first,
		      unsigned max_shift, unsigned depth);

static bool walk_slot(struct walk *w, const struct node *n, unsigned slot, u64 first,
		      unsigned depth)
{
	const u64 entry = n->slots[slot], index = first + ((u64)slot << n->shift);
	const u64 num = (u64)count_siblings(w, n, slot) + 1;

	if (is_node(entry) && n->shift)
		return walk_node(w, entry & ~3ULL, n->addr, index, n->shift, depth);
	if (is_node(entry)) {
		remember(w,
			 err_new(ERR_BAD_DATA,
				 "xa_node at 0x%llx: a node 0x%llx below the lowest",
				 (unsigned long long)n->addr, (unsigned long long)entry));
		return true;
	}
	return tell(w, entry, index, index + (num << n->shift) - 1, depth);
}

static bool walk_node(struct walk *w, vaddr_t addr, vaddr_t parent, u64 first,
		      unsigned max_shift, unsigned depth)
{
	const unsigned slot_in_parent = depth ? w->path[depth - 1] : 0;
	struct node n;
	struct err *err = NULL;

	if (depth == XARRAY_MAX_DEPTH)
		err = err_new(ERR_BAD_DATA, "deeper than %d nodes", XARRAY_MAX_DEPTH);
	if (!err)
		err = check_place(w, addr, parent, slot_in_parent);
	if (!err)
		err = read_node(w, addr, max_shift, &n);
	if (err) {
		remember(w, err_wrap(err, "xa_node at 0x%llx", (unsigned long long)addr));
		return true;
	}
	for (unsigned i = 0; i < w->layout.num_slots; i++) {
		w->path[depth] = (u8)i;
		if (!walk_slot(w, &n, i, first, depth + 1))
			return false;
	}
	return true;
}

static void walk_head(struct walk *w, u64 head)
{
	if (is_node(head))
		(void)walk_node(w, head & ~3ULL, 0, 0, INDEX_BITS, 0);
	else
		(void)tell(w, head, 0, 0, 0);
}

static struct err *read_head(struct kernel *k, vaddr_t xarray, u64 *ret)
{
	struct field head;
	struct err *err = field_get(k, "xarray", "xa_head", &head);

	return err ? err : kernel_read_ptr(k, xarray + head.offset, ret);
}

struct err *xarray_each(struct kernel *k, vaddr_t xarray,
			bool (*each)(void *ctx, const struct xarray_entry *e), void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx};
	u64 head;
	struct err *err = read_layout(k, &w.layout);

	if (!err)
		err = read_head(k, xarray, &head);
	if (!err) {
		walk_head(&w, head);
		err = w.err;
	}
	return err_wrap(err, "XArray at 0x%llx", (unsigned long long)xarray);
}

struct err *xarray_each_below(struct kernel *k, u64 head,
			      bool (*each)(void *ctx, const struct xarray_entry *e),
			      void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx, .top_has_parent = true};
	struct err *err = read_layout(k, &w.layout);

	if (err)
		return err;
	/* The address of a node is as good as what points to it. */
	walk_head(&w, head && !(head & 3) ? head | 2 : head);
	return w.err;
}

/* ---- one index ---- */

static struct err *load_below(const struct walk *w, u64 head, u64 index, u64 *ret)
{
	unsigned max_shift = INDEX_BITS;
	u64 entry = head;

	while (is_node(entry)) {
		const vaddr_t addr = entry & ~3ULL;
		struct node n;
		u64 slot;
		struct err *err = read_node(w, addr, max_shift, &n);

		if (err)
			return err_wrap(err, "xa_node at 0x%llx", (unsigned long long)addr);
		slot = index >> n.shift;
		if (max_shift != INDEX_BITS)
			slot &= w->layout.num_slots - 1;
		entry = slot < w->layout.num_slots ? n.slots[slot] : 0;
		if (is_sibling(entry))
			entry = entry >> 2 < w->layout.num_slots ? n.slots[entry >> 2] : 0;
		if (!n.shift && is_internal(entry))
			entry = 0;
		max_shift = n.shift;
		index &= ((u64)w->layout.num_slots << n.shift) - 1;
	}
	*ret = is_internal(entry) ? 0 : entry;
	return NULL;
}

struct err *xarray_load(struct kernel *k, vaddr_t xarray, u64 index, u64 *ret)
{
	struct walk w = {.k = k};
	u64 head;
	struct err *err = read_layout(k, &w.layout);

	if (!err)
		err = read_head(k, xarray, &head);
	if (!err && !is_node(head) && index)
		head = 0;
	if (!err)
		err = load_below(&w, head, index, ret);
	return err_wrap(err, "XArray at 0x%llx", (unsigned long long)xarray);
}
