/*
 * Loaded eBPF programs and maps, by their numbers.
 *
 * Sources: include/linux/bpf.h, include/linux/filter.h, kernel/bpf/syscall.c. Plain values;
 * names are hostile text. What a kernel does not keep is not known (has_…).
 */
#ifndef KERNEL_BPF_OBJECT_H
#define KERNEL_BPF_OBJECT_H

#include "kernel/kernel.h"

#define BPF_NAME_SIZE 17
#define BPF_MAX_MAPS  64 /* of a program: MAX_USED_MAPS */

struct bpf_program {
	u64 id;
	vaddr_t addr, aux; /* struct bpf_prog, struct bpf_prog_aux */
	u64 type;	   /* enum bpf_prog_type */
	u8 tag[8];
	char name[BPF_NAME_SIZE];
	u64 map_ids[BPF_MAX_MAPS];
	size_t num_maps;
	u64 num_instructions, jited_bytes, num_pages;
	bool is_gpl;
	u64 load_time_ns; /* since boot */
	bool has_uid;
	u64 uid;
};

struct bpf_map {
	u64 id;
	vaddr_t addr; /* struct bpf_map */
	u64 type;     /* enum bpf_map_type */
	u64 flags, key_bytes, value_bytes, max_entries;
	char name[BPF_NAME_SIZE];
};

/* Call @each for all of them, by number, until it returns false. One that cannot be read is
 * the error, once all others have been told. ERR_ABSENT in a kernel without eBPF. */
must_check struct err *
bpf_program_each(struct kernel *k, bool (*each)(void *ctx, const struct bpf_program *p),
		 void *ctx);
must_check struct err *
bpf_map_each(struct kernel *k, bool (*each)(void *ctx, const struct bpf_map *m), void *ctx);

#endif
