/* Opening a dump the way every verb does: whatever format it is in. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include "dump/dump.h"

/* All formats there are, NULL-terminated. */
extern const struct dump_format *const cmd_dump_formats[];

/* "-" is standard input, which has to be a file. */
must_check struct err *cmd_open_dump(const char *path, struct dump **ret);

/* The same for the parts of a split dump, or a single file. */
must_check struct err *cmd_open_dumps(const char *const *paths, size_t count,
				      struct dump **ret);

#endif
