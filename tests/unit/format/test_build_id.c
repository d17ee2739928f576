#include "testing.h"

#include "base/bytes.h"
#include "format/build_id.h"
#include "format/note.h"

#include <elf.h>

#define NOTES_AT 0x200
#define LOAD_AT	 0x400
#define LEN	 0x40000

/* A vmlinux of two segments: notes, and @LEN - LOAD_AT bytes of memory. */
struct vmlinux {
	u8 bytes[LEN];
	struct byte_source src;
};

static void put_segment(u8 *at, u32 type, u64 offset, u64 len)
{
	put_le32(at, type);
	put_le64(at + 8, offset);
	put_le64(at + 32, len);
}

static struct vmlinux *make(void)
{
	static const u8 id[20] = {0xde, 0xad, 0xbe, 0xef, 1, 2, 3};
	struct vmlinux *v = calloc(1, sizeof(*v));
	size_t first = note_size(3, 4);

	assert_non_null(v);
	memcpy(v->bytes, "\177ELF\2\1\1", 7);
	put_le16(v->bytes + 16, ET_EXEC);
	put_le64(v->bytes + 32, 64);
	put_le16(v->bytes + 54, 56);
	put_le16(v->bytes + 56, 2);
	put_segment(v->bytes + 64, PT_LOAD, LOAD_AT, LEN - LOAD_AT);
	put_segment(v->bytes + 120, PT_NOTE, NOTES_AT, first + note_size(3, sizeof(id)));
	note_format("Xen", 6, "abc", 4, v->bytes + NOTES_AT);
	note_format("GNU", NT_GNU_BUILD_ID, id, sizeof(id), v->bytes + NOTES_AT + first);
	v->src = source_from_memory(v->bytes, LEN, "vmlinux");
	return v;
}

static void the_gnu_note_is_found_behind_others(void **state)
{
	struct vmlinux *v = make();
	char id[BUILD_ID_TEXT_LEN];

	assert_true(build_id_is_program(&v->src));
	assert_success(build_id_read(&v->src, id));
	assert_string_equal(id, "deadbeef01020300000000000000000000000000");
	free(v);
}

static void a_file_without_a_build_id_has_an_empty_one(void **state)
{
	struct vmlinux *v = make();
	char id[BUILD_ID_TEXT_LEN] = "x";

	put_le32(v->bytes + 120, PT_NULL);
	assert_success(build_id_read(&v->src, id));
	assert_string_equal(id, "");
	free(v);
}

static void a_core_is_no_program(void **state)
{
	struct vmlinux *v = make();
	char id[BUILD_ID_TEXT_LEN];

	put_le16(v->bytes + 16, ET_CORE);
	assert_false(build_id_is_program(&v->src));
	assert_failure(build_id_read(&v->src, id), ERR_UNSUPPORTED, "vmlinux");
	free(v);
}

static void segments_past_the_end_are_bad_data(void **state)
{
	struct vmlinux *v = make();
	char id[BUILD_ID_TEXT_LEN];

	put_le64(v->bytes + 120 + 32, UINT64_MAX);
	assert_failure(build_id_read(&v->src, id), ERR_BAD_DATA, "reaches past the end");
	put_le64(v->bytes + 32, UINT64_MAX - 8);
	assert_failure(build_id_read(&v->src, id), ERR_BAD_DATA, "program headers");
	free(v);
}

static void an_id_that_is_too_long_is_not_taken(void **state)
{
	struct vmlinux *v = make();
	char id[BUILD_ID_TEXT_LEN];

	put_le32(v->bytes + NOTES_AT + note_size(3, 4) + 4, BUILD_ID_MAX_LEN + 1);
	put_le64(v->bytes + 120 + 32, 0x200);
	assert_success(build_id_read(&v->src, id));
	assert_string_equal(id, "");
	free(v);
}

static void bytes_are_found_wherever_they_lie(void **state)
{
	static const char text[] = "Linux version 6.1.0";
	static const u64 places[] = {LOAD_AT, LOAD_AT + 65536 - 5, LOAD_AT + 65536,
				     LEN - sizeof(text)};
	bool found;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct vmlinux *v = make();

		memcpy(v->bytes + places[i], text, sizeof(text));
		assert_success(build_id_has_bytes(&v->src, text, sizeof(text), &found));
		assert_true(found);
		assert_success(
			build_id_has_bytes(&v->src, "Linux version 6.2", 17, &found));
		assert_false(found);
		free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gnu_note_is_found_behind_others),
		cmocka_unit_test(a_file_without_a_build_id_has_an_empty_one),
		cmocka_unit_test(a_core_is_no_program),
		cmocka_unit_test(segments_past_the_end_are_bad_data),
		cmocka_unit_test(an_id_that_is_too_long_is_not_taken),
		cmocka_unit_test(bytes_are_found_wherever_they_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
