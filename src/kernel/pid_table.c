#include "kernel/pid_table.h"

#include "kernel/field.h"
#include "kernel/xarray.h"

struct walk {
	struct kernel *k;
	struct field
		tasks; /* of struct pid: a list per kind of ID, the thread's own first */
	struct field links; /* of task_struct, likewise */
	bool (*each)(void *ctx, vaddr_t task);
	void *ctx;
	struct err *err; /* the first */
};

static bool take_pid(void *ctx, const struct xarray_entry *e)
{
	struct walk *w = ctx;
	struct err *err;
	vaddr_t node;

	if (e->is_value || !e->entry)
		return true;
	err = kernel_read_ptr(w->k, e->entry + w->tasks.offset, &node);
	if (err && w->err)
		err_ignore(err);
	else if (err)
		w->err =
			err_wrap(err, "struct pid at 0x%llx", (unsigned long long)e->entry);
	/* One that only names a group or a session that has lost its leader has no thread.
	 */
	else if (node)
		return w->each(w->ctx, node - w->links.offset);
	return true;
}

struct err *pid_table_each(struct kernel *k, bool (*each)(void *ctx, vaddr_t task),
			   void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx};
	struct field idr;
	vaddr_t ns;
	struct err *err = kernel_symbol_get(k, "init_pid_ns", &ns);

	if (!err)
		err = field_get(k, "pid_namespace", "idr", &idr);
	if (!err)
		err = field_get(k, "pid", "tasks", &w.tasks);
	if (!err)
		err = field_get(k, "task_struct", "pid_links", &w.links);
	if (!err)
		err = xarray_each(k, ns + idr.offset, take_pid, &w);
	if (err) {
		err_ignore(w.err);
		w.err = err;
	}
	return err_wrap(w.err, "table of process IDs");
}
