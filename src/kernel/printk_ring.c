/* The lockless ring of 5.10 and later: kernel/printk/printk_ringbuffer.{h,c}. */
#include "kernel/printk_priv.h"

#include <string.h>

/* CONFIG_LOG_BUF_SHIFT ends at 25 and log_buf_len= at 2 GiB; there is one descriptor for
 * each 32 bytes of text (PRB_AVGBITS). */
#define MAX_TEXT_SIZE_BITS 31
#define MAX_DESC_BITS	   26
#define MAX_STRUCT_SIZE	   1024
#define MAX_TEXT_LEN	   65535 /* printk_info.text_len is a u16 */
#define MAX_LOST_PER_CALL  (1 << 14)

/* Top two bits of prb_desc.state_var. */
enum desc_state { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

/* Element @index of @a, loading it and its neighbours. Falls back to the one element where
 * a neighbour is on a page that the dump does not have. */
static struct err *array_get(struct printk_log *log, struct printk_array *a, u64 index,
			     const u8 **ret)
{
	if (index < a->first || index - a->first >= a->loaded) {
		u64 n = min_u64(ARRAY_CHUNK_BYTES / a->item_size, a->count - index);
		struct err *err =
			log->src.read(log->src.ctx, a->base + index * a->item_size, a->data,
				      n * a->item_size);

		if (err) {
			err_ignore(err);
			n = 1;
			a->loaded = 0;
			err = log->src.read(log->src.ctx, a->base + index * a->item_size,
					    a->data, a->item_size);
			if (err)
				return err;
		}
		a->first = index;
		a->loaded = n;
	}
	*ret = a->data + (index - a->first) * a->item_size;
	return NULL;
}

/* Where a record names its device: struct dev_printk_info, since 5.10. */
static void find_device(struct printk_log *log, u64 info_size)
{
	struct printk_ring *r = &log->ring;
	u64 inside, subsystem, device;
	const u64 sizes = PRINTK_SUBSYSTEM_SIZE + PRINTK_DEVICE_SIZE;
	struct err *err =
		printk_offset(log, "printk_info.dev_info", sizes, info_size, &inside);

	if (!err)
		err = printk_offset(log, "dev_printk_info.subsystem", PRINTK_SUBSYSTEM_SIZE,
				    sizes, &subsystem);
	if (!err)
		err = printk_offset(log, "dev_printk_info.device", PRINTK_DEVICE_SIZE,
				    sizes, &device);
	r->has_device = !err;
	err_ignore(err);
	if (!r->has_device)
		return;
	r->info_subsystem = inside + subsystem;
	r->info_device = inside + device;
}

/* Offsets within struct prb_desc and struct printk_info. */
static struct err *init_items(struct printk_log *log)
{
	struct printk_ring *r = &log->ring;
	u64 counter = 0, lpos_size, word = r->word;
	u64 desc_size = r->descs.item_size, info_size = r->infos.item_size;
	u64 blk, begin, next;
	struct err *err =
		printk_offset(log, "prb_desc.state_var", word, desc_size, &r->state_var);

	if (!err)
		err = printk_offset(log, "atomic_long_t.counter", word, word, &counter);
	if (!err)
		err = printk_size(log, "prb_data_blk_lpos", MAX_STRUCT_SIZE, &lpos_size);
	if (!err)
		err = printk_offset(log, "prb_desc.text_blk_lpos", lpos_size, desc_size,
				    &blk);
	if (!err)
		err = printk_offset(log, "prb_data_blk_lpos.begin", word, lpos_size,
				    &begin);
	if (!err)
		err = printk_offset(log, "prb_data_blk_lpos.next", word, lpos_size, &next);
	if (!err)
		err = printk_offset(log, "printk_info.seq", 8, info_size, &r->info_seq);
	if (!err)
		err = printk_offset(log, "printk_info.ts_nsec", 8, info_size, &r->info_ts);
	if (!err)
		err = printk_offset(log, "printk_info.text_len", 2, info_size,
				    &r->info_text_len);
	if (!err)
		err = printk_offset(log, "printk_info.caller_id", 4, info_size,
				    &r->info_caller);
	if (err)
		return err;
	find_device(log, info_size);
	r->state_var += counter;
	r->blk_begin = blk + begin;
	r->blk_next = blk + next;
	/* facility, and flags:5 with level:3, are the two bytes between them. */
	r->has_level = r->info_caller == r->info_text_len + 4;
	return NULL;
}

/* Read the integer member @name of the structure @type at @base. */
static struct err *read_member(struct printk_log *log, vaddr_t base, const char *name,
			       u64 struct_size, unsigned size, u64 *ret)
{
	u64 offset;
	struct err *err = printk_offset(log, name, size, struct_size, &offset);

	return err ? err : printk_read_int(log, base + offset, size, ret);
}

static struct err *init_desc_ring(struct printk_log *log, vaddr_t ring)
{
	struct printk_ring *r = &log->ring;
	u64 size, bits = 0, head = 0, tail = 0;
	struct err *err = printk_size(log, "prb_desc_ring", MAX_STRUCT_SIZE, &size);

	if (!err)
		err = read_member(log, ring, "prb_desc_ring.count_bits", size, 4, &bits);
	if (!err && (bits == 0 || bits > MAX_DESC_BITS))
		err = err_new(ERR_BAD_DATA, "kernel log: 2^%llu records cannot be",
			      (unsigned long long)bits);
	if (!err)
		err = read_member(log, ring, "prb_desc_ring.descs", size, r->word,
				  &r->descs.base);
	if (!err)
		err = read_member(log, ring, "prb_desc_ring.infos", size, r->word,
				  &r->infos.base);
	if (!err)
		err = read_member(log, ring, "prb_desc_ring.head_id", size, r->word, &head);
	if (!err)
		err = read_member(log, ring, "prb_desc_ring.tail_id", size, r->word, &tail);
	if (!err)
		err = printk_size(log, "prb_desc", MAX_STRUCT_SIZE, &r->descs.item_size);
	if (!err)
		err = printk_size(log, "printk_info", MAX_STRUCT_SIZE, &r->infos.item_size);
	if (err)
		return err;
	r->descs.count = r->infos.count = (u64)1 << bits;
	r->next_id = tail & r->desc_id_mask;
	r->remaining = ((head - tail) & r->desc_id_mask) + 1;
	if (r->remaining > r->descs.count)
		return err_new(ERR_BAD_DATA,
			       "kernel log: records %llx to %llx do not fit a ring of %llu",
			       (unsigned long long)tail, (unsigned long long)head,
			       (unsigned long long)r->descs.count);
	return NULL;
}

static struct err *init_text_ring(struct printk_log *log, vaddr_t ring)
{
	struct printk_ring *r = &log->ring;
	u64 size, bits = 0;
	struct err *err = printk_size(log, "prb_data_ring", MAX_STRUCT_SIZE, &size);

	if (!err)
		err = read_member(log, ring, "prb_data_ring.size_bits", size, 4, &bits);
	if (!err && (bits < 4 || bits > MAX_TEXT_SIZE_BITS))
		err = err_new(ERR_BAD_DATA, "kernel log: 2^%llu bytes of text cannot be",
			      (unsigned long long)bits);
	if (!err)
		err = read_member(log, ring, "prb_data_ring.data", size, r->word, &r->text);
	if (!err)
		r->text_size = (u64)1 << bits;
	return err;
}

struct err *printk_ring_init(struct printk_log *log)
{
	struct printk_ring *r = &log->ring;
	u64 size, word, desc_offset, text_offset;
	vaddr_t symbol, prb = 0;
	struct err *err = printk_symbol(log, "prb", &symbol);

	if (!err)
		err = printk_size(log, "atomic_long_t", 8, &word);
	if (!err && word != 4 && word != 8)
		err = err_new(ERR_BAD_DATA, "kernel log: SIZE(atomic_long_t)=%llu",
			      (unsigned long long)word);
	if (err)
		return err;
	r->word = (unsigned)word;
	r->desc_state_shift = r->word * 8 - 2;
	r->desc_id_mask = ((u64)1 << r->desc_state_shift) - 1;
	err = printk_size(log, "printk_ringbuffer", MAX_STRUCT_SIZE, &size);
	if (!err)
		err = printk_offset(log, "printk_ringbuffer.desc_ring", 1, size,
				    &desc_offset);
	if (!err)
		err = printk_offset(log, "printk_ringbuffer.text_data_ring", 1, size,
				    &text_offset);
	if (!err)
		err = printk_read_int(log, symbol, r->word, &prb);
	if (!err)
		err = init_desc_ring(log, prb + desc_offset);
	if (!err)
		err = init_text_ring(log, prb + text_offset);
	return err ? err_wrap(err, "kernel log") : init_items(log);
}

/* Find the text of a record: *@ret_addr, and how many bytes there is room for. An @id that
 * does not stand in front of the text means that the ring has gone on. */
static struct err *find_text(struct printk_log *log, u64 id, u64 begin, u64 next,
			     vaddr_t *ret_addr, u64 *ret_room)
{
	struct printk_ring *r = &log->ring;
	u64 mask = r->text_size - 1, start, end, found_id;
	struct err *err;

	*ret_addr = 0;
	*ret_room = 0;
	/* Odd positions stand for a record without text (FAILED_LPOS, NO_LPOS). */
	if ((begin & 1) && (next & 1))
		return NULL;
	start = begin & mask;
	/* `next` is one past the block: a block that ends with the buffer does not wrap. */
	end = ((next - 1) & mask) + 1;
	if ((begin & ~mask) != ((next - 1) & ~mask))
		start = 0; /* a block that would wrap lies at the start of the buffer
			      instead */
	if (end < start + r->word || end > r->text_size || start % r->word)
		return err_new(ERR_BAD_DATA, "kernel log: block %llx to %llx cannot be",
			       (unsigned long long)begin, (unsigned long long)next);
	err = printk_read_int(log, r->text + start, r->word, &found_id);
	if (err)
		return err;
	if (found_id != id)
		return err_new(ERR_BAD_DATA, "kernel log: record %llx is overwritten",
			       (unsigned long long)id);
	*ret_addr = r->text + start + r->word;
	*ret_room = end - start - r->word;
	return NULL;
}

/* Read the record @id. *@ret_skip: it is not there, which is normal. */
static struct err *read_record(struct printk_log *log, u64 id, struct printk_record *ret,
			       bool *ret_skip)
{
	struct printk_ring *r = &log->ring;
	const u8 *desc, *info;
	u64 index = id & (r->descs.count - 1), state, begin, next, room;
	vaddr_t addr;
	struct err *err = array_get(log, &r->descs, index, &desc);

	if (err)
		return err;
	state = printk_get(log, desc + r->state_var, r->word);
	begin = printk_get(log, desc + r->blk_begin, r->word);
	next = printk_get(log, desc + r->blk_next, r->word);
	*ret_skip = (state & r->desc_id_mask) != id;
	state >>= r->desc_state_shift;
	*ret_skip = *ret_skip || (state != DESC_COMMITTED && state != DESC_FINALIZED);
	if (*ret_skip)
		return NULL;
	err = array_get(log, &r->infos, index, &info);
	if (!err)
		err = find_text(log, id, begin, next, &addr, &room);
	if (err)
		return err;
	*ret = (struct printk_record){
		.seq = printk_get(log, info + r->info_seq, 8),
		.ts_ns = printk_get(log, info + r->info_ts, 8),
		.has_level = r->has_level,
		.caller = (u32)printk_get(log, info + r->info_caller, 4),
		.len = min_u64(room, printk_get(log, info + r->info_text_len, 2)),
	};
	if (r->has_level) {
		u8 bits = info[r->info_text_len + 3];

		ret->facility = info[r->info_text_len + 2];
		ret->level = log->src.is_big_endian ? bits & 7 : bits >> 5;
	}
	if (r->has_device) {
		memcpy(ret->subsystem, info + r->info_subsystem, PRINTK_SUBSYSTEM_SIZE - 1);
		memcpy(ret->device, info + r->info_device, PRINTK_DEVICE_SIZE - 1);
	}
	err = printk_load_text(log, addr, ret->len);
	ret->text = log->text ? log->text : "";
	return err;
}

bool printk_ring_next(struct printk_log *log, struct printk_record *ret)
{
	struct printk_ring *r = &log->ring;
	u64 lost = 0;

	while (r->remaining && lost < MAX_LOST_PER_CALL) {
		u64 id = r->next_id;
		bool skip = false;
		struct err *err = read_record(log, id, ret, &skip);

		r->next_id = (id + 1) & r->desc_id_mask;
		r->remaining--;
		if (!err && !skip)
			return true;
		if (err) {
			lost++;
			log->num_lost++;
			err_ignore(err);
		}
	}
	return false;
}
