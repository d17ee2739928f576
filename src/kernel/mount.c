#include "kernel/mount.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"
#include "kernel/rbtree.h"

struct walk {
	struct kernel *k;
	struct notices *n;
	struct mount *room; /* large: not on the stack */
	struct field node;
	void (*each)(void *ctx, const struct mount *m);
	void *ctx;
	u64 count;
};

static struct err *read_place(struct kernel *k, struct mount *m)
{
	struct field mnt;
	struct path p = {.mount = 0};
	u64 parent;
	struct err *err = field_get(k, "mount", "mnt", &mnt);

	if (!err)
		err = field_read_by_name(k, m->addr, "mount", "mnt_parent", &parent);
	if (!err)
		err = field_read_by_name(k, m->addr, "mount", "mnt_mountpoint", &p.dentry);
	if (err)
		return err;
	p.mount = parent + mnt.offset;
	return path_format(k, &p, m->directory);
}

static struct err *read_mount(struct kernel *k, vaddr_t addr, struct mount *m)
{
	u64 name, super_block;
	struct err *err;

	*m = (struct mount){.addr = addr};
	err = field_read_by_name(k, addr, "mount", "mnt.mnt_root", &m->root);
	if (!err)
		err = field_read_by_name(k, addr, "mount", "mnt.mnt_sb", &super_block);
	if (err)
		return err;
	super_block_read(k, super_block, &m->super_block);
	err = field_read_by_name(k, addr, "mount", "mnt_devname", &name);
	if (!err && name)
		err = kernel_read_str(k, name, m->device, sizeof(m->device));
	return err ? err : read_place(k, m);
}

static void take(struct walk *w, vaddr_t addr)
{
	notices_add_err(w->n, err_wrap(read_mount(w->k, addr, w->room), "mount 0x%llx",
				       (unsigned long long)addr));
	w->each(w->ctx, w->room);
}

static bool take_node(void *ctx, const struct rbtree_place *p)
{
	struct walk *w = ctx;

	take(w, p->node - w->node.offset);
	return ++w->count < MOUNTS_MAX;
}

static struct err *walk_list(struct walk *w, vaddr_t head)
{
	struct list_walk list;
	vaddr_t mount;
	struct err *err = field_get(w->k, "mount", "mnt_list", &w->node);

	if (err)
		return err;
	list_walk_begin(&list, w->k, head, w->node.offset, MOUNTS_MAX);
	while (!(err = list_walk_next(&list, &mount)) && mount)
		take(w, mount);
	return err;
}

/* Since 2eea9ce4310d ("mounts: keep list of mounts in an rbtree"), v6.8, it is a tree. */
static struct err *walk_namespace(struct walk *w, vaddr_t namespace)
{
	struct field list = field_find(w->k, "mnt_namespace", "list");
	struct field tree;
	struct err *err;

	if (list.present)
		return walk_list(w, namespace + list.offset);
	err = field_get(w->k, "mnt_namespace", "mounts", &tree);
	if (!err)
		err = field_get(w->k, "mount", "mnt_node", &w->node);
	return err ? err
		   : rbtree_each(w->k, namespace + tree.offset, RBTREE_SORTED, take_node,
				 w);
}

struct err *mount_each(struct kernel *k, vaddr_t task, struct notices *n,
		       void (*each)(void *ctx, const struct mount *m), void *ctx)
{
	cleanup(freep) struct mount *room = malloc(sizeof(*room));
	struct walk w = {.k = k, .n = n, .room = room, .each = each, .ctx = ctx};
	u64 proxy, namespace;
	struct err *err;

	if (!room)
		return err_nomem();
	err = field_read_by_name(k, task, "task_struct", "nsproxy", &proxy);
	if (!err && !proxy)
		err = err_new(ERR_ABSENT,
			      "the task at 0x%llx has left its namespaces: it is exiting",
			      (unsigned long long)task);
	if (!err)
		err = field_read_by_name(k, proxy, "nsproxy", "mnt_ns", &namespace);
	if (!err)
		err = walk_namespace(&w, namespace);
	return err_wrap(err, "mounts");
}
