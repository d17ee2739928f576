#include "kernel/bpf_object.h"

#include "kernel/field.h"
#include "kernel/xarray.h"

struct walk {
	struct kernel *k;
	bool (*each_program)(void *ctx, const struct bpf_program *p);
	bool (*each_map)(void *ctx, const struct bpf_map *m);
	void *ctx;
	struct err *err; /* the first that could not be read */
};

static struct err *read_name(struct kernel *k, vaddr_t base, const char *type,
			     char name[BPF_NAME_SIZE])
{
	struct field f = field_find(k, type, "name");

	name[0] = '\0';
	return f.present ? kernel_read_str(k, base + f.offset, name, BPF_NAME_SIZE) : NULL;
}

/* The maps that a program uses, by number. */
static struct err *read_used_maps(struct kernel *k, struct bpf_program *p)
{
	u64 maps, count, map;
	struct err *err = field_read_by_name(k, p->aux, "bpf_prog_aux", "used_maps", &maps);

	if (!err)
		err = field_read_by_name(k, p->aux, "bpf_prog_aux", "used_map_cnt", &count);
	if (err || !maps)
		return err;
	for (u64 i = 0; !err && i < min_u64(count, BPF_MAX_MAPS); i++) {
		err = kernel_read_ptr(k, maps + i * 8, &map);
		if (!err)
			err = field_read_by_name(k, map, "bpf_map", "id", &p->map_ids[i]);
		p->num_maps += !err;
	}
	return err;
}

static struct err *read_extra(struct kernel *k, struct bpf_program *p)
{
	u64 gpl, user;
	struct err *err =
		field_read_by_name(k, p->addr, "bpf_prog", "len", &p->num_instructions);

	if (!err)
		err = field_read_by_name(k, p->addr, "bpf_prog", "jited_len",
					 &p->jited_bytes);
	if (!err)
		err = field_read_by_name(k, p->addr, "bpf_prog", "pages", &p->num_pages);
	if (!err)
		err = field_read_by_name(k, p->addr, "bpf_prog", "gpl_compatible", &gpl);
	if (!err)
		err = field_read_by_name(k, p->aux, "bpf_prog_aux", "load_time",
					 &p->load_time_ns);
	if (!err)
		err = field_read_by_name(k, p->aux, "bpf_prog_aux", "user", &user);
	if (!err && user)
		err = field_read_by_name(k, user, "user_struct", "uid.val", &p->uid);
	if (err)
		return err;
	p->has_uid = user != 0;
	p->is_gpl = gpl != 0;
	return read_name(k, p->aux, "bpf_prog_aux", p->name);
}

static struct err *read_program(struct kernel *k, u64 id, vaddr_t addr,
				struct bpf_program *p)
{
	struct field tag;
	struct err *err;

	*p = (struct bpf_program){.id = id, .addr = addr};
	err = field_read_by_name(k, addr, "bpf_prog", "aux", &p->aux);
	if (!err)
		err = field_read_by_name(k, addr, "bpf_prog", "type", &p->type);
	if (!err)
		err = field_get(k, "bpf_prog", "tag", &tag);
	if (!err)
		err = kernel_read(k, addr + tag.offset, p->tag, sizeof(p->tag));
	if (!err)
		err = read_used_maps(k, p);
	return err ? err : read_extra(k, p);
}

static struct err *read_map(struct kernel *k, u64 id, vaddr_t addr, struct bpf_map *m)
{
	struct err *err;

	*m = (struct bpf_map){.id = id, .addr = addr};
	err = field_read_by_name(k, addr, "bpf_map", "map_type", &m->type);
	if (!err)
		err = field_read_by_name(k, addr, "bpf_map", "map_flags", &m->flags);
	if (!err)
		err = field_read_by_name(k, addr, "bpf_map", "key_size", &m->key_bytes);
	if (!err)
		err = field_read_by_name(k, addr, "bpf_map", "value_size", &m->value_bytes);
	if (!err)
		err = field_read_by_name(k, addr, "bpf_map", "max_entries",
					 &m->max_entries);
	return err ? err : read_name(k, addr, "bpf_map", m->name);
}

static bool take(void *ctx, const struct xarray_entry *e)
{
	struct walk *w = ctx;
	struct bpf_program program;
	struct bpf_map map;
	struct err *err;

	if (w->each_program)
		err = read_program(w->k, e->index, e->entry, &program);
	else
		err = read_map(w->k, e->index, e->entry, &map);
	if (err && !w->err) {
		w->err = err_wrap(err, "number %llu", (unsigned long long)e->index);
		return true;
	}
	if (err) {
		err_free(err);
		return true;
	}
	return w->each_program ? w->each_program(w->ctx, &program)
			       : w->each_map(w->ctx, &map);
}

/* A struct idr begins with its tree. */
static struct err *walk_idr(struct walk *w, const char *symbol)
{
	vaddr_t idr;
	struct err *err = kernel_symbol_get(w->k, symbol, &idr);

	if (!err)
		err = xarray_each(w->k, idr, take, w);
	if (!err)
		return err_wrap(w->err, "%s", symbol);
	err_free(w->err);
	return err_wrap(err, "%s", symbol);
}

struct err *bpf_program_each(struct kernel *k,
			     bool (*each)(void *ctx, const struct bpf_program *p),
			     void *ctx)
{
	struct walk w = {.k = k, .each_program = each, .ctx = ctx};

	return walk_idr(&w, "prog_idr");
}

struct err *bpf_map_each(struct kernel *k, bool (*each)(void *ctx, const struct bpf_map *m),
			 void *ctx)
{
	struct walk w = {.k = k, .each_map = each, .ctx = ctx};

	return walk_idr(&w, "map_idr");
}
