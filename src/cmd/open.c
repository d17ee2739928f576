#include "cmd/open.h"

struct err *cmd_open_dump(const char *path, struct dump **ret)
{
	static const struct dump_format *const formats[] = {&dump_format_diskdump,
							    &dump_format_elfcore, NULL};

	return dump_open(path, formats, ret);
}
