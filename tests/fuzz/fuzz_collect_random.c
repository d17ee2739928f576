/* Collect the dump of a random machine after a few of its bytes were changed. The input is
 * options, the machine's number, and changes of five bytes each: an offset, and the byte
 * that is written there. */
#include "fuzz.h"

#include "base/bytes.h"
#include "collect_check.h"
#include "gen_random.h"

#define SEED_LEN   4
#define CHANGE_LEN 5

static void make_dump(const uint8_t *seed, struct buf *ret)
{
	struct gen_random r;

	/* Machines of few pages, so that there are many runs per second. */
	gen_random_init_small(&r, get_le32(seed));
	if (gen_random_below(&r, 2))
		gen_random_elf(&r, ret);
	else
		gen_random_kdump(&r, ret);
	gen_random_deinit(&r);
}

static void change(struct buf *file, const uint8_t *data, size_t size)
{
	for (; size >= CHANGE_LEN; data += CHANGE_LEN, size -= CHANGE_LEN)
		file->data[get_le32(data) % file->len] = (char)data[4];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	size_t skip = COLLECT_CHECK_OPTIONS + SEED_LEN;
	struct byte_source src;
	struct dump *d = NULL;
	struct err *err;

	if (size < skip)
		return 0;
	make_dump(data + COLLECT_CHECK_OPTIONS, &file);
	change(&file, data + skip, size - skip);
	src = source_from_memory(file.data, file.len, "source");
	err = dump_open_source(&src, collect_check_formats, &d);
	if (!err) {
		collect_and_check(d, data);
		dump_close(d);
	}
	err_free(err);
	return 0;
}
