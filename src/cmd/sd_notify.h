/* Telling the service manager how we are: sd_notify(3)'s protocol, a datagram to the socket
 * that $NOTIFY_SOCKET names. Without that variable nothing is done. */
#ifndef CMD_SD_NOTIFY_H
#define CMD_SD_NOTIFY_H

#include "base/err.h"

/* "READY=1", "STOPPING=1", … Failures are not ours to mend: false. */
bool sd_notify_send(const char *state);

/* "RELOADING=1" with the time that Type=notify-reload wants. */
bool sd_notify_reloading(void);

#endif
