/*
 * The crashed kernel's memory as it is, an ELF core: by a copy of our own, or by a program
 * of the image.
 */
#ifndef CAPTURE_PLAIN_COPY_H
#define CAPTURE_PLAIN_COPY_H

#include "capture/collector.h"
#include "capture/record.h"

/* Copy all of @vmcore to @fd, which is called @path. With @is_sparse, and where @fd can
 * seek, zeros become holes. Counts progress on @r. */
must_check struct err *plain_copy(const char *vmcore, int fd, const char *path,
				  bool is_sparse, struct record *r);

/* Run the collector's words with @vmcore and @path behind them, as kdump.conf(5) has it; or
 * with @vmcore alone and its output to @fd, if @is_stream. */
must_check struct err *run_program(const struct collector *c, const char *vmcore, int fd,
				   const char *path, bool is_stream, struct record *r);

#endif
