/*
 * Old dumps in a directory, the oldest of which make room for newer ones.
 */
#ifndef CAPTURE_PRUNE_H
#define CAPTURE_PRUNE_H

#include "base/err.h"

/* Remove the oldest dump directories in @parent until @keep are left, of those called as
 * @naming and @host have it (capture/names.h). A directory that holds other directories is
 * no dump and stays. */
must_check struct err *prune_dumps(const char *parent, const char *naming, const char *host,
				   u64 keep);

/* Remove the dump directory @path and its files. ERR_OS if it holds other directories. */
must_check struct err *prune_dump(const char *path);

#endif
