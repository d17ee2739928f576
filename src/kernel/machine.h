/*
 * Facts about the machine that died which are a variable each: memory, CPU speed, command
 * line, taint.
 *
 * Never fails: what cannot be had is 0 or empty.
 */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include "base/buf.h"
#include "kernel/kernel.h"

#define COMMAND_LINE_SIZE 4096

struct machine_facts {
	u64 memory_bytes; /* RAM that the kernel managed: node_present_pages */
	u32 cpu_mhz;	  /* of the boot CPU */
	u64 taint;	  /* tainted_mask: kernel/taint.h */
	bool has_taint;
	char command_line[COMMAND_LINE_SIZE]; /* hostile text */
};

void machine_facts_read(struct kernel *k, struct machine_facts *ret);

/* @bytes as crash prints memory: rounded up to a whole GB that is at most 64 MB away, in
 * units of 1024, ".0" left out: "7.9 GB". */
void memory_format(struct buf *b, u64 bytes);

#endif
