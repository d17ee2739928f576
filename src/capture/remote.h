/* What targets beyond the network share: bringing it up, and asking a server again. */
#ifndef CAPTURE_REMOTE_H
#define CAPTURE_REMOTE_H

#include "capture/target.h"

typedef struct err *remote_work(const struct target *t);

/* Bring up the network until @t's server accepts connections on its port, or on @port where
 * the manifest names none, and do @work with it; as often as the manifest has it tried
 * (manifest_target.tries). The error is that of the last try, the others go to the sink. */
must_check struct err *remote_open(const struct target *t, u16 port, remote_work *work);

/* How long the tries after the first may take, in all. */
u64 remote_retry_ms(const struct manifest_target *row);

#endif
