/* Crashing this machine on purpose, to see that a dump comes of it. */
#ifndef CMD_CRASH_TEST_H
#define CMD_CRASH_TEST_H

#include "base/err.h"

/* Say what is going to happen, ask on the terminal if @asks, and crash. Returns only if
 * that did not come to pass: ERR_REFUSED if no capture kernel is loaded, or the answer was
 * not yes. Below a @root of made-up files it returns NULL. */
must_check struct err *crash_test(const char *root, bool asks);

#endif
