#include "format/note.h"

#include "base/bytes.h"

#define NOTE_HEADER_LEN 12
#define NOTE_ALIGN	4

/* Take @len bytes and their padding off the iterator; the padding of the last note may be
 * cut. */
static bool take(struct note_iter *it, u64 len, size_t *ret_pos)
{
	if (!range_fits(it->pos, len, it->len))
		return false;
	*ret_pos = it->pos;
	it->pos = min_u64(it->len, it->pos + align_up(len, NOTE_ALIGN));
	return true;
}

bool note_next(struct note_iter *it, struct note *ret)
{
	while (it->len - it->pos >= NOTE_HEADER_LEN) {
		const u8 *header = it->data + it->pos;
		u32 name_len = get_le32(header), desc_len = get_le32(header + 4);
		size_t name_pos, desc_pos, start = it->pos;

		it->pos += NOTE_HEADER_LEN;
		if (!name_len && !desc_len)
			continue;
		if (!take(it, name_len, &name_pos) || !take(it, desc_len, &desc_pos)) {
			it->is_damaged = true;
			it->pos = it->len;
			return false;
		}
		*ret = (struct note){
			.type = get_le32(header + 8),
			.name = (const char *)it->data + name_pos,
			.name_len = strnlen((const char *)it->data + name_pos, name_len),
			.desc = it->data + desc_pos,
			.desc_len = desc_len,
			.offset = start,
		};
		return true;
	}
	return false;
}

bool note_has_name(const struct note *n, const char *name)
{
	return strlen(name) == n->name_len && memcmp(n->name, name, n->name_len) == 0;
}

size_t note_size(size_t name_len, size_t desc_len)
{
	return NOTE_HEADER_LEN + align_up(name_len + 1, NOTE_ALIGN) +
	       align_up(desc_len, NOTE_ALIGN);
}

void note_format(const char *name, u32 type, const void *desc, size_t desc_len, void *ret)
{
	size_t name_len = strlen(name);
	u8 *p = ret;

	memset(p, 0, note_size(name_len, desc_len));
	put_le32(p, (u32)name_len + 1);
	put_le32(p + 4, (u32)desc_len);
	put_le32(p + 8, type);
	p += NOTE_HEADER_LEN;
	memcpy(p, name, name_len);
	memcpy(p + align_up(name_len + 1, NOTE_ALIGN), desc, desc_len);
}
