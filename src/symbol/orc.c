#include "symbol/orc.h"

#include "base/bytes.h"

#define IP_LEN 4

/* Bits of the last two bytes of a row. */
#define SP_REGISTER 0x000f
#define TYPE3	    0x0700
#define TYPE3_CALL  0x0200
#define TYPE2	    0x0300
#define V2_END	    0x0800
#define UNUSED	    0xf000
#define GUESS_CHUNK 512 /* rows */

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

/* How often the rows have what tells the encodings apart. */
struct row_census {
	u64 type3_calls, type2_calls, v2_ends, unused;
};

static void count_row(struct row_census *c, u16 flags)
{
	if (flags & UNUSED)
		c->unused++;
	if (!(flags & SP_REGISTER))
		c->v2_ends += (flags & V2_END) != 0;
	else if ((flags & TYPE3) == TYPE3_CALL)
		c->type3_calls++;
	else if (!(flags & TYPE2))
		c->type2_calls++;
}

struct err *orc_guess_encoding(const struct orc_table *t, orc_read read, void *ctx,
			       enum orc_encoding *ret)
{
	struct row_census c = {0};
	u8 rows[GUESS_CHUNK * ORC_ENTRY_LEN];

	for (u64 i = 0; i < t->count && i < ORC_MAX_ENTRIES; i += GUESS_CHUNK) {
		size_t num = min_u64(GUESS_CHUNK, t->count - i);
		struct err *err =
			read(ctx, t->rows + i * ORC_ENTRY_LEN, rows, num * ORC_ENTRY_LEN);

		if (err)
			return err_wrap(err, "ORC rows");
		for (size_t n = 0; n < num; n++)
			count_row(&c, get_le16(rows + n * ORC_ENTRY_LEN + 4));
	}
	/* Almost all rows are of plain functions. */
	if (c.unused || c.type3_calls + c.type2_calls < t->count / 2)
		return err_new(ERR_UNSUPPORTED, "ORC rows of an unknown encoding");
	if (c.type3_calls > c.type2_calls)
		*ret = ORC_ENCODING_TYPE3_SIGNAL;
	else
		*ret = c.v2_ends ? ORC_ENCODING_TYPE2_SIGNAL_END : ORC_ENCODING_TYPE2_END;
	return NULL;
}
