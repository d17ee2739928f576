/* The two files of `inquest shell`: which is the dump, which the vmlinux, and whether they
 * belong together. */
#ifndef CMD_SHELL_FILES_H
#define CMD_SHELL_FILES_H

#include "base/buf.h"
#include "kernel/kernel.h"

/* Layout public; strings are those that were given. */
struct shell_files {
	const char *dump;
	const char *vmlinux; /* NULL if none was given */
};

/* Tell one or two @paths apart, in either order. ERR_USAGE if both are of one kind. */
must_check struct err *shell_files_sort(const char *const *paths, size_t count,
					struct shell_files *ret);

/* Compare the builds of @f->vmlinux and @k: by build-id, or by linux_banner where the dump
 * does not tell a build-id that can be. ERR_REFUSED naming both if they differ. What is to
 * be said of it is appended to @remarks, a line each. */
must_check struct err *shell_files_compare(const struct shell_files *f, struct kernel *k,
					   struct buf *remarks);

#endif
