/* The end of the kernel log. */
#include "analyse/report_priv.h"

#include "base/str.h"

#define MAX_STORY    200 /* records that are included for an event's sake */
#define EVENT_GAP_NS 30000000000ull

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

/* Where the records of what went wrong begin: events that follow each other within
 * EVENT_GAP_NS are one story, and the newest story is told from its first line. */
struct story {
	u64 num_events, begins; /* as counted, and the record's number */
	u64 newest_ns;
};

static void story_add(struct story *s, const struct report *r, u64 number, u64 ts_ns)
{
	u64 num = r->e->log.num;

	if (num == s->num_events)
		return;
	if (!s->num_events || ts_ns < s->newest_ns || ts_ns - s->newest_ns > EVENT_GAP_NS)
		s->begins = number;
	s->num_events = num;
	s->newest_ns = ts_ns;
}

/* Drop what is older than the newest @max_records and than the story. */
static void shorten(json_t *tail, const struct story *s, u64 num_records,
		    size_t max_records)
{
	size_t size = json_array_size(tail);
	u64 of_story = s->num_events ? num_records - s->begins : 0;
	u64 wanted = of_story > max_records ? of_story : max_records;

	while (size > wanted) {
		json_array_remove(tail, 0);
		size--;
	}
}

json_t *report_log(struct report *r, size_t max_records)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	size_t room = max_records && max_records < MAX_STORY ? MAX_STORY : max_records;
	json_t *tail = tree_array(&r->tree);
	struct printk_source src;
	struct printk_record rec;
	struct story story = {0};
	struct err *err = printk_source_from_dump(r->d, &src);
	u64 num_records = 0;

	if (!err)
		err = printk_open(&src, &log);
	if (err) {
		notices_add_err(r->notices, err);
		return tail;
	}
	while (printk_next(log, &rec)) {
		r->has_facts = true;
		examination_add_log(r->e, &rec);
		story_add(&story, r, num_records++, rec.ts_ns);
		if (room)
			tree_append(&r->tree, tail, record(r, &rec));
		if (json_array_size(tail) > room)
			json_array_remove(tail, 0);
	}
	if (max_records)
		shorten(tail, &story, num_records, max_records);
	if (printk_num_lost(log))
		notices_add(r->notices, "kernel log: %llu records could not be read",
			    (unsigned long long)printk_num_lost(log));
	return tail;
}
