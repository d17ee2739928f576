#include "kernel/list_walk.h"

void list_walk_begin(struct list_walk *w, struct kernel *k, vaddr_t head, u64 offset,
		     u64 max)
{
	*w = (struct list_walk){
		.k = k, .head = head, .node = head, .offset = offset, .left = max};
}

static bool is_loop(struct list_walk *w)
{
	if (w->steps && w->node == w->marker)
		return true;
	if (w->steps++ >= w->limit) {
		w->marker = w->node;
		w->limit = w->limit ? 2 * w->limit : 1;
		w->steps = 1;
	}
	return false;
}

struct err *list_walk_next(struct list_walk *w, vaddr_t *ret)
{
	vaddr_t from = w->node;
	struct err *err = kernel_read_ptr(w->k, from, &w->node);

	if (err)
		return err_wrap(err, "the list at 0x%llx breaks off",
				(unsigned long long)w->head);
	if (w->node == w->head) {
		*ret = 0;
		return NULL;
	}
	if (!w->node || is_loop(w))
		return err_new(ERR_BAD_DATA, "the list at 0x%llx %s at 0x%llx",
			       (unsigned long long)w->head,
			       w->node ? "leads into itself" : "has a NULL pointer",
			       (unsigned long long)(w->node ? w->node : from));
	if (!w->left--)
		return err_new(ERR_BAD_DATA,
			       "the list at 0x%llx is longer than can be believed",
			       (unsigned long long)w->head);
	*ret = w->node - w->offset;
	return NULL;
}
