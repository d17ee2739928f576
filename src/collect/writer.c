#include "collect/writer_priv.h"

#include "base/bytes.h"
#include "base/io.h"
#include "format/diskdump.h"

#define DATA_BYTES ((size_t)1 << 20)
#define MAX_DESCS  4096

struct err *writer_init(struct writer *w, int fd, const char *name, size_t page_size,
			const struct collect_options *options, u64 descs_offset,
			u64 data_offset)
{
	const struct collect_codec *codec = options->codec;

	*w = (struct writer){.fd = fd,
			     .name = name,
			     .page_size = page_size,
			     .codec = codec,
			     .data_offset = data_offset,
			     .descs_offset = descs_offset,
			     .descs_start = descs_offset};
	w->data = malloc(DATA_BYTES);
	w->descs = malloc(MAX_DESCS * DISKDUMP_PAGE_DESC_LEN);
	if (!w->data || !w->descs)
		return err_nomem();
	if (!codec->flag)
		return NULL;
	w->codec_state = codec->open(options->has_codec_level ? options->codec_level
							      : codec->default_level,
				     page_size);
	return w->codec_state ? NULL : err_nomem();
}

void writer_deinit(struct writer *w)
{
	free(w->data);
	free(w->descs);
	if (w->codec_state)
		w->codec->close(w->codec_state);
	*w = (struct writer){0};
}

struct err *writer_flush(struct writer *w)
{
	struct err *err =
		io_pwrite_all(w->fd, w->data, w->data_len, w->data_offset, w->name);

	if (err)
		return err;
	w->data_offset += w->data_len;
	w->data_len = 0;
	err = io_pwrite_all(w->fd, w->descs, w->num_descs * DISKDUMP_PAGE_DESC_LEN,
			    w->descs_offset, w->name);
	if (err)
		return err;
	w->descs_offset += w->num_descs * DISKDUMP_PAGE_DESC_LEN;
	w->num_in_file += w->num_descs;
	w->num_descs = 0;
	return NULL;
}

struct err *writer_move(struct writer *w, u64 index)
{
	struct err *err = writer_flush(w);

	if (!err)
		w->descs_offset = w->descs_start + index * DISKDUMP_PAGE_DESC_LEN;
	return err;
}

void writer_rescue(struct writer *w)
{
	size_t good = 0;
	struct err *err;

	while (good < w->num_descs) {
		struct diskdump_page_desc desc;

		diskdump_parse_page_desc(w->descs + good * DISKDUMP_PAGE_DESC_LEN, &desc);
		if (desc.offset + desc.size > w->data_offset)
			break;
		good++;
	}
	w->data_len = 0;
	w->num_descs = good;
	err = writer_flush(w);
	/* The first failure is the one to be told. */
	err_ignore(err);
}

static bool is_zero(const u8 *page, size_t size)
{
	for (size_t i = 0; i < size; i += 64) {
		u64 any = 0;

		for (size_t j = 0; j < 64; j += 8)
			any |= get_le64(page + i + j);
		if (any)
			return false;
	}
	return true;
}

static void add_desc(struct writer *w, u64 offset, u32 size, u32 flags)
{
	struct diskdump_page_desc desc = {.offset = offset, .size = size, .flags = flags};

	diskdump_format_page_desc(&desc, w->descs + w->num_descs * DISKDUMP_PAGE_DESC_LEN);
	w->num_descs++;
}

struct err *writer_add_page(struct writer *w, const u8 *page)
{
	bool zero = is_zero(page, w->page_size);
	u64 offset;
	size_t len = 0;

	if (w->num_descs == MAX_DESCS || DATA_BYTES - w->data_len < w->page_size) {
		struct err *err = writer_flush(w);

		if (err)
			return err;
	}
	if (zero) {
		w->num_zero++;
		if (w->zero_offset) {
			add_desc(w, w->zero_offset, (u32)w->page_size, 0);
			return NULL;
		}
	}
	offset = w->data_offset + w->data_len;
	/* A page that does not shrink is stored as it is; so is the one zero page, which
	 * is then the cheapest to read. */
	if (zero)
		w->zero_offset = offset;
	else if (w->codec->flag)
		len = w->codec->encode(w->codec_state, page, w->page_size,
				       w->data + w->data_len, w->page_size - 1);
	add_desc(w, offset, (u32)(len ? len : w->page_size), len ? w->codec->flag : 0);
	if (!len) {
		memcpy(w->data + w->data_len, page, w->page_size);
		len = w->page_size;
	}
	w->data_len += len;
	return NULL;
}
