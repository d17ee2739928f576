/* Types of a crashed kernel and of one module, and objects of them, as text. The input is
 * the length of the image's BTF (2 bytes), that BTF, the module's, and is the memory that
 * is looked at through these types, too. */
#include "fuzz.h"

#include "analyse/type_text.h"
#include "base/bytes.h"
#include "gen.h"

#include <assert.h>
#include <string.h>

#define IMAGE	  0xffffffff80000000ULL
#define NUM_PAGES 32
#define LIST	  0x1000 /* btf_modules, then a struct btf_module and a struct btf */
#define ENTRY	  0x1040
#define BTF	  0x1080
#define BASE	  0x4000
#define MODULE	  0xc000
#define OBJECTS	  0x14000
#define PART_LEN  0x8000
#define MAX_TEXT  8192
#define SLACK	  (1 << 20) /* one string, or a line of declarators */
#define MAX_IDS	  12	    /* looked at, of each BTF */

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-fuzz\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\nSYMBOL(swapper_pg_dir)=ffffffff8001f000\n"
	"SYMBOL(__start_BTF)=ffffffff80004000\nSYMBOL(btf_modules)=ffffffff80001000\n"
	"SYMBOL(runqueues)=ffffffff80014000\nSYMBOL(modules)=ffffffff80014010\n"
	"SYMBOL(linux_banner)=ffffffff80014000\nSYMBOL(chrdevs)=ffffffff80014000\n"
	"SYMBOL(_text)=ffffffff80001000\nSYMBOL(_end)=ffffffff80004000\n"
	"OFFSET(btf_module.list)=0\nOFFSET(btf_module.btf)=16\nOFFSET(btf.data)=0\n"
	"OFFSET(btf.data_size)=8\nOFFSET(btf.name)=32\n";

static void make_kernel(struct gen *g, const uint8_t *data, size_t size)
{
	size_t base_len = size < 2 ? 0 : get_le16(data), module_len;

	data += size < 2 ? size : 2;
	size -= size < 2 ? size : 2;
	base_len = min_u64(base_len, min_u64(size, PART_LEN));
	module_len = min_u64(size - base_len, PART_LEN);
	gen_init(g, 12, NUM_PAGES);
	gen_ram(g, 1, NUM_PAGES - 1, GEN_PRESENT);
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	buf_printf(&g->vmcoreinfo, "SYMBOL(__stop_BTF)=%llx\n",
		   (unsigned long long)(IMAGE + BASE + base_len));
	memcpy(g->memory + BASE, data, base_len);
	memcpy(g->memory + MODULE, data + base_len, module_len);
	memcpy(g->memory + OBJECTS, data, min_u64(size, PART_LEN));
	gen_put64(g, LIST, IMAGE + ENTRY);
	gen_put64(g, ENTRY, IMAGE + LIST);
	gen_put64(g, ENTRY + 16, IMAGE + BTF);
	gen_put64(g, BTF, IMAGE + MODULE);
	gen_put64(g, BTF + 8, module_len);
	memcpy(g->memory + BTF + 32, "module", 7);
}

static void check_text(struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		assert((u8)b->data[i] >= 0x20 || b->data[i] == '\n');
	assert(b->len < MAX_TEXT + SLACK);
	buf_deinit(b);
	*b = BUF_INIT;
}

/* Everything that can be said of one type, and of its first members. */
static void show(struct types *t, struct type_ref type)
{
	static const struct type_text_options options[] = {{.max_len = MAX_TEXT},
							   {.max_len = MAX_TEXT,
							    .hex = true,
							    .with_offsets = true,
							    .repeats = 4,
							    .max_elements = 9}};
	struct object o = object_at(t, type, IMAGE + OBJECTS), other;
	struct btf_element member;
	struct btf_type decoded;
	struct buf b = BUF_INIT;
	u64 value;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		type_text_declaration(&b, t, type, &options[i]);
		check_text(&b);
		type_text_object(&b, &o, &options[i]);
		check_text(&b);
		type_text_print(&b, &o, &options[i]);
		check_text(&b);
	}
	err_ignore(object_read(&o, &value));
	err_ignore(object_index(&o, 3, &other));
	err_ignore(object_dereference(&o, &other));
	if (!btf_get_type(type.btf, type.id, &decoded))
		return;
	for (u32 i = 0; i < 4 && btf_get_member(type.btf, &decoded, i, &member); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%.60s", member.name);
		err_ignore(type_text_member(&b, t, type, name, &options[1]));
		err_ignore(type_text_object_member(&b, &o, name, &options[0]));
		buf_deinit(&b);
		b = BUF_INIT;
	}
}

static void show_variable(struct types *t, const char *name)
{
	struct buf b = BUF_INIT;
	struct object o;
	struct err *err = object_variable(t, name, &o);

	if (!err)
		err = object_of_cpu(&o, 0, &o);
	if (!err)
		type_text_print(&b, &o, &(struct type_text_options){.max_len = MAX_TEXT});
	err_ignore(err);
	check_text(&b);
}

static bool stop_soon(void *ctx, const char *name)
{
	return *name && ++*(size_t *)ctx < 100;
}

static void look(struct types *t)
{
	static const char *const names[] = {"struct list", "thing *", "unsigned long",
					    "enum colour"};
	static const char *const texts[] = {
		"((struct thing *)0xffffffff80014000)->next->list.next",
		"*((struct thing *)0xffffffff80014000)->next",
		"runqueues.nr_running + 1",
		"((struct thing *)0xffffffff80014000)[3].pairs[1]",
		"&modules.next[2]",
		"sizeof(struct list_head)"};
	size_t num_names = 0;

	for (size_t i = 0; i < types_count(t); i++) {
		const struct btf *btf = types_btf(t, i);

		if (!btf)
			continue;
		for (u32 id = btf_first_id(btf);
		     id <= btf_num_types(btf) + 1 && id < btf_first_id(btf) + MAX_IDS; id++)
			show(t, (struct type_ref){btf, id});
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct type_ref type;
		unsigned pointers;

		err_ignore(types_parse(t, names[i], &type, &pointers));
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf b = BUF_INIT;
		struct typed_value value;
		struct err *err = typed_expr_eval(t, texts[i], 0, &value);

		if (!err)
			type_text_result(&b, t, &value,
					 &(struct type_text_options){.max_len = MAX_TEXT});
		err_ignore(err);
		check_text(&b);
	}
	types_each_name(t, "", BTF_NAMED, stop_soon, &num_names);
	show_variable(t, "runqueues");
	show_variable(t, "modules");
	show_variable(t, "linux_banner");
	show_variable(t, "chrdevs");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	struct gen g;
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct dump *d = NULL;
	struct kernel *k = NULL;
	struct types *t = NULL;
	struct err *err;

	make_kernel(&g, data, size);
	gen_elf(&g, NULL, &file);
	src = source_from_memory(file.data, file.len, "vmcore");
	err = dump_open_source(&src, formats, &d);
	if (!err)
		err = kernel_open(d, &k);
	if (!err)
		err = types_open(k, &t);
	assert(!err);
	look(t);
	types_close(t);
	kernel_close(k);
	dump_close(d);
	buf_deinit(&file);
	gen_deinit(&g);
	return 0;
}
