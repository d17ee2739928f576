#include "dump/input.h"

#include "dump/file.h"
#include "dump/rearranged.h"
#include "format/flattened.h"

struct input {
	struct file_source *file;      /* owned; NULL if the source is borrowed */
	const struct byte_source *raw; /* as they lie in the file */
	struct segment_index *owned_index;
	const struct segment_index *index; /* NULL: not flattened */
	struct rearranged rearranged;
};

static struct err *recognise(struct input *in)
{
	u8 head[FLATTENED_USED_LEN];
	size_t len = min_u64(sizeof(head), in->raw->size);
	struct err *err = source_read(in->raw, 0, head, len);

	if (err || len < sizeof(head) || !flattened_recognises(head, len))
		return err;
	err = segment_index_make(in->raw, &in->owned_index);
	if (err)
		return err;
	in->index = in->owned_index;
	rearranged_init(&in->rearranged, in->index, in->raw);
	return NULL;
}

static struct err *open_over(struct file_source *file, const struct byte_source *raw,
			     struct input **ret)
{
	cleanup(input_closep) struct input *in = calloc(1, sizeof(*in));
	struct err *err;

	if (!in)
		return err_nomem();
	in->raw = raw;
	err = recognise(in);
	if (err)
		return err;
	in->file = file;
	*ret = steal(in);
	return NULL;
}

struct err *input_open(const char *path, struct input **ret)
{
	cleanup(file_source_closep) struct file_source *file = NULL;
	struct err *err = file_source_open(path, &file);

	if (err)
		return err;
	err = open_over(file, file_source_bytes(file), ret);
	if (!err)
		file = NULL;
	return err;
}

struct err *input_open_source(const struct byte_source *src, struct input **ret)
{
	return open_over(NULL, src, ret);
}

struct err *input_open_again(const struct input *of, struct input **ret)
{
	cleanup(input_closep) struct input *in = calloc(1, sizeof(*in));

	if (!in)
		return err_nomem();
	in->raw = of->raw;
	if (of->file) {
		struct err *err = file_source_open_again(of->file, &in->file);

		if (err)
			return err;
		in->raw = file_source_bytes(in->file);
	}
	in->index = of->index;
	if (in->index)
		rearranged_init(&in->rearranged, in->index, in->raw);
	*ret = steal(in);
	return NULL;
}

void input_close(struct input *in)
{
	if (!in)
		return;
	segment_index_free(in->owned_index);
	file_source_close(in->file);
	free(in);
}

const struct byte_source *input_bytes(const struct input *in)
{
	return in->index ? &in->rearranged.bytes : in->raw;
}

struct err *input_check_end(const struct input *in)
{
	if (!in->index || !in->index->is_cut)
		return NULL;
	return err_new(
		ERR_INCOMPLETE,
		"%s: truncated: the flattened file has no end marker; what lies behind "
		"offset 0x%llx of it is lost",
		in->raw->name, (unsigned long long)in->index->end);
}

bool input_has_lost(const struct input *in, u64 offset, u64 len)
{
	if (!in->index || !in->index->is_cut)
		return false;
	for (u64 end = offset + len; offset < end;) {
		const struct segment_run *run = segment_index_find(in->index, offset);

		if (!run || run->start > offset)
			return true;
		offset = run->start + run->len;
	}
	return false;
}
