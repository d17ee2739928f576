/* Asking a person whether to go on. */
#ifndef CMD_CONFIRM_H
#define CMD_CONFIRM_H

#include <stdbool.h>

/* Print @question and " (yes/no)? ", and read a line of standard input. True for "yes" and
 * nothing else. */
bool confirm(const char *question);

#endif
