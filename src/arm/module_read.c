/* Reading a module file: the bytes that finit_module(2) takes and that were signed. */
#include "arm/modules.h"

#include "base/io.h"
#include "base/str.h"

#include <lzma.h>
#include <string.h>
#include <zstd.h>

/* The largest module of Debian 12 (amdgpu) has 30 MB; modules are written by root, but a
 * damaged file must not eat the host's memory. */
#define MODULE_BYTES_MAX (256u << 20)
#define XZ_MEMORY_MAX	 (256u << 20)
#define CHUNK_BYTES	 (256u << 10)

static struct err *too_long(const char *path)
{
	return err_new(ERR_BAD_DATA, "%s: the module in it is longer than %u bytes", path,
		       MODULE_BYTES_MAX);
}

static struct err *unpack_xz(const char *path, const void *data, size_t len,
			     struct buf *out, u8 *chunk)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret result = lzma_stream_decoder(&stream, XZ_MEMORY_MAX, LZMA_CONCATENATED);
	struct err *err = NULL;

	stream.next_in = data;
	stream.avail_in = len;
	while (result == LZMA_OK && !err) {
		stream.next_out = chunk;
		stream.avail_out = CHUNK_BYTES;
		result = lzma_code(&stream, LZMA_FINISH);
		buf_add(out, chunk, CHUNK_BYTES - stream.avail_out);
		if (out->len > MODULE_BYTES_MAX)
			err = too_long(path);
	}
	if (!err && result != LZMA_STREAM_END)
		err = err_new(ERR_BAD_DATA,
			      "%s: xz data is damaged at offset 0x%llx (liblzma %d)", path,
			      (unsigned long long)stream.total_in, (int)result);
	lzma_end(&stream);
	return err;
}

static struct err *unpack_zstd(const char *path, const void *data, size_t len,
			       struct buf *out, u8 *chunk)
{
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	ZSTD_inBuffer in = {.src = data, .size = len};
	struct err *err = NULL;
	size_t more = 1;

	if (!ctx)
		return err_nomem();
	while (!err && (in.pos < in.size || more)) {
		ZSTD_outBuffer part = {.dst = chunk, .size = CHUNK_BYTES};
		size_t before = in.pos;

		more = ZSTD_decompressStream(ctx, &part, &in);
		buf_add(out, chunk, part.pos);
		if (ZSTD_isError(more))
			err = err_new(ERR_BAD_DATA,
				      "%s: zstd data is damaged at offset 0x%zx: %s", path,
				      in.pos, ZSTD_getErrorName(more));
		else if (out->len > MODULE_BYTES_MAX)
			err = too_long(path);
		else if (part.pos == 0 && in.pos == before)
			err = err_new(ERR_BAD_DATA, "%s: zstd data ends too early", path);
	}
	ZSTD_freeDCtx(ctx);
	return err;
}

struct err *module_read(const char *path, void **ret, size_t *ret_len)
{
	cleanup(freep) char *data = NULL;
	cleanup(freep) u8 *chunk = NULL;
	cleanup(buf_deinit) struct buf out = BUF_INIT;
	size_t len;
	struct err *err = io_read_file(path, MODULE_BYTES_MAX, &data, &len);

	if (err)
		return err;
	if (str_has_suffix(path, ".ko")) {
		*ret = steal(data);
		*ret_len = len;
		return NULL;
	}
	chunk = malloc(CHUNK_BYTES);
	if (!chunk)
		return err_nomem();
	if (str_has_suffix(path, ".ko.xz"))
		err = unpack_xz(path, data, len, &out, chunk);
	else if (str_has_suffix(path, ".ko.zst"))
		err = unpack_zstd(path, data, len, &out, chunk);
	else
		err = err_new(ERR_UNSUPPORTED,
			      "%s is neither a .ko, .ko.xz nor .ko.zst file", path);
	if (!err)
		err = buf_check(&out);
	if (err)
		return err;
	*ret = steal(out.data);
	*ret_len = out.len;
	return NULL;
}
