/*
 * Which configuration of this machine counts, and what it says.
 *
 * /etc/inquest.conf if it is there; else /etc/kdump.conf with /etc/sysconfig/kdump; else
 * /etc/default/kdump-tools with /etc/default/kexec; else the defaults of inquest.conf. A
 * personality prefers the files of its own tool to those of the other one.
 */
#ifndef ARM_CONFIGURATION_H
#define ARM_CONFIGURATION_H

#include "format/capture_config.h"

/* Read the configuration that counts below @root. The caller calls
 * capture_config_deinit(). Errors name file, line, word and what would be right. */
must_check struct err *configuration_read(const char *root, struct capture_config *ret);

/* That of one dialect; absent files leave its defaults. */
must_check struct err *configuration_read_dialect(const char *root,
						  enum config_dialect dialect,
						  struct capture_config *ret);

#endif
