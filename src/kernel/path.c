#include "kernel/path.h"

#include "kernel/field.h"

#include "kernel/list_walk.h"

#include <string.h>

#define MAX_NAME   255 /* NAME_MAX */
#define MAX_MOUNTS 65536
#define MAX_STEPS  2048 /* a path of one-letter names */

struct err *path_read(struct kernel *k, vaddr_t addr, struct path *ret)
{
	struct path p;
	struct err *err = field_read_by_name(k, addr, "path", "mnt", &p.mount);

	if (!err)
		err = field_read_by_name(k, addr, "path", "dentry", &p.dentry);
	if (!err)
		*ret = p;
	return err;
}

/* The dentry at the top of its filesystem. */
static struct err *find_top(struct kernel *k, vaddr_t dentry, vaddr_t *ret)
{
	vaddr_t parent;

	for (unsigned i = 0; i < MAX_STEPS; i++) {
		struct err *err =
			field_read_by_name(k, dentry, "dentry", "d_parent", &parent);

		if (err)
			return err;
		if (parent == dentry) {
			*ret = dentry;
			return NULL;
		}
		dentry = parent;
	}
	return err_new(ERR_BAD_DATA, "the parents of a dentry are in a circle");
}

static struct err *search_mounts(struct kernel *k, struct path *p)
{
	struct field mounts, instance, mnt;
	struct list_walk w;
	vaddr_t top = 0, mount;
	u64 super_block, root;
	struct err *err = find_top(k, p->dentry, &top);

	if (!err)
		err = field_read_by_name(k, top, "dentry", "d_sb", &super_block);
	if (!err)
		err = field_get(k, "super_block", "s_mounts", &mounts);
	if (!err)
		err = field_get(k, "mount", "mnt_instance", &instance);
	if (!err)
		err = field_get(k, "mount", "mnt", &mnt);
	if (err)
		return err;
	list_walk_begin(&w, k, super_block + mounts.offset, instance.offset, MAX_MOUNTS);
	while (!(err = list_walk_next(&w, &mount)) && mount) {
		err = field_read_by_name(k, mount + mnt.offset, "vfsmount", "mnt_root",
					 &root);
		if (err)
			return err;
		if (root == top) {
			p->mount = mount + mnt.offset;
			return NULL;
		}
	}
	return err;
}

void path_find_mount(struct kernel *k, struct path *p)
{
	err_ignore(search_mounts(k, p));
}

/* A path that grows at its front. */
struct growing {
	char *text;
	size_t start;  /* the path is text[start …] and ends with the buffer */
	bool has_root; /* its top is a root, and not something without a place */
};

static struct err *too_long(const struct path *p)
{
	return err_new(ERR_BAD_DATA,
		       "the path of the dentry at 0x%llx is longer than a path can be",
		       (unsigned long long)p->dentry);
}

static bool prepend(struct growing *g, const char *name, bool has_slash)
{
	size_t len = strlen(name);

	if (len + has_slash > g->start)
		return false;
	g->start -= len;
	memcpy(g->text + g->start, name, len);
	if (has_slash)
		g->text[--g->start] = '/';
	return true;
}

static struct err *read_name(struct kernel *k, vaddr_t dentry, char name[MAX_NAME + 1])
{
	vaddr_t at;
	struct err *err = field_read_by_name(k, dentry, "dentry", "d_name.name", &at);

	return err ? err : kernel_read_str(k, at, name, MAX_NAME + 1);
}

/* If @p is the root of its mount, go to where that is mounted. *@ret_is_root: there is
 * nothing above. */
static struct err *leave_mount(struct kernel *k, struct path *p, bool *ret_moved,
			       bool *ret_is_root)
{
	struct field mnt;
	vaddr_t root, mount, parent, point;
	struct err *err;

	*ret_moved = *ret_is_root = false;
	if (!p->mount)
		return NULL;
	err = field_read_by_name(k, p->mount, "vfsmount", "mnt_root", &root);
	if (!err)
		err = field_get(k, "mount", "mnt", &mnt);
	if (err || root != p->dentry)
		return err;
	mount = p->mount - mnt.offset;
	err = field_read_by_name(k, mount, "mount", "mnt_parent", &parent);
	if (!err)
		err = field_read_by_name(k, mount, "mount", "mnt_mountpoint", &point);
	if (err)
		return err;
	*ret_is_root = parent == mount;
	*ret_moved = parent != mount;
	if (*ret_moved)
		*p = (struct path){.mount = parent + mnt.offset, .dentry = point};
	return NULL;
}

/* One step up. *@ret_more is false at the top. */
static struct err *step(struct kernel *k, struct growing *g, struct path *p, bool *ret_more)
{
	char name[MAX_NAME + 1];
	bool moved, is_root;
	vaddr_t parent;
	struct err *err = leave_mount(k, p, &moved, &is_root);

	*ret_more = !is_root;
	g->has_root = is_root;
	if (err || moved || is_root)
		return err;
	err = field_read_by_name(k, p->dentry, "dentry", "d_parent", &parent);
	if (!err)
		err = read_name(k, p->dentry, name);
	if (err)
		return err;
	/* What has no parent is the root of a filesystem, or in no tree at all. */
	*ret_more = parent != p->dentry;
	g->has_root = !*ret_more && strcmp(name, "/") == 0;
	if (g->has_root)
		return NULL;
	if (!prepend(g, name, *ret_more))
		return too_long(p);
	p->dentry = parent;
	return NULL;
}

struct err *path_format(struct kernel *k, const struct path *p, char text[PATH_TEXT_SIZE])
{
	struct growing g = {.text = text, .start = PATH_TEXT_SIZE - 1};
	struct path at = *p;
	struct err *err = NULL;
	bool more = true;

	text[g.start] = '\0';
	for (unsigned i = 0; !err && more; i++)
		err = i < MAX_STEPS ? step(k, &g, &at, &more) : too_long(p);
	if (err)
		return err;
	memmove(text, text + g.start, PATH_TEXT_SIZE - g.start);
	if (!*text && g.has_root)
		strcpy(text, "/");
	return NULL;
}
