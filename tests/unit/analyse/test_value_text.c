#include "analyse/type_text.h"
#include "kernel/typed_kernel.h"

static void assert_value(struct typed_kernel *t, const char *path,
			 struct type_text_options o, const char *expected)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object thing = typed_thing(t), member;

	assert_success(object_member(&thing, path, &member));
	type_text_value(&b, &member, &o);
	assert_string_equal(buf_text(&b), expected);
}

static void a_whole_struct_is_printed_as_gdb_does(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object thing;

	typed_kernel_open(t);
	thing = typed_thing(t);
	type_text_object(&b, &thing, NULL);
	assert_string_equal(buf_text(&b),
			    "struct thing {\n"
			    "  number = -5,\n"
			    "  name = \"x\\000\\061\\033[m\\000\",\n"
			    "  colour = NONE,\n"
			    "  list = {\n"
			    "    next = 0xffffffff8000f210,\n"
			    "    prev = 0xffffffff80001108 <outer+8>\n"
			    "  },\n"
			    "  {\n"
			    "    word = 18446744039349813255,\n"
			    "    {\n"
			    "      half = 7,\n"
			    "      other_half = -8\n"
			    "    }\n"
			    "  },\n"
			    "  a = 5,\n"
			    "  b = 1023,\n"
			    "  good = true,\n"
			    "  letter = 107 'k',\n"
			    "  flags = (READ | WRITE),\n"
			    "  next = 0xffffffff8000f400,\n"
			    "  func = 0xffffffff80001100 <outer>,\n"
			    "  table = {1, 1, 1, 9},\n"
			    "  pairs = {{\n"
			    "      next = 0x0,\n"
			    "      prev = 0x0\n"
			    "    }, {\n"
			    "      next = 0x0,\n"
			    "      prev = 0x0\n"
			    "    }},\n"
			    "  text = 0xffffffff8000f100 \"a \\\"text\\\"\\n\",\n"
			    "  named = {\n"
			    "    x = 11,\n"
			    "    deep = {\n"
			    "      y = 12\n"
			    "    }\n"
			    "  },\n"
			    "  others = 0x123456,\n"
			    "  nothing = {<No data fields>},\n"
			    "  gap = 0xffffffff8000f298 \"\",\n"
			    "  tail = 0xffffffff8000f298 \"\"\n"
			    "}\n");
}

static void hexadecimal_leaves_texts_and_names(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	const struct type_text_options hex = {.hex = true};

	typed_kernel_open(t);
	assert_value(t, "number", hex, "0xfffffffb");
	assert_value(t, "letter", hex, "0x6b");
	assert_value(t, "good", hex, "0x1");
	assert_value(t, "colour", hex, "NONE");
	assert_value(t, "table", hex, "{0x1, 0x1, 0x1, 0x9}");
}

static void one_member_ends_with_a_comma_but_for_the_last(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object thing;

	typed_kernel_open(t);
	thing = typed_thing(t);
	assert_success(type_text_object_member(&b, &thing, "number", NULL));
	assert_success(type_text_object_member(&b, &thing, "list.prev", NULL));
	assert_success(type_text_object_member(&b, &thing, "other_half", NULL));
	assert_success(type_text_object_member(&b, &thing, "named", NULL));
	assert_string_equal(buf_text(&b), "  number = -5,\n"
					  "  list.prev = 0xffffffff80001108 <outer+8>\n"
					  "  other_half = -8\n"
					  "  named = {\n    x = 11,\n    deep = {\n"
					  "      y = 12\n    }\n  },\n");
	assert_failure(type_text_object_member(&b, &thing, "no", NULL), ERR_ABSENT,
		       "no member no");
}

static void enums_without_a_name_are_numbers_or_flags(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	const struct type_text_options o = {0};

	put_le32(t->tiny->g.memory + TYPED_THING + 12, 7);
	put_le32(t->tiny->g.memory + TYPED_THING + 48, 9);
	typed_kernel_open(t);
	assert_value(t, "colour", o, "7");
	assert_value(t, "flags", o, "(READ | unknown: 0x8)");
}

static void long_arrays_are_cut_and_equal_elements_counted(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_value(t, "table", (struct type_text_options){.max_elements = 2},
		     "{1, 1...}");
	assert_value(t, "table", (struct type_text_options){.repeats = 2},
		     "{1 <repeats 3 times>, 9}");
	assert_value(t, "table", (struct type_text_options){.repeats = 3}, "{1, 1, 1, 9}");
	/* As gdb counts, equal characters in a row are one. */
	assert_value(t, "name", (struct type_text_options){.max_elements = 2},
		     "\"x\\000\"...");
}

static void memory_that_is_not_there_is_said_and_the_rest_goes_on(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object o;

	tiny_put64(t->tiny, TYPED_THING + 120, 0x1000);
	typed_kernel_open(t);
	o = object_at(t->types, typed_type(t, "list_head"), 0x2000);
	type_text_value(&b, &o, NULL);
	assert_string_equal(buf_text(&b),
			    "<error: Cannot access memory at address 0x2000>");
	assert_value(t, "text", (struct type_text_options){0},
		     "0x1000 <error: Cannot access memory at address 0x1000>");
	/* The page ends within it. */
	buf_deinit(&b);
	b = BUF_INIT;
	o = object_at(t->types, typed_type(t, "list_head"), TINY(0xfff8));
	type_text_value(&b, &o, NULL);
	assert_string_equal(buf_text(&b),
			    "{\n  next = 0x0,\n"
			    "  prev = <error: Cannot access memory at address "
			    "0xffffffff80010000>\n}");
}

static void what_is_printed_has_the_type_of_a_pointer(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object thing, member;

	typed_kernel_open(t);
	thing = typed_thing(t);
	assert_success(object_member(&thing, "list.prev", &member));
	type_text_print(&b, &member, NULL);
	buf_add_char(&b, '|');
	assert_success(object_member(&thing, "table", &member));
	type_text_print(&b, &member,
			&(struct type_text_options){.array_on_new_line = true});
	buf_add_char(&b, '|');
	type_text_pointer(&b, t->types, thing.type, 1, TINY(TINY_TEXT + 0x100), NULL);
	assert_string_equal(buf_text(&b),
			    "(struct list_head *) 0xffffffff80001108 <outer+8>|"
			    "\n {1, 1, 1, 9}|(struct thing *) 0xffffffff80001100 <outer>");
}

static void variables_of_the_table_may_be_pointers_and_arrays(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object o;

	typed_kernel_open(t);
	o = object_at(t->types, typed_type(t, "int"), TINY(TYPED_THING + 72));
	o.count = 4;
	type_text_value(&b, &o, NULL);
	o = object_at(t->types, typed_type(t, "char"), TINY(TYPED_THING + 120));
	o.pointers = 1;
	type_text_print(&b, &o, NULL);
	assert_string_equal(buf_text(&b), "{1, 1, 1, 9}0xffffffff8000f100 "
					  "\"a \\\"text\\\"\\n\"");
}

static void a_struct_that_contains_itself_ends(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object o;
	u32 self, huge;

	self = btf_bytes_type(&t->module, "self", BTF_STRUCT, 2, 0, 8);
	btf_bytes_member(&t->module, "a", self, 0);
	btf_bytes_member(&t->module, "b", self, 0);
	huge = btf_bytes_array(&t->module, self, 0xffffffff);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	for (u32 id = self; id <= huge; id++) {
		o = object_at(t->types, (struct type_ref){types_btf(t->types, 1), id},
			      TINY(TYPED_THING));
		type_text_value(&b, &o, NULL);
	}
	assert_non_null(strstr(buf_text(&b), "..."));
	assert_true(b.len < 3 * TYPE_TEXT_MAX_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_struct_is_printed_as_gdb_does),
		cmocka_unit_test(hexadecimal_leaves_texts_and_names),
		cmocka_unit_test(one_member_ends_with_a_comma_but_for_the_last),
		cmocka_unit_test(enums_without_a_name_are_numbers_or_flags),
		cmocka_unit_test(long_arrays_are_cut_and_equal_elements_counted),
		cmocka_unit_test(memory_that_is_not_there_is_said_and_the_rest_goes_on),
		cmocka_unit_test(what_is_printed_has_the_type_of_a_pointer),
		cmocka_unit_test(variables_of_the_table_may_be_pointers_and_arrays),
		cmocka_unit_test(a_struct_that_contains_itself_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
