#include "tables.h"

#include "symbol/btf_type.h"

static struct btf_bytes bytes, module_bytes;

/* Types of the example by their place. */
enum {
	INT = 1,
	CHAR,
	BOOL,
	POINTER, /* to list */
	LIST,
	COLOUR, /* enum, signed */
	WIDE,	/* enum64 */
	OPAQUE, /* struct declared only */
	TAG,	/* a type tag on int */
	ALIAS,	/* typedef of it */
	ARRAY,	/* int[3] */
	PROTO,	/* int (struct list *, …) */
	FUNC,
	VAR,
	SECTION,
	DOUBLE,
	DECL,
	FLAGS, /* enum, unsigned */
};

static void put_example(void)
{
	btf_bytes_init(&bytes);
	btf_bytes_coded_int(&bytes, "int", 4, 1);
	btf_bytes_coded_int(&bytes, "char", 1, 0);
	btf_bytes_coded_int(&bytes, "_Bool", 1, 4);
	btf_bytes_type(&bytes, "", BTF_PTR, 0, 0, LIST);
	btf_bytes_type(&bytes, "list", BTF_STRUCT, 3, BTF_KIND_FLAG, 16);
	btf_bytes_member(&bytes, "next", POINTER, 0);
	btf_bytes_member(&bytes, "a", INT, 3u << 24 | 64);
	btf_bytes_member(&bytes, "", INT, 5u << 24 | 67);
	btf_bytes_type(&bytes, "colour", BTF_ENUM, 2, BTF_KIND_FLAG, 4);
	btf_bytes_pair(&bytes, "RED", 1);
	btf_bytes_pair(&bytes, "NONE", (u32)-1);
	btf_bytes_type(&bytes, "wide", BTF_ENUM64, 1, 0, 8);
	btf_bytes_member(&bytes, "WIDEST", UINT32_MAX, UINT32_MAX);
	btf_bytes_type(&bytes, "opaque", BTF_FWD, 0, BTF_KIND_FLAG, 0);
	btf_bytes_type(&bytes, "user", BTF_TYPE_TAG, 0, 0, INT);
	btf_bytes_type(&bytes, "alias_t", BTF_TYPEDEF, 0, 0, TAG);
	btf_bytes_array(&bytes, INT, 3);
	btf_bytes_type(&bytes, "", BTF_FUNC_PROTO, 2, 0, INT);
	btf_bytes_pair(&bytes, "head", POINTER);
	btf_bytes_pair(&bytes, "", 0);
	btf_bytes_type(&bytes, "list_len", BTF_FUNC, 1, 0, PROTO);
	btf_bytes_type(&bytes, "runqueues", BTF_VAR, 0, 0, LIST);
	btf_bytes_word(&bytes, 1); /* global */
	btf_bytes_type(&bytes, ".data..percpu", BTF_DATASEC, 1, 0, 4096);
	btf_bytes_word(&bytes, VAR);
	btf_bytes_word(&bytes, 0x40);
	btf_bytes_word(&bytes, 16);
	btf_bytes_type(&bytes, "double", BTF_FLOAT, 0, 0, 8);
	btf_bytes_type(&bytes, "note", BTF_DECL_TAG, 0, 0, LIST);
	btf_bytes_word(&bytes, 0);
	btf_bytes_type(&bytes, "flags", BTF_ENUM, 1, 0, 4);
	btf_bytes_pair(&bytes, "TOP", 0x80000000);
	btf_bytes_finish(&bytes);
}

static struct btf *open_example(void)
{
	struct btf *b = NULL;

	put_example();
	assert_success(btf_open(bytes.bytes, bytes.len, &b));
	assert_int_equal(btf_num_types(b), FLAGS);
	return b;
}

/* A module's struct holds the kernel's, and has the kernel's name for another one. */
static struct btf *open_module(const struct btf *base)
{
	struct btf *b = NULL;
	u32 holder;

	btf_bytes_init_split(&module_bytes, &bytes);
	holder = btf_bytes_type(&module_bytes, "holder", BTF_STRUCT, 1, 0, 16);
	btf_bytes_member(&module_bytes, "list", LIST, 0);
	btf_bytes_type(&module_bytes, "", BTF_PTR, 0, 0, holder);
	btf_bytes_type(&module_bytes, "list", BTF_STRUCT, 0, 0, 0);
	btf_bytes_type(&module_bytes, "state", BTF_ENUM, 1, 0, 4);
	btf_bytes_pair(&module_bytes, "GOING", 9);
	btf_bytes_finish(&module_bytes);
	assert_success(btf_open_split(base, module_bytes.bytes, module_bytes.len, &b));
	return b;
}

static void a_type_says_what_it_is(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_type t;

	assert_true(btf_get_type(b, INT, &t));
	assert_true(t.kind == BTF_KIND_INT && t.is_signed && !t.is_bool && t.size == 4);
	assert_string_equal(t.name, "int");
	assert_true(btf_get_type(b, CHAR, &t) && !t.is_signed && t.size == 1);
	assert_true(btf_get_type(b, BOOL, &t) && t.is_bool);
	assert_true(btf_get_type(b, POINTER, &t) && t.type == LIST && t.size == 8);
	assert_true(btf_get_type(b, OPAQUE, &t) && t.is_union && t.size == 0);
	assert_true(btf_get_type(b, ARRAY, &t) && t.type == INT && t.count == 3);
	assert_true(btf_get_type(b, DOUBLE, &t) && t.size == 8);
	assert_true(btf_get_type(b, DECL, &t) && t.kind == BTF_KIND_DECL_TAG &&
		    t.type == LIST);
	assert_true(btf_get_type(b, SECTION, &t) && t.size == 4096 && t.num_elements == 1);
	assert_true(btf_get_type(b, 0, &t) && t.kind == BTF_KIND_VOID);
	assert_false(btf_get_type(b, FLAGS + 1, &t));
	assert_false(btf_get_type(b, UINT32_MAX, &t));
}

static void typedefs_and_tags_are_seen_through(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_type t;

	assert_true(btf_get_plain_type(b, ALIAS, &t));
	assert_int_equal(t.id, INT);
	assert_true(btf_get_plain_type(b, VAR, &t));
	assert_int_equal(t.id, LIST);
}

static void members_come_in_order_with_their_bits(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_element m;
	struct btf_type t;

	assert_true(btf_get_type(b, LIST, &t) && btf_is_record(&t));
	assert_true(btf_get_member(b, &t, 1, &m));
	assert_string_equal(m.name, "a");
	assert_int_equal(m.bits, 64);
	assert_int_equal(m.bit_size, 3);
	assert_true(btf_get_member(b, &t, 2, &m));
	assert_string_equal(m.name, "");
	assert_int_equal(m.bits, 67);
	assert_false(btf_get_member(b, &t, 3, &m));
	assert_true(btf_get_type(b, INT, &t));
	assert_false(btf_get_member(b, &t, 0, &m));
}

static void a_prototype_has_parameters_and_dots(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_element p;
	struct btf_type t;

	assert_true(btf_get_type(b, FUNC, &t));
	assert_true(btf_get_type(b, t.type, &t) && t.type == INT && t.num_elements == 2);
	assert_true(btf_get_parameter(b, &t, 0, &p) && p.type == POINTER);
	assert_string_equal(p.name, "head");
	assert_true(btf_get_parameter(b, &t, 1, &p) && p.type == 0 && !*p.name);
	assert_false(btf_get_parameter(b, &t, 2, &p));
}

static void enumerators_have_the_sign_of_their_enum(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	const char *name;
	struct btf_type t;
	u64 value;

	assert_true(btf_get_type(b, COLOUR, &t) && t.is_signed && btf_is_enum(&t));
	assert_true(btf_get_enumerator(b, &t, 1, &name, &value));
	assert_string_equal(name, "NONE");
	assert_int_equal(value, (u64)-1);
	assert_string_equal(btf_enumerator_name(b, &t, 1), "RED");
	assert_null(btf_enumerator_name(b, &t, 7));
	assert_true(btf_get_type(b, FLAGS, &t) && !t.is_signed);
	assert_true(btf_get_enumerator(b, &t, 0, &name, &value));
	assert_int_equal(value, 0x80000000);
	assert_true(btf_get_type(b, WIDE, &t));
	assert_true(btf_get_enumerator(b, &t, 0, &name, &value));
	assert_int_equal(value, UINT64_MAX);
	assert_false(btf_get_enumerator(b, &t, 1, &name, &value));
}

static void every_kind_is_found_by_name(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_variable v;

	assert_int_equal(btf_find_type(b, "alias_t", BTF_NAMED, 0), ALIAS);
	assert_int_equal(btf_find_type(b, "list_len", BTF_BIT(BTF_KIND_FUNC), 0), FUNC);
	assert_int_equal(btf_find_type(b, "list_len", BTF_NAMED, 0), 0);
	assert_int_equal(btf_find_type(b, "colour", BTF_ENUMS, COLOUR), 0);
	assert_true(btf_find_variable(b, "runqueues", &v));
	assert_string_equal(v.section, ".data..percpu");
	assert_int_equal(v.type, LIST);
	assert_int_equal(v.offset, 0x40);
	assert_int_equal(v.size, 16);
	assert_false(btf_find_variable(b, "list_len", &v));
}

static void split_types_go_on_where_their_base_ends(void **state)
{
	cleanup(btf_freep) struct btf *base = open_example();
	cleanup(btf_freep) struct btf *b = open_module(base);
	u32 holder = btf_find_struct(b, "holder", 0);
	struct btf_member m;
	struct btf_type t;
	u64 size;

	assert_int_equal(btf_first_id(b), FLAGS + 1);
	assert_int_equal(btf_num_types(b), FLAGS + 4);
	assert_int_equal(holder, FLAGS + 1);
	assert_int_equal(btf_find_struct(base, "holder", 0), 0);
	assert_true(btf_find_member(b, holder, "list.a", &m));
	assert_int_equal(m.offset, 8);
	assert_int_equal(m.bit_size, 3);
	assert_true(btf_type_size(b, holder + 1, &size) && size == 8);
	assert_true(btf_get_type(b, INT, &t));
	assert_string_equal(t.name, "int");
	assert_false(btf_get_type(b, FLAGS + 5, &t));
	assert_false(btf_get_type(base, FLAGS + 1, &t));
}

static void names_are_found_in_the_base_first(void **state)
{
	cleanup(btf_freep) struct btf *base = open_example();
	cleanup(btf_freep) struct btf *b = open_module(base);
	u64 value;

	assert_int_equal(btf_find_struct(b, "list", 0), LIST);
	assert_int_equal(btf_find_struct(b, "list", LIST), FLAGS + 3);
	assert_int_equal(btf_find_struct(b, "list", FLAGS), FLAGS + 3);
	assert_int_equal(btf_find_struct(b, "list", FLAGS + 3), 0);
	assert_int_equal(btf_find_type(b, "list", BTF_RECORDS, 0), LIST);
	assert_int_equal(btf_find_type(b, "list", BTF_RECORDS, LIST), FLAGS + 3);
	assert_true(btf_find_enumerator(b, "GOING", &value) && value == 9);
	assert_true(btf_find_enumerator(b, "RED", &value) && value == 1);
}

static void split_types_without_strings_use_those_of_the_base(void **state)
{
	cleanup(btf_freep) struct btf *base = open_example();
	cleanup(btf_freep) struct btf *b = NULL;
	struct btf_type t;

	btf_bytes_init_split(&module_bytes, &bytes);
	btf_bytes_word(&module_bytes, 1); /* the base's first string */
	btf_bytes_word(&module_bytes, BTF_STRUCT << 24);
	btf_bytes_word(&module_bytes, 8);
	btf_bytes_finish(&module_bytes);
	assert_success(btf_open_split(base, module_bytes.bytes, module_bytes.len, &b));
	assert_true(btf_get_type(b, FLAGS + 1, &t));
	assert_string_equal(t.name, "int");
}

static void types_that_mean_each_other_end(void **state)
{
	cleanup(btf_freep) struct btf *b = NULL;
	struct btf_type t;

	btf_bytes_init(&bytes);
	btf_bytes_type(&bytes, "a", BTF_TYPEDEF, 0, 0, 2);
	btf_bytes_type(&bytes, "b", BTF_CONST, 0, 0, 1);
	btf_bytes_type(&bytes, "far", BTF_TYPEDEF, 0, 0, UINT32_MAX);
	btf_bytes_finish(&bytes);
	assert_success(btf_open(bytes.bytes, bytes.len, &b));
	assert_false(btf_get_plain_type(b, 1, &t));
	assert_false(btf_get_plain_type(b, 3, &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_says_what_it_is),
		cmocka_unit_test(typedefs_and_tags_are_seen_through),
		cmocka_unit_test(members_come_in_order_with_their_bits),
		cmocka_unit_test(a_prototype_has_parameters_and_dots),
		cmocka_unit_test(enumerators_have_the_sign_of_their_enum),
		cmocka_unit_test(every_kind_is_found_by_name),
		cmocka_unit_test(split_types_go_on_where_their_base_ends),
		cmocka_unit_test(names_are_found_in_the_base_first),
		cmocka_unit_test(split_types_without_strings_use_those_of_the_base),
		cmocka_unit_test(types_that_mean_each_other_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
