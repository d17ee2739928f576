/*
 * The names a crashed kernel gives itself: init_uts_ns.name, a struct new_utsname.
 *
 * The layout of that struct is user-space ABI (include/uapi/linux/utsname.h): six fields of
 * 65 bytes. Plain values; texts are raw bytes from the dump and hostile.
 */
#ifndef KERNEL_UTS_H
#define KERNEL_UTS_H

#include "kernel/kernel.h"

#define UTS_FIELD_SIZE 65

struct uts {
	char sysname[UTS_FIELD_SIZE];
	char nodename[UTS_FIELD_SIZE];
	char release[UTS_FIELD_SIZE];
	char version[UTS_FIELD_SIZE];
	char machine[UTS_FIELD_SIZE];
};

/* ERR_ABSENT or ERR_FAULT if it cannot be had. */
must_check struct err *uts_read(struct kernel *k, struct uts *ret);

#endif
