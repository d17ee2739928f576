#include "kernel/types_priv.h"

#include "base/str.h"

#include <string.h>

/* The kernel keeps the BTF of its modules on a list: kernel/bpf/btf.c, btf_module_notify(),
 * since 36e68442d1af ("bpf: Load and verify kernel module BTFs"). */

#define MAX_MODULE_BTFS	  8192
#define MAX_MODULE_LEN	  ((u64)16 << 20)
#define MAX_MODULES_LEN	  ((u64)256 << 20) /* of all together */
#define MAX_NOTICES_NAMED 4
#define LINK_LEN	  8 /* list_head.next, before list_head.prev */

/* What a walk over the list has found so far. */
struct walk {
	struct types *t;
	const struct btf *base;
	struct field list, btf;
	vaddr_t seen[MAX_MODULE_BTFS];
	size_t num_seen;
	u64 total_len;
	size_t num_failed;
};

void module_types_deinit(struct types *t)
{
	for (size_t i = 0; i < t->num_modules; i++) {
		btf_free(t->modules[i].btf);
		dump_view_release(&t->modules[i].view);
	}
	free(t->modules);
	t->modules = NULL;
	t->num_modules = 0;
}

static bool is_seen(const struct walk *w, vaddr_t addr)
{
	for (size_t i = 0; i < w->num_seen; i++)
		if (w->seen[i] == addr)
			return true;
	return false;
}

/* Members that tell where the module's types go on have been there as long as the list. */
static struct err *check_start(struct walk *w, vaddr_t btf)
{
	struct field id = field_find(w->t->k, "btf", "start_id");
	struct field string = field_find(w->t->k, "btf", "start_str_off");
	u64 first_id = btf_num_types(w->base) + 1, its_id = first_id, its_string = 0;
	struct err *err = NULL;

	if (id.present)
		err = field_read(w->t->k, btf, &id, &its_id);
	if (!err && string.present)
		err = field_read(w->t->k, btf, &string, &its_string);
	if (err)
		return err;
	if (its_id != first_id)
		return err_new(ERR_BAD_DATA,
			       "its types begin with number %llu, those of the kernel end "
			       "with %llu",
			       (unsigned long long)its_id,
			       (unsigned long long)first_id - 1);
	return NULL;
}

/* Without a name the types are still good. */
static void read_name(struct kernel *k, vaddr_t btf, char text[MODULE_NAME_MAX_LEN])
{
	struct field name = field_find(k, "btf", "name");
	u64 size = name.size ? name.size : MODULE_NAME_MAX_LEN;

	text[0] = '\0';
	if (name.present)
		err_ignore(kernel_read_str(k, btf + name.offset, text,
					   min_u64(size, MODULE_NAME_MAX_LEN)));
}

/* Open the types of struct btf at @btf into @m, whose name is there. */
static struct err *open_types(struct walk *w, vaddr_t btf, struct module_types *m)
{
	struct kernel *k = w->t->k;
	u64 data = 0, len = 0;
	struct err *err = field_read_by_name(k, btf, "btf", "data", &data);

	if (!err)
		err = field_read_by_name(k, btf, "btf", "data_size", &len);
	if (!err)
		err = check_start(w, btf);
	if (err)
		return err;
	if (len > MAX_MODULE_LEN || len > MAX_MODULES_LEN - w->total_len)
		return err_new(ERR_BAD_DATA, "%llu bytes, after %llu of other modules",
			       (unsigned long long)len, (unsigned long long)w->total_len);
	w->total_len += len;
	err = dump_view(k->dump, data, len, &m->view);
	if (err)
		return err;
	err = btf_open_split(w->base, m->view.data, m->view.len, &m->btf);
	if (err)
		dump_view_release(&m->view);
	return err;
}

static struct err *add(struct types *t, const struct module_types *m)
{
	/* Grow at powers of two. */
	if (!(t->num_modules & (t->num_modules - 1))) {
		size_t capacity = t->num_modules ? 2 * t->num_modules : 1;
		void *grown = reallocarray(t->modules, capacity, sizeof(*t->modules));

		if (!grown)
			return err_nomem();
		t->modules = grown;
	}
	t->modules[t->num_modules++] = *m;
	return NULL;
}

/* Take the types of the list's element at @addr. What is wrong with one module is no reason
 * to leave the others out. */
static struct err *take(struct walk *w, vaddr_t addr)
{
	struct module_types m = {0};
	u64 btf;
	struct err *err = field_read(w->t->k, addr, &w->btf, &btf);

	if (!err) {
		read_name(w->t->k, btf, m.name);
		err = open_types(w, btf, &m);
	}
	if (err) {
		cleanup(buf_deinit) struct buf name = BUF_INIT;

		if (err_code(err) == ERR_NOMEM)
			return err;
		str_escape(&name, m.name, strlen(m.name), false);
		if (w->num_failed++ >= MAX_NOTICES_NAMED) {
			err_free(err);
			return NULL;
		}
		notices_add_err(dump_notices(w->t->k->dump),
				err_wrap(err, "types of module %s",
					 m.name[0] ? buf_text(&name) : "(no name)"));
		return NULL;
	}
	err = add(w->t, &m);
	if (err) {
		btf_free(m.btf);
		dump_view_release(&m.view);
	}
	return err;
}

/* Take the elements along one of the two links of a list_head (@link bytes into it), up to
 * the end, or to where it cannot be followed. */
static struct err *walk_list(struct walk *w, vaddr_t head, u64 link)
{
	vaddr_t at = 0;
	struct err *err = kernel_read_ptr(w->t->k, head + link, &at);

	while (!err && at != head) {
		if (is_seen(w, at))
			return link ? NULL
				    : err_new(ERR_BAD_DATA, "the list loops at 0x%llx",
					      (unsigned long long)at);
		if (w->num_seen == MAX_MODULE_BTFS)
			return err_new(ERR_BAD_DATA,
				       "the list does not end within %d modules",
				       MAX_MODULE_BTFS);
		w->seen[w->num_seen++] = at;
		err = take(w, at - w->list.offset);
		if (!err)
			err = kernel_read_ptr(w->t->k, at + link, &at);
	}
	return err;
}

/* New modules are put in front. */
static void reverse(struct types *t)
{
	for (size_t i = 0; i < t->num_modules / 2; i++) {
		struct module_types m = t->modules[i];

		t->modules[i] = t->modules[t->num_modules - 1 - i];
		t->modules[t->num_modules - 1 - i] = m;
	}
}

void module_types_load(struct types *t)
{
	cleanup(freep) struct walk *w = NULL;
	vaddr_t head;
	struct err *err;

	if (t->are_modules_tried)
		return;
	t->are_modules_tried = true;
	/* A kernel without CONFIG_DEBUG_INFO_BTF_MODULES has no list. */
	if (!kernel_types(t->k) || !kernel_symbol_find(t->k, "btf_modules", &head))
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		notices_add_err(dump_notices(t->k->dump), err_nomem());
		return;
	}
	w->t = t;
	w->base = kernel_types(t->k);
	err = field_get(t->k, "btf_module", "list", &w->list);
	if (!err)
		err = field_get(t->k, "btf_module", "btf", &w->btf);
	if (!err) {
		err = walk_list(w, head, 0);
		/* What lies behind a gap can be reached from the other end. */
		if (err && w->num_seen < MAX_MODULE_BTFS)
			err_ignore(walk_list(w, head, LINK_LEN));
	}
	reverse(t);
	notices_add_err(dump_notices(t->k->dump),
			err_wrap(err, "types of modules, after %zu", t->num_modules));
	if (w->num_failed > MAX_NOTICES_NAMED)
		notices_add(dump_notices(t->k->dump),
			    "types of %zu further modules cannot be had either",
			    w->num_failed - MAX_NOTICES_NAMED);
}
