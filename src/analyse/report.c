#include "analyse/report.h"

#include "analyse/report_priv.h"

static json_t *report_dump(struct report *r)
{
	json_t *j = tree_object(&r->tree);
	const struct arch *arch = dump_arch(r->d);
	const struct vmcoreinfo *vi = dump_vmcoreinfo(r->d);
	const char *build_id = vi ? vmcoreinfo_find(vi, "BUILD-ID") : NULL;

	tree_set_text(&r->tree, j, "path", dump_path(r->d));
	tree_set_text(&r->tree, j, "format", dump_format_name(r->d));
	tree_set(&r->tree, j, "partial", json_boolean(dump_is_partial(r->d)));
	tree_set(&r->tree, j, "incomplete", json_boolean(dump_is_incomplete(r->d)));
	tree_set_int(&r->tree, j, "page_size", dump_page_size(r->d));
	if (arch)
		tree_set_text(&r->tree, j, "architecture", arch->name);
	if (build_id)
		tree_set_text(&r->tree, j, "kernel_build_id", build_id);
	return j;
}

static json_t *report_sentence(struct report *r)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	examination_format(&b, r->e);
	return tree_text(&r->tree, buf_text(&b), b.len);
}

static json_t *report_health(struct report *r)
{
	json_t *j = tree_array(&r->tree);

	for (size_t i = 0; i < r->notices->count; i++)
		tree_append(&r->tree, j,
			    tree_text(&r->tree, r->notices->texts[i],
				      __builtin_strlen(r->notices->texts[i])));
	if (r->notices->dropped)
		tree_append(&r->tree, j,
			    json_sprintf("%llu more remarks were left out",
					 (unsigned long long)r->notices->dropped));
	return j;
}

static json_t *build(struct report *r, const struct report_options *options)
{
	struct tree *t = &r->tree;
	json_t *root = tree_object(t), *log = report_log(r, options->log_records), *cpus,
	       *tasks;

	examination_make(r->e);
	r->has_facts |= r->e->has_cpus;
	tasks = report_tasks(r);
	cpus = report_cpus(r);
	report_run_queues(r, cpus);
	tree_set(t, root, "schema", json_string(REPORT_SCHEMA));
	tree_set_int(t, root, "version", REPORT_VERSION);
	tree_set(t, root, "made_by", json_string("inquest " INQUEST_VERSION));
	tree_set(t, root, "verdict", report_sentence(r));
	tree_set(t, root, "crash", report_verdict(r));
	tree_set(t, root, "dump", report_dump(r));
	tree_set(t, root, "banner", report_banner(r));
	tree_set(t, root, "panic", report_panic(r, cpus));
	tree_set(t, root, "cpus", cpus);
	tree_set(t, root, "tasks", tasks);
	tree_set(t, root, "blocked", report_blocked(r));
	tree_set(t, root, "block_io", report_block_io(r));
	tree_set(t, root, "memory", report_memory(r));
	tree_set(t, root, "modules", report_modules(r));
	tree_set(t, root, "log_tail", log);
	tree_set(t, root, "health", report_health(r));
	return root;
}

struct err *report_build(struct kernel *k, const struct report_options *options,
			 json_t **ret)
{
	cleanup(examination_freep) struct examination *e = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	struct report r = {
		.k = k, .d = kernel_dump(k), .notices = dump_notices(kernel_dump(k))};
	struct err *err = examination_new(k, &e);

	if (err)
		return err;
	r.e = e;
	r.debuginfo = options->debuginfo;
	root = build(&r, options);
	task_list_deinit(&r.user_tasks);
	err = tree_check(&r.tree);
	if (err)
		return err;
	if (!r.has_facts)
		return err_new(ERR_ABSENT, "%s: nothing can be said about this dump: %s",
			       dump_path(r.d),
			       r.notices->count ? r.notices->texts[0]
						: "it has no readable memory");
	*ret = steal(root);
	return NULL;
}
