#include "kernel/spinlock.h"

#include "base/str.h"

#include <string.h>

bool spinlock_spins(const char *symbol)
{
	return strstr(symbol, "queued_spin_lock_slowpath") ||
	       str_has_prefix(symbol, "_raw_spin_lock");
}

/* Bits 0 to 7: it is taken. 8 to 15: one CPU waits for it. 16 and 17: which of its nodes
 * the last CPU in the queue uses; the others: that CPU, counted from 1. */
static bool is_taken_lock(u32 word, const struct cpu_table *cpus)
{
	u32 locked = word & 0xff, pending = word >> 8 & 0xff, tail = word >> 18;

	return locked <= 1 && pending <= 1 && (locked || pending || tail) &&
	       (tail == 0 ? (word >> 16 & 3) == 0 : cpu_find(cpus, tail - 1) != NULL);
}

bool spinlock_waited_for(struct kernel *k, const struct cpu_table *cpus,
			 const struct arch_regs *regs, vaddr_t *ret)
{
	const struct arch *arch = dump_arch(kernel_dump(k));
	struct err *err;
	vaddr_t lock;
	u32 word = 0;

	if (!arch || !regs_get(regs, arch->reg_arg, &lock) || lock % sizeof(word))
		return false;
	err = kernel_read_u32(k, lock, &word);
	if (err || !is_taken_lock(word, cpus)) {
		err_ignore(err);
		return false;
	}
	*ret = lock;
	return true;
}
