/*
 * /etc/sysconfig/kdump of kdump-utils (RHEL, Fedora), which belongs to kdump.conf: which
 * kernel captures, and with which command line. A file of shell variables (shell_assign.h).
 * Pure.
 */
#ifndef FORMAT_SYSCONFIG_KDUMP_H
#define FORMAT_SYSCONFIG_KDUMP_H

#include "format/capture_config.h"

/* Fill @c, which has the defaults of CONFIG_KDUMP, from @text. @file is for sentences.
 * ERR_USAGE naming file, line, word and what would be right. */
must_check struct err *sysconfig_kdump_parse(const char *text, const char *file,
					     struct capture_config *c);

#endif
