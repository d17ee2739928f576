/*
 * What `list` and `tree` show of each structure they come by: -s, -S, -l, and offsets as
 * they are written.
 */
#ifndef SHELL_ENTRIES_H
#define SHELL_ENTRIES_H

#include "analyse/type_text.h"
#include "shell/command.h"

#define ENTRIES_MAX_SHOWN 16

/* Layout public. Strings are borrowed. */
struct entry_view {
	struct entry_shown {
		const char *text; /* "type.member,member" */
		bool as_numbers;  /* -S: members as plain numbers */
	} shown[ENTRIES_MAX_SHOWN];
	size_t num_shown;
	u64 back; /* an entry is that far into the structure */
	struct type_text_options text;
};

/* One more -s or, @as_numbers, -S. ERR_USAGE if there are too many. */
must_check struct err *entry_view_add(struct entry_view *v, const char *text,
				      bool as_numbers);

/* Show the structure that the entry at @addr belongs to. */
must_check struct err *entry_view_print(struct shell *s, const struct entry_view *v,
					u64 addr);

/* "module.list", or a number of bytes. @option in the error: "invalid -o argument: …". */
must_check struct err *entry_offset(struct shell *s, const char *word, char option,
				    u64 *ret);

#endif
