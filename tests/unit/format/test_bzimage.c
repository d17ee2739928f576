#include "testing.h"

#include "base/bytes.h"
#include "format/bzimage.h"

static void make_image(u8 *d, size_t size)
{
	memset(d, 0, size);
	memcpy(d + 0x202, "HdrS", 4);
	put_le16(d + 0x206, 0x20f);
	put_le16(d + 0x20e, 0x100);
	put_le32(d + 0x230, 0x200000);
	d[0x234] = 1;
	put_le16(d + 0x236, 0x7f);
	put_le32(d + 0x260, 0x3fa0000);
	strcpy((char *)d + 0x300, "6.1.0-56-amd64 (x@y) #1 SMP");
}

static void the_release_is_the_first_word_of_the_version(void **state)
{
	u8 d[2048];
	struct bzimage b;

	make_image(d, sizeof(d));
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_string_equal(b.release, "6.1.0-56-amd64");
	assert_int_equal(b.init_bytes, 0x3fa0000);
	assert_int_equal(b.alignment_bytes, 2 << 20);
	assert_true(b.is_relocatable);
	assert_true(b.has_64bit_entry);
}

static void other_files_are_told_apart(void **state)
{
	u8 d[2048];
	struct bzimage b;

	make_image(d, sizeof(d));
	assert_failure(bzimage_parse(d, 0x263, "x", &b), ERR_BAD_DATA, "not an x86 kernel");
	d[0x202] = 'h';
	assert_failure(bzimage_parse(d, sizeof(d), "x", &b), ERR_BAD_DATA, "HdrS");
	make_image(d, sizeof(d));
	put_le16(d + 0x206, 0x200);
	assert_failure(bzimage_parse(d, sizeof(d), "x", &b), ERR_BAD_DATA,
		       "protocol 0x200");
}

static void a_release_outside_the_header_is_bad_data(void **state)
{
	u8 d[2048];
	struct bzimage b;

	make_image(d, sizeof(d));
	put_le16(d + 0x20e, 0xffff);
	assert_failure(bzimage_parse(d, sizeof(d), "x", &b), ERR_BAD_DATA, "0x101ff");
	put_le16(d + 0x20e, 2048 - 0x200 - 100);
	memset(d + 2048 - 100, 'a', 100);
	assert_failure(bzimage_parse(d, sizeof(d), "x", &b), ERR_BAD_DATA, "release");
	make_image(d, sizeof(d));
	memset(d + 0x300, 'a', BZIMAGE_RELEASE_MAX + 1);
	assert_failure(bzimage_parse(d, sizeof(d), "x", &b), ERR_BAD_DATA, "release");
}

/* The head of the PE image that a kernel is for UEFI. */
static void make_pe(u8 *d, size_t at)
{
	put_le32(d + 0x3c, (u32)at);
	memcpy(d + at, "PE\0\0", 4);
	put_le16(d + at + 24, 0x20b);
	put_le32(d + at + 24 + 108, 6);
}

static void a_signature_is_a_certificate_table_that_is_not_empty(void **state)
{
	u8 d[2048];
	struct bzimage b;

	make_image(d, sizeof(d));
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_false(b.is_signed);
	make_pe(d, 0x40);
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_false(b.is_signed);
	put_le32(d + 0x40 + 24 + 112 + 32, 0x7db000);
	put_le32(d + 0x40 + 24 + 112 + 36, 2040);
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_true(b.is_signed);
	put_le32(d + 0x40 + 24 + 108, 4);
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_false(b.is_signed);
}

static void a_pe_header_outside_of_what_is_there_is_no_signature(void **state)
{
	u8 d[2048];
	struct bzimage b;

	make_image(d, sizeof(d));
	put_le32(d + 0x3c, 0xffffffff);
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_false(b.is_signed);
	make_pe(d, sizeof(d) - 24 - 112 - 39);
	memset(d + sizeof(d) - 7, 1, 7);
	assert_success(bzimage_parse(d, sizeof(d), "vmlinuz", &b));
	assert_false(b.is_signed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_release_is_the_first_word_of_the_version),
		cmocka_unit_test(other_files_are_told_apart),
		cmocka_unit_test(a_release_outside_the_header_is_bad_data),
		cmocka_unit_test(a_signature_is_a_certificate_table_that_is_not_empty),
		cmocka_unit_test(a_pe_header_outside_of_what_is_there_is_no_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
