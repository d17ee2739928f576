/*
 * A crashed kernel of a few pages: text with ORC rows, kallsyms, BTF, one module, two
 * tasks. Written as an ELF core and opened. Its image lies at physical address 0 on.
 *
 * Functions of the image, and what their ORC rows say:
 *
 *   0x1000 entry    outermost            0x1400 no_rows  undefined
 *   0x1100 outer    call, sp + 16        0x1500 handler  pt_regs at sp
 *   0x1200 middle   call, sp + 24        0x1600 tail     call, sp + 8; calls at its very
 * end 0x1300 inner    call, sp + 8         0x1700 after    call, sp + 64
 *
 * and of the module `tiny_mod`: 0xa000 mod_work, call, sp + 16.
 */
#ifndef TESTS_UNIT_KERNEL_TINY_KERNEL_H
#define TESTS_UNIT_KERNEL_TINY_KERNEL_H

#include "testing.h"

#include "gen.h"
#include "kernel/field.h"
#include "kernel/kernel.h"
#include "kernel/module.h"
#include "kernel/stack.h"
#include "symbol/tables.h"

#define TINY_IMAGE 0xffffffff80000000ULL
#define TINY(off)  (TINY_IMAGE + (off))

enum {
	TINY_TEXT = 0x1000, /* two pages */
	TINY_TEXT_END = 0x3000,
	TINY_SYMBOLS = 0x3000,
	TINY_TOKENS = 0x5000,
	TINY_OFFSETS = 0x6000,
	TINY_BTF = 0x7000,
	TINY_ORC = 0x9000,
	TINY_MODULE_TEXT = 0xa000,
	TINY_MODULE = 0xb000, /* struct module, its symbols, strings and ORC */
	TINY_VARIABLES = 0xc000,
	TINY_STACK = 0xd000, /* two pages */
	TINY_STACK_END = 0xf000,
	TINY_TASK = 0xf000,
	TINY_NUM_PAGES = 16,
};

/* Offsets in TINY_VARIABLES. */
enum {
	TINY_NUM_SYMS = 0,
	TINY_RELATIVE_BASE = 8,
	TINY_PERCPU_OFFSETS = 16, /* of two CPUs */
	TINY_MODULES = 32,
	TINY_PAGE_OFFSET = 48,
};

/* Members, as BTF tells them. */
enum {
	TINY_TASK_STATE = 16, /* u32 */
	TINY_TASK_FLAG = 20,  /* 3 bits from bit 2 on */
	TINY_TASK_COMM = 24,  /* char[16] */
	TINY_TASK_THREAD_SP = 48,
};

struct tiny_kernel {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
};

/* As open() leaves them for @without. */
enum tiny_lack {
	TINY_WHOLE = 0,
	TINY_NO_VMCOREINFO = 1,
	TINY_NO_KALLSYMS = 2, /* VMCOREINFO does not tell where it is */
	TINY_NO_BTF = 4,
	TINY_NO_MODULES = 8, /* the list leads nowhere */
};

struct tiny_kernel *tiny_kernel_new(unsigned lacks);
/* Write the dump and open it; memory can be changed before with tiny_put64(). */
void tiny_kernel_open(struct tiny_kernel *t);
void tiny_kernel_free(struct tiny_kernel *t);
CLEANUP_FREEP(tiny_kernel)

/* Write a word at offset @off of the image. */
void tiny_put64(struct tiny_kernel *t, u32 off, u64 value);

/* Make the instruction in front of @return_off a call of @target_off. */
void tiny_put_call(struct tiny_kernel *t, u32 return_off, u32 target_off);

bool tiny_has_notice(struct tiny_kernel *t, const char *words);

#endif
