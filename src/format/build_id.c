#include "format/build_id.h"

#include "base/bytes.h"
#include "format/note.h"

#include <elf.h>
#include <string.h>

#define HEADER_LEN    64
#define SEGMENT_LEN   56
#define MAX_SEGMENTS  256
#define MAX_NOTES_LEN ((u64)1 << 20)
#define CHUNK	      65536

static bool is_program(const u8 head[HEADER_LEN])
{
	u16 type = get_le16(head + 16);

	return memcmp(head, ELFMAG, SELFMAG) == 0 && head[EI_CLASS] == ELFCLASS64 &&
	       head[EI_DATA] == ELFDATA2LSB && (type == ET_EXEC || type == ET_DYN);
}

bool build_id_is_program(const struct byte_source *src)
{
	u8 head[HEADER_LEN];
	struct err *err;

	if (src->size < sizeof(head))
		return false;
	err = source_read(src, 0, head, sizeof(head));
	if (err) {
		err_free(err);
		return false;
	}
	return is_program(head);
}

/* Called with the place and length in the file of a segment of the wanted type; true ends
 * the search. */
typedef struct err *(*segment_visit)(void *ctx, u64 offset, u64 len, bool *ret_done);

static struct err *each_segment(const struct byte_source *src, u32 type,
				segment_visit visit, void *ctx)
{
	u8 head[HEADER_LEN], segment[SEGMENT_LEN];
	u64 table;
	u16 count;
	bool done = false;
	struct err *err = source_read(src, 0, head, sizeof(head));

	if (err)
		return err;
	if (!is_program(head) || get_le16(head + 54) != SEGMENT_LEN)
		return err_new(ERR_UNSUPPORTED,
			       "%s: not a 64-bit little-endian ELF program", src->name);
	table = get_le64(head + 32);
	count = get_le16(head + 56);
	for (u16 i = 0; !err && !done && i < count && i < MAX_SEGMENTS; i++) {
		u64 offset, len;

		if (!range_fits(table, (u64)(i + 1) * SEGMENT_LEN, src->size))
			return err_new(ERR_BAD_DATA,
				       "%s: program headers at 0x%llx lie past the end",
				       src->name, (unsigned long long)table);
		err = source_read(src, table + (u64)i * SEGMENT_LEN, segment,
				  sizeof(segment));
		if (err || get_le32(segment) != type)
			continue;
		offset = get_le64(segment + 8);
		len = get_le64(segment + 32);
		if (!range_fits(offset, len, src->size))
			return err_new(ERR_BAD_DATA,
				       "%s: segment %u at 0x%llx reaches past the end",
				       src->name, i, (unsigned long long)offset);
		err = visit(ctx, offset, len, &done);
	}
	return err;
}

struct search {
	const struct byte_source *src;
	char *ret;
	const void *text;
	size_t text_len;
	bool found;
};

static struct err *take_build_id(void *ctx, u64 offset, u64 len, bool *ret_done)
{
	struct search *s = ctx;
	cleanup(freep) u8 *notes = NULL;
	struct note_iter it;
	struct note n;
	struct err *err;

	len = min_u64(len, MAX_NOTES_LEN);
	notes = malloc(len + 1);
	if (!notes)
		return err_nomem();
	err = source_read(s->src, offset, notes, len);
	if (err)
		return err;
	it = note_iter_init(notes, len);
	while (note_next(&it, &n)) {
		const u8 *id = n.desc;

		if (n.type != NT_GNU_BUILD_ID || !note_has_name(&n, "GNU") || !n.desc_len ||
		    n.desc_len > BUILD_ID_MAX_LEN)
			continue;
		for (size_t i = 0; i < n.desc_len; i++)
			snprintf(s->ret + 2 * i, 3, "%02x", id[i]);
		*ret_done = true;
		return NULL;
	}
	return NULL;
}

struct err *build_id_read(const struct byte_source *src, char ret[BUILD_ID_TEXT_LEN])
{
	char text[BUILD_ID_TEXT_LEN] = "";
	struct search s = {.src = src, .ret = text};
	struct err *err = each_segment(src, PT_NOTE, take_build_id, &s);

	if (!err)
		memcpy(ret, text, sizeof(text));
	return err;
}

/* A chunk at a time, each with the end of the one before. */
static struct err *find_bytes(void *ctx, u64 offset, u64 len, bool *ret_done)
{
	struct search *s = ctx;
	size_t overlap = s->text_len - 1;
	cleanup(freep) u8 *chunk = malloc(CHUNK + overlap);
	size_t kept = 0;

	if (!chunk)
		return err_nomem();
	for (u64 done = 0; done < len;) {
		size_t part = min_u64(CHUNK, len - done);
		struct err *err = source_read(s->src, offset + done, chunk + kept, part);

		if (err)
			return err;
		if (memmem(chunk, kept + part, s->text, s->text_len)) {
			s->found = *ret_done = true;
			return NULL;
		}
		done += part;
		part += kept;
		kept = part < overlap ? part : overlap;
		memmove(chunk, chunk + part - kept, kept);
	}
	return NULL;
}

struct err *build_id_has_bytes(const struct byte_source *src, const void *text, size_t len,
			       bool *ret)
{
	struct search s = {.src = src, .text = text, .text_len = len};
	struct err *err;

	if (!len)
		return err_new(ERR_USAGE, "nothing to look for");
	err = each_segment(src, PT_LOAD, find_bytes, &s);
	if (!err)
		*ret = s.found;
	return err;
}
