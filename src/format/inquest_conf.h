/*
 * /etc/inquest.conf, our own: all that kdump.conf, sysconfig/kdump, default/kdump-tools and
 * default/kexec can say, under one set of names. inquest.conf(5) documents it.
 *
 * A line is an option and its value; a '#' that starts a word starts a comment; a value in
 * double quotes is meant without them. Options that are no list stand once; `target` may
 * stand several times, and targets are tried in that order. Pure.
 */
#ifndef FORMAT_INQUEST_CONF_H
#define FORMAT_INQUEST_CONF_H

#include "format/capture_config.h"

/* Fill @c, which has the defaults of CONFIG_INQUEST, from @text. @file is for sentences.
 * ERR_USAGE naming file, line, word and what would be right. */
must_check struct err *inquest_conf_parse(const char *text, const char *file,
					  struct capture_config *c);

/* The names of the options, in the order of the man page; NULL behind the last. */
const char *inquest_conf_option(size_t index);

#endif
