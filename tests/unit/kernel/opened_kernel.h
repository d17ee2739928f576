/*
 * A generated dump and the kernel in it, which nearly every test here opens.
 *
 * Zeroed at first: the test fills g, then opens it. What fails fails the test.
 */
#ifndef TESTS_UNIT_KERNEL_OPENED_KERNEL_H
#define TESTS_UNIT_KERNEL_OPENED_KERNEL_H

#include "testing.h"

#include "gen.h"
#include "kernel/cpu.h"
#include "kernel/kernel.h"

struct opened_kernel {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
	struct cpu_table cpus;
	struct notices notices;
};

/* Each does what the one before does, and more: only the dump; the kernel; its CPUs, with
 * what is to be said of them in notices. */
void opened_kernel_open_dump(struct opened_kernel *o);
void opened_kernel_open(struct opened_kernel *o);
void opened_kernel_open_cpus(struct opened_kernel *o);

/* Whatever of it there is. */
void opened_kernel_deinit(struct opened_kernel *o);

/* @words are in one of the notices. */
bool opened_kernel_has_notice(const struct opened_kernel *o, const char *words);

#endif
