#include "analyse/type_text.h"
#include "kernel/typed_kernel.h"

static void assert_declaration(struct typed_kernel *t, const char *name,
			       struct type_text_options o, const char *expected)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	type_text_declaration(&b, t->types, typed_type(t, name), &o);
	assert_string_equal(buf_text(&b), expected);
}

static void a_struct_is_declared_with_its_members_and_size(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_declaration(t, "list_head", (struct type_text_options){0},
			   "struct list_head {\n"
			   "    struct list_head *next;\n"
			   "    struct list_head *prev;\n"
			   "}\n"
			   "SIZE: 16\n");
}

static void every_kind_of_member_is_c(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_declaration(t, "thing", (struct type_text_options){0},
			   "struct thing {\n"
			   "    int number;\n"
			   "    char name[8];\n"
			   "    enum colour colour;\n"
			   "    struct list_head list;\n"
			   "    union {\n"
			   "        unsigned long word;\n"
			   "        struct {\n"
			   "            int half;\n"
			   "            int other_half;\n"
			   "        };\n"
			   "    };\n"
			   "    unsigned int a : 3;\n"
			   "    unsigned int b : 10;\n"
			   "    bool good;\n"
			   "    unsigned char letter;\n"
			   "    enum flags flags;\n"
			   "    struct thing *next;\n"
			   "    void (*func)(struct thing *, int);\n"
			   "    int table[4];\n"
			   "    struct list_head pairs[2];\n"
			   "    const char *text;\n"
			   "    struct {\n"
			   "        unsigned long x;\n"
			   "        struct {...} deep;\n"
			   "    } named;\n"
			   "    struct thing * const *others;\n"
			   "    struct {\n"
			   "        <no data fields>\n"
			   "    } nothing;\n"
			   "    char gap[0];\n"
			   "    char tail[];\n"
			   "}\n"
			   "SIZE: 152\n");
}

static void offsets_stand_in_a_column(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_declaration(t, "list_head", (struct type_text_options){.with_offsets = true},
			   "struct list_head {\n"
			   "   [0] struct list_head *next;\n"
			   "   [8] struct list_head *prev;\n"
			   "}\n"
			   "SIZE: 16\n");
	assert_declaration(t, "list_head",
			   (struct type_text_options){.with_offsets = true, .hex = true},
			   "struct list_head {\n"
			   "   [0x0] struct list_head *next;\n"
			   "   [0x8] struct list_head *prev;\n"
			   "}\n"
			   "SIZE: 0x10\n");
	assert_declaration(t, "list_head",
			   (struct type_text_options){.with_offsets = true,
						      .has_base = true,
						      .base = 0xffffffff80001000},
			   "struct list_head {\n"
			   "  [ffffffff80001000] struct list_head *next;\n"
			   "  [ffffffff80001008] struct list_head *prev;\n"
			   "}\n"
			   "SIZE: 16\n");
}

static void members_of_nameless_structs_have_their_whole_offset(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	typed_kernel_open(t);
	type_text_declaration(&b, t->types, typed_type(t, "thing"),
			      &(struct type_text_options){.with_offsets = true});
	assert_non_null(strstr(buf_text(&b), "        union {\n"
					     "   [32]     unsigned long word;\n"
					     "            struct {\n"
					     "   [32]         int half;\n"
					     "   [36]         int other_half;\n"
					     "            };\n"
					     "        };\n"
					     "   [40] unsigned int a : 3;\n"
					     "   [40] unsigned int b : 10;\n"));
	assert_non_null(strstr(buf_text(&b), "        struct {\n"
					     "  [128]     unsigned long x;\n"
					     "  [136]     struct {...} deep;\n"
					     "  [128] } named;\n"));
}

static void one_member_is_shown_with_its_offset(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const struct type_text_options o = {0};
	struct type_ref thing;

	typed_kernel_open(t);
	thing = typed_type(t, "thing");
	assert_success(type_text_member(&b, t->types, thing, "table", &o));
	assert_success(type_text_member(&b, t->types, thing, "list.prev", &o));
	assert_success(type_text_member(&b, t->types, thing, "b", &o));
	assert_string_equal(buf_text(&b),
			    "struct thing {\n   [72] int table[4];\n}\n"
			    "struct thing {\n   [24] struct list_head *prev;\n}\n"
			    "struct thing {\n   [40] unsigned int b : 10;\n}\n");
	assert_failure(type_text_member(&b, t->types, thing, "no", &o), ERR_ABSENT,
		       "no member no");
}

static void enums_typedefs_and_functions_are_declared(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const struct type_text_options o = {0};
	struct type_ref func;

	typed_kernel_open(t);
	assert_declaration(t, "enum colour", o,
			   "enum colour {\n  RED = 1\n  GREEN = 2\n  NONE = -1\n};\n");
	assert_declaration(t, "atomic_t", o,
			   "typedef struct {\n    int counter;\n} atomic_t;\nSIZE: 4\n");
	assert_declaration(t, "bool", o, "typedef _Bool bool;\nSIZE: 1\n");
	assert_declaration(t, "int", o, "SIZE: 4\n");
	assert_true(types_find(t->types, "list_len", BTF_BIT(BTF_KIND_FUNC), &func));
	type_text_declaration(&b, t->types, func, &o);
	assert_string_equal(buf_text(&b), "int list_len(struct list_head *, ...);\n");
}

static void variables_are_declared_by_name(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct object o;

	typed_kernel_open(t);
	o = typed_thing(t);
	type_text_declare(&b, t->types, o.type, 2, "where");
	o.count = 3;
	o.pointers = 1;
	type_text_declare_object(&b, &o, "things");
	assert_string_equal(buf_text(&b), "struct thing **wherestruct thing *things[3]");
}

static void hostile_names_are_escaped_and_cut(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	char name[600];
	struct type_ref type;
	u32 id;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	id = btf_bytes_type(&t->module, "bad\033[31m", BTF_STRUCT, 1, 0, 4);
	btf_bytes_member(&t->module, name, 1, 0);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	type = (struct type_ref){types_btf(t->types, 1), id};
	type_text_declaration(&b, t->types, type, NULL);
	assert_non_null(strstr(buf_text(&b), "struct bad\\x1b[31m {\n"));
	assert_true(b.len < 400);
}

static void an_array_without_elements_is_flexible_at_the_end_of_a_struct_only(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	u32 none = btf_bytes_array(&t->module, 1, 0);
	u32 id = btf_bytes_type(&t->module, "either", BTF_UNION, 1, 0, 0);

	btf_bytes_member(&t->module, "none", none, 0);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	type_text_declaration(&b, t->types, (struct type_ref){types_btf(t->types, 1), id},
			      NULL);
	assert_string_equal(buf_text(&b), "union either {\n    int none[0];\n}\nSIZE: 0\n");
}

static void types_without_end_are_told_and_end(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	u32 self, proto;

	/* A struct without a name that contains itself, a pointer to itself, a function
	 * that takes itself, and an id that there is not. */
	self = btf_bytes_type(&t->module, "", BTF_STRUCT, 3, 0, 8);
	btf_bytes_member(&t->module, "", self, 0);
	btf_bytes_member(&t->module, "", self, 0);
	btf_bytes_member(&t->module, "far", 0x7fffffff, 0);
	btf_bytes_type(&t->module, "", BTF_PTR, 0, 0, self + 1);
	proto = btf_bytes_type(&t->module, "", BTF_FUNC_PROTO, 2, 0, self + 1);
	btf_bytes_pair(&t->module, "", proto);
	btf_bytes_pair(&t->module, "", proto);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	for (u32 id = self; id <= proto; id++) {
		struct type_ref type = {types_btf(t->types, 1), id};

		type_text_declaration(&b, t->types, type, NULL);
		type_text_declare(&b, t->types, type, 0, "x");
	}
	assert_non_null(strstr(buf_text(&b), "<type 2147483647, which there is not> far;"));
	assert_true(b.len < 6 * TYPE_TEXT_MAX_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_struct_is_declared_with_its_members_and_size),
		cmocka_unit_test(every_kind_of_member_is_c),
		cmocka_unit_test(offsets_stand_in_a_column),
		cmocka_unit_test(members_of_nameless_structs_have_their_whole_offset),
		cmocka_unit_test(one_member_is_shown_with_its_offset),
		cmocka_unit_test(enums_typedefs_and_functions_are_declared),
		cmocka_unit_test(variables_are_declared_by_name),
		cmocka_unit_test(hostile_names_are_escaped_and_cut),
		cmocka_unit_test(
			an_array_without_elements_is_flexible_at_the_end_of_a_struct_only),
		cmocka_unit_test(types_without_end_are_told_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
