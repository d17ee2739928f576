#include "dump/input.h"

#include "dump/file.h"
#include "dump/rearranged.h"
#include "format/flattened.h"

struct part {
	struct file_source *file;      /* owned; NULL if the source is borrowed */
	const struct byte_source *raw; /* as they lie in the file */
	struct segment_index *owned_index;
	const struct segment_index *index; /* NULL: not flattened */
	struct rearranged rearranged;
};

struct input {
	size_t num_parts;
	struct part parts[];
};

static void part_deinit(struct part *p)
{
	segment_index_free(p->owned_index);
	file_source_close(p->file);
}

/* See whether the file is flattened. */
static struct err *recognise(struct part *p)
{
	u8 head[FLATTENED_USED_LEN];
	size_t len = min_u64(sizeof(head), p->raw->size);
	struct err *err = source_read(p->raw, 0, head, len);

	if (err || len < sizeof(head) || !flattened_recognises(head, len))
		return err;
	err = segment_index_make(p->raw, &p->owned_index);
	if (err)
		return err;
	p->index = p->owned_index;
	rearranged_init(&p->rearranged, p->index, p->raw);
	return NULL;
}

static struct err *part_open_path(struct part *p, const char *path)
{
	struct err *err = file_source_open(path, &p->file);

	if (err)
		return err;
	p->raw = file_source_bytes(p->file);
	return recognise(p);
}

static struct err *part_open_again(struct part *p, const struct part *of)
{
	p->raw = of->raw;
	p->index = of->index;
	if (of->file) {
		struct err *err = file_source_open_again(of->file, &p->file);

		if (err)
			return err;
		p->raw = file_source_bytes(p->file);
	}
	if (p->index)
		rearranged_init(&p->rearranged, p->index, p->raw);
	return NULL;
}

static struct err *input_new(size_t count, struct input **ret)
{
	struct input *in;

	if (!count || count > INPUT_MAX_PARTS)
		return err_new(ERR_USAGE, "a dump in %zu files: 1 … %d can be read", count,
			       INPUT_MAX_PARTS);
	in = calloc(1, sizeof(*in) + count * sizeof(in->parts[0]));
	if (!in)
		return err_nomem();
	in->num_parts = count;
	*ret = in;
	return NULL;
}

struct err *input_open(const char *const *paths, size_t count, struct input **ret)
{
	cleanup(input_closep) struct input *in = NULL;
	struct err *err = input_new(count, &in);

	for (size_t i = 0; i < count && !err; i++)
		err = part_open_path(&in->parts[i], paths[i]);
	if (!err)
		*ret = steal(in);
	return err;
}

struct err *input_open_sources(const struct byte_source *const *srcs, size_t count,
			       struct input **ret)
{
	cleanup(input_closep) struct input *in = NULL;
	struct err *err = input_new(count, &in);

	for (size_t i = 0; i < count && !err; i++) {
		in->parts[i].raw = srcs[i];
		err = recognise(&in->parts[i]);
	}
	if (!err)
		*ret = steal(in);
	return err;
}

struct err *input_open_again(const struct input *of, struct input **ret)
{
	cleanup(input_closep) struct input *in = NULL;
	struct err *err = input_new(of->num_parts, &in);

	for (size_t i = 0; i < of->num_parts && !err; i++)
		err = part_open_again(&in->parts[i], &of->parts[i]);
	if (!err)
		*ret = steal(in);
	return err;
}

void input_close(struct input *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->num_parts; i++)
		part_deinit(&in->parts[i]);
	free(in);
}

size_t input_num_parts(const struct input *in)
{
	return in->num_parts;
}

const struct byte_source *input_part(const struct input *in, size_t part)
{
	const struct part *p = &in->parts[part];

	return p->index ? &p->rearranged.bytes : p->raw;
}

struct err *input_check_end(const struct input *in, size_t part)
{
	const struct part *p = &in->parts[part];

	if (!p->index || !p->index->is_cut)
		return NULL;
	return err_new(
		ERR_INCOMPLETE,
		"%s: truncated: the flattened file has no end marker; what lies behind "
		"offset 0x%llx of it is lost",
		p->raw->name, (unsigned long long)p->index->end);
}

bool input_has_lost(const struct input *in, size_t part, u64 offset, u64 len)
{
	const struct segment_index *index = in->parts[part].index;

	if (!index || !index->is_cut)
		return false;
	for (u64 end = offset + len; offset < end;) {
		const struct segment_run *run = segment_index_find(index, offset);

		if (!run || run->start > offset)
			return true;
		offset = run->start + run->len;
	}
	return false;
}
