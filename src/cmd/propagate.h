/* Bringing the key of a capture to the server that dumps go to. */
#ifndef CMD_PROPAGATE_H
#define CMD_PROPAGATE_H

#include "cmd/service.h"

/* Do it for every server that is configured in @s, speaking as @dialect's tool does.
 * ERR_ABSENT if there is none. */
must_check struct err *propagate(const struct service *s, enum config_dialect dialect);

#endif
