/* The modules that were loaded. */
#include "analyse/report_priv.h"

#include "kernel/module.h"
#include "kernel/taint.h"

static json_t *module(struct report *r, const struct kernel_module *m)
{
	static const char *const states[] = {[MODULE_LIVE] = "live",
					     [MODULE_COMING] = "coming",
					     [MODULE_GOING] = "going",
					     [MODULE_UNFORMED] = "unformed"};
	cleanup(buf_deinit) struct buf taint = BUF_INIT;
	json_t *j = tree_object(&r->tree);

	taint_format(&taint, m->taints);
	tree_set_text(&r->tree, j, "name", m->name);
	tree_set_hex(&r->tree, j, "address", m->address);
	tree_set_hex(&r->tree, j, "base", m->base);
	tree_set_int(&r->tree, j, "size", m->size);
	tree_set_text(&r->tree, j, "state",
		      m->state < ARRAY_SIZE(states) ? states[m->state] : "unknown");
	tree_set_text(&r->tree, j, "taint", buf_text(&taint));
	return j;
}

json_t *report_modules(struct report *r)
{
	json_t *j = tree_array(&r->tree);
	size_t count;
	const struct kernel_module *modules = kernel_modules(r->k, &count);

	for (size_t i = 0; i < count; i++)
		tree_append(&r->tree, j, module(r, &modules[i]));
	return j;
}
