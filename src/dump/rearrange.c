#include "dump/rearrange.h"

#include "base/io.h"
#include "format/diskdump.h"
#include "format/flattened.h"

#include <errno.h>
#include <string.h>

#define BUFFER_LEN ((size_t)1 << 20)

struct rearranger {
	int in, out;
	const char *in_name, *out_name;
	const struct rearrange_options *options;
	struct rearrange_stats *stats;
	u64 in_offset; /* for errors */
	u8 *buffer;    /* BUFFER_LEN */
	/* The begin of the file as written so far, so that it can be marked even if @out is
	 * not open for reading. */
	u8 header[DISKDUMP_HEADER_LEN];
};

static struct err *check_stop(const struct rearranger *r)
{
	const struct rearrange_options *o = r->options;

	if (!o || !o->should_stop || !o->should_stop(o->should_stop_ctx))
		return NULL;
	return err_new(ERR_INCOMPLETE, "%s: stopped at offset 0x%llx", r->in_name,
		       (unsigned long long)r->in_offset);
}

/* Read @len bytes; fewer only at the end of the stream. */
static struct err *read_stream(struct rearranger *r, void *data, size_t len,
			       size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(r->in, (char *)data + done, len - done);

		/* The stream may be a pipe that nobody writes to any more. */
		if (n < 0 && errno == EINTR) {
			struct err *err = check_stop(r);

			if (err)
				return err;
			continue;
		}
		if (n < 0)
			return err_os(errno, "%s: cannot read at offset 0x%llx", r->in_name,
				      (unsigned long long)r->in_offset);
		if (n == 0)
			break;
		done += (size_t)n;
		r->in_offset += (u64)n;
	}
	*ret_len = done;
	return NULL;
}

static struct err *cut_at(const struct rearranger *r)
{
	return err_new(ERR_INCOMPLETE,
		       "%s: the stream ends at offset 0x%llx, without an end marker",
		       r->in_name, (unsigned long long)r->in_offset);
}

static struct err *read_header(struct rearranger *r)
{
	size_t len;
	struct err *err = read_stream(r, r->buffer, FLATTENED_HEADER_LEN, &len);

	if (err)
		return err;
	if (len < FLATTENED_HEADER_LEN || !flattened_recognises(r->buffer, len))
		return err_new(ERR_UNSUPPORTED,
			       "%s: not in flattened format: no such header in the first "
			       "%d bytes",
			       r->in_name, FLATTENED_HEADER_LEN);
	return flattened_check_header(r->buffer, r->in_name);
}

static struct err *write_piece(struct rearranger *r, u64 offset, size_t len)
{
	struct err *err = io_pwrite_all(r->out, r->buffer, len, offset, r->out_name);

	if (err)
		return err;
	if (offset < sizeof(r->header))
		memcpy(r->header + offset, r->buffer,
		       min_u64(len, sizeof(r->header) - offset));
	r->stats->bytes += len;
	r->stats->size = max_u64(r->stats->size, offset + len);
	return NULL;
}

static struct err *copy_segment(struct rearranger *r, const struct flattened_segment *s)
{
	for (u64 done = 0; done < s->size;) {
		size_t want = min_u64(BUFFER_LEN, s->size - done), len;
		struct err *err = read_stream(r, r->buffer, want, &len);

		if (!err && len)
			err = write_piece(r, s->offset + done, len);
		if (err)
			return err;
		if (len < want)
			return cut_at(r);
		err = check_stop(r);
		if (err)
			return err;
		done += len;
	}
	return NULL;
}

static struct err *copy_segments(struct rearranger *r)
{
	for (;;) {
		u8 bytes[FLATTENED_SEGMENT_LEN];
		struct flattened_segment s;
		u64 offset = r->in_offset;
		size_t len;
		struct err *err = read_stream(r, bytes, sizeof(bytes), &len);

		if (err)
			return err;
		if (len < sizeof(bytes))
			return cut_at(r);
		if (!flattened_parse_segment(bytes, &s))
			return err_new(ERR_BAD_DATA,
				       "%s: damaged: 0x%llx bytes for offset 0x%llx are no "
				       "segment (offset 0x%llx of the stream)",
				       r->in_name, (unsigned long long)s.size,
				       (unsigned long long)s.offset,
				       (unsigned long long)offset);
		if (s.is_end)
			return NULL;
		err = copy_segment(r, &s);
		if (err)
			return err;
		r->stats->segments++;
	}
}

/* Mark what is there, if its format has a mark, and say that it is not whole. */
static struct err *give_up(struct rearranger *r, struct err *err)
{
	struct err *incomplete, *marking = NULL;
	bool has_mark = diskdump_mark_incomplete(r->header);

	if (has_mark)
		marking =
			io_pwrite_all(r->out, r->header, sizeof(r->header), 0, r->out_name);
	incomplete = err_new(ERR_INCOMPLETE, "%s; %s is not whole%s", err_message(err),
			     r->out_name,
			     marking	? ", and could not be marked so"
			     : has_mark ? ", and is marked so"
					: "");
	/* Whether the stream ends too early or the disk is full is for the caller to tell.
	 */
	incomplete = err_with_errno(incomplete, err_errno(err));
	err_ignore(marking);
	err_free(err);
	return incomplete;
}

struct err *rearrange(int in, const char *in_name, int out, const char *out_name,
		      const struct rearrange_options *options, struct rearrange_stats *ret)
{
	struct rearranger r = {.in = in,
			       .in_name = in_name,
			       .out = out,
			       .out_name = out_name,
			       .options = options,
			       .stats = ret};
	cleanup(freep) u8 *buffer = malloc(BUFFER_LEN);
	struct err *err;

	*ret = (struct rearrange_stats){0};
	if (!buffer)
		return err_nomem();
	r.buffer = buffer;
	err = read_header(&r);
	if (err)
		return err;
	err = copy_segments(&r);
	return err ? give_up(&r, err) : NULL;
}
