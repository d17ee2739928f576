/*
 * The pages of a kdump-compressed file on their way out: compressed, collected in a buffer,
 * written in large pieces, descriptors likewise.
 *
 * Owned by the collector; one thread.
 */
#ifndef COLLECT_WRITER_PRIV_H
#define COLLECT_WRITER_PRIV_H

#include "collect/codec_priv.h"

struct writer {
	int fd;
	const char *name;
	size_t page_size;
	const struct collect_codec *codec;
	void *codec_state;

	u8 *data; /* not yet written, its first byte belongs at data_offset */
	size_t data_len;
	u64 data_offset;
	u8 *descs; /* not yet written, the first belongs at descs_offset */
	size_t num_descs;
	u64 descs_offset;
	u64 descs_start; /* the table's */
	u64 zero_offset; /* where a page of zeros lies in the file, 0: nowhere yet */
	u64 num_zero;
	u64 num_in_file; /* descriptors written, and their data */
};

/* Descriptors go to @descs_offset on, data to @data_offset on. */
must_check struct err *writer_init(struct writer *w, int fd, const char *name,
				   size_t page_size, const struct collect_options *options,
				   u64 descs_offset, u64 data_offset);
void writer_deinit(struct writer *w);

/* The next page will be the one with the @index-th descriptor. */
must_check struct err *writer_move(struct writer *w, u64 index);

/* Take the next page. */
must_check struct err *writer_add_page(struct writer *w, const u8 *page);

/* Write out what is held. */
must_check struct err *writer_flush(struct writer *w);

/* After a failed write: write the descriptors of those pages whose data is in the file, and
 * drop the rest. */
void writer_rescue(struct writer *w);

#endif
