/* What the two layouts of the kernel log share. Private to kernel/printk*.c. */
#ifndef KERNEL_PRINTK_PRIV_H
#define KERNEL_PRINTK_PRIV_H

#include "kernel/printk.h"

/* A run of equal elements in the crashed kernel's memory, read a few at a time. */
#define ARRAY_CHUNK_BYTES 4096

struct printk_array {
	vaddr_t base;
	u64 count;
	u64 item_size; /* at most ARRAY_CHUNK_BYTES */
	u64 first;     /* element at data[0] */
	u64 loaded;    /* elements in data */
	u8 data[ARRAY_CHUNK_BYTES];
};

/* The lockless ring (5.10+). */
struct printk_ring {
	unsigned word; /* bytes of unsigned long */
	u64 desc_id_mask;
	unsigned desc_state_shift;
	struct printk_array descs, infos;
	u64 state_var, blk_begin, blk_next; /* offsets in struct prb_desc */
	u64 info_seq, info_ts, info_text_len, info_caller;
	bool has_level;
	bool has_device;
	u64 info_subsystem, info_device;
	vaddr_t text;
	u64 text_size;
	u64 next_id;
	u64 remaining;
};

/* The record log (3.5 to 5.9). */
struct printk_records {
	vaddr_t buf;
	u64 buf_len;
	u64 header_size;
	u64 ts_offset, len_offset, text_len_offset;
	u64 idx, end_idx;
	u64 seq;
	u64 remaining;
	bool is_done;
};

struct printk_log {
	struct printk_source src;
	bool is_ring;
	struct printk_ring ring;
	struct printk_records records;
	u64 num_lost;
	u64 lost_in_row;
	char *text;
	size_t text_capacity;
};

/* Unsigned integer of @size bytes (1, 2, 4, 8) at @p in the source's byte order. */
u64 printk_get(const struct printk_log *log, const void *p, unsigned size);
must_check struct err *printk_read_int(const struct printk_log *log, vaddr_t addr,
				       unsigned size, u64 *ret);
/* Read @len bytes of text into log->text. */
must_check struct err *printk_load_text(struct printk_log *log, vaddr_t addr, size_t len);
/* OFFSET(@name) of VMCOREINFO, that must leave room for @size bytes within @limit. */
must_check struct err *printk_offset(const struct printk_log *log, const char *name,
				     u64 size, u64 limit, u64 *ret);
must_check struct err *printk_size(const struct printk_log *log, const char *name, u64 max,
				   u64 *ret);
must_check struct err *printk_symbol(const struct printk_log *log, const char *name,
				     vaddr_t *ret);

must_check struct err *printk_ring_init(struct printk_log *log);
bool printk_ring_next(struct printk_log *log, struct printk_record *ret);
must_check struct err *printk_records_init(struct printk_log *log);
bool printk_records_next(struct printk_log *log, struct printk_record *ret);

#endif
