/* What pointers lead to, shown below them: `struct -p`. */
#ifndef SHELL_POINTER_TEXT_H
#define SHELL_POINTER_TEXT_H

#include "analyse/type_text.h"
#include "shell/command.h"

/* Member @path of @o and, if it is a pointer, its type and what it points to:
 *	  struct list_head *next = 0xffffffffc03ca2c8
 *	  -> <symbol> {
 *	       …
 *	     }
 * ERR_ABSENT if there is no such member. */
must_check struct err *pointer_text_member(struct shell *s, const struct object *o,
					   const char *path,
					   const struct type_text_options *text);

/* All members of struct or union @o so. */
must_check struct err *pointer_text_object(struct shell *s, const struct object *o,
					   const struct type_text_options *text);

#endif
