/*
 * The kernel's own list of its BUG() and WARN() places.
 *
 * Each is a trapping instruction (ud2 on x86) with an entry in the table of the image or of
 * a module, which has the file and line without any debuginfo (CONFIG_DEBUG_BUGVERBOSE).
 * Nothing is loaded or kept: a search reads the tables through once. Source:
 * include/asm-generic/bug.h, lib/bug.c.
 */
#ifndef KERNEL_BUG_TABLE_H
#define KERNEL_BUG_TABLE_H

#include "kernel/kernel.h"

#define BUG_FILE_SIZE 128
#define BUGS_MAX      (1u << 20) /* entries of one table that are believed */

struct bug {
	vaddr_t entry;	 /* address of the struct bug_entry */
	bool is_warning; /* WARN(), which goes on; else BUG() */
	bool has_place;
	char file[BUG_FILE_SIZE]; /* as the compiler was given it; hostile */
	u32 line;
};

/* Find the entry of the instruction at @addr. False also where the tables cannot be had,
 * which is told in the dump's notices. */
bool bug_find(struct kernel *k, vaddr_t addr, struct bug *ret);

#endif
