#include "format/cpio.h"

#include "base/str.h"

#include <string.h>

#define TRAILER	   "TRAILER!!!"
#define BLOCK_SIZE 512

static void pad(struct buf *b, size_t start, size_t alignment)
{
	while ((b->len - start) % alignment && !b->failed)
		buf_add_char(b, '\0');
}

static void add_header(struct cpio *c, const struct cpio_entry *e, u32 inode, u32 links)
{
	const u32 fields[] = {
		inode,
		e->mode,
		0, /* uid */
		0, /* gid */
		links,
		0, /* mtime */
		(u32)e->len,
		0, /* device of the file system, major and minor */
		0,
		e->device_major,
		e->device_minor,
		(u32)strlen(e->name) + 1,
		0, /* checksum, of "070702" archives only */
	};

	buf_add_str(c->out, "070701");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		buf_printf(c->out, "%08x", fields[i]);
	buf_add(c->out, e->name, strlen(e->name) + 1);
}

struct err *cpio_add(struct cpio *c, const struct cpio_entry *e)
{
	const u32 type_mask = 0170000, directory = 0040000;
	size_t start = c->out->len;

	if (!*e->name || *e->name == '/' || strlen(e->name) > CPIO_NAME_MAX ||
	    str_eq(e->name, TRAILER))
		return err_new(ERR_USAGE, "\"%.64s\" cannot be a name in a cpio archive",
			       e->name);
	if (e->len > UINT32_MAX)
		return err_new(ERR_USAGE, "%s: %zu bytes are too long for a cpio archive",
			       e->name, e->len);
	add_header(c, e, ++c->last_inode, (e->mode & type_mask) == directory ? 2 : 1);
	pad(c->out, start, 4);
	buf_add(c->out, e->data, e->len);
	pad(c->out, start, 4);
	return buf_check(c->out);
}

struct err *cpio_end(struct cpio *c)
{
	const struct cpio_entry trailer = {.name = TRAILER};
	size_t start = c->out->len;

	add_header(c, &trailer, 0, 1);
	pad(c->out, start, 4);
	pad(c->out, 0, BLOCK_SIZE);
	return buf_check(c->out);
}

#define HEADER_LEN 110
#define FIELDS	   13

static bool read_hex(const char *text, u32 *ret)
{
	u32 value = 0;

	for (size_t i = 0; i < 8; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit)
			return false;
		value = value << 4 | (u32)(digit - digits);
	}
	*ret = value;
	return true;
}

struct err *cpio_next(struct cpio_reader *r, struct cpio_entry *ret, bool *ret_end)
{
	const char *header = (const char *)r->data + r->pos;
	u64 name_at = r->pos + HEADER_LEN, data_at;
	u32 field[FIELDS];
	bool good = r->pos <= r->len && r->len - r->pos >= HEADER_LEN &&
		    memcmp(header, "070701", 6) == 0;

	for (size_t i = 0; good && i < FIELDS; i++)
		good = read_hex(header + 6 + 8 * i, &field[i]);
	/* The name's length counts its terminating 0. */
	good = good && field[11] && field[11] <= CPIO_NAME_MAX + 1 &&
	       range_fits(name_at, field[11], r->len) &&
	       memchr(header + HEADER_LEN, '\0', field[11]) ==
		       header + HEADER_LEN + field[11] - 1;
	data_at = good ? align_up(name_at + field[11], 4) : 0;
	if (!good || !range_fits(data_at, field[6], r->len))
		return err_new(ERR_BAD_DATA, "no whole cpio entry at offset %zu", r->pos);
	*ret = (struct cpio_entry){.name = header + HEADER_LEN,
				   .mode = field[1],
				   .data = (const char *)r->data + data_at,
				   .len = field[6],
				   .device_major = field[9],
				   .device_minor = field[10]};
	*ret_end = str_eq(ret->name, TRAILER);
	r->pos = (size_t)align_up(data_at + field[6], 4);
	return NULL;
}
