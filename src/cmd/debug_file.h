/*
 * The vmlinux that belongs to a dump, opened for its debug information.
 *
 * One of another build is refused. One without debug information, or a program without
 * libdw, is told, and all that the dump itself tells still comes.
 */
#ifndef CMD_DEBUG_FILE_H
#define CMD_DEBUG_FILE_H

#include "cmd/shell_files.h"
#include "symbol/dwarf_file.h"

/* Layout public. */
struct debug_file {
	int fd; /* -1: none */
	struct dwarf_file *dwarf;
};
#define DEBUG_FILE_NONE ((struct debug_file){.fd = -1})

/* Open @f->vmlinux, if there is one, for the kernel of the dump. What is to be said of it
 * is appended to @remarks, a line each. ERR_REFUSED if it is of another build. */
must_check struct err *debug_file_open(const struct shell_files *f, struct kernel *k,
				       struct buf *remarks, struct debug_file *ret);
void debug_file_close(struct debug_file *f);

/* NULL if there is none. */
const struct debuginfo *debug_file_info(const struct debug_file *f);

/* Print the lines of @remarks behind the name of the program. */
void debug_file_tell(const struct buf *remarks, const char *program);

#endif
