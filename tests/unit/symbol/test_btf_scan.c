#include "tables.h"

#include "base/io.h"
#include "symbol/btf_scan.h"

#include <errno.h>

#define REAL_BTF "/sys/kernel/btf/vmlinux"

static struct btf_bytes bytes;

struct memory {
	const u8 *data;
	u64 len;
	u64 fails_at; /* 0: nowhere */
	size_t largest;
};

static struct err *read_memory(void *ctx, u64 offset, void *data, size_t len)
{
	struct memory *m = ctx;

	assert_true(range_fits(offset, len, m->len));
	if (len > m->largest)
		m->largest = len;
	if (m->fails_at && offset + len > m->fails_at)
		return err_os(EIO, "cannot read");
	memcpy(data, m->data + offset, len);
	return NULL;
}

/*
 * struct zone { long lock; union { struct { int low; const char name[3][5]; }; long word;
 *}; int bit : 3; }; struct zone { int other; }; enum { PGTY_buddy = 0xf0000000, MINUS = -1
 *}; enum64 { WIDE = 1 << 40 };
 */
static void make_example(void)
{
	u32 integer, word, letter, inner, outer, constant, nested, both;

	btf_bytes_init(&bytes);
	integer = btf_bytes_int(&bytes, "int", 4);
	word = btf_bytes_int(&bytes, "long", 8);
	letter = btf_bytes_int(&bytes, "char", 1);
	inner = btf_bytes_array(&bytes, letter, 5);
	outer = btf_bytes_array(&bytes, inner, 3);
	constant = btf_bytes_type(&bytes, "", BTF_CONST, 0, 0, outer);
	/* Types may be used before they are there. */
	nested = constant + 2;
	both = btf_bytes_type(&bytes, "", BTF_UNION, 2, 0, 24);
	btf_bytes_member(&bytes, "", nested, 0);
	btf_bytes_member(&bytes, "word", word, 0);
	btf_bytes_type(&bytes, "", BTF_STRUCT, 2, 0, 20);
	btf_bytes_member(&bytes, "low", integer, 0);
	btf_bytes_member(&bytes, "name", constant, 32);
	btf_bytes_type(&bytes, "zone", BTF_STRUCT, 3, BTF_KIND_FLAG, 40);
	btf_bytes_member(&bytes, "lock", word, 0);
	btf_bytes_member(&bytes, "", both, 64);
	btf_bytes_member(&bytes, "bit", integer, 3u << 24 | (256 + 5));
	btf_bytes_type(&bytes, "zone", BTF_STRUCT, 1, 0, 4);
	btf_bytes_member(&bytes, "other", integer, 0);
	btf_bytes_type(&bytes, "types", BTF_ENUM, 2, 0, 4);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "PGTY_buddy"));
	btf_bytes_word(&bytes, 0xf0000000);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "MINUS"));
	btf_bytes_word(&bytes, (u32)-1);
	btf_bytes_type(&bytes, "", BTF_ENUM64, 1, 0, 8);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "WIDE"));
	btf_bytes_word(&bytes, 0);
	btf_bytes_word(&bytes, 1 << 8);
	btf_bytes_finish(&bytes);
}

static void members_sizes_and_enumerators_are_found(void **state)
{
	struct btf_want w[] = {
		{.type = "zone", .member = "lock"},
		{.type = "zone", .member = "low"},
		{.type = "zone", .member = "name"},
		{.type = "zone", .member = "word"},
		{.type = "zone", .member = "bit"},
		{.type = "zone", .member = "other"},
		{.type = "zone"},
		{.member = "PGTY_buddy"},
		{.member = "MINUS"},
		{.member = "WIDE"},
		{.type = "zone", .member = "lo"},
		{.type = "nothing", .member = "low"},
		{.type = "long", .member = "low"},
		{.member = "zone"},
		{.type = "types"},
	};
	const struct {
		u64 value, size, count;
	} expected[] = {{0, 8, 1},	    {8, 4, 1},
			{12, 15, 15},	    {8, 8, 1},
			{32, 0, 1},	    {0, 4, 1},
			{40, 0, 0},	    {0xfffffffff0000000, 0, 0},
			{UINT64_MAX, 0, 0}, {1ull << 40, 0, 0}};
	struct memory m;

	make_example();
	m = (struct memory){.data = bytes.bytes, .len = bytes.len};
	assert_success(btf_scan(read_memory, &m, m.len, w, ARRAY_SIZE(w)));
	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		assert_int_equal(w[i].present, i < ARRAY_SIZE(expected));
		if (!w[i].present)
			continue;
		assert_int_equal(w[i].value, expected[i].value);
		assert_int_equal(w[i].size, expected[i].size);
		assert_int_equal(w[i].count, expected[i].count);
	}
}

static void damage_is_an_error_and_not_an_answer(void **state)
{
	struct btf_want w = {.type = "zone", .member = "lock"};
	struct memory m;

	make_example();
	m = (struct memory){.data = bytes.bytes, .len = 20};
	assert_failure(btf_scan(read_memory, &m, m.len, &w, 1), ERR_BAD_DATA, "20 bytes");
	m.len = bytes.len - 1;
	assert_failure(btf_scan(read_memory, &m, m.len, &w, 1), ERR_BAD_DATA, "outside");
	m.len = bytes.len;
	m.fails_at = 100;
	assert_failure(btf_scan(read_memory, &m, m.len, &w, 1), ERR_OS, "BTF at offset 0x");
	assert_false(w.present);
	m.fails_at = 0;
	bytes.bytes[24 + 7] = 0x1f;
	assert_failure(btf_scan(read_memory, &m, m.len, &w, 1), ERR_UNSUPPORTED, "type 1");
	bytes.bytes[0] = 0;
	assert_failure(btf_scan(read_memory, &m, m.len, &w, 1), ERR_UNSUPPORTED, "begins");
}

static void a_type_that_contains_itself_ends_the_search(void **state)
{
	struct btf_want w = {.type = "loop", .member = "missing"};
	struct memory m;

	btf_bytes_init(&bytes);
	btf_bytes_type(&bytes, "loop", BTF_STRUCT, 3, 0, 8);
	for (u32 i = 0; i < 3; i++)
		btf_bytes_member(&bytes, "", 1, 0);
	btf_bytes_type(&bytes, "chain", BTF_TYPEDEF, 0, 0, 2);
	btf_bytes_finish(&bytes);
	m = (struct memory){.data = bytes.bytes, .len = bytes.len};
	assert_success(btf_scan(read_memory, &m, m.len, &w, 1));
	assert_false(w.present);
}

/* What both readers say of the kernel that runs here. */
static void the_types_of_a_real_kernel_are_read_as_by_the_other_reader(void **state)
{
	struct btf_want w[] = {
		{.type = "page", .member = "flags"},
		{.type = "page", .member = "mapping"},
		{.type = "page", .member = "_mapcount"},
		{.type = "page", .member = "lru"},
		{.type = "zone", .member = "per_cpu_pageset"},
		{.type = "zone", .member = "free_area"},
		{.type = "per_cpu_pages", .member = "lists"},
		{.type = "pglist_data", .member = "node_zones"},
		{.type = "zone"},
		{.type = "page"},
		{.member = "PG_lru"},
		{.member = "MIGRATE_PCPTYPES"},
	};
	cleanup(freep) char *data = NULL;
	cleanup(btf_freep) struct btf *b = NULL;
	struct memory m = {0};
	size_t len;
	struct err *err = io_read_file(REAL_BTF, BTF_MAX_LEN, &data, &len);

	if (err) {
		err_ignore(err);
		skip();
	}
	m = (struct memory){.data = (const u8 *)data, .len = len};
	assert_success(btf_open(data, len, &b));
	assert_success(btf_scan(read_memory, &m, len, w, ARRAY_SIZE(w)));
	assert_true(m.largest <= 65536);
	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		u32 id = w[i].type ? btf_find_struct(b, w[i].type, 0) : 0;
		struct btf_member member = {0};
		u64 value = 0;
		bool is_there;

		if (w[i].type && w[i].member)
			is_there = btf_find_member(b, id, w[i].member, &member);
		else if (w[i].type)
			is_there = btf_type_size(b, id, &value);
		else
			is_there = btf_find_enumerator(b, w[i].member, &value);
		assert_int_equal(w[i].present, is_there);
		assert_int_equal(w[i].value, member.offset + value);
		assert_int_equal(w[i].size, member.size);
		assert_int_equal(w[i].count, member.count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_sizes_and_enumerators_are_found),
		cmocka_unit_test(damage_is_an_error_and_not_an_answer),
		cmocka_unit_test(a_type_that_contains_itself_ends_the_search),
		cmocka_unit_test(
			the_types_of_a_real_kernel_are_read_as_by_the_other_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
