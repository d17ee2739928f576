/*
 * The signal that asks this program to end: SIGINT, SIGTERM or SIGHUP.
 *
 * A verb that must not just die calls ending_catch(), and then asks from time to time. One
 * flag for the process, because a handler can set nothing else.
 */
#ifndef CMD_ENDING_H
#define CMD_ENDING_H

#include <signal.h>

void ending_catch(void);

/* Its number; 0 while there was none. */
int ending_signal(void);
const volatile sig_atomic_t *ending_flag(void);

#endif
