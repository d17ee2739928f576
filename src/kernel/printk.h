/*
 * The kernel log of the crashed kernel, read record by record from its printk buffer.
 *
 * Two layouts are known, both described by VMCOREINFO alone (no kallsyms, no BTF): the
 * lockless ring of 5.10 and later (kernel/printk/printk_ringbuffer.h,
 * Documentation/admin-guide/kdump/ vmcoreinfo.rst), and the record log before it (struct
 * printk_log in kernel/printk/printk.c).
 *
 * A printk_log is a cursor with constant memory: it holds a few records at a time, so that
 * the capture kernel can afford it whatever log_buf_len is. It borrows its source, and
 * belongs to one thread. Records that were being written, were overwritten, or whose pages
 * are not in the dump are normal: they are skipped and counted.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include "base/buf.h"
#include "dump/dump.h"

/* Where the log is read from: the memory of the crashed kernel and what it says of itself.
 */
struct printk_source {
	struct err *(*read)(void *ctx, vaddr_t addr, void *data, size_t len);
	void *ctx;
	const struct vmcoreinfo *vmcoreinfo;
	bool is_big_endian;
};

/* The source over an open dump, which is borrowed. ERR_ABSENT if it has no VMCOREINFO. */
must_check struct err *printk_source_from_dump(struct dump *d, struct printk_source *ret);

/* Sizes of the members of struct dev_printk_info, include/linux/dev_printk.h. */
#define PRINTK_SUBSYSTEM_SIZE 16
#define PRINTK_DEVICE_SIZE    48

struct printk_record {
	u64 seq;
	u64 ts_ns;	/* since boot */
	bool has_level; /* false: level and facility are not known */
	u8 level;	/* 0 emergency … 7 debug */
	u8 facility;	/* 0 kernel, else written by user space to /dev/kmsg */
	u32 caller; /* thread id, or with the top bit set 0x80000000 + CPU; 0 if unknown */
	/* Of the device it is about, "" if of none: raw bytes as well. */
	char subsystem[PRINTK_SUBSYSTEM_SIZE], device[PRINTK_DEVICE_SIZE];
	const char *text; /* raw bytes, hostile, may hold '\n'; valid until the next call */
	size_t len;
};

struct printk_log;

/* Find the log and stand before its oldest record. ERR_ABSENT if VMCOREINFO tells of no log
 * of a known layout, ERR_BAD_DATA if the layout cannot be (naming what), ERR_FAULT if the
 * memory cannot be read. */
must_check struct err *printk_open(const struct printk_source *src,
				   struct printk_log **ret);
void printk_log_free(struct printk_log *log);
CLEANUP_FREEP(printk_log)

/* The next record that can be had. False behind the newest. */
bool printk_next(struct printk_log *log, struct printk_record *ret);

/* Records skipped so far because their memory could not be read, or contradicts itself. */
u64 printk_num_lost(const struct printk_log *log);

/* The sequence number of the oldest record that `dmesg --clear` did not hide in the crashed
 * kernel. ERR_ABSENT if VMCOREINFO does not tell (before 5.10), else as printk_open(). */
must_check struct err *printk_first_not_cleared(const struct printk_source *src,
						u64 *ret_seq);

/* Append one record as dmesg prints it: "[    0.000000] text\n". Further lines of a record
 * are put below the first: indented as by dmesg and makedumpfile with @indent, else at the
 * margin as by vmcore-dmesg of kexec-tools. Escaped by str_escape(). */
void printk_format(struct buf *b, const struct printk_record *r, bool indent);

#endif
