/* The record log of 3.5 to 5.9: struct printk_log in kernel/printk/printk.c of those. */
#include "kernel/printk_priv.h"

#define MAX_BUF_LEN	((u64)1 << 31)
#define MAX_HEADER_SIZE 256

/* Since 62e32ac3505a ("printk: rename struct log to struct printk_log"), v3.11, the type is
 * called printk_log. */
static const char *const type_names[2][4] = {
	{"printk_log", "printk_log.ts_nsec", "printk_log.len", "printk_log.text_len"},
	{"log", "log.ts_nsec", "log.len", "log.text_len"},
};

static struct err *init_header(struct printk_log *log)
{
	struct printk_records *r = &log->records;
	u64 size;
	bool is_new = vmcoreinfo_size(log->src.vmcoreinfo, "printk_log", &size);
	const char *const *names = type_names[is_new ? 0 : 1];
	struct err *err = printk_size(log, names[0], MAX_HEADER_SIZE, &r->header_size);

	if (!err)
		err = printk_offset(log, names[1], 8, r->header_size, &r->ts_offset);
	if (!err)
		err = printk_offset(log, names[2], 2, r->header_size, &r->len_offset);
	if (!err)
		err = printk_offset(log, names[3], 2, r->header_size, &r->text_len_offset);
	return err;
}

/* Read the 32-bit variable @name. */
static struct err *read_variable(struct printk_log *log, const char *name, u64 *ret)
{
	vaddr_t addr;
	struct err *err = printk_symbol(log, name, &addr);

	return err ? err : printk_read_int(log, addr, 4, ret);
}

struct err *printk_records_init(struct printk_log *log)
{
	struct printk_records *r = &log->records;
	vaddr_t addr;
	struct err *err = printk_symbol(log, "log_buf", &addr);

	if (!err)
		err = printk_read_int(log, addr, 8, &r->buf);
	if (!err)
		err = read_variable(log, "log_buf_len", &r->buf_len);
	if (!err)
		err = read_variable(log, "log_first_idx", &r->idx);
	if (!err)
		err = read_variable(log, "log_next_idx", &r->end_idx);
	if (!err)
		err = init_header(log);
	if (err)
		return err;
	if (r->buf_len > MAX_BUF_LEN || r->idx >= r->buf_len || r->end_idx > r->buf_len)
		return err_new(ERR_BAD_DATA,
			       "kernel log: records %llu to %llu of %llu bytes cannot be",
			       (unsigned long long)r->idx, (unsigned long long)r->end_idx,
			       (unsigned long long)r->buf_len);
	r->remaining = r->buf_len / r->header_size;
	return NULL;
}

/* Read the record at r->idx and step behind it. *@ret_wrapped: it was the mark that the log
 * goes on at the start of the buffer. Any error ends the log: the next one cannot be found.
 */
static struct err *read_record(struct printk_log *log, struct printk_record *ret,
			       bool *ret_wrapped)
{
	struct printk_records *r = &log->records;
	u8 header[MAX_HEADER_SIZE];
	u64 len, text_len, idx = r->idx;
	struct err *err = NULL;

	if (!range_fits(idx, r->header_size, r->buf_len))
		return err_new(ERR_BAD_DATA, "kernel log: record at %llu",
			       (unsigned long long)idx);
	err = log->src.read(log->src.ctx, r->buf + idx, header, r->header_size);
	if (err)
		return err;
	len = printk_get(log, header + r->len_offset, 2);
	text_len = printk_get(log, header + r->text_len_offset, 2);
	*ret_wrapped = len == 0;
	if (len == 0) {
		r->idx = 0;
		return NULL;
	}
	if (len < r->header_size || text_len > len - r->header_size ||
	    !range_fits(idx, len, r->buf_len))
		return err_new(ERR_BAD_DATA, "kernel log: record at %llu of %llu bytes",
			       (unsigned long long)idx, (unsigned long long)len);
	*ret = (struct printk_record){
		.seq = r->seq++,
		.ts_ns = printk_get(log, header + r->ts_offset, 8),
		.len = text_len,
	};
	r->idx += len;
	err = printk_load_text(log, r->buf + idx + r->header_size, text_len);
	ret->text = log->text ? log->text : "";
	return err;
}

bool printk_records_next(struct printk_log *log, struct printk_record *ret)
{
	struct printk_records *r = &log->records;

	while (!r->is_done && r->remaining && r->idx != r->end_idx) {
		bool wrapped = false;
		u64 idx = r->idx;
		struct err *err = read_record(log, ret, &wrapped);

		r->remaining--;
		if (!err && !wrapped)
			return true;
		if (err) {
			log->num_lost++;
			r->is_done = r->idx == idx;
			err_ignore(err);
		}
	}
	return false;
}
