#include "symbol/orc.h"

#include "base/bytes.h"

#define IP_LEN 4

static struct err *read_ip(const struct orc_table *t, orc_read read, void *ctx, u32 index,
			   vaddr_t *ret)
{
	vaddr_t place = t->ips + (u64)index * IP_LEN;
	u8 bytes[IP_LEN];
	struct err *err = read(ctx, place, bytes, sizeof(bytes));

	if (err)
		return err_wrap(err, "ORC address %u of %u", index, t->count);
	*ret = place + (u64)(s64)(s32)get_le32(bytes);
	return NULL;
}

struct err *orc_find(const struct orc_table *t, orc_read read, void *ctx, vaddr_t ip,
		     bool *ret_found, struct orc_row *ret)
{
	/* Rows before `low` begin at or below ip, rows from `high` on above it. */
	u32 low = 0, high = t->count < ORC_MAX_ENTRIES ? t->count : ORC_MAX_ENTRIES;
	u8 bytes[ORC_ENTRY_LEN];
	struct err *err;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		vaddr_t start = 0;

		err = read_ip(t, read, ctx, middle, &start);
		if (err)
			return err;
		if (start <= ip)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0) {
		*ret_found = false;
		return NULL;
	}
	err = read(ctx, t->rows + (u64)(low - 1) * ORC_ENTRY_LEN, bytes, sizeof(bytes));
	if (!err)
		err = orc_row_decode(t->encoding, bytes, ret);
	if (err)
		return err_wrap(err, "ORC row %u of %u", low - 1, t->count);
	*ret_found = true;
	return NULL;
}
