/* In place of dwarf_file.c where libdw is not there to build with. */
#include "symbol/dwarf_file.h"

struct err *dwarf_file_open(int fd, const char *path, u64 offset, struct dwarf_file **ret)
{
	return err_new(
		ERR_UNSUPPORTED,
		"%s: this program was built without libdw, which debug information needs",
		path);
}

void dwarf_file_close(struct dwarf_file *d) {}

const struct debuginfo *dwarf_file_debuginfo(const struct dwarf_file *d)
{
	return NULL;
}
