/* How large a dump will be, before its pages are written: some of them are compressed. */
#include "collect/collection_priv.h"

#include <string.h>

/* What a sample costs is a fraction of a second. */
#define SAMPLE_PAGES  1024
#define SAMPLE_CHUNKS 128

struct sample {
	struct collection *c;
	size_t page_size;
	void *codec_state;
	u8 *page, *packed;
	u64 stride; /* each so many-th page is taken */
	u64 to_skip;
	u64 num_pages, bytes;
};

static void sample_deinit(struct sample *s)
{
	const struct collect_codec *codec = s->c->options->codec;

	if (s->codec_state)
		codec->close(s->codec_state);
	free(s->page);
	free(s->packed);
}

static struct err *sample_init(struct sample *s)
{
	const struct collect_options *o = s->c->options;

	s->page = malloc(s->page_size);
	s->packed = malloc(s->page_size + CODEC_SLACK(s->page_size));
	if (!s->page || !s->packed)
		return err_nomem();
	if (!o->codec || !o->codec->flag || o->format == COLLECT_ELF)
		return NULL;
	s->codec_state = o->codec->open(o->has_codec_level ? o->codec_level
							   : o->codec->default_level,
					s->page_size);
	return s->codec_state ? NULL : err_nomem();
}

/* A page of zeros takes no room, one that cannot be read becomes one. */
static void take_page(struct sample *s, pfn_t pfn)
{
	const struct collect_codec *codec = s->c->options->codec;
	size_t len = 0;
	struct err *err = dump_read(s->c->d, ADDR_PHYSICAL, pfn * s->page_size, s->page,
				    s->page_size);

	s->num_pages++;
	if (err) {
		err_ignore(err);
		return;
	}
	if (!s->page[0] && memcmp(s->page, s->page + 1, s->page_size - 1) == 0)
		return;
	if (s->codec_state)
		len = codec->encode(s->codec_state, s->page, s->page_size, s->packed,
				    s->page_size - 1);
	s->bytes += len ? len : s->page_size;
}

static struct err *take_chunk(struct sample *s, pfn_t first, u8 *kept)
{
	struct err *err = pagemap_get(&s->c->map, first, kept);

	for (u64 bit = 0; !err && bit < CHUNK_PAGES; bit++) {
		if (!(kept[bit / 8] >> bit % 8 & 1))
			continue;
		if (s->to_skip) {
			s->to_skip--;
			continue;
		}
		s->to_skip = s->stride - 1;
		take_page(s, first + bit);
	}
	return err;
}

/* Sample chunks that are spread evenly over the memory. */
static struct err *take_chunks(struct sample *s)
{
	u64 num = s->c->map.num_chunks, step = num / SAMPLE_CHUNKS + 1;
	cleanup(freep) u8 *kept = malloc(CHUNK_BYTES);
	struct err *err = NULL;

	if (!kept)
		return err_nomem();
	s->stride = s->c->pages_total / step / SAMPLE_PAGES + 1;
	for (u64 i = 0; !err && i < num; i += step) {
		pfn_t chunk = cursor_find_chunk(s->c->d, i * CHUNK_PAGES);

		if (chunk == i * CHUNK_PAGES)
			err = take_chunk(s, chunk, kept);
	}
	return err;
}

struct err *foresee(struct collection *c)
{
	cleanup(sample_deinit) struct sample s = {
		.c = c, .page_size = (size_t)1 << dump_page_shift(c->d)};
	u64 bytes = 0;
	struct err *err;

	if (!c->options->foresee)
		return NULL;
	err = sample_init(&s);
	if (!err)
		err = take_chunks(&s);
	if (err)
		return err;
	for (size_t i = 0; i < c->num_outputs; i++)
		bytes += c->outputs[i].end;
	if (s.num_pages)
		bytes += (u64)((double)s.bytes / (double)s.num_pages *
			       (double)c->pages_total);
	return c->options->foresee(c->options->foresee_ctx, bytes);
}
