/* x86-64: 4 and 5 level paging, NT_PRSTATUS and pt_regs layouts. */
#include "arch/x86_64_priv.h"

#include "base/bytes.h"

#include <elf.h>

/* Page table bits, arch/x86/include/asm/pgtable_types.h. */
#define ENTRY_PRESENT	  ((u64)1 << 0)
#define ENTRY_LARGE	  ((u64)1 << 7)
#define ENTRY_ADDRESS	  0x000ffffffffff000ULL
#define ENTRIES_SHIFT	  9
#define KERNEL_IMAGE_BASE 0xffffffff80000000ULL /* __START_KERNEL_map */
#define PAGE_SHIFT_X86	  12

/* struct elf_prstatus, include/linux/elfcore.h: pid at 32, pr_reg at 112. */
#define PRSTATUS_PID_OFFSET  32
#define PRSTATUS_REGS_OFFSET 112
#define PRSTATUS_MIN_LEN     (PRSTATUS_REGS_OFFSET + X86_64_PT_REGS_LEN)

static const char *const reg_names[X86_64_NUM_REGS] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp",    "rsp", "r8", "r9",	     "r10",
	"r11", "r12", "r13", "r14", "r15", "rip", "rflags", "cs",  "ss", "orig_rax",
};

/* Order of struct pt_regs and of the first 21 words of user_regs_struct. */
static const u8 pt_regs_order[X86_64_PT_REGS_LEN / 8] = {
	X86_64_R15,    X86_64_R14, X86_64_R13, X86_64_R12,	X86_64_RBP, X86_64_RBX,
	X86_64_R11,    X86_64_R10, X86_64_R9,  X86_64_R8,	X86_64_RAX, X86_64_RCX,
	X86_64_RDX,    X86_64_RSI, X86_64_RDI, X86_64_ORIG_RAX, X86_64_RIP, X86_64_CS,
	X86_64_RFLAGS, X86_64_RSP, X86_64_SS,
};

static struct err *x86_64_init_paging(const struct vmcoreinfo *vi, unsigned page_shift,
				      struct arch_paging *ret)
{
	u64 phys_base, five_levels = 0, image_len, encryption_mask = 0;
	vaddr_t root;

	*ret = (struct arch_paging){.page_shift = page_shift,
				    .table_address_mask = ENTRY_ADDRESS};
	vmcoreinfo_number(vi, "pgtable_l5_enabled", &five_levels);
	ret->levels = five_levels ? 5 : 4;
	/* AMD memory encryption puts its bit among the address bits. */
	if (vmcoreinfo_number(vi, "sme_mask", &encryption_mask))
		ret->table_address_mask &= ~encryption_mask;
	if (!vmcoreinfo_number(vi, "phys_base", &phys_base))
		return NULL;
	if (!vmcoreinfo_number(vi, "KERNEL_IMAGE_SIZE", &image_len))
		image_len = (u64)1 << 29;
	ret->image_start = KERNEL_IMAGE_BASE;
	ret->image_len = image_len;
	ret->image_offset = KERNEL_IMAGE_BASE - phys_base;
	ret->has_image = true;
	if (!vmcoreinfo_symbol(vi, "swapper_pg_dir", &root) &&
	    !vmcoreinfo_symbol(vi, "init_top_pgt", &root))
		return NULL;
	ret->root = root - ret->image_offset;
	ret->has_root = true;
	return NULL;
}

static struct err *x86_64_walk(const struct arch_paging *p, arch_read_phys read, void *ctx,
			       vaddr_t addr, paddr_t *ret, u64 *ret_contiguous_len)
{
	paddr_t table = p->root;

	if (!p->has_root)
		return err_fault(addr,
				 "virtual address 0x%llx: the top page table is not known",
				 (unsigned long long)addr);
	for (unsigned level = p->levels; level > 0; level--) {
		unsigned shift = PAGE_SHIFT_X86 + ENTRIES_SHIFT * (level - 1);
		u64 index = addr >> shift & ((1u << ENTRIES_SHIFT) - 1);
		u64 leaf_len = (u64)1 << shift;
		u64 entry;
		struct err *err = read(ctx, table + index * 8, &entry);

		if (err)
			return err_wrap(err,
					"virtual address 0x%llx: page table of level %u",
					(unsigned long long)addr, level);
		if (!(entry & ENTRY_PRESENT))
			return err_fault(addr, "virtual address 0x%llx is not mapped",
					 (unsigned long long)addr);
		table = entry & p->table_address_mask;
		if (level == 1 || (level <= 3 && entry & ENTRY_LARGE)) {
			/* Bit 12 of a large leaf is PAT, so align down. */
			*ret = align_down(table, leaf_len) + (addr & (leaf_len - 1));
			*ret_contiguous_len = leaf_len - (addr & (leaf_len - 1));
			return NULL;
		}
	}
	return err_fault(addr, "virtual address 0x%llx is not mapped",
			 (unsigned long long)addr);
}

struct err *x86_64_parse_pt_regs(const void *data, size_t len, struct arch_regs *ret)
{
	if (len < X86_64_PT_REGS_LEN)
		return err_new(ERR_BAD_DATA, "pt_regs of %zu bytes are shorter than %d",
			       len, X86_64_PT_REGS_LEN);
	*ret = (struct arch_regs){0};
	for (size_t i = 0; i < ARRAY_SIZE(pt_regs_order); i++)
		regs_set(ret, pt_regs_order[i], get_le64((const char *)data + 8 * i));
	return NULL;
}

static struct err *x86_64_parse_prstatus(const void *desc, size_t len,
					 struct arch_regs *ret, u32 *ret_pid)
{
	const char *bytes = desc;

	if (len < PRSTATUS_MIN_LEN)
		return err_new(ERR_BAD_DATA,
			       "NT_PRSTATUS note of %zu bytes is shorter than %d", len,
			       PRSTATUS_MIN_LEN);
	*ret_pid = get_le32(bytes + PRSTATUS_PID_OFFSET);
	return x86_64_parse_pt_regs(bytes + PRSTATUS_REGS_OFFSET,
				    len - PRSTATUS_REGS_OFFSET, ret);
}

static const struct arch_page_flag page_flags[] = {
	{ENTRY_PRESENT, "PRESENT"},
	{1 << 1, "RW"},
	{1 << 2, "USER"},
	{1 << 3, "PWT"},
	{1 << 4, "PCD"},
	{1 << 5, "ACCESSED"},
	{1 << 6, "DIRTY"},
	{ENTRY_LARGE, "PSE"},
	{1 << 8, "GLOBAL"},
	{(u64)1 << 63, "NX"},
	{0, NULL},
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.default_page_shift = PAGE_SHIFT_X86,
	.init_paging = x86_64_init_paging,
	.walk = x86_64_walk,
	.parse_prstatus = x86_64_parse_prstatus,
	.parse_pt_regs = x86_64_parse_pt_regs,
	.unwind_step = x86_64_unwind_step,
	.is_call_of = x86_64_is_call_of,
	.is_user_mode = x86_64_is_user_mode,
	.has_interrupts_off = x86_64_has_interrupts_off,
	.switch_frame = "inactive_task_frame",
	.switch_regs = x86_64_switch_regs,
	.page_flags = page_flags,
	.page_address_mask = ENTRY_ADDRESS,
	.direct_map_symbol = "page_offset_base",
	.reg_pc = X86_64_RIP,
	.reg_sp = X86_64_RSP,
	.reg_arg = X86_64_RDI,
	.reg_fp = X86_64_RBP,
	.reg_names = reg_names,
	.num_regs = X86_64_NUM_REGS,
};
