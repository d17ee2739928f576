/* Opening a dump file the way every verb does: whatever format it is in. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include "dump/dump.h"

must_check struct err *cmd_open_dump(const char *path, struct dump **ret);

#endif
