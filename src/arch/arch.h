/*
 * One const table of operations per target CPU: paging, registers, unwinding.
 *
 * All tables are always compiled in, whatever CPU this program runs on. They know no files:
 * reads go through callbacks. Page size is data of the dump.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "base/err.h"
#include "format/orc_entry.h"
#include "format/vmcoreinfo.h"

/* General registers by DWARF/ELF prstatus name; a register that is not known is marked so.
 */
#define ARCH_MAX_REGS 40

struct arch_regs {
	u64 value[ARCH_MAX_REGS];
	u64 known; /* bit i: value[i] is known */
};

/* Registers of x86-64, in the order of DWARF register numbers (psABI), then flags and
 * segments. */
enum x86_64_reg {
	X86_64_RAX,
	X86_64_RDX,
	X86_64_RCX,
	X86_64_RBX,
	X86_64_RSI,
	X86_64_RDI,
	X86_64_RBP,
	X86_64_RSP,
	X86_64_R8,
	X86_64_R9,
	X86_64_R10,
	X86_64_R11,
	X86_64_R12,
	X86_64_R13,
	X86_64_R14,
	X86_64_R15,
	X86_64_RIP,
	X86_64_RFLAGS,
	X86_64_CS,
	X86_64_SS,
	X86_64_ORIG_RAX,
	X86_64_NUM_REGS
};

static inline bool regs_get(const struct arch_regs *r, unsigned reg, u64 *ret)
{
	if (!(r->known >> reg & 1))
		return false;
	*ret = r->value[reg];
	return true;
}

static inline void regs_set(struct arch_regs *r, unsigned reg, u64 value)
{
	r->value[reg] = value;
	r->known |= (u64)1 << reg;
}

static inline void regs_forget(struct arch_regs *r, unsigned reg)
{
	r->known &= ~((u64)1 << reg);
}

/* How the crashed kernel maps memory: filled by `init_paging` from VMCOREINFO. Layout
 * public. */
struct arch_paging {
	unsigned page_shift;
	unsigned levels;	/* x86-64: 4 or 5 */
	u64 table_address_mask; /* clears attribute and encryption bits of a table entry */
	paddr_t root;		/* top table of the kernel (swapper_pg_dir) */
	bool has_root;
	vaddr_t image_start; /* kernel image mapping: linear, known before any table */
	u64 image_len;
	u64 image_offset; /* paddr = vaddr - image_offset (wrapping) */
	bool has_image;
};

/* Read 8 bytes of physical memory for a page walk. */
typedef struct err *(*arch_read_phys)(void *ctx, paddr_t addr, u64 *ret);

/* Read virtual memory for a step of unwinding. */
typedef struct err *(*arch_read_virt)(void *ctx, vaddr_t addr, void *data, size_t len);

/* Where a task that is not running keeps a register: a member of the struct its saved stack
 * pointer points to. */
struct arch_saved_reg {
	const char *member;
	unsigned reg;
};

/* What a bit of a page table entry is called. */
struct arch_page_flag {
	u64 bit;
	const char *name;
};

struct arch {
	const char *name; /* utsname machine: "x86_64" */
	u16 elf_machine;  /* EM_X86_64 */
	bool is_big_endian;
	unsigned default_page_shift;

	/* Derive paging from VMCOREINFO keys; absent keys leave has_* false. */
	struct err *(*init_paging)(const struct vmcoreinfo *vi, unsigned page_shift,
				   struct arch_paging *ret);

	/* Walk the tables. *@ret_contiguous_len: bytes from @addr on that are physically
	 * contiguous by the leaf found. ERR_FAULT where not mapped. */
	struct err *(*walk)(const struct arch_paging *p, arch_read_phys read, void *ctx,
			    vaddr_t addr, paddr_t *ret, u64 *ret_contiguous_len);

	/* Decode the descriptor of an NT_PRSTATUS note. */
	struct err *(*parse_prstatus)(const void *desc, size_t len, struct arch_regs *ret,
				      u32 *ret_pid);

	/* Decode a struct pt_regs as it lies in memory, @len bytes at least 168 on x86-64.
	 */
	struct err *(*parse_pt_regs)(const void *data, size_t len, struct arch_regs *ret);

	/* Turn the registers of a frame into those of its caller, by the row for the
	 * frame's code address. Only what is known of the caller stays known. ERR_FAULT
	 * where the stack cannot be read, ERR_ABSENT where the row needs a register that is
	 * not known.
	 * @row must be of a kind that has a caller. */
	struct err *(*unwind_step)(const struct orc_row *row, arch_read_virt read,
				   void *ctx, struct arch_regs *regs);

	/* Is the instruction in front of @return_address a direct call of the function that
	 * begins at @target? False also where it cannot be read. */
	bool (*is_call_of)(arch_read_virt read, void *ctx, vaddr_t return_address,
			   vaddr_t target);

	/* Are these known to be registers of user mode? */
	bool (*is_user_mode)(const struct arch_regs *regs);

	/* Are these known to be registers of a CPU that takes no interrupts? */
	bool (*has_interrupts_off)(const struct arch_regs *regs);

	/* The struct a switched-out task's thread.sp points to (its end is where its stack
	 * pointer was), and the registers in it; the last row has no member. */
	const char *switch_frame;
	const struct arch_saved_reg *switch_regs;

	/* Bits of a page table entry, in the order of printing; the last row has no name.
	 */
	const struct arch_page_flag *page_flags;
	u64 page_address_mask; /* the physical address in an entry */

	/* The variable that holds where the direct map of all RAM begins, NULL if none. */
	const char *direct_map_symbol;

	unsigned reg_pc, reg_sp, reg_fp; /* indexes into arch_regs */
	unsigned reg_arg;		 /* the first argument of a function */
	const char *const *reg_names;	 /* num_regs lower-case names */
	unsigned num_regs;
};

extern const struct arch arch_x86_64;

/* The table for an ELF e_machine value, NULL if none. */
const struct arch *arch_find(u16 elf_machine);
/* The table for a utsname machine name, NULL if none. */
const struct arch *arch_find_name(const char *name);

#endif
