/* The class, whom to look at, and the evidence. */
#include "analyse/report_priv.h"
#include "analyse/signature.h"

static json_t *evidence(struct report *r, const struct evidence *e)
{
	json_t *j = tree_object(&r->tree);

	/* Escaped already. */
	tree_set(&r->tree, j, "text", json_string(e->text));
	tree_set(&r->tree, j, "source", json_string(evidence_source_name(e->source)));
	tree_set(&r->tree, j, "confidence", json_string(confidence_name(e->confidence)));
	if (e->has_addr)
		tree_set_hex(&r->tree, j, "address", e->addr);
	return j;
}

static json_t *culprit(struct report *r, const struct culprit *c)
{
	json_t *j = tree_object(&r->tree);

	tree_set_text(&r->tree, j, "function", c->function);
	if (*c->module)
		tree_set_text(&r->tree, j, "module", c->module);
	tree_set(&r->tree, j, "out_of_tree", json_boolean(c->is_out_of_tree));
	tree_set_hex(&r->tree, j, "pc", c->pc);
	if (c->has_cpu)
		tree_set(&r->tree, j, "cpu", json_integer(c->cpu));
	if (c->has_task) {
		tree_set(&r->tree, j, "pid", json_integer(c->pid));
		tree_set_text(&r->tree, j, "comm", c->comm);
	}
	return j;
}

static json_t *signature(struct report *r)
{
	json_t *j = tree_object(&r->tree);
	struct signature s;
	struct err *err = signature_make(&r->e->verdict, &s);

	if (err) {
		r->tree.failed = true;
		err_free(err);
		return j;
	}
	/* Escaped already. */
	tree_set(&r->tree, j, "bucket", json_string(s.bucket));
	tree_set(&r->tree, j, "hash", json_sprintf("%s:%s", SIGNATURE_VERSION, s.hash));
	tree_set(&r->tree, j, "text", json_string(buf_text(&s.text)));
	signature_deinit(&s);
	return j;
}

json_t *report_verdict(struct report *r)
{
	const struct verdict *v = &r->e->verdict;
	json_t *j = tree_object(&r->tree), *list = tree_array(&r->tree);

	tree_set(&r->tree, j, "class", json_string(crash_class_name(v->class)));
	tree_set(&r->tree, j, "trigger", json_string(crash_trigger_name(v->trigger)));
	tree_set(&r->tree, j, "confidence", json_string(confidence_name(v->confidence)));
	if (v->culprit.is_known)
		tree_set(&r->tree, j, "culprit", culprit(r, &v->culprit));
	tree_set(&r->tree, j, "signature", signature(r));
	if (*v->file) {
		tree_set_text(&r->tree, j, "file", v->file);
		tree_set_int(&r->tree, j, "line", v->line);
	}
	if (*v->disk)
		tree_set_text(&r->tree, j, "disk", v->disk);
	if (v->has_fault_addr)
		tree_set_hex(&r->tree, j, "fault_address", v->fault_addr);
	for (size_t i = 0; i < v->num_evidence; i++)
		tree_append(&r->tree, list, evidence(r, &v->evidence[i]));
	tree_set(&r->tree, j, "evidence", list);
	if (v->num_left_out)
		tree_set_int(&r->tree, j, "evidence_left_out", v->num_left_out);
	return j;
}
