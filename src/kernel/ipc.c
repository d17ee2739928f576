#include "kernel/ipc.h"

#include "kernel/field.h"
#include "kernel/xarray.h"

/* Names of what the kinds have alike. */
static const struct kind {
	const char *type, *permissions;
	const char *size, *count; /* NULL: there is none */
} kinds[] = {
	[IPC_SEMAPHORES] = {"sem_array", "sem_perm", "sem_nsems", NULL},
	[IPC_MESSAGES] = {"msg_queue", "q_perm", "q_cbytes", "q_qnum"},
	[IPC_SHARED_MEMORY] = {"shmid_kernel", "shm_perm", "shm_segsz", "shm_nattch"},
};

struct walk {
	struct kernel *k;
	enum ipc_kind kind;
	u64 permissions; /* where they are in an object */
	bool (*each)(void *ctx, const struct ipc_object *o);
	void *ctx;
	struct err *err;
};

static u64 read_optional(struct kernel *k, vaddr_t base, const char *type,
			 const char *member)
{
	struct field f = field_find(k, type, member);
	u64 value = 0;

	if (f.present)
		err_ignore(field_read(k, base, &f, &value));
	return value;
}

struct err *ipc_namespace_find(struct kernel *k, const struct task *t, vaddr_t *ret)
{
	vaddr_t proxy = 0, ns = 0;
	struct err *err;

	if (!t)
		return kernel_symbol_get(k, "init_ipc_ns", ret);
	err = field_read_by_name(k, t->addr, "task_struct", "nsproxy", &proxy);
	if (!err && !proxy)
		err = err_new(ERR_ABSENT, "the task has no namespaces any more");
	if (!err)
		err = field_read_by_name(k, proxy, "nsproxy", "ipc_ns", &ns);
	if (!err)
		*ret = ns;
	return err;
}

/* Pages of the file that stands behind the memory. */
static void read_file(struct kernel *k, struct ipc_object *o)
{
	struct field inode = field_find(k, "shmem_inode_info", "vfs_inode");
	vaddr_t file = read_optional(k, o->addr, "shmid_kernel", "shm_file"), mapping;

	o->inode = file ? read_optional(k, file, "file", "f_inode") : 0;
	if (!o->inode)
		return;
	mapping = read_optional(k, o->inode, "inode", "i_mapping");
	if (mapping)
		o->resident_pages = read_optional(k, mapping, "address_space", "nrpages");
	if (inode.present)
		o->swapped_pages = read_optional(k, o->inode - inode.offset,
						 "shmem_inode_info", "swapped");
}

static struct err *read_object(struct walk *w, vaddr_t permissions, struct ipc_object *ret)
{
	const struct kind *kind = &kinds[w->kind];
	struct ipc_object o = {.addr = permissions - w->permissions};
	u64 id = 0;
	struct err *err = field_read_by_name(w->k, permissions, "kern_ipc_perm", "id", &id);

	if (err)
		return err;
	o.id = (s32)id;
	o.key = (u32)read_optional(w->k, permissions, "kern_ipc_perm", "key");
	o.uid = (u32)read_optional(w->k, permissions, "kern_ipc_perm", "uid");
	o.mode = (u32)read_optional(w->k, permissions, "kern_ipc_perm", "mode") & 0xffff;
	o.size = read_optional(w->k, o.addr, kind->type, kind->size);
	if (kind->count)
		o.count = read_optional(w->k, o.addr, kind->type, kind->count);
	if (w->kind == IPC_SEMAPHORES)
		o.size = (u32)o.size;
	if (w->kind == IPC_SHARED_MEMORY)
		read_file(w->k, &o);
	*ret = o;
	return NULL;
}

static bool take(void *ctx, const struct xarray_entry *e)
{
	struct walk *w = ctx;
	struct ipc_object o;
	struct err *err;

	if (e->is_value)
		return true;
	err = read_object(w, e->entry, &o);
	if (!err)
		return w->each(w->ctx, &o);
	if (w->err)
		err_free(err);
	else
		w->err = err_wrap(err, "an object of System V IPC");
	return true;
}

struct err *ipc_each(struct kernel *k, vaddr_t ns, enum ipc_kind kind,
		     bool (*each)(void *ctx, const struct ipc_object *o), void *ctx)
{
	struct walk w = {.k = k, .kind = kind, .each = each, .ctx = ctx};
	struct field ids, idr, permissions;
	u64 size;
	struct err *err = field_get(k, "ipc_namespace", "ids", &ids);

	if (!err)
		err = field_get(k, "ipc_ids", "ipcs_idr", &idr);
	if (!err)
		err = field_get(k, kinds[kind].type, kinds[kind].permissions, &permissions);
	if (!err && !type_size_find(k, "ipc_ids", &size))
		err = err_new(ERR_ABSENT, "the size of struct ipc_ids is not known");
	if (err)
		return err;
	w.permissions = permissions.offset;
	err = xarray_each(k, ns + ids.offset + kind * size + idr.offset, take, &w);
	if (err && w.err)
		err_free(err);
	return w.err ? w.err : err;
}
