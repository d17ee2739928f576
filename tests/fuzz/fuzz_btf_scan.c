#include "fuzz.h"

#include "base/bytes.h"
#include "symbol/btf_scan.h"

#include <assert.h>

struct memory {
	const uint8_t *data;
	size_t size;
};

static struct err *read_memory(void *ctx, u64 offset, void *data, size_t len)
{
	const struct memory *m = ctx;

	assert(range_fits(offset, len, m->size));
	memcpy(data, m->data + offset, len);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf_want wants[] = {
		{.type = "list", .member = "next"},
		{.type = "list"},
		{.type = "task", .member = "other_half"},
		{.type = "task", .member = "b"},
		{.type = "thread", .member = "io"},
		{.type = "task"},
		{.type = "task", .member = "tail"},
		{.member = "NR_FREE_PAGES"},
		{.member = "WIDE"},
	};
	struct memory m = {data, size};

	err_ignore(btf_scan(read_memory, &m, size, wants, ARRAY_SIZE(wants)));
	return 0;
}
