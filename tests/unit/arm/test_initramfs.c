#include "testing.h"

#include "failing_malloc.h"
#include "fake_modules.h"

#include "arm/initramfs.h"
#include "arm/initramfs_check.h"
#include "base/bytes.h"
#include "format/cpio.h"

#include <libdeflate.h>

static struct fake_modules fake;
static char init_path[128];

static int set_up(void **state)
{
	fake_modules_init(&fake);
	fake_module(&fake, "kernel/disk.ko.xz", "depends=bus");
	fake_module(&fake, "kernel/bus.ko.zst", "license=GPL");
	fake_file(&fake, "init", "#!static", 8);
	snprintf(init_path, sizeof(init_path), "%s/init", fake.dir);
	return 0;
}

static int tear_down(void **state)
{
	fake_modules_deinit(&fake);
	return 0;
}

static void build(enum initramfs_compression compression, struct initramfs *ret)
{
	static const char *const modules[] = {"disk", NULL};
	const struct manifest manifest = MANIFEST_DEFAULTS;
	const struct initramfs_file files[] = {
		{.path = "/boot/vmlinuz", .data = "kernel", .len = 6, .mode = 0600},
		{.path = "/boot/initrd", .host_path = init_path, .mode = 0600},
	};
	const struct initramfs_options options = {.init = init_path,
						  .modules_dir = fake.dir,
						  .modules = modules,
						  .manifest = &manifest,
						  .files = files,
						  .num_files = ARRAY_SIZE(files),
						  .compression = compression};

	assert_success(initramfs_build(&options, ret));
}

/* Find the entry named @name in a newc archive: its data, or NULL. */
static const char *find_entry(const char *archive, size_t len, const char *name,
			      size_t *ret_len)
{
	for (size_t pos = 0; pos + 110 <= len;) {
		char digits[9] = "";
		size_t size, name_len, data;

		memcpy(digits, archive + pos + 54, 8);
		size = strtoul(digits, NULL, 16);
		memcpy(digits, archive + pos + 94, 8);
		name_len = strtoul(digits, NULL, 16);
		data = (pos + 110 + name_len + 3) & ~(size_t)3;
		if (strcmp(archive + pos + 110, name) == 0) {
			*ret_len = size;
			return archive + data;
		}
		pos = (data + size + 3) & ~(size_t)3;
	}
	return NULL;
}

static void the_image_holds_init_modules_nodes_manifest_and_files(void **state)
{
	static const char *const names[] = {"dev",	   "dev/console", "dev/kmsg",
					    "dev/null",	   "proc",	  "lib",
					    "lib/modules", "etc/inquest", "boot/vmlinuz"};
	cleanup(initramfs_deinit) struct initramfs image = {0};
	cleanup(buf_deinit) struct buf bus = BUF_INIT;
	const char *data;
	size_t len;

	build(INITRAMFS_PLAIN, &image);
	assert_int_equal(image.num_modules, 2);
	assert_int_equal(image.unpacked_bytes, image.len);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_non_null(find_entry(image.data, image.len, names[i], &len));
	data = find_entry(image.data, image.len, "init", &len);
	assert_memory_equal(data, "#!static", 8);
	data = find_entry(image.data, image.len, "boot/initrd", &len);
	assert_memory_equal(data, "#!static", 8);
	fake_module_bytes("license=GPL", &bus);
	data = find_entry(image.data, image.len, "lib/modules/bus.ko", &len);
	assert_int_equal(len, bus.len);
	assert_memory_equal(data, bus.data, len);
}

static void the_manifest_lists_the_modules_in_load_order(void **state)
{
	cleanup(initramfs_deinit) struct initramfs image = {0};
	cleanup(manifest_deinit) struct manifest m = {0};
	const char *data;
	size_t len;

	build(INITRAMFS_PLAIN, &image);
	data = find_entry(image.data, image.len, "etc/inquest/manifest.json", &len);
	assert_non_null(data);
	assert_success(manifest_parse(data, len, &m));
	assert_int_equal(m.num_modules, 2);
	assert_string_equal(m.modules[0].path, "/lib/modules/bus.ko");
	assert_string_equal(m.modules[1].path, "/lib/modules/disk.ko");
}

static void the_same_inputs_give_the_same_bytes(void **state)
{
	static const enum initramfs_compression ways[] = {INITRAMFS_GZIP, INITRAMFS_ZSTD,
							  INITRAMFS_PLAIN};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		cleanup(initramfs_deinit) struct initramfs a = {0};
		cleanup(initramfs_deinit) struct initramfs b = {0};

		build(ways[i], &a);
		build(ways[i], &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
	}
}

static void compressed_images_unpack_to_the_plain_one(void **state)
{
	cleanup(initramfs_deinit) struct initramfs plain = {0};
	cleanup(initramfs_deinit) struct initramfs gzip = {0};
	cleanup(initramfs_deinit) struct initramfs zstd = {0};
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	cleanup(freep) void *out = NULL;

	build(INITRAMFS_PLAIN, &plain);
	build(INITRAMFS_GZIP, &gzip);
	build(INITRAMFS_ZSTD, &zstd);
	out = calloc(1, plain.len);
	assert_int_equal(
		libdeflate_gzip_decompress(d, gzip.data, gzip.len, out, plain.len, NULL),
		LIBDEFLATE_SUCCESS);
	libdeflate_free_decompressor(d);
	assert_memory_equal(out, plain.data, plain.len);
	memset(out, 0, plain.len);
	assert_int_equal(ZSTD_decompress(out, plain.len, zstd.data, zstd.len), plain.len);
	assert_memory_equal(out, plain.data, plain.len);
	/* The time in a gzip header would make images differ from day to day. */
	assert_int_equal(get_le32((u8 *)gzip.data + 4), 0);
}

static struct err *build_once(void *ctx)
{
	static const char *const modules[] = {"disk", NULL};
	const struct manifest manifest = MANIFEST_DEFAULTS;
	const struct initramfs_options options = {.init = init_path,
						  .modules_dir = fake.dir,
						  .modules = modules,
						  .manifest = &manifest,
						  .compression = INITRAMFS_PLAIN};
	cleanup(initramfs_deinit) struct initramfs image = {0};

	return initramfs_build(&options, &image);
}

static void without_memory_there_is_an_error_and_no_leak(void **state)
{
	assert_true(each_allocation_fails_once(build_once, NULL) > 50);
}

static void a_missing_input_is_named(void **state)
{
	const struct manifest manifest = MANIFEST_DEFAULTS;
	const struct initramfs_options options = {.init = "/nonexistent/init",
						  .manifest = &manifest};
	struct initramfs image;

	assert_failure(initramfs_build(&options, &image), ERR_OS, "/nonexistent/init");
}

/* An archive with /init of @init and a manifest of @manifest; NULL leaves one out. */
static void archive_of(const char *init, const char *manifest, const char *other,
		       struct buf *b)
{
	const struct {
		const char *name, *data;
	} files[] = {{"init", init}, {&MANIFEST_PATH[1], manifest}, {other, "x"}};
	struct cpio c = {.out = b};

	b->len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct cpio_entry entry = {
			.name = files[i].name,
			.mode = S_IFREG | 0700,
			.data = files[i].data,
			.len = files[i].data ? strlen(files[i].data) : 0};

		if (entry.name && entry.data)
			assert_success(cpio_add(&c, &entry));
	}
	assert_success(cpio_end(&c));
}

static void an_image_that_cannot_start_is_told_from_one_that_can(void **state)
{
#define MODULE_ROW "{\"version\":2,\"modules\":[{\"path\":\"/modules/disk.ko\"}]}"
	static const struct {
		const char *init, *manifest, *other, *words;
	} rows[] = {
		{NULL, "{\"version\":2}", NULL, "has no /init"},
		{"", "{\"version\":2}", NULL, "/init is empty"},
		{"#!", NULL, NULL, "has no " MANIFEST_PATH},
		{"#!", "{", NULL, "JSON"},
		{"#!", MODULE_ROW, NULL, "has no /modules/disk.ko"},
	};
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		archive_of(rows[i].init, rows[i].manifest, rows[i].other, &b);
		assert_failure(initramfs_check_archive(b.data, b.len), ERR_BAD_DATA,
			       rows[i].words);
	}
	archive_of("#!", MODULE_ROW, "modules/disk.ko", &b);
	assert_success(initramfs_check_archive(b.data, b.len));
}

static void a_packed_image_with_a_flipped_bit_is_noticed(void **state)
{
	struct initramfs image;
	char *data;

	build(INITRAMFS_GZIP, &image);
	data = malloc(image.len);
	assert_non_null(data);
	memcpy(data, image.data, image.len);
	assert_success(initramfs_check(data, image.len));
	data[image.len / 2] ^= 4;
	assert_failure(initramfs_check(data, image.len), ERR_BAD_DATA, "");
	data[image.len / 2] ^= 4;
	/* The checksum. */
	data[image.len - 6] ^= 4;
	assert_failure(initramfs_check(data, image.len), ERR_BAD_DATA,
		       "cannot be unpacked");
	free(data);
	initramfs_deinit(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_image_holds_init_modules_nodes_manifest_and_files),
		cmocka_unit_test(the_manifest_lists_the_modules_in_load_order),
		cmocka_unit_test(the_same_inputs_give_the_same_bytes),
		cmocka_unit_test(compressed_images_unpack_to_the_plain_one),
		cmocka_unit_test(without_memory_there_is_an_error_and_no_leak),
		cmocka_unit_test(a_missing_input_is_named),
		cmocka_unit_test(an_image_that_cannot_start_is_told_from_one_that_can),
		cmocka_unit_test(a_packed_image_with_a_flipped_bit_is_noticed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
