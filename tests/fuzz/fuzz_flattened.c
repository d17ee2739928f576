/* Read a flattened file in place in all sorts of ways, and compare with what a plain
 * reading of the format says. */
#include "fuzz.h"

#include "dump/rearranged.h"
#include "format/flattened.h"

#define MODEL_LEN 4096

/* The first MODEL_LEN bytes of the rearranged file, segment by segment. */
static void make_model(const uint8_t *data, size_t size, uint8_t model[MODEL_LEN])
{
	struct flattened_segment s;

	memset(model, 0, MODEL_LEN);
	for (size_t pos = FLATTENED_HEADER_LEN; size - pos >= FLATTENED_SEGMENT_LEN;) {
		if (!flattened_parse_segment(data + pos, &s) || s.is_end)
			return;
		pos += FLATTENED_SEGMENT_LEN;
		s.size = min_u64(s.size, size - pos);
		if (s.offset < MODEL_LEN)
			memcpy(model + s.offset, data + pos,
			       min_u64(s.size, MODEL_LEN - s.offset));
		pos += s.size;
	}
}

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void read_all_sorts(const struct byte_source *src, const uint8_t *model)
{
	static uint8_t buffer[MODEL_LEN];
	u64 len = min_u64(MODEL_LEN, src->size), step = 1;

	check(!source_read(src, 0, buffer, len) && memcmp(buffer, model, len) == 0);
	/* Backwards, too. */
	for (u64 at = len; at; at -= min_u64(at, step++)) {
		u64 n = min_u64(len - at, step);
		const void *mapped = src->map(src, at, n);

		check(!source_read(src, at, buffer, n) &&
		      memcmp(buffer, model + at, n) == 0);
		check(!mapped || memcmp(mapped, model + at, n) == 0);
		check(source_next_data(src, at) >= at);
	}
	if (src->size > MODEL_LEN)
		check(!source_read(src, src->size - MODEL_LEN, buffer, MODEL_LEN));
}

static void open_and_read(const uint8_t *file, size_t size)
{
	static uint8_t model[MODEL_LEN];
	struct byte_source src = source_from_memory(file, size, "flat");
	struct segment_index *index = NULL;
	struct rearranged r;
	struct err *err = segment_index_make(&src, &index);

	if (err) {
		err_free(err);
		return;
	}
	make_model(file, size, model);
	rearranged_init(&r, index, &src);
	read_all_sorts(&r.bytes, model);
	segment_index_free(index);
}

/* The input is what follows the header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = malloc(FLATTENED_HEADER_LEN + size);

	check(file != NULL);
	flattened_format_header(file);
	memcpy(file + FLATTENED_HEADER_LEN, data, size);
	open_and_read(file, FLATTENED_HEADER_LEN + size);
	free(file);
	return 0;
}
