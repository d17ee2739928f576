#include "shell/disasm.h"

#include "base/str.h"

#ifdef HAVE_CAPSTONE

#	include <capstone/capstone.h>
#	include <string.h>

/* The longest text of a mnemonic that a column is kept for. */
#	define MNEMONIC_WIDTH 6

struct disasm {
	csh handle;
	cs_insn *insn;
	bool is_open;
};

struct err *disasm_open(const struct arch *arch, struct disasm **ret)
{
	cleanup(disasm_freep) struct disasm *d = calloc(1, sizeof(*d));
	cs_err status;

	if (!d)
		return err_nomem();
	if (arch != &arch_x86_64)
		return err_new(ERR_UNSUPPORTED, "code of %s cannot be disassembled",
			       arch->name);
	status = cs_open(CS_ARCH_X86, CS_MODE_64, &d->handle);
	d->is_open = status == CS_ERR_OK;
	if (status == CS_ERR_OK)
		status = cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	if (status != CS_ERR_OK)
		return err_new(ERR_UNSUPPORTED, "capstone: %s", cs_strerror(status));
	d->insn = cs_malloc(d->handle);
	if (!d->insn)
		return err_nomem();
	*ret = steal(d);
	return NULL;
}

void disasm_free(struct disasm *d)
{
	if (!d)
		return;
	if (d->insn)
		cs_free(d->insn, 1);
	if (d->is_open)
		cs_close(&d->handle);
	free(d);
}

/* ---- mnemonics: Intel's names to those of AT&T ---- */

static const struct {
	const char *intel, *att;
} renamed[] = {
	{"cdqe", "cltq"},      {"cqo", "cqto"},	 {"cdq", "cltd"},
	{"cwde", "cwtl"},      {"cbw", "cbtw"},	 {"cwd", "cwtd"},
	{"movabs", "movabs"},  {"retf", "lret"}, {"iretq", "iretq"},
	{"sysret", "sysretl"}, {"jmp", "jmp"},	 {"pushfq", "pushf"},
	{"popfq", "popf"},
};

/* Instructions that say the size of a memory operand by a letter at their end, if no
 * register tells it. */
static const char *const sized[] = {
	"mov", "add",  "sub",  "and", "or",  "xor", "cmp", "test", "inc", "dec",
	"neg", "not",  "shl",  "shr", "sar", "rol", "ror", "adc",  "sbb", "mul",
	"div", "imul", "idiv", "bt",  "bts", "btr", "btc", "sal",  "rcl", "rcr",
};

static char size_letter(u8 size)
{
	return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : size == 8 ? 'q' : '\0';
}

static bool has_register(const cs_x86 *x)
{
	for (u8 i = 0; i < x->op_count; i++)
		if (x->operands[i].type == X86_OP_REG)
			return true;
	return false;
}

static const cs_x86_op *memory_operand(const cs_x86 *x)
{
	for (u8 i = 0; i < x->op_count; i++)
		if (x->operands[i].type == X86_OP_MEM)
			return &x->operands[i];
	return NULL;
}

static bool is_shift(const char *name)
{
	static const char *const names[] = {"shl", "shr", "sar", "sal",
					    "rol", "ror", "rcl", "rcr"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

/* movzx and movsx name both sizes: movzbl. */
static bool add_extension(struct buf *b, const char *name, const cs_x86 *x)
{
	bool zero = str_eq(name, "movzx");

	if ((!zero && !str_eq(name, "movsx") && !str_eq(name, "movsxd")) ||
	    x->op_count != 2)
		return false;
	buf_printf(b, "mov%c%c%c", zero ? 'z' : 's', size_letter(x->operands[1].size),
		   size_letter(x->operands[0].size));
	return true;
}

static bool needs_size(const char *name, const cs_x86 *x)
{
	if (!memory_operand(x) || (has_register(x) && !is_shift(name)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(sized); i++)
		if (str_eq(sized[i], name))
			return true;
	return false;
}

/* "rep movsb byte ptr …" and such have prefixes in their mnemonic: split them off. */
static const char *add_prefixes(struct buf *b, const char *mnemonic)
{
	const char *blank;

	while ((blank = strchr(mnemonic, ' '))) {
		buf_printf(b, "%.*s ", (int)(blank - mnemonic), mnemonic);
		mnemonic = blank + 1;
	}
	return mnemonic;
}

/* String instructions have their size in their name, but where a register tells it. */
static bool is_string(const cs_insn *insn, const char *name)
{
	static const char *const names[] = {"movs", "stos", "lods", "scas", "cmps"};
	const cs_x86 *x = &insn->detail->x86;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(name, names[i], 4) == 0 && strlen(name) == 5 &&
		    x->op_count == 2 &&
		    (memory_operand(x)->mem.base == X86_REG_RSI ||
		     memory_operand(x)->mem.base == X86_REG_RDI) &&
		    !x->encoding.modrm_offset)
			return true;
	return false;
}

static void add_mnemonic(struct buf *b, const cs_insn *insn)
{
	const cs_x86 *x = &insn->detail->x86;
	size_t start = b->len;
	const char *name = add_prefixes(b, insn->mnemonic);

	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (str_eq(renamed[i].intel, name))
			name = renamed[i].att;
	if (str_eq(name, "nop") && memory_operand(x))
		buf_printf(b, "nop%c", size_letter(x->operands[0].size));
	else if (is_string(insn, name)) {
		buf_add(b, name, 4);
		if (!has_register(x))
			buf_add_char(b, size_letter(memory_operand(x)->size));
	} else if (!add_extension(b, name, x)) {
		buf_add_str(b, name);
		if (needs_size(name, x))
			buf_add_char(b, size_letter(memory_operand(x)->size));
	}
	if (b->len - start < MNEMONIC_WIDTH)
		buf_printf(b, "%*s", (int)(MNEMONIC_WIDTH - (b->len - start)), "");
	buf_add_char(b, ' ');
}

/* ---- operands ---- */

/* "nop" with an operand size; what gdb and objdump print of it says more. */
static const u8 two_byte_nop[] = {0x66, 0x90};

struct printing {
	struct disasm *d;
	const cs_insn *insn;
	struct buf *b;
	struct buf comment; /* "0x1fb40 <…>": what an operand relative to rip stands for */
	bool is_string;
	disasm_name name;
	void *ctx;
};

static void add_hex(struct buf *b, s64 value)
{
	if (value < 0)
		buf_printf(b, "-0x%llx", -(unsigned long long)value);
	else
		buf_printf(b, "0x%llx", (unsigned long long)value);
}

static void add_register(struct printing *p, x86_reg reg)
{
	buf_printf(p->b, "%%%s", cs_reg_name(p->d->handle, reg));
}

static void add_memory(struct printing *p, const cs_x86_op *op)
{
	const x86_op_mem *m = &op->mem;
	bool has_base = m->base != X86_REG_INVALID, has_index = m->index != X86_REG_INVALID;

	if (p->is_string)
		buf_add_str(p->b, m->base == X86_REG_RDI ? "%es:" : "%ds:");
	else if (m->segment != X86_REG_INVALID) {
		add_register(p, m->segment);
		buf_add_char(p->b, ':');
	}
	/* A displacement of 0 that is written out fills the room of the instruction. */
	if (m->disp || p->insn->detail->x86.encoding.disp_size || (!has_base && !has_index))
		add_hex(p->b, m->disp);
	if (m->base == X86_REG_RIP) {
		vaddr_t target = p->insn->address + p->insn->size + (u64)m->disp;

		buf_printf(&p->comment, "0x%llx", (unsigned long long)target);
		p->name(p->ctx, target, &p->comment);
	}
	if (!has_base && !has_index)
		return;
	buf_add_char(p->b, '(');
	if (has_base)
		add_register(p, m->base);
	if (has_index) {
		buf_add_char(p->b, ',');
		add_register(p, m->index);
		buf_printf(p->b, ",%d", m->scale);
	}
	buf_add_char(p->b, ')');
}

static bool is_branch(const struct printing *p)
{
	return cs_insn_group(p->d->handle, p->insn, CS_GRP_JUMP) ||
	       cs_insn_group(p->d->handle, p->insn, CS_GRP_CALL) ||
	       cs_insn_group(p->d->handle, p->insn, CS_GRP_BRANCH_RELATIVE);
}

/* An immediate has the width of what it is put into. */
static u64 narrow(const struct printing *p, const cs_x86_op *op)
{
	const cs_x86 *x = &p->insn->detail->x86;
	u8 size = x->operands[0].size;

	if (p->insn->id == X86_INS_PUSH || size == 0 || size >= 8)
		return (u64)op->imm;
	return (u64)op->imm & (((u64)1 << (8 * size)) - 1);
}

static void add_operand(struct printing *p, const cs_x86_op *op)
{
	bool branches = is_branch(p);

	switch (op->type) {
	case X86_OP_REG:
		buf_add_str(p->b, branches ? "*" : "");
		add_register(p, op->reg);
		break;
	case X86_OP_MEM:
		buf_add_str(p->b, branches ? "*" : "");
		add_memory(p, op);
		break;
	case X86_OP_IMM:
		buf_printf(p->b, branches ? "0x%llx" : "$0x%llx",
			   branches ? (unsigned long long)op->imm
				    : (unsigned long long)narrow(p, op));
		if (branches)
			p->name(p->ctx, (u64)op->imm, p->b);
		break;
	case X86_OP_INVALID:
		break;
	}
}

/* AT&T has them in the other order. */
static void add_operands(struct printing *p)
{
	const cs_x86 *x = &p->insn->detail->x86;

	for (u8 i = x->op_count; i > 0; i--) {
		add_operand(p, &x->operands[i - 1]);
		if (i > 1)
			buf_add_char(p->b, ',');
	}
}

size_t disasm_format(struct disasm *d, vaddr_t addr, const u8 *bytes, size_t len,
		     disasm_name name, void *ctx, struct buf *b)
{
	struct printing p = {.d = d, .insn = d->insn, .b = b, .name = name, .ctx = ctx};
	size_t left = len;
	u64 next = addr;

	if (!cs_disasm_iter(d->handle, &bytes, &left, &next, d->insn))
		return 0;
	if (d->insn->size == sizeof(two_byte_nop) &&
	    memcmp(d->insn->bytes, two_byte_nop, sizeof(two_byte_nop)) == 0) {
		buf_add_str(b, "xchg   %ax,%ax");
		return d->insn->size;
	}
	p.is_string = is_string(d->insn, strrchr(d->insn->mnemonic, ' ')
						 ? strrchr(d->insn->mnemonic, ' ') + 1
						 : d->insn->mnemonic);
	add_mnemonic(b, d->insn);
	add_operands(&p);
	if (p.comment.len)
		buf_printf(b, "        # %s", buf_text(&p.comment));
	buf_deinit(&p.comment);
	return d->insn->size;
}

#else

struct disasm {
	int none;
};

struct err *disasm_open(const struct arch *arch, struct disasm **ret)
{
	return err_new(ERR_UNSUPPORTED, "this program was built without capstone, which "
					"disassembles");
}

void disasm_free(struct disasm *d)
{
	free(d);
}

size_t disasm_format(struct disasm *d, vaddr_t addr, const u8 *bytes, size_t len,
		     disasm_name name, void *ctx, struct buf *b)
{
	return 0;
}

#endif
