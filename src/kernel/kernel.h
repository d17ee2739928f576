/*
 * The crashed kernel as an object: its symbols, its types, its memory, over an open dump.
 *
 * kernel_open() prepares kallsyms and the direct map; types (BTF), unwind tables (ORC) and
 * the module list are loaded when first asked for. Each is on its own: what cannot be had
 * is told in dump_notices() and everything else goes on. The kernel borrows the dump, which
 * must outlive it, and belongs to the same one thread. All facts are looked up by name
 * (VMCOREINFO, then the dump's own kallsyms and BTF); there is no kernel version test.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "dump/dump.h"

struct kernel;

/* Fails only without memory; everything else degrades. */
must_check struct err *kernel_open(struct dump *d, struct kernel **ret);
void kernel_close(struct kernel *k);
static inline void kernel_closep(struct kernel **k)
{
	kernel_close(*k);
}

struct dump *kernel_dump(struct kernel *k);

/* Virtual reads in the target's byte order. */
must_check struct err *kernel_read(struct kernel *k, vaddr_t addr, void *data, size_t len);
must_check struct err *kernel_read_u8(struct kernel *k, vaddr_t addr, u8 *ret);
must_check struct err *kernel_read_u16(struct kernel *k, vaddr_t addr, u16 *ret);
must_check struct err *kernel_read_u32(struct kernel *k, vaddr_t addr, u32 *ret);
must_check struct err *kernel_read_u64(struct kernel *k, vaddr_t addr, u64 *ret);
/* @count values of 64 bits. @ret may be half written where that fails. */
must_check struct err *kernel_read_words(struct kernel *k, vaddr_t addr, u64 *ret,
					 size_t count);
/* From now on, what lies whole in @len bytes from @addr on is read from @data, which is
 * borrowed: for what the kernel's page tables do not reach, such as memory of a process.
 * @len 0 ends it. */
void kernel_stand_in(struct kernel *k, vaddr_t addr, const void *data, size_t len);
/* A pointer-sized value. */
must_check struct err *kernel_read_ptr(struct kernel *k, vaddr_t addr, vaddr_t *ret);
/* A C string of at most @size - 1 bytes, always 0-terminated in @text. Raw bytes: hostile.
 */
must_check struct err *kernel_read_str(struct kernel *k, vaddr_t addr, char *text,
				       size_t size);

/* Address of a symbol of the kernel image by name. False if absent. Also finds what only
 * VMCOREINFO knows when kallsyms could not be had. */
bool kernel_symbol_find(struct kernel *k, const char *name, vaddr_t *ret);
/* The same as an error that names the symbol. */
must_check struct err *kernel_symbol_get(struct kernel *k, const char *name, vaddr_t *ret);

/* Per-CPU variables: address of the copy of per-CPU symbol or pointer value @base for @cpu.
 */
must_check struct err *kernel_percpu(struct kernel *k, vaddr_t base, unsigned cpu,
				     vaddr_t *ret);
/* Address of `cpu`'s copy of the per-CPU variable @symbol. */
must_check struct err *kernel_percpu_symbol(struct kernel *k, const char *symbol,
					    unsigned cpu, vaddr_t *ret);

/* The symbol that contains a code address, for printing. `module` is "" for the image. */
struct symbol_at {
	char name[512];
	char module[64];
	u64 offset; /* into the symbol */
	u64 size;   /* up to the next symbol, 0 if unknown */
};

/* Find the symbol at @addr in the image or a module. False if none. */
bool kernel_symbol_at(struct kernel *k, vaddr_t addr, struct symbol_at *ret);
/* Is @addr in text of the image or of a module? */
bool kernel_is_text(struct kernel *k, vaddr_t addr);

#endif
