/* The kernel log of a dump, written to a descriptor as dmesg prints it. */
#ifndef CMD_KERNEL_LOG_H
#define CMD_KERNEL_LOG_H

#include "dump/dump.h"

struct kernel_log_options {
	bool indents;	  /* further lines of a record, as dmesg and makedumpfile do */
	bool since_clear; /* leave out what `dmesg --clear` hid */
};

/* Write every record to @fd, a batch at a time. @name is for errors. *@ret_num_lost counts
 * records that could not be read. */
must_check struct err *kernel_log_write(struct dump *d, const struct kernel_log_options *o,
					int fd, const char *name, u64 *ret_num_lost);

#endif
