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
/* The same, but a second signal of the same kind ends the program at once: for what leaves
 * nothing behind, and may wait for somebody else (a pipe that nobody reads). */
void ending_catch_first(void);

/* Its number; 0 while there was none. */
int ending_signal(void);
const volatile sig_atomic_t *ending_flag(void);
/* As if there had been none: for whoever asks "again?" instead of ending. */
void ending_forget(void);

#endif
