#include "kernel/vmalloc_area.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"

#define MAX_NODES 4096

struct walk {
	struct kernel *k;
	struct field list, vm;			   /* of vmap_area */
	struct field addr, size, caller, nr_pages; /* of vm_struct */
	void (*each)(void *ctx, const struct vmalloc_area *a);
	void *ctx;
	unsigned num;
};

static struct err *take_area(struct walk *w, vaddr_t va)
{
	struct vmalloc_area a = {.addr = va};
	vaddr_t vm;
	struct err *err = field_read(w->k, va, &w->vm, &vm);

	/* None: it is about to be given back, or was mapped by its owner. */
	if (err || !vm)
		return err;
	a.vm = vm;
	err = field_read(w->k, vm, &w->addr, &a.start);
	if (!err)
		err = field_read(w->k, vm, &w->size, &a.len);
	if (!err)
		err = field_read(w->k, vm, &w->caller, &a.caller);
	if (!err)
		err = field_read(w->k, vm, &w->nr_pages, &a.num_pages);
	/* In what is free, the place of the pointer holds a length. */
	if (err && err_code(err) == ERR_FAULT) {
		err_free(err);
		return NULL;
	}
	if (!err)
		w->each(w->ctx, &a);
	return err;
}

static struct err *walk_list(struct walk *w, vaddr_t head)
{
	struct list_walk walk;
	struct err *err;
	vaddr_t area;

	list_walk_begin(&walk, w->k, head, w->list.offset, VMALLOC_AREAS_MAX - w->num);
	while (!(err = list_walk_next(&walk, &area)) && area) {
		w->num++;
		err = take_area(w, area);
		if (err)
			return err;
	}
	return err;
}

/* Since "mm: vmalloc: remove global vmap_area_root rb-tree", v6.9, there are several lists.
 */
static struct err *walk_nodes(struct walk *w)
{
	struct field head = field_find(w->k, "vmap_node", "busy.head");
	vaddr_t nodes, count_at;
	u32 count = 0;
	u64 size;
	struct err *err = kernel_symbol_get(w->k, "vmap_nodes", &nodes);

	if (!err && (!head.present || !type_size_find(w->k, "vmap_node", &size)))
		err = err_new(ERR_ABSENT, "the layout of struct vmap_node is not known");
	if (!err)
		err = kernel_symbol_get(w->k, "nr_vmap_nodes", &count_at);
	if (!err)
		err = kernel_read_u32(w->k, count_at, &count);
	if (!err)
		err = kernel_read_ptr(w->k, nodes, &nodes);
	for (u32 i = 0; !err && i < count && i < MAX_NODES; i++)
		err = walk_list(w, nodes + i * size + head.offset);
	return err;
}

struct err *vmalloc_area_each(struct kernel *k,
			      void (*each)(void *ctx, const struct vmalloc_area *a),
			      void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx};
	vaddr_t head;
	struct err *err = field_get(k, "vmap_area", "list", &w.list);

	if (!err)
		err = field_get(k, "vmap_area", "vm", &w.vm);
	if (!err)
		err = field_get(k, "vm_struct", "addr", &w.addr);
	if (!err)
		err = field_get(k, "vm_struct", "size", &w.size);
	if (!err)
		err = field_get(k, "vm_struct", "caller", &w.caller);
	if (!err)
		err = field_get(k, "vm_struct", "nr_pages", &w.nr_pages);
	if (!err && kernel_symbol_find(k, "vmap_area_list", &head))
		err = walk_list(&w, head);
	else if (!err)
		err = walk_nodes(&w);
	return err_wrap(err, "vmalloc areas");
}
