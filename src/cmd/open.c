#include "cmd/open.h"

static const struct dump_format *const formats[] = {&dump_format_diskdump,
						    &dump_format_elfcore, NULL};

struct err *cmd_open_dump(const char *path, struct dump **ret)
{
	return dump_open(path, formats, ret);
}

struct err *cmd_open_dumps(const char *const *paths, size_t count, struct dump **ret)
{
	if (count != 1)
		return err_new(ERR_UNSUPPORTED,
			       "%s and %zu files more: the parts of a split dump are not "
			       "read yet",
			       paths[0], count - 1);
	return cmd_open_dump(paths[0], ret);
}
