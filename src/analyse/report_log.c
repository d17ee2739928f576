/* The end of the kernel log. */
#include "analyse/report_priv.h"

#include "base/str.h"

static json_t *record(struct report *r, const struct printk_record *rec)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	json_t *j = tree_object(&r->tree);

	str_escape(&b, rec->text, rec->len, true);
	r->tree.failed |= b.failed;
	tree_set_int(&r->tree, j, "ts_ns", rec->ts_ns);
	if (rec->has_level)
		tree_set_int(&r->tree, j, "level", rec->level);
	tree_set(&r->tree, j, "text", json_string(buf_text(&b)));
	return j;
}

json_t *report_log(struct report *r, size_t max_records)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	json_t *tail = tree_array(&r->tree);
	struct printk_source src;
	struct printk_record rec;
	struct err *err = printk_source_from_dump(r->d, &src);

	if (!err)
		err = printk_open(&src, &log);
	if (err) {
		notices_add_err(r->notices, err);
		return tail;
	}
	while (printk_next(log, &rec)) {
		r->has_facts = true;
		examination_add_log(r->e, &rec);
		if (max_records)
			tree_append(&r->tree, tail, record(r, &rec));
		if (json_array_size(tail) > max_records)
			json_array_remove(tail, 0);
	}
	if (printk_num_lost(log))
		notices_add(r->notices, "kernel log: %llu records could not be read",
			    (unsigned long long)printk_num_lost(log));
	return tail;
}
