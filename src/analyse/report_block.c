/* Block I/O that was under way. */
#include "analyse/report_priv.h"

static json_t *request(struct report *r, const struct block_request *q, const char *disk)
{
	json_t *j = tree_object(&r->tree);

	tree_set_text(&r->tree, j, "device", disk);
	tree_set(&r->tree, j, "operation", json_string(block_request_op_name(q)));
	tree_set(&r->tree, j, "state", json_string(block_request_state_name(q)));
	if (q->has_sector)
		tree_set_int(&r->tree, j, "sector", q->sector);
	tree_set_int(&r->tree, j, "bytes", q->bytes);
	if (q->has_age)
		tree_set_int(&r->tree, j, "age_ms", q->age_ns / 1000000);
	if (q->has_driver_age)
		tree_set_int(&r->tree, j, "driver_age_ms", q->driver_age_ns / 1000000);
	tree_set_hex(&r->tree, j, "address", q->addr);
	return j;
}

json_t *report_block_io(struct report *r)
{
	const struct block_requests *io = &r->e->io;
	json_t *j = tree_object(&r->tree), *list = tree_array(&r->tree);

	if (io->is_known) {
		tree_set_int(&r->tree, j, "disks", io->num_disks);
		tree_set_int(&r->tree, j, "requests", io->count);
		tree_set_int(&r->tree, j, "in_flight", io->num_in_flight);
	}
	for (size_t i = 0; i < io->num_oldest; i++)
		tree_append(&r->tree, list,
			    request(r, &io->oldest[i].request, io->oldest[i].disk));
	tree_set(&r->tree, j, "oldest", list);
	return j;
}
