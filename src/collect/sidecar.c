#include "collect/sidecar.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>

#define SCHEMA	     "inquest.sidecar"
#define READ_BYTES   ((size_t)1 << 20)
#define SIDECAR_MODE 0600
#define CRC_DIGITS   8

void sidecar_deinit(struct sidecar *s)
{
	free(s->crcs);
	s->crcs = NULL;
	s->num_ranges = 0;
}

static u64 count_ranges(u64 file_bytes, u64 range_bytes)
{
	return file_bytes / range_bytes + (file_bytes % range_bytes != 0);
}

/* The checksum of @len bytes at @offset, or of those before the end of the file. */
static struct err *sum_range(int fd, const char *name, u64 offset, u64 len, u8 *scratch,
			     u32 *ret, u64 *ret_len)
{
	u32 crc = 0;
	u64 done = 0;

	while (done < len) {
		size_t want = min_u64(len - done, READ_BYTES), got;
		struct err *err =
			io_pread_some(fd, scratch, want, offset + done, name, &got);

		if (err)
			return err;
		crc = libdeflate_crc32(crc, scratch, got);
		done += got;
		if (got < want)
			break;
	}
	*ret = crc;
	*ret_len = done;
	return NULL;
}

struct err *sidecar_measure(struct sidecar *s, int fd, const char *name, u64 file_bytes)
{
	cleanup(freep) u8 *scratch = malloc(READ_BYTES);

	s->file_bytes = file_bytes;
	s->range_bytes = SIDECAR_RANGE_BYTES;
	while (count_ranges(file_bytes, s->range_bytes) > SIDECAR_RANGES_MAX)
		s->range_bytes *= 2;
	s->num_ranges = count_ranges(file_bytes, s->range_bytes);
	s->crcs = calloc(s->num_ranges + 1, sizeof(*s->crcs));
	if (!scratch || !s->crcs)
		return err_nomem();
	for (size_t i = 0; i < s->num_ranges; i++) {
		u64 offset = i * s->range_bytes, got;
		u64 len = min_u64(s->range_bytes, file_bytes - offset);
		struct err *err =
			sum_range(fd, name, offset, len, scratch, &s->crcs[i], &got);

		if (err)
			return err;
		if (got < len)
			return err_new(ERR_BAD_DATA,
				       "%s: ends at offset 0x%llx, before the 0x%llx bytes "
				       "that were written",
				       name, (unsigned long long)(offset + got),
				       (unsigned long long)file_bytes);
	}
	return NULL;
}

static json_t *crcs_to_json(const struct sidecar *s)
{
	json_t *array = json_array();
	char text[CRC_DIGITS + 1];

	for (size_t i = 0; i < s->num_ranges; i++) {
		snprintf(text, sizeof(text), "%08x", s->crcs[i]);
		if (json_array_append_new(array, json_string(text)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

struct err *sidecar_format(const struct sidecar *s, struct buf *b)
{
	cleanup(freep) char *text = NULL;
	json_t *root = json_pack(
		"{ss sI ss s{ss ss sI sI sI sb} sI sI so}", "schema", SCHEMA, "version",
		(json_int_t)SIDECAR_VERSION, "made_by", "inquest " INQUEST_VERSION, "dump",
		"format", s->format, "codec", s->codec, "codec_level",
		(json_int_t)s->codec_level, "level", (json_int_t)s->dump_level, "pages",
		(json_int_t)s->pages, "incomplete", (int)s->is_incomplete, "file_bytes",
		(json_int_t)s->file_bytes, "range_bytes", (json_int_t)s->range_bytes,
		"crc32", crcs_to_json(s));

	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return err_nomem();
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	return buf_check(b);
}

static struct err *get_number(const json_t *object, const char *key, s64 min, s64 *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < min)
		return err_new(ERR_BAD_DATA, "%s is not a number from %lld up", key,
			       (long long)min);
	*ret = json_integer_value(value);
	return NULL;
}

static struct err *get_word(const json_t *object, const char *key,
			    char ret[SIDECAR_WORD_MAX])
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value) || json_string_length(value) >= SIDECAR_WORD_MAX)
		return err_new(ERR_BAD_DATA, "dump.%s is not a word", key);
	snprintf(ret, SIDECAR_WORD_MAX, "%s", json_string_value(value));
	return NULL;
}

static struct err *parse_facts(const json_t *dump, struct sidecar *s)
{
	s64 level = 0, pages = 0;
	struct err *err = get_word(dump, "format", s->format);

	if (!err)
		err = get_word(dump, "codec", s->codec);
	if (!err)
		err = get_number(dump, "codec_level", INT64_MIN, &s->codec_level);
	if (!err)
		err = get_number(dump, "level", 0, &level);
	if (!err)
		err = get_number(dump, "pages", 0, &pages);
	s->dump_level = (u64)level;
	s->pages = (u64)pages;
	s->is_incomplete = json_is_true(json_object_get(dump, "incomplete"));
	return err;
}

static bool parse_crc(const json_t *value, u32 *ret)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != CRC_DIGITS ||
	    strspn(text, "0123456789abcdef") != CRC_DIGITS)
		return false;
	*ret = (u32)strtoul(text, NULL, 16);
	return true;
}

static struct err *parse_ranges(const json_t *root, struct sidecar *s)
{
	const json_t *crcs = json_object_get(root, "crc32");
	s64 file_bytes = 0, range_bytes = 1;
	struct err *err = get_number(root, "file_bytes", 0, &file_bytes);

	if (!err)
		err = get_number(root, "range_bytes", 1, &range_bytes);
	if (err)
		return err;
	s->file_bytes = (u64)file_bytes;
	s->range_bytes = (u64)range_bytes;
	if (!json_is_array(crcs) || json_array_size(crcs) > SIDECAR_RANGES_MAX ||
	    json_array_size(crcs) != count_ranges(s->file_bytes, s->range_bytes))
		return err_new(
			ERR_BAD_DATA,
			"crc32 is not an array of one checksum for each %llu of %llu "
			"bytes",
			(unsigned long long)s->range_bytes,
			(unsigned long long)s->file_bytes);
	s->crcs = calloc(json_array_size(crcs) + 1, sizeof(*s->crcs));
	if (!s->crcs)
		return err_nomem();
	s->num_ranges = json_array_size(crcs);
	for (size_t i = 0; i < s->num_ranges; i++)
		if (!parse_crc(json_array_get(crcs, i), &s->crcs[i]))
			return err_new(ERR_BAD_DATA, "crc32[%zu] is not %d hex digits", i,
				       CRC_DIGITS);
	return NULL;
}

static struct err *parse_root(const json_t *root, struct sidecar *s)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	s64 version = 0;
	struct err *err;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return err_new(ERR_BAD_DATA, "schema is not \"" SCHEMA "\"");
	err = get_number(root, "version", 1, &version);
	if (!err && version > SIDECAR_VERSION)
		err = err_new(ERR_UNSUPPORTED,
			      "version %lld is newer than %d, which this program reads",
			      (long long)version, SIDECAR_VERSION);
	if (!err)
		err = parse_facts(json_object_get(root, "dump"), s);
	return err ? err : parse_ranges(root, s);
}

struct err *sidecar_parse(const char *text, size_t len, struct sidecar *ret)
{
	cleanup(sidecar_deinit) struct sidecar s = {0};
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	struct err *err;

	if (!root)
		return err_new(ERR_BAD_DATA, "line %d: %s", why.line, why.text);
	err = parse_root(root, &s);
	json_decref(root);
	if (err)
		return err;
	*ret = s;
	s.crcs = NULL;
	return NULL;
}

struct err *sidecar_path(const char *dump_path, char **ret)
{
	char *path;

	if (asprintf(&path, "%s" SIDECAR_SUFFIX, dump_path) < 0)
		return err_nomem();
	*ret = path;
	return NULL;
}

static struct err *write_temporary(const char *path, const struct buf *b)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
		      SIDECAR_MODE);
	struct err *err;

	if (fd < 0)
		return err_os(errno, "cannot create %s", path);
	err = io_write_all(fd, b->data, b->len, path);
	if (!err && fsync(fd) < 0)
		err = err_os(errno, "cannot fsync %s", path);
	/* Where a network file system tells what went wrong. */
	if (close(fd) < 0 && !err)
		err = err_os(errno, "cannot close %s", path);
	return err;
}

static struct err *sync_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup(freep) char *dir = NULL;

	if (!slash)
		return io_fsync_dir(".");
	dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return dir ? io_fsync_dir(dir) : err_nomem();
}

struct err *sidecar_write(const struct sidecar *s, const char *path)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(freep) char *temporary = NULL;
	struct err *err = sidecar_format(s, &b);

	if (err)
		return err;
	if (asprintf(&temporary, "%s.%ld", path, (long)getpid()) < 0) {
		temporary = NULL;
		return err_nomem();
	}
	err = write_temporary(temporary, &b);
	if (!err && rename(temporary, path) < 0)
		err = err_os(errno, "cannot create %s", path);
	if (err) {
		unlink(temporary);
		return err;
	}
	return sync_dir_of(path);
}

struct err *sidecar_read(const char *path, struct sidecar *ret)
{
	cleanup(freep) char *text = NULL;
	size_t len;
	struct err *err = io_read_file(path, SIDECAR_BYTES_MAX, &text, &len);

	if (err && err_code(err) == ERR_OS && err_errno(err) == ENOENT) {
		err_free(err);
		return err_new(ERR_ABSENT, "there is no %s", path);
	}
	if (!err)
		err = err_wrap(sidecar_parse(text, len, ret), "%s", path);
	return err;
}

/* Size of a file, or of a block device. */
static struct err *find_size(int fd, const char *name, u64 *ret, bool *ret_is_file)
{
	struct stat st;
	off_t end = -1;

	if (fstat(fd, &st) == 0)
		end = S_ISREG(st.st_mode) ? st.st_size : lseek(fd, 0, SEEK_END);
	if (end < 0)
		return err_os(errno, "cannot find the size of %s", name);
	*ret = (u64)end;
	*ret_is_file = S_ISREG(st.st_mode);
	return NULL;
}

struct err *sidecar_compare(const struct sidecar *s, int fd, const char *name,
			    struct sidecar_check *ret)
{
	cleanup(freep) u8 *scratch = malloc(READ_BYTES);
	struct sidecar_check c = {0};
	bool is_file = false;
	struct err *err;

	if (!scratch)
		return err_nomem();
	err = find_size(fd, name, &c.file_bytes, &is_file);
	if (err)
		return err;
	c.size_differs =
		c.file_bytes < s->file_bytes || (is_file && c.file_bytes > s->file_bytes);
	for (size_t i = 0; i < s->num_ranges; i++) {
		u64 offset = i * s->range_bytes, got;
		u64 len = min_u64(s->range_bytes, s->file_bytes - offset);
		u32 crc = 0;

		err = sum_range(fd, name, offset, len, scratch, &crc, &got);
		if (err)
			return err;
		if (got == len && crc == s->crcs[i])
			continue;
		if (!c.num_different++) {
			c.different_offset = offset;
			c.crc_expected = s->crcs[i];
			c.crc_found = crc;
		}
	}
	c.is_same = !c.size_differs && !c.num_different;
	*ret = c;
	return NULL;
}
