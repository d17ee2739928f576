/* The verbs of inquestd, one file each. */
#ifndef CMD_INQUESTD_H
#define CMD_INQUESTD_H

#include "cmd/cmd.h"

extern const struct cmd cmd_serve;
extern const struct cmd cmd_check_policy;
extern const struct cmd cmd_verify_audit;

#endif
