#include "kernel/tiny_kernel.h"

#define NUM_ROWS	8
#define MODULE_SYMBOLS	0x400 /* in the page of TINY_MODULE */
#define MODULE_STRINGS	0x600
#define MODULE_KALLSYMS 0x700
#define MODULE_ORC_IPS	0x800
#define MODULE_ORC	0x900
#define ELF_SYM_LEN	24

/* Offsets in struct module, as add_types() describes it. */
enum {
	MODULE_STATE = 0,
	MODULE_LIST = 8,
	MODULE_NAME = 24,
	MODULE_KALLSYMS_PTR = 80,
	MODULE_TAINTS = 88,
	MODULE_MEM = 96, /* two struct module_memory of 16 bytes */
	MODULE_ARCH = 128,
	MODULE_LEN = 152,
};

static u8 *at(struct tiny_kernel *t, u32 off)
{
	return t->g.memory + off;
}

void tiny_put64(struct tiny_kernel *t, u32 off, u64 value)
{
	gen_put64(&t->g, off, value);
}

void tiny_put_call(struct tiny_kernel *t, u32 return_off, u32 target_off)
{
	at(t, return_off)[-5] = 0xe8;
	put_le32(at(t, return_off) - 4, target_off - return_off);
}

/* Rows in the encoding of 6.4 and later: sp_offset, type << 8 | signal << 11 | sp. */
static void put_row(struct tiny_kernel *t, u32 ips, u32 rows, u32 index, u32 start,
		    s16 sp_offset, u16 flags)
{
	put_le32(at(t, ips + 4 * index), start - (ips + 4 * index));
	put_le16(at(t, rows + 6 * index), (u16)sp_offset);
	put_le16(at(t, rows + 6 * index + 2), 0);
	put_le16(at(t, rows + 6 * index + 4), flags);
}

static void put_orc(struct tiny_kernel *t)
{
	static const struct {
		u32 start;
		s16 sp_offset;
		u16 flags;
	} rows[NUM_ROWS] = {
		{0x1000, 0, 0x0100}, {0x1100, 16, 0x0205}, {0x1200, 24, 0x0205},
		{0x1300, 8, 0x0205}, {0x1400, 0, 0x0000},  {0x1500, 0, 0x0b05},
		{0x1600, 8, 0x0205}, {0x1700, 64, 0x0205},
	};

	for (u32 i = 0; i < NUM_ROWS; i++)
		put_row(t, TINY_ORC, TINY_ORC + 4 * NUM_ROWS, i, rows[i].start,
			rows[i].sp_offset, rows[i].flags);
	put_row(t, TINY_MODULE + MODULE_ORC_IPS, TINY_MODULE + MODULE_ORC, 0,
		TINY_MODULE_TEXT, 16, 0x0205);
}

/* Symbols, sorted by address; offsets as with CONFIG_KALLSYMS_ABSOLUTE_PERCPU. */
static void put_kallsyms(struct tiny_kernel *t)
{
	static const struct {
		const char *type_and_name;
		u32 off;
	} symbols[] = {
		{"T_stext", 0x1000},
		{"tentry", 0x1000},
		{"Touter", 0x1100},
		{"tmiddle", 0x1200},
		{"tinner", 0x1300},
		{"tno_rows", 0x1400},
		{"thandler", 0x1500},
		{"ttail", 0x1600},
		{"tafter", 0x1700},
		{"T_etext", TINY_TEXT_END},
		{"D__start_BTF", TINY_BTF},
		{"D__stop_BTF", TINY_ORC},
		{"D__start_orc_unwind_ip", TINY_ORC},
		{"D__stop_orc_unwind_ip", TINY_ORC + 4 * NUM_ROWS},
		{"D__start_orc_unwind", TINY_ORC + 4 * NUM_ROWS},
		{"D__stop_orc_unwind", TINY_ORC + 10 * NUM_ROWS},
		{"D__per_cpu_offset", TINY_VARIABLES + TINY_PERCPU_OFFSETS},
		{"Dmodules", TINY_VARIABLES + TINY_MODULES},
		{"Dpage_offset_base", TINY_VARIABLES + TINY_PAGE_OFFSET},
	};
	static struct kallsyms_bytes k;

	kallsyms_bytes_init(&k);
	kallsyms_bytes_add(&k, "Drunqueues", 0x40);
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		kallsyms_bytes_add(&k, symbols[i].type_and_name,
				   -1 - (s32)(symbols[i].off - TINY_TEXT));
	memcpy(at(t, TINY_SYMBOLS), k.names, k.names_len);
	memcpy(at(t, TINY_TOKENS), k.token_table, k.token_table_len);
	memcpy(at(t, TINY_TOKENS + 0x800), k.token_index, sizeof(k.token_index));
	memcpy(at(t, TINY_OFFSETS), k.offsets, 4 * (size_t)k.count);
	put_le32(at(t, TINY_VARIABLES + TINY_NUM_SYMS), k.count);
	tiny_put64(t, TINY_VARIABLES + TINY_RELATIVE_BASE, TINY(TINY_TEXT));
}

static void add_struct(struct btf_bytes *b, const char *name, u32 size, u32 num, u32 flags)
{
	btf_bytes_type(b, name, BTF_STRUCT, num, flags, size);
}

static void add_module_types(struct btf_bytes *b, u32 u32_type, u32 u64_type, u32 text)
{
	u32 part, parts, arch;

	add_struct(b, "module_memory", 16, 2, 0);
	part = b->num_types;
	btf_bytes_member(b, "base", u64_type, 0);
	btf_bytes_member(b, "size", u32_type, 64);
	parts = btf_bytes_array(b, part, 2);
	add_struct(b, "mod_arch_specific", 24, 3, 0);
	arch = b->num_types;
	btf_bytes_member(b, "num_orcs", u32_type, 0);
	btf_bytes_member(b, "orc_unwind_ip", u64_type, 64);
	btf_bytes_member(b, "orc_unwind", u64_type, 128);
	add_struct(b, "module", MODULE_LEN, 7, 0);
	btf_bytes_member(b, "state", u32_type, MODULE_STATE * 8);
	btf_bytes_member(b, "list", u64_type, MODULE_LIST * 8);
	btf_bytes_member(b, "name", text, MODULE_NAME * 8);
	btf_bytes_member(b, "kallsyms", u64_type, MODULE_KALLSYMS_PTR * 8);
	btf_bytes_member(b, "taints", u64_type, MODULE_TAINTS * 8);
	btf_bytes_member(b, "mem", parts, MODULE_MEM * 8);
	btf_bytes_member(b, "arch", arch, MODULE_ARCH * 8);
	add_struct(b, "mod_kallsyms", 24, 3, 0);
	btf_bytes_member(b, "symtab", u64_type, 0);
	btf_bytes_member(b, "num_symtab", u32_type, 64);
	btf_bytes_member(b, "strtab", u64_type, 128);
	btf_bytes_type(b, "mod_mem_type", BTF_ENUM, 2, 0, 4);
	btf_bytes_word(b, btf_bytes_string(b, "MOD_TEXT"));
	btf_bytes_word(b, 0);
	btf_bytes_word(b, btf_bytes_string(b, "MOD_INIT_TEXT"));
	btf_bytes_word(b, 1);
}

static void put_types(struct tiny_kernel *t)
{
	static const char *const saved[] = {"r15", "r14", "r13",     "r12",
					    "bx",  "bp",  "ret_addr"};
	static struct btf_bytes b;
	u32 u32_type, u64_type, letter, text, thread;

	btf_bytes_init(&b);
	u32_type = btf_bytes_int(&b, "unsigned int", 4);
	u64_type = btf_bytes_int(&b, "unsigned long", 8);
	letter = btf_bytes_int(&b, "char", 1);
	text = btf_bytes_array(&b, letter, 16);
	add_struct(&b, "thread_struct", 8, 1, 0);
	thread = b.num_types;
	btf_bytes_member(&b, "sp", u64_type, 0);
	add_struct(&b, "task_struct", 64, 4, BTF_KIND_FLAG);
	btf_bytes_member(&b, "__state", u32_type, TINY_TASK_STATE * 8);
	btf_bytes_member(&b, "flag", u32_type, 3u << 24 | (TINY_TASK_FLAG * 8 + 2));
	btf_bytes_member(&b, "comm", text, TINY_TASK_COMM * 8);
	btf_bytes_member(&b, "thread", thread, TINY_TASK_THREAD_SP * 8);
	add_struct(&b, "inactive_task_frame", 56, ARRAY_SIZE(saved), 0);
	for (u32 i = 0; i < ARRAY_SIZE(saved); i++)
		btf_bytes_member(&b, saved[i], u64_type, i * 64);
	add_struct(&b, "orc_entry", 6, 2, BTF_KIND_FLAG);
	btf_bytes_member(&b, "type", u32_type, 3u << 24 | 40);
	btf_bytes_member(&b, "signal", u32_type, 1u << 24 | 43);
	add_module_types(&b, u32_type, u64_type, text);
	btf_bytes_finish(&b);
	memcpy(at(t, TINY_BTF), b.bytes, b.len);
}

static void put_module_symbol(struct tiny_kernel *t, u32 index, u32 name, u64 value,
			      u64 size)
{
	u8 *symbol = at(t, TINY_MODULE + MODULE_SYMBOLS + ELF_SYM_LEN * index);

	put_le32(symbol, name);
	put_le16(symbol + 6, 1); /* a section */
	put_le64(symbol + 8, value);
	put_le64(symbol + 16, size);
}

/* One module, `tiny_mod`, with 0x200 bytes of text. */
static void put_module(struct tiny_kernel *t)
{
	u32 m = TINY_MODULE;

	tiny_put64(t, TINY_VARIABLES + TINY_MODULES, TINY(m + MODULE_LIST));
	tiny_put64(t, m + MODULE_LIST, TINY(TINY_VARIABLES + TINY_MODULES));
	strcpy((char *)at(t, m + MODULE_NAME), "tiny_mod");
	tiny_put64(t, m + MODULE_KALLSYMS_PTR, TINY(m + MODULE_KALLSYMS));
	tiny_put64(t, m + MODULE_TAINTS, 1u << 12);
	tiny_put64(t, m + MODULE_MEM, TINY(TINY_MODULE_TEXT));
	tiny_put64(t, m + MODULE_MEM + 8, 0x200);
	tiny_put64(t, m + MODULE_ARCH, 1);
	tiny_put64(t, m + MODULE_ARCH + 8, TINY(m + MODULE_ORC_IPS));
	tiny_put64(t, m + MODULE_ARCH + 16, TINY(m + MODULE_ORC));
	tiny_put64(t, m + MODULE_KALLSYMS, TINY(m + MODULE_SYMBOLS));
	tiny_put64(t, m + MODULE_KALLSYMS + 8, 4);
	tiny_put64(t, m + MODULE_KALLSYMS + 16, TINY(m + MODULE_STRINGS));
	memcpy(at(t, m + MODULE_STRINGS), "\0mod_work\0mod_rest\0data", 23);
	put_module_symbol(t, 1, 10, TINY(TINY_MODULE_TEXT + 0x80), 0x10);
	put_module_symbol(t, 2, 1, TINY(TINY_MODULE_TEXT), 0);
	put_module_symbol(t, 3, 19, TINY(TINY_MODULE), 8);
}

static void put_vmcoreinfo(struct tiny_kernel *t, unsigned lacks)
{
	struct buf *b = &t->g.vmcoreinfo;

	if (lacks & TINY_NO_VMCOREINFO)
		return;
	buf_add_str(b, "OSRELEASE=6.99.0-tiny\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
		       "OFFSET(task_struct.comm)=24\nOFFSET(page.lru)=8\nSIZE(page)=64\n"
		       "NUMBER(NR_FREE_PAGES)=11\n");
	buf_printf(b, "SYMBOL(_stext)=%llx\nSYMBOL(only_here)=ffffffff80000123\n",
		   TINY(TINY_TEXT));
	if (lacks & TINY_NO_KALLSYMS)
		return;
	buf_printf(b, "SYMBOL(kallsyms_num_syms)=%llx\n",
		   TINY(TINY_VARIABLES + TINY_NUM_SYMS));
	buf_printf(b, "SYMBOL(kallsyms_relative_base)=%llx\n",
		   TINY(TINY_VARIABLES + TINY_RELATIVE_BASE));
	buf_printf(b, "SYMBOL(kallsyms_names)=%llx\n", TINY(TINY_SYMBOLS));
	buf_printf(b, "SYMBOL(kallsyms_token_table)=%llx\n", TINY(TINY_TOKENS));
	buf_printf(b, "SYMBOL(kallsyms_token_index)=%llx\n", TINY(TINY_TOKENS + 0x800));
	buf_printf(b, "SYMBOL(kallsyms_offsets)=%llx\n", TINY(TINY_OFFSETS));
}

struct tiny_kernel *tiny_kernel_new(unsigned lacks)
{
	struct tiny_kernel *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	gen_init(&t->g, 12, TINY_NUM_PAGES);
	gen_ram(&t->g, 0, TINY_NUM_PAGES, GEN_PRESENT);
	put_kallsyms(t);
	if (!(lacks & TINY_NO_BTF))
		put_types(t);
	put_orc(t);
	if (!(lacks & TINY_NO_MODULES))
		put_module(t);
	tiny_put64(t, TINY_VARIABLES + TINY_PERCPU_OFFSETS, 0x1000);
	tiny_put64(t, TINY_VARIABLES + TINY_PERCPU_OFFSETS + 8, TINY(0x2000));
	tiny_put64(t, TINY_VARIABLES + TINY_PAGE_OFFSET, 0xff11000000000000ULL);
	put_vmcoreinfo(t, lacks);
	return t;
}

void tiny_kernel_open(struct tiny_kernel *t)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

	gen_elf(&t->g, NULL, &t->file);
	t->src = source_from_memory(t->file.data, t->file.len, "vmcore");
	assert_success(dump_open_source(&t->src, formats, &t->d));
	assert_success(kernel_open(t->d, &t->k));
}

void tiny_kernel_free(struct tiny_kernel *t)
{
	if (!t)
		return;
	kernel_close(t->k);
	dump_close(t->d);
	gen_deinit(&t->g);
	buf_deinit(&t->file);
	free(t);
}

bool tiny_has_notice(struct tiny_kernel *t, const char *words)
{
	const struct notices *n = dump_notices(t->d);

	for (size_t i = 0; i < n->count; i++)
		if (strstr(n->texts[i], words))
			return true;
	return false;
}
