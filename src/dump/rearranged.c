#include "dump/rearranged.h"

#include "format/flattened.h"

#include <string.h>

/* Take the header at @pos for the next segment of the walk, if it is. *@ret_next is the
 * next header. */
static struct err *read_segment(struct rearranged *r, u64 pos, struct rearranged_walk *w,
				u64 *ret_next)
{
	u8 bytes[FLATTENED_SEGMENT_LEN];
	struct flattened_segment s;
	u64 left;
	struct err *err = source_read(r->flat, pos, bytes, sizeof(bytes));

	if (err)
		return err;
	/* Only a file that changes below us gets here. */
	if (!flattened_parse_segment(bytes, &s) || s.is_end)
		return err_new(ERR_BAD_DATA, "%s: the file changed at offset 0x%llx",
			       r->bytes.name, (unsigned long long)pos);
	pos += sizeof(bytes);
	left = r->flat->size - pos;
	s.size = min_u64(s.size, left);
	*ret_next = pos + s.size;
	if (s.size && s.offset == w->start + w->len) {
		w->start = s.offset;
		w->len = s.size;
		w->data = pos;
	}
	return NULL;
}

static struct rearranged_walk *find_walk(struct rearranged *r,
					 const struct segment_run *run, u64 offset)
{
	struct rearranged_walk *w;

	for (size_t i = 0; i < REARRANGED_WALKS; i++) {
		w = &r->walks[i];
		if (w->first_header == run->first_header && w->start <= offset)
			return w;
	}
	w = &r->walks[r->num_walks++ % REARRANGED_WALKS];
	*w = (struct rearranged_walk){.start = run->first_start,
				      .data = run->first_header,
				      .first_header = run->first_header};
	return w;
}

/* The segment of @run that has byte @offset, which is in the run. */
static struct err *find_segment(struct rearranged *r, const struct segment_run *run,
				u64 offset, const struct rearranged_walk **ret)
{
	struct rearranged_walk *w = find_walk(r, run, offset);
	u64 next = w->data + w->len;

	while (offset - w->start >= w->len) {
		struct err *err = read_segment(r, next, w, &next);

		if (err) {
			w->first_header = 0;
			return err;
		}
	}
	*ret = w;
	return NULL;
}

/* Where byte @offset lies in the flattened file, and how many behind it lie there too. In a
 * hole *@ret_data is 0. */
static struct err *find_bytes(struct rearranged *r, u64 offset, u64 *ret_data, u64 *ret_len)
{
	const struct segment_run *run = segment_index_find(r->index, offset);
	const struct rearranged_walk *w;
	struct err *err;

	if (!run || run->start > offset) {
		*ret_data = 0;
		*ret_len = (run ? run->start : r->bytes.size) - offset;
		return NULL;
	}
	err = find_segment(r, run, offset, &w);
	if (err)
		return err;
	*ret_data = w->data + (offset - w->start);
	*ret_len = min_u64(w->start + w->len, run->start + run->len) - offset;
	return NULL;
}

static struct err *rearranged_read_at(const struct byte_source *src, u64 offset, void *data,
				      size_t len)
{
	struct rearranged *r = src->ctx;

	while (len) {
		u64 at, here;
		struct err *err = find_bytes(r, offset, &at, &here);

		here = err ? 0 : min_u64(here, len);
		if (!err && at)
			err = source_read(r->flat, at, data, here);
		else
			memset(data, 0, here);
		if (err)
			return err;
		data = (char *)data + here;
		offset += here;
		len -= here;
	}
	return NULL;
}

static const void *rearranged_map(const struct byte_source *src, u64 offset, size_t len)
{
	struct rearranged *r = src->ctx;
	u64 at = 0, here = 0;

	if (!r->flat->map || !range_fits(offset, len, src->size) || !len)
		return NULL;
	err_ignore(find_bytes(r, offset, &at, &here));
	return at && here >= len ? r->flat->map(r->flat, at, len) : NULL;
}

static u64 rearranged_next_data(const struct byte_source *src, u64 offset)
{
	const struct rearranged *r = src->ctx;
	const struct segment_run *run = segment_index_find(r->index, offset);

	return run ? max_u64(offset, run->start) : src->size;
}

void rearranged_init(struct rearranged *r, const struct segment_index *index,
		     const struct byte_source *flat)
{
	*r = (struct rearranged){
		.bytes = {.read_at = rearranged_read_at,
			  .map = rearranged_map,
			  .next_data = rearranged_next_data,
			  .ctx = r,
			  .size = index->size,
			  .name = flat->name},
		.index = index,
		.flat = flat,
	};
}
