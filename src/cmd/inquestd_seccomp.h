/* Which system calls inquestd gives up. */
#ifndef CMD_INQUESTD_SECCOMP_H
#define CMD_INQUESTD_SECCOMP_H

#include "base/err.h"

/* From now on, for this thread and all that it starts, and for programs that are run: calls
 * that change the machine (modules, mounts, clocks, other processes) fail with EPERM, and
 * nobody gains privileges by running a program. */
must_check struct err *inquestd_seccomp(void);

#endif
