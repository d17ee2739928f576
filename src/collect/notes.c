#include "collect/notes_priv.h"

#define COPY_BYTES 65536

u64 notes_len(const struct dump *d)
{
	size_t len;
	u64 all;

	(void)dump_notes(d, &len);
	all = len;
	for (size_t i = 0; i < dump_num_far_notes(d); i++)
		all += dump_far_note_len(d, i);
	return all;
}

static struct err *write_far(const struct dump *d, size_t index, struct output *o,
			     u64 offset)
{
	cleanup(freep) void *copy = malloc(COPY_BYTES);
	u64 len = dump_far_note_len(d, index);

	if (!copy)
		return err_nomem();
	for (u64 done = 0; done < len; done += COPY_BYTES) {
		size_t n = min_u64(COPY_BYTES, len - done);
		struct err *err = dump_far_note_read(d, index, done, copy, n);

		if (!err)
			err = output_write(o, offset + done, copy, n);
		if (err)
			return err;
	}
	return NULL;
}

struct err *notes_write(const struct dump *d, struct output *o, u64 offset)
{
	size_t len;
	const void *notes = dump_notes(d, &len);
	struct err *err = output_write(o, offset, notes, len);

	offset += len;
	for (size_t i = 0; i < dump_num_far_notes(d) && !err; i++) {
		err = write_far(d, i, o, offset);
		offset += dump_far_note_len(d, i);
	}
	return err;
}
