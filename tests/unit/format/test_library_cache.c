#include "testing.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "format/library_cache.h"

#define MAGIC "glibc-ld.so.cache1.1"

struct entry {
	u32 flags;
	u64 cpus;
	const char *name, *path;
};

static const struct entry entries[] = {
	{0x303, UINT64_C(1) << 62, "libz.so.1", "/lib/glibc-hwcaps/x86-64-v3/libz.so.1"},
	{0x003, 0, "libz.so.1", "/lib/i386-linux-gnu/libz.so.1"},
	{0x303, 0, "libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1"},
	{0x303, 0, "libzz.so.1", "/lib/x86_64-linux-gnu/libzz.so.1"},
};

/* As ldconfig(8) of glibc 2.36 writes it. */
static void make_cache(struct buf *b)
{
	u8 header[48] = MAGIC, e[24];
	struct buf strings = BUF_INIT;
	size_t strings_at = sizeof(header) + sizeof(e) * ARRAY_SIZE(entries);

	put_le32(header + 20, ARRAY_SIZE(entries));
	buf_add(b, header, sizeof(header));
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		memset(e, 0, sizeof(e));
		put_le32(e, entries[i].flags);
		put_le32(e + 4, (u32)(strings_at + strings.len));
		buf_add(&strings, entries[i].name, strlen(entries[i].name) + 1);
		put_le32(e + 8, (u32)(strings_at + strings.len));
		buf_add(&strings, entries[i].path, strlen(entries[i].path) + 1);
		put_le64(e + 16, entries[i].cpus);
		buf_add(b, e, sizeof(e));
	}
	buf_add(b, strings.data, strings.len);
	buf_deinit(&strings);
}

static void library_is_found_for_each_kind_of_cpu(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	make_cache(&b);
	assert_string_equal(library_cache_find(b.data, b.len, "libz.so.1", 0),
			    entries[1].path);
	assert_string_equal(library_cache_find(b.data, b.len, "libz.so.1", 1),
			    entries[2].path);
	assert_null(library_cache_find(b.data, b.len, "libz.so.1", 2));
	assert_null(library_cache_find(b.data, b.len, "libz.so", 0));
	assert_string_equal(library_cache_find(b.data, b.len, "libzz.so.1", 0),
			    entries[3].path);
}

static void cache_behind_one_of_the_old_format_is_read(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(buf_deinit) struct buf cache = BUF_INIT;
	u8 old[32] = "ld.so-1.7.0";

	put_le32(old + 12, 1);
	make_cache(&cache);
	buf_add(&b, old, sizeof(old));
	buf_add(&b, cache.data, cache.len);
	assert_string_equal(library_cache_find(b.data, b.len, "libz.so.1", 0),
			    entries[1].path);
}

static void damage_is_no_library(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	make_cache(&b);
	for (size_t len = 0; len < b.len; len++)
		assert_null(library_cache_find(b.data, len, "libzz.so.1", 0));
	put_le32(b.data + 20, UINT32_MAX);
	assert_null(library_cache_find(b.data, b.len, "libz.so.1", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_is_found_for_each_kind_of_cpu),
		cmocka_unit_test(cache_behind_one_of_the_old_format_is_read),
		cmocka_unit_test(damage_is_no_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
