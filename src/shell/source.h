/*
 * Lines of source of code, where a session has debug information.
 */
#ifndef SHELL_SOURCE_H
#define SHELL_SOURCE_H

#include "shell/command.h"

/* Append "file: line" of the code at @addr, escaped. False if there is no debug
 * information, or none of it: that of modules is not looked for. */
bool shell_source_text(struct shell *s, vaddr_t addr, struct buf *b);

/* The same on a line of its own behind four blanks, or nothing. With @with_inlined, first a
 * line for each function that is inlined there, the innermost first. */
void shell_print_source(struct shell *s, vaddr_t addr, bool with_inlined);

/* Say that @command cannot show lines, if it cannot. */
void shell_check_source(struct shell *s, const char *command);

#endif
