#include "dump/dump_priv.h"

#include "base/bytes.h"

/* Decompressed pages kept by readers beside the dump's own: enough for the page tables and
 * the struct pages at both ends of a read. */
#define CACHE_BYTES ((size_t)64 << 10)

struct err *reader_init(struct dump_reader *r, struct dump *d, struct input *input,
			size_t cache_bytes)
{
	r->d = d;
	r->input = input;
	r->src = input_part(input, 0);
	return d->format->open_reader ? d->format->open_reader(r, cache_bytes) : NULL;
}

void reader_deinit(struct dump_reader *r)
{
	if (r->state)
		r->d->format->close_reader(r);
}

struct err *dump_reader_open(struct dump *d, struct dump_reader **ret)
{
	cleanup(dump_reader_closep) struct dump_reader *r = calloc(1, sizeof(*r));
	struct err *err;

	if (!r)
		return err_nomem();
	err = input_open_again(d->input, &r->input);
	if (!err)
		err = reader_init(r, d, r->input, CACHE_BYTES);
	if (err)
		return err;
	*ret = steal(r);
	return NULL;
}

void dump_reader_close(struct dump_reader *r)
{
	if (!r)
		return;
	reader_deinit(r);
	input_close(r->input);
	free(r);
}

struct dump *dump_reader_dump(struct dump_reader *r)
{
	return r->d;
}

enum pfn_state dump_reader_pfn_state(struct dump_reader *r, pfn_t pfn)
{
	if (pfn >= MAX_PADDR >> r->d->page_shift)
		return PFN_ABSENT;
	return r->d->format->pfn_run(r, pfn, NULL);
}

enum pfn_state dump_reader_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end)
{
	if (pfn >= MAX_PADDR >> r->d->page_shift) {
		*ret_end = UINT64_MAX;
		return PFN_ABSENT;
	}
	*ret_end = pfn + 1;
	return r->d->format->pfn_run(r, pfn, ret_end);
}

/* Read at least one byte of physical or virtual memory. */
static struct err *read_step(struct dump_reader *r, enum addr_space space, u64 addr,
			     void *data, size_t len, size_t *ret_len)
{
	paddr_t paddr = addr;
	u64 contiguous = len;
	struct err *err;

	if (space == ADDR_VIRTUAL) {
		err = translation_find(r, addr, &paddr, &contiguous);
		if (err)
			return err;
		len = min_u64(len, contiguous);
	}
	err = r->d->format->read_phys(r, paddr, data, len, ret_len);
	if (err && space == ADDR_VIRTUAL)
		err = err_wrap(err, "virtual address 0x%llx", (unsigned long long)addr);
	return err;
}

void dump_reader_read_some(struct dump_reader *r, enum addr_space space, u64 addr,
			   void *data, size_t len, size_t *ret_len, struct err **ret_why)
{
	size_t done = 0;

	*ret_why = NULL;
	while (done < len && !*ret_why) {
		size_t step = 0;

		*ret_why = read_step(r, space, addr + done, (char *)data + done, len - done,
				     &step);
		done += step;
	}
	*ret_len = done;
}

struct err *dump_reader_read(struct dump_reader *r, enum addr_space space, u64 addr,
			     void *data, size_t len)
{
	size_t done;
	struct err *why;

	dump_reader_read_some(r, space, addr, data, len, &done, &why);
	return why;
}

struct err *reader_read_table_entry(void *ctx, paddr_t addr, u64 *ret)
{
	u8 bytes[8];
	struct err *err = dump_reader_read(ctx, ADDR_PHYSICAL, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = get_le64(bytes);
	return err;
}

const void *dump_reader_look(struct dump_reader *r, paddr_t addr, size_t len)
{
	return r->d->format->look_phys ? r->d->format->look_phys(r, addr, len) : NULL;
}

bool dump_reader_packed(struct dump_reader *r, pfn_t pfn, const void **data, size_t *len,
			u32 *flags, struct err **ret_why)
{
	if (!r->d->format->packed)
		return false;
	*ret_why = r->d->format->packed(r, pfn, data, len, flags);
	return true;
}
