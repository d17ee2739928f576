/* What targets beyond the network share: bringing it up. */
#ifndef CAPTURE_REMOTE_H
#define CAPTURE_REMOTE_H

#include "capture/target.h"

/* Bring up the network until @t's server accepts connections on its port, or on @port where
 * the manifest names none. What went wrong on the way goes to the sink. */
must_check struct err *remote_reach(const struct target *t, u16 port);

#endif
