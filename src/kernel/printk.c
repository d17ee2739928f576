#include "kernel/printk.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/printk_priv.h"

#include <string.h>

/* A log whose pages are gone is not worth walking to the end of what a hostile header
 * claims. */
#define MAX_LOST_IN_ROW (1 << 14)

static struct err *read_dump(void *ctx, vaddr_t addr, void *data, size_t len)
{
	return dump_read(ctx, ADDR_VIRTUAL, addr, data, len);
}

struct err *printk_source_from_dump(struct dump *d, struct printk_source *ret)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(d);
	const struct arch *arch = dump_arch(d);

	if (!vi)
		return err_new(ERR_ABSENT,
			       "%s: the kernel log cannot be found without VMCOREINFO",
			       dump_path(d));
	*ret = (struct printk_source){.read = read_dump,
				      .ctx = d,
				      .vmcoreinfo = vi,
				      .is_big_endian = arch && arch->is_big_endian};
	return NULL;
}

u64 printk_get(const struct printk_log *log, const void *p, unsigned size)
{
	bool is_big = log->src.is_big_endian;

	switch (size) {
	case 1:
		return *(const u8 *)p;
	case 2:
		return is_big ? get_be16(p) : get_le16(p);
	case 4:
		return is_big ? get_be32(p) : get_le32(p);
	default:
		return is_big ? get_be64(p) : get_le64(p);
	}
}

struct err *printk_read_int(const struct printk_log *log, vaddr_t addr, unsigned size,
			    u64 *ret)
{
	u8 bytes[8];
	struct err *err = log->src.read(log->src.ctx, addr, bytes, size);

	if (!err)
		*ret = printk_get(log, bytes, size);
	return err;
}

struct err *printk_load_text(struct printk_log *log, vaddr_t addr, size_t len)
{
	if (len > log->text_capacity) {
		char *text = realloc(log->text, len);

		if (!text)
			return err_nomem();
		log->text = text;
		log->text_capacity = len;
	}
	return len ? log->src.read(log->src.ctx, addr, log->text, len) : NULL;
}

struct err *printk_offset(const struct printk_log *log, const char *name, u64 size,
			  u64 limit, u64 *ret)
{
	u64 offset;

	if (!vmcoreinfo_offset(log->src.vmcoreinfo, name, &offset))
		return err_new(ERR_ABSENT, "kernel log: VMCOREINFO has no OFFSET(%s)",
			       name);
	if (!range_fits(offset, size, limit))
		return err_new(
			ERR_BAD_DATA,
			"kernel log: OFFSET(%s)=%llu of VMCOREINFO is outside its type",
			name, (unsigned long long)offset);
	*ret = offset;
	return NULL;
}

struct err *printk_size(const struct printk_log *log, const char *name, u64 max, u64 *ret)
{
	u64 size;

	if (!vmcoreinfo_size(log->src.vmcoreinfo, name, &size))
		return err_new(ERR_ABSENT, "kernel log: VMCOREINFO has no SIZE(%s)", name);
	if (size == 0 || size > max)
		return err_new(ERR_BAD_DATA,
			       "kernel log: SIZE(%s)=%llu of VMCOREINFO cannot be", name,
			       (unsigned long long)size);
	*ret = size;
	return NULL;
}

struct err *printk_symbol(const struct printk_log *log, const char *name, vaddr_t *ret)
{
	if (!vmcoreinfo_symbol(log->src.vmcoreinfo, name, ret))
		return err_new(ERR_ABSENT, "kernel log: VMCOREINFO has no SYMBOL(%s)",
			       name);
	return NULL;
}

struct err *printk_open(const struct printk_source *src, struct printk_log **ret)
{
	cleanup(printk_log_freep) struct printk_log *log = calloc(1, sizeof(*log));
	vaddr_t ignored;
	struct err *err;

	if (!log)
		return err_nomem();
	log->src = *src;
	/* Since 896fbe20b4e2 ("printk: use the lockless ringbuffer"), v5.10. */
	log->is_ring = vmcoreinfo_symbol(src->vmcoreinfo, "prb", &ignored);
	err = log->is_ring ? printk_ring_init(log) : printk_records_init(log);
	if (err)
		return err;
	*ret = steal(log);
	return NULL;
}

void printk_log_free(struct printk_log *log)
{
	if (!log)
		return;
	free(log->text);
	free(log);
}

bool printk_next(struct printk_log *log, struct printk_record *ret)
{
	u64 lost_before = log->num_lost;
	bool found;

	if (log->lost_in_row >= MAX_LOST_IN_ROW)
		return false;
	found = log->is_ring ? printk_ring_next(log, ret) : printk_records_next(log, ret);
	log->lost_in_row = found ? 0 : log->lost_in_row + (log->num_lost - lost_before);
	return found;
}

u64 printk_num_lost(const struct printk_log *log)
{
	return log->num_lost;
}

struct err *printk_first_not_cleared(const struct printk_source *src, u64 *ret_seq)
{
	const struct printk_log log = {.src = *src};
	u64 sequence = 0, offset = 0, size;
	vaddr_t addr;
	struct err *err = printk_symbol(&log, "clear_seq", &addr);

	/* Since 7d7a23a91c91 ("printk: use seqcount_latch for clear_seq"), v5.13, there are
	 * two values, and a counter before them whose lowest bit says which one holds. */
	if (!err && vmcoreinfo_size(src->vmcoreinfo, "latched_seq", &size)) {
		err = printk_offset(&log, "latched_seq.val", 16, size, &offset);
		if (!err)
			err = printk_read_int(&log, addr, 4, &sequence);
	}
	return err ? err
		   : printk_read_int(&log, addr + offset + (sequence & 1) * 8, 8, ret_seq);
}

void printk_format(struct buf *b, const struct printk_record *r, bool indent)
{
	char stamp[48];
	int width = snprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ",
			     (unsigned long long)(r->ts_ns / 1000000000),
			     (unsigned long long)(r->ts_ns % 1000000000 / 1000));
	const char *line = r->text, *end = r->text + r->len;

	buf_add_str(b, stamp);
	for (;;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		str_escape(b, line, (size_t)((stop ? stop : end) - line), true);
		buf_add_char(b, '\n');
		if (!stop)
			return;
		buf_printf(b, "%*s", indent ? width : 0, "");
		line = stop + 1;
	}
}
