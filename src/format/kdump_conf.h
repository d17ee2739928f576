/*
 * /etc/kdump.conf of kdump-utils (RHEL, Fedora): kdump.conf(5), kexec-kdump-howto.
 *
 * A line is an option and its value; all behind a '#' is a comment; a value in double
 * quotes is meant without them. Each option may stand once, and there is one dump target at
 * most. What kdumpctl refuses is refused with its own words ("Invalid kdump config option
 * …"). Options that make no difference here are told as warnings. Pure.
 */
#ifndef FORMAT_KDUMP_CONF_H
#define FORMAT_KDUMP_CONF_H

#include "format/capture_config.h"

/* Fill @c, which has the defaults of CONFIG_KDUMP, from @text. @file is for sentences.
 * ERR_USAGE naming file, line, word and what would be right. */
must_check struct err *kdump_conf_parse(const char *text, const char *file,
					struct capture_config *c);

#endif
