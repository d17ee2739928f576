/* Open two files as the parts of a split dump, and go through all pages forwards and
 * backwards. The first two bytes are the length of the first file. */
#include "fuzz.h"

#include "dump/dump.h"

#define MAX_PAGES 512

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

static void visit(struct dump_reader *r, pfn_t pfn)
{
	static char page[65536];
	struct dump *d = dump_reader_dump(r);
	enum pfn_state state = dump_reader_pfn_state(r, pfn);
	const void *packed;
	struct err *err;
	size_t len;
	u32 flags;
	pfn_t end;

	if (dump_reader_pfn_run(r, pfn, &end) != state || end <= pfn)
		abort();
	if (dump_reader_packed(r, pfn, &packed, &len, &flags, &err)) {
		if (!err)
			fuzz_touch(packed, len);
		if (!err && state != PFN_PRESENT)
			abort();
		err_free(err);
	}
	err_free(dump_reader_read(r, ADDR_PHYSICAL, pfn << dump_page_shift(d), page,
				  dump_page_size(d)));
}

static void visit_all(struct dump *d)
{
	pfn_t count = min_u64(dump_max_pfn(d), MAX_PAGES), end;
	struct dump_reader *r = NULL;
	struct err *err = dump_reader_open(d, &r);

	for (pfn_t pfn = 0; pfn < count && !err; pfn++)
		visit(r, pfn);
	for (pfn_t pfn = count; pfn-- > 0 && !err;)
		visit(r, pfn);
	/* By runs up to the end, which may be far away. */
	end = 0;
	for (int i = 0; i < MAX_PAGES && end < dump_max_pfn(d) && !err; i++)
		dump_reader_pfn_run(r, end, &end);
	err_free(err);
	dump_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size >= 2 ? data[0] | data[1] << 8 : 0;
	struct byte_source a, b;
	const struct byte_source *const both[] = {&a, &b};
	struct dump *d = NULL;
	struct err *err;

	if (size < 2 || first > size - 2)
		return 0;
	a = source_from_memory(data + 2, first, "a");
	b = source_from_memory(data + 2 + first, size - 2 - first, "b");
	if (size & 1)
		a.map = b.map = NULL;
	err = dump_open_sources(both, 2, formats, &d);
	if (err) {
		err_free(err);
		return 0;
	}
	visit_all(d);
	dump_close(d);
	return 0;
}
