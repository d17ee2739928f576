#include "kernel/io_resource.h"

#include "kernel/field.h"

static struct err *read_resource(struct kernel *k, vaddr_t addr, struct io_resource *ret)
{
	struct io_resource r = {.addr = addr};
	vaddr_t name;
	struct err *err = field_read_by_name(k, addr, "resource", "start", &r.start);

	if (!err)
		err = field_read_by_name(k, addr, "resource", "end", &r.end);
	if (!err)
		err = field_read_by_name(k, addr, "resource", "name", &name);
	if (!err && name)
		err = kernel_read_str(k, name, r.name, sizeof(r.name));
	if (!err)
		*ret = r;
	return err;
}

struct err *io_resource_each(struct kernel *k, const char *symbol,
			     bool (*each)(void *ctx, const struct io_resource *r),
			     void *ctx)
{
	vaddr_t above[IO_RESOURCE_MAX_DEPTH]; /* siblings that are still to come */
	unsigned depth = 0;
	vaddr_t at;
	struct err *err = kernel_symbol_get(k, symbol, &at);

	for (unsigned i = 0; !err && at; i++) {
		struct io_resource r;
		vaddr_t child = 0;

		if (i == IO_RESOURCES_MAX)
			return err_new(ERR_BAD_DATA, "%s: there is no end of it", symbol);
		err = read_resource(k, at, &r);
		if (err)
			break;
		r.depth = depth;
		if (!each(ctx, &r))
			return NULL;
		err = field_read_by_name(k, at, "resource", "child", &child);
		if (!err)
			err = field_read_by_name(k, at, "resource", "sibling", &at);
		if (!err && child && depth == IO_RESOURCE_MAX_DEPTH)
			err = err_new(ERR_BAD_DATA, "it is too deep");
		if (child && !err) {
			above[depth++] = at;
			at = child;
		}
		while (!at && depth)
			at = above[--depth];
	}
	return err_wrap(err, "%s", symbol);
}
