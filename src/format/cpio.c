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
