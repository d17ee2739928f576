#include "cmd/open.h"

#include "base/str.h"

const struct dump_format *const cmd_dump_formats[] = {&dump_format_diskdump,
						      &dump_format_elfcore, NULL};

struct err *cmd_open_dump(const char *path, struct dump **ret)
{
	return dump_open(str_eq(path, "-") ? "/dev/stdin" : path, cmd_dump_formats, ret);
}

struct err *cmd_open_dumps(const char *const *paths, size_t count, struct dump **ret)
{
	return count == 1 ? cmd_open_dump(paths[0], ret)
			  : dump_open_set(paths, count, cmd_dump_formats, ret);
}
