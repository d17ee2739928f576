/* Input: encoding (1 byte), number of rows (1), address looked up (2), then memory: the
 * addresses, and the rows behind them. */
#include "fuzz.h"

#include "base/bytes.h"
#include "symbol/orc.h"

#include <assert.h>

#define BASE 0xffffffff82000000ULL

struct memory {
	const uint8_t *data;
	size_t size;
};

static struct err *read_memory(void *ctx, vaddr_t addr, void *data, size_t len)
{
	const struct memory *m = ctx;

	if (!range_fits(addr - BASE, len, m->size))
		return err_fault(addr, "nothing there");
	memcpy(data, m->data + (addr - BASE), len);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct orc_table table = {.ips = BASE};
	struct orc_row row = {.kind = (enum orc_kind) - 1};
	bool is_found = false;
	struct memory m;
	struct err *err;

	if (size < 4)
		return 0;
	m = (struct memory){data + 4, size - 4};
	table.encoding = (enum orc_encoding)(data[0] % 4);
	table.count = data[1];
	table.rows = BASE + 4 * table.count;
	err = orc_find(&table, read_memory, &m, BASE + get_le16(data + 2), &is_found, &row);
	if (!err && is_found)
		assert(row.kind <= ORC_KIND_REGS_PARTIAL && row.sp_base <= ORC_BASE_R13 &&
		       row.bp_base <= ORC_BASE_R13);
	err_free(err);
	return 0;
}
