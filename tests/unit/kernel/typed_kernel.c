#include "kernel/typed_kernel.h"

/* Ids as they come in put_image_types(). */
enum {
	INT = 1,
	UINT,
	ULONG,
	CHAR,
	BOOL_INT,
	BYTE,
	LIST_HEAD,
	LIST_POINTER,
	COLOUR,
	FLAGS,
	COUNTER,
	ATOMIC,
	NAME,
	HALVES,
	WORDS,
	BOOL,
	THING_POINTER,
	FUNC_PROTO,
	FUNC_POINTER,
	TABLE,
	PAIRS,
	CONST_CHAR,
	TEXT,
	DEEP,
	NAMED,
	CONST_POINTER,
	OTHERS,
	NOTHING,
	TAIL,
	THING,
};

static void put_struct(struct btf_bytes *b, const char *name, u32 size, u32 num)
{
	btf_bytes_type(b, name, BTF_STRUCT, num, 0, size);
}

static void put_simple_types(struct btf_bytes *b)
{
	btf_bytes_coded_int(b, "int", 4, 1);
	btf_bytes_coded_int(b, "unsigned int", 4, 0);
	btf_bytes_coded_int(b, "long unsigned int", 8, 0);
	btf_bytes_coded_int(b, "char", 1, 1);
	btf_bytes_coded_int(b, "_Bool", 1, 4);
	btf_bytes_coded_int(b, "unsigned char", 1, 0);
	put_struct(b, "list_head", 16, 2);
	btf_bytes_member(b, "next", LIST_POINTER, 0);
	btf_bytes_member(b, "prev", LIST_POINTER, 64);
	btf_bytes_type(b, "", BTF_PTR, 0, 0, LIST_HEAD);
	btf_bytes_type(b, "colour", BTF_ENUM, 3, BTF_KIND_FLAG, 4);
	btf_bytes_pair(b, "RED", 1);
	btf_bytes_pair(b, "GREEN", 2);
	btf_bytes_pair(b, "NONE", (u32)-1);
	btf_bytes_type(b, "flags", BTF_ENUM, 2, 0, 4);
	btf_bytes_pair(b, "READ", 1);
	btf_bytes_pair(b, "WRITE", 2);
	put_struct(b, "", 4, 1);
	btf_bytes_member(b, "counter", INT, 0);
	btf_bytes_type(b, "atomic_t", BTF_TYPEDEF, 0, 0, COUNTER);
}

/* What struct thing is made of, in the order of the enum. */
static void put_part_types(struct btf_bytes *b)
{
	btf_bytes_array(b, CHAR, 8);
	put_struct(b, "", 8, 2);
	btf_bytes_member(b, "half", INT, 0);
	btf_bytes_member(b, "other_half", INT, 32);
	btf_bytes_type(b, "", BTF_UNION, 2, 0, 8);
	btf_bytes_member(b, "word", ULONG, 0);
	btf_bytes_member(b, "", HALVES, 0);
	btf_bytes_type(b, "bool", BTF_TYPEDEF, 0, 0, BOOL_INT);
	btf_bytes_type(b, "", BTF_PTR, 0, 0, THING);
	btf_bytes_type(b, "", BTF_FUNC_PROTO, 2, 0, 0);
	btf_bytes_pair(b, "", THING_POINTER);
	btf_bytes_pair(b, "", INT);
	btf_bytes_type(b, "", BTF_PTR, 0, 0, FUNC_PROTO);
	btf_bytes_array(b, INT, 4);
	btf_bytes_array(b, LIST_HEAD, 2);
	btf_bytes_type(b, "", BTF_CONST, 0, 0, CHAR);
	btf_bytes_type(b, "", BTF_PTR, 0, 0, CONST_CHAR);
	put_struct(b, "", 4, 1);
	btf_bytes_member(b, "y", INT, 0);
	put_struct(b, "", 16, 2);
	btf_bytes_member(b, "x", ULONG, 0);
	btf_bytes_member(b, "deep", DEEP, 64);
	btf_bytes_type(b, "", BTF_CONST, 0, 0, THING_POINTER);
	btf_bytes_type(b, "", BTF_PTR, 0, 0, CONST_POINTER);
	put_struct(b, "", 0, 0);
	btf_bytes_array(b, CHAR, 0);
}

static void put_thing(struct btf_bytes *b)
{
	static const struct {
		const char *name;
		u32 type, bits;
	} members[] = {
		{"number", INT, 0},
		{"name", NAME, 32},
		{"colour", COLOUR, 96},
		{"list", LIST_HEAD, 128},
		{"", WORDS, 256},
		{"a", UINT, 3u << 24 | 320},
		{"b", UINT, 10u << 24 | 323},
		{"good", BOOL, 352},
		{"letter", BYTE, 360},
		{"flags", FLAGS, 384},
		{"next", THING_POINTER, 448},
		{"func", FUNC_POINTER, 512},
		{"table", TABLE, 576},
		{"pairs", PAIRS, 704},
		{"text", TEXT, 960},
		{"named", NAMED, 1024},
		{"others", OTHERS, 1152},
		{"nothing", NOTHING, 1216},
		{"gap", TAIL, 1216},
		{"tail", TAIL, 1216},
	};
	u32 id = btf_bytes_type(b, "thing", BTF_STRUCT, ARRAY_SIZE(members), BTF_KIND_FLAG,
				TYPED_THING_SIZE);

	assert_int_equal(id, THING);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		btf_bytes_member(b, members[i].name, members[i].type, members[i].bits);
}

/* What leads to modules' types, and the per-CPU variable. */
static void put_kernel_types(struct btf_bytes *b)
{
	u32 proto, rq, var, memory;

	put_struct(b, "btf_module", 24, 2);
	btf_bytes_member(b, "list", LIST_HEAD, 0);
	btf_bytes_member(b, "btf", ULONG, 128);
	put_struct(b, "btf", 40, 5);
	btf_bytes_member(b, "data", ULONG, 0);
	btf_bytes_member(b, "data_size", UINT, 64);
	btf_bytes_member(b, "start_id", UINT, 96);
	btf_bytes_member(b, "start_str_off", UINT, 128);
	btf_bytes_member(b, "name", NAME, 192);
	put_struct(b, "rq", 4, 1);
	rq = b->num_types;
	btf_bytes_member(b, "nr_running", UINT, 0);
	var = btf_bytes_type(b, "runqueues", BTF_VAR, 0, 0, rq);
	btf_bytes_word(b, 1);
	btf_bytes_type(b, ".data..percpu", BTF_DATASEC, 1, 0, 4096);
	btf_bytes_word(b, var);
	btf_bytes_word(b, 0x40);
	btf_bytes_word(b, 4);
	proto = btf_bytes_type(b, "", BTF_FUNC_PROTO, 2, 0, INT);
	btf_bytes_pair(b, "head", LIST_POINTER);
	btf_bytes_pair(b, "", 0);
	btf_bytes_type(b, "list_len", BTF_FUNC, 1, 0, proto);
	/* Of struct module and struct mod_kallsyms, what leads to the module's data. */
	put_struct(b, "module_memory", 16, 2);
	btf_bytes_member(b, "base", ULONG, 0);
	btf_bytes_member(b, "size", UINT, 64);
	memory = btf_bytes_array(b, b->num_types, 2);
	put_struct(b, "module", 128, 4);
	btf_bytes_member(b, "mem", memory, 768);
	btf_bytes_member(b, "list", LIST_HEAD, 64);
	btf_bytes_member(b, "name", NAME, 192);
	btf_bytes_member(b, "kallsyms", ULONG, 640);
	put_struct(b, "mod_kallsyms", 24, 3);
	btf_bytes_member(b, "symtab", ULONG, 0);
	btf_bytes_member(b, "num_symtab", UINT, 64);
	btf_bytes_member(b, "strtab", ULONG, 128);
}

static void put_module_types(struct typed_kernel *t)
{
	btf_bytes_init_split(&t->module, &t->base);
	put_struct(&t->module, "mod_thing", 24, 2);
	btf_bytes_member(&t->module, "list", LIST_HEAD, 0);
	btf_bytes_member(&t->module, "extra", INT, 128);
}

static u8 *at(struct typed_kernel *t, u32 off)
{
	return t->tiny->g.memory + off;
}

static void put_objects(struct typed_kernel *t)
{
	u8 *thing = at(t, TYPED_THING);

	strcpy((char *)at(t, TYPED_TEXT), "a \"text\"\n");
	put_le32(thing, (u32)-5);
	memcpy(thing + 4, "x\0001\033[m\0", 8);
	put_le32(thing + 12, (u32)-1);
	put_le64(thing + 16, TINY(TYPED_THING + 16));
	put_le64(thing + 24, TINY(TINY_TEXT + 0x100 + 8));
	put_le32(thing + 32, 7);
	put_le32(thing + 36, (u32)-8);
	put_le32(thing + 40, 5 | 1023 << 3);
	thing[44] = 1;
	thing[45] = 'k';
	put_le32(thing + 48, 3);
	put_le64(thing + 56, TINY(TYPED_SECOND));
	put_le64(thing + 64, TINY(TINY_TEXT + 0x100));
	for (u32 i = 0; i < 4; i++)
		put_le32(thing + 72 + 4 * i, i == 3 ? 9 : 1);
	put_le64(thing + 120, TINY(TYPED_TEXT));
	put_le64(thing + 128, 11);
	put_le32(thing + 136, 12);
	put_le64(thing + 144, 0x123456);
	put_le32(at(t, TYPED_SECOND), 42);
}

void typed_kernel_put_btf(struct typed_kernel *t)
{
	btf_bytes_finish(&t->base);
	btf_bytes_finish(&t->module);
	assert_true(t->base.len <= TINY_ORC - TINY_BTF);
	memcpy(at(t, TINY_BTF), t->base.bytes, t->base.len);
	memcpy(at(t, TYPED_MODULE_BTF), t->module.bytes, t->module.len);
	put_le32(at(t, TYPED_BTF + 8), (u32)t->module.len);
	put_le32(at(t, TYPED_BTF + 12), t->base.num_types + 1);
	put_le32(at(t, TYPED_BTF + 16), t->base.strings_len);
}

struct typed_kernel *typed_kernel_new(void)
{
	struct typed_kernel *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->tiny = tiny_kernel_new(TINY_NO_BTF);
	btf_bytes_init(&t->base);
	put_simple_types(&t->base);
	put_part_types(&t->base);
	put_thing(&t->base);
	put_kernel_types(&t->base);
	put_module_types(t);
	put_objects(t);
	buf_printf(&t->tiny->g.vmcoreinfo, "SYMBOL(btf_modules)=%llx\nSYMBOL(_end)=%llx\n",
		   TINY(TYPED_LIST), TINY(TINY_STACK));
	tiny_put64(t->tiny, TYPED_LIST, TINY(TYPED_ENTRY));
	tiny_put64(t->tiny, TYPED_ENTRY, TINY(TYPED_LIST));
	tiny_put64(t->tiny, TYPED_ENTRY + 16, TINY(TYPED_BTF));
	tiny_put64(t->tiny, TYPED_BTF, TINY(TYPED_MODULE_BTF));
	memcpy(at(t, TYPED_BTF + 24), "tinymod", 8);
	/* The second part of the module's memory is 8 bytes of data. */
	tiny_put64(t->tiny, TINY_MODULE + 96 + 16, TINY(TINY_MODULE));
	tiny_put64(t->tiny, TINY_MODULE + 96 + 24, 8);
	typed_kernel_put_btf(t);
	return t;
}

void typed_kernel_open(struct typed_kernel *t)
{
	tiny_kernel_open(t->tiny);
	assert_success(types_open(t->tiny->k, &t->types));
}

void typed_kernel_free(struct typed_kernel *t)
{
	if (!t)
		return;
	types_close(t->types);
	tiny_kernel_free(t->tiny);
	free(t);
}

struct type_ref typed_type(struct typed_kernel *t, const char *name)
{
	struct type_ref type = {0};
	unsigned pointers;

	assert_success(types_parse(t->types, name, &type, &pointers));
	assert_int_equal(pointers, 0);
	return type;
}

struct object typed_thing(struct typed_kernel *t)
{
	return object_at(t->types, typed_type(t, "struct thing"), TINY(TYPED_THING));
}
