#include "kernel/vma.h"

#include "kernel/field.h"
#include "kernel/maple_tree.h"

struct walk {
	struct kernel *k;
	bool (*each)(void *ctx, const struct vma *v);
	void *ctx;
	struct field start, end, flags, file, page_offset;
	struct err *err;  /* the first */
	vaddr_t last_end; /* of the area before */
	unsigned count;
	bool is_over;
};

static struct err *find_layout(struct walk *w)
{
	struct err *err = field_get(w->k, "vm_area_struct", "vm_start", &w->start);

	if (!err)
		err = field_get(w->k, "vm_area_struct", "vm_end", &w->end);
	if (!err)
		err = field_get(w->k, "vm_area_struct", "vm_flags", &w->flags);
	if (!err)
		err = field_get(w->k, "vm_area_struct", "vm_file", &w->file);
	if (!err)
		err = field_get(w->k, "vm_area_struct", "vm_pgoff", &w->page_offset);
	return err;
}

static void note(struct walk *w, struct err *err)
{
	if (w->err)
		err_ignore(err);
	else
		w->err = err;
}

/* False ends the walk. */
static bool take(struct walk *w, vaddr_t at)
{
	struct vma v = {.addr = at};
	struct err *err = field_read(w->k, at, &w->start, &v.start);

	if (!err)
		err = field_read(w->k, at, &w->end, &v.end);
	if (!err)
		err = field_read(w->k, at, &w->flags, &v.flags);
	if (!err)
		err = field_read(w->k, at, &w->file, &v.file);
	if (!err)
		err = field_read(w->k, at, &w->page_offset, &v.page_offset);
	if (!err && v.end <= v.start)
		err = err_new(ERR_BAD_DATA, "the area at 0x%llx ends where it begins",
			      (unsigned long long)at);
	if (!err && v.start < w->last_end) {
		/* A list that loops does this. */
		err = err_new(ERR_BAD_DATA,
			      "the area at 0x%llx is not behind the one before",
			      (unsigned long long)at);
		w->is_over = true;
	}
	if (err) {
		note(w, err);
	} else {
		w->last_end = v.end;
		w->is_over = !w->each(w->ctx, &v);
	}
	if (!w->is_over && ++w->count == VMAS_MAX) {
		note(w, err_new(ERR_INCOMPLETE, "more than %u areas", VMAS_MAX));
		w->is_over = true;
	}
	return !w->is_over;
}

static bool take_entry(void *ctx, const struct maple_tree_entry *e)
{
	return e->is_value || take(ctx, e->entry);
}

static void walk_tree(struct walk *w, vaddr_t tree)
{
	const struct maple_tree_visitor v = {.entry = take_entry, .ctx = w};
	struct err *err = maple_tree_each(w->k, tree, &v);

	if (err)
		note(w, err);
}

static void walk_list(struct walk *w, vaddr_t mm)
{
	struct field next;
	vaddr_t at;
	struct err *err = field_get(w->k, "vm_area_struct", "vm_next", &next);

	if (!err)
		err = field_read_by_name(w->k, mm, "mm_struct", "mmap", &at);
	while (!err && at && take(w, at))
		err = field_read(w->k, at, &next, &at);
	if (err)
		note(w, err);
}

struct err *vma_each(struct kernel *k, vaddr_t mm,
		     bool (*each)(void *ctx, const struct vma *v), void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx};
	struct field tree = field_find(k, "mm_struct", "mm_mt");
	struct err *err = find_layout(&w);

	if (!err && tree.present)
		walk_tree(&w, mm + tree.offset);
	else if (!err)
		walk_list(&w, mm);
	return err_wrap(err ? err : w.err, "areas of the mm_struct at 0x%llx",
			(unsigned long long)mm);
}
