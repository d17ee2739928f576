/* Input: number of symbols (4 bytes), length of the names (4), of the token table (4), base
 * of the offsets (8), token index, names, token table, offsets. */
#include "fuzz.h"

#include "base/bytes.h"
#include "symbol/kallsyms.h"

#include <assert.h>

#define HEAD_LEN 20

static void look_up(const struct kallsyms *k, vaddr_t text_start)
{
	struct kallsyms_symbol symbol;
	vaddr_t addr;

	assert(kallsyms_find(k, "_stext", &addr));
	(void)kallsyms_find(k, "", &addr);
	for (u32 i = 0; i < kallsyms_count(k) && i < 256; i++) {
		kallsyms_get(k, i, &symbol);
		(void)kallsyms_find(k, symbol.name, &addr);
	}
	(void)kallsyms_at(k, 0, &symbol);
	(void)kallsyms_at(k, text_start + 9, &symbol);
	(void)kallsyms_at(k, ~(vaddr_t)0, &symbol);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms_tables tables = {.has_relative_base = true,
					 .text_start = 0xffffffff81000000ULL};
	const uint8_t *at = data + HEAD_LEN;
	struct kallsyms *k = NULL;
	struct err *err;

	if (size < HEAD_LEN + KALLSYMS_TOKEN_INDEX_LEN)
		return 0;
	size -= HEAD_LEN + KALLSYMS_TOKEN_INDEX_LEN;
	tables.num_symbols = get_le32(data);
	tables.names_len = get_le32(data + 4);
	tables.token_table_len = get_le32(data + 8);
	tables.relative_base = get_le64(data + 12);
	/* The caller hands in whole tables; it is their content that is hostile. */
	if (!range_fits(tables.names_len, tables.token_table_len, size) ||
	    (size - tables.names_len - tables.token_table_len) / 4 < tables.num_symbols)
		return 0;
	tables.token_index = at;
	tables.names = at + KALLSYMS_TOKEN_INDEX_LEN;
	tables.token_table = at + KALLSYMS_TOKEN_INDEX_LEN + tables.names_len;
	tables.offsets = (const uint8_t *)tables.token_table + tables.token_table_len;
	err = kallsyms_open(&tables, &k);
	if (err) {
		assert(!k);
		err_free(err);
		return 0;
	}
	look_up(k, tables.text_start);
	kallsyms_free(k);
	return 0;
}
