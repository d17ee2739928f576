/*
 * Loading the notes of a dump: into memory, but for those too large for it.
 *
 * A driver's device dump (NT_VMCOREDD) may have any size, and the kernel puts it in front
 * of the CPUs' notes, which everything depends on. Such a note stays in the file.
 */
#include "dump/dump_priv.h"

#include "base/bytes.h"

#define NOTE_HEADER_LEN 12
#define NOTE_ALIGN	4
#define FAR_NOTE_LEN	65536u /* from here on they stay in the file */
#define MAX_FAR_NOTES	4096u
#define MAX_NOTES	(1u << 17)  /* that are looked at one by one */
#define MAX_NEAR_LEN	(16u << 20) /* notes of 35,000 CPUs */

/* Append @len bytes at @offset of the file to the notes in memory. */
static struct err *load_near(struct dump *d, u64 offset, u64 len)
{
	cleanup(freep) void *part = NULL;
	size_t part_len, padded;
	char *grown;
	struct err *err;

	if (!len)
		return NULL;
	err = dump_load(d, offset, len, MAX_NEAR_LEN - d->notes_len, "notes", &part,
			&part_len);
	if (err)
		return err;
	padded = align_up(part_len, NOTE_ALIGN);
	grown = realloc(d->notes, d->notes_len + padded + 1);
	if (!grown)
		return err_nomem();
	memset(grown + d->notes_len, 0, padded + 1);
	memcpy(grown + d->notes_len, part, part_len);
	d->notes = grown;
	d->notes_len += padded;
	return NULL;
}

static struct err *add_far(struct dump *d, u64 offset, u64 len)
{
	if (!(d->num_far_notes & (d->num_far_notes - 1))) {
		size_t capacity = d->num_far_notes ? 2 * d->num_far_notes : 8;
		struct far_note *grown =
			reallocarray(d->far_notes, capacity, sizeof(*grown));

		if (!grown)
			return err_nomem();
		d->far_notes = grown;
	}
	d->far_notes[d->num_far_notes++] = (struct far_note){.offset = offset, .len = len};
	return NULL;
}

/* The bytes of the note at @offset, with header and padding; may be more than are there. */
static struct err *measure(struct dump *d, u64 offset, u64 *ret)
{
	u8 header[NOTE_HEADER_LEN];
	struct err *err = source_read(d->src, offset, header, sizeof(header));

	if (!err)
		*ret = sizeof(header) + align_up(get_le32(header), NOTE_ALIGN) +
		       align_up(get_le32(header + 4), NOTE_ALIGN);
	return err;
}

struct err *dump_load_notes(struct dump *d, u64 offset, u64 len)
{
	u64 in_file = offset < d->src->size ? min_u64(len, d->src->size - offset) : 0;
	u64 near = 0, pos = 0, num = 0;

	/* Nothing large can be among them. */
	if (in_file < FAR_NOTE_LEN)
		return load_near(d, offset, len);
	while (in_file - pos >= NOTE_HEADER_LEN && num++ < MAX_NOTES) {
		u64 note_len;
		struct err *err = measure(d, offset + pos, &note_len);

		if (err)
			return err_wrap(err, "notes");
		if (note_len > in_file - pos || d->num_far_notes == MAX_FAR_NOTES)
			break;
		if (note_len >= FAR_NOTE_LEN) {
			err = load_near(d, offset + near, pos - near);
			if (!err)
				err = add_far(d, offset + pos, note_len);
			if (err)
				return err;
			near = pos + note_len;
		}
		pos += note_len;
	}
	return load_near(d, offset + near, len - near);
}

size_t dump_num_far_notes(const struct dump *d)
{
	return d->num_far_notes;
}

u64 dump_far_note_len(const struct dump *d, size_t index)
{
	return d->far_notes[index].len;
}

struct err *dump_far_note_read(const struct dump *d, size_t index, u64 offset, void *data,
			       size_t len)
{
	const struct far_note *n = &d->far_notes[index];

	if (!range_fits(offset, len, n->len))
		return err_new(ERR_BAD_DATA, "%s: note %zu has %llu bytes only",
			       d->src->name, index, (unsigned long long)n->len);
	return source_read(d->src, n->offset + offset, data, len);
}
