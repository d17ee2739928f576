/*
 * Mounted filesystems of the crashed machine, as far as their freezing goes.
 *
 * Source: include/linux/fs.h (struct super_block, sb_writers), fs/super.c.
 */
#ifndef KERNEL_SUPER_BLOCK_H
#define KERNEL_SUPER_BLOCK_H

#include "kernel/kernel.h"

#define SUPER_BLOCK_ID_SIZE 33
#define SUPER_BLOCKS_MAX    16384

/* SB_UNFROZEN … SB_FREEZE_COMPLETE. */
enum freeze_level {
	FREEZE_NONE,
	FREEZE_WRITE,
	FREEZE_PAGEFAULT,
	FREEZE_FS,
	FREEZE_COMPLETE
};

struct super_block {
	vaddr_t addr;
	char id[SUPER_BLOCK_ID_SIZE]; /* s_id: mostly the name of the block device; hostile
				       */
	char type[SUPER_BLOCK_ID_SIZE]; /* "ext4"; hostile */
	bool has_frozen;
	u64 frozen; /* an enum freeze_level, or what else was there */
};

/* Read the struct at @addr. What cannot be had stays empty. */
void super_block_read(struct kernel *k, vaddr_t addr, struct super_block *ret);

/* Find the filesystem whose struct holds @addr. False if none does, or the list of them
 * cannot be had. */
bool super_block_of(struct kernel *k, vaddr_t addr, struct super_block *ret);

#endif
