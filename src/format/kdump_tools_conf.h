/*
 * /etc/default/kdump-tools and /etc/default/kexec of Debian and Ubuntu: kdump-tools(5).
 * Files of shell variables (shell_assign.h). Pure.
 *
 * As with the tool itself, a variable that is empty counts as one that was not given.
 */
#ifndef FORMAT_KDUMP_TOOLS_CONF_H
#define FORMAT_KDUMP_TOOLS_CONF_H

#include "format/capture_config.h"

/* Fill @c, which has the defaults of CONFIG_KDUMP_TOOLS, from @text. @file is for
 * sentences. ERR_USAGE naming file, line, word and what would be right. */
must_check struct err *kdump_tools_conf_parse(const char *text, const char *file,
					      struct capture_config *c);

/* The same for /etc/default/kexec, which is for the fast reboot. */
must_check struct err *kexec_conf_parse(const char *text, const char *file,
					struct capture_config *c);

#endif
