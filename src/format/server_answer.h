/*
 * What programs on a server print when an ssh target asks them: wc(1) and df(1).
 *
 * Text from a machine that is not ours. Pure; nothing is kept.
 */
#ifndef FORMAT_SERVER_ANSWER_H
#define FORMAT_SERVER_ANSWER_H

#include "base/types.h"

/* The number on the last line of @text, as `wc -c < FILE` prints it, whatever stands before
 * it. False if there is none or it does not fit, *@ret then untouched. */
bool server_answer_count(const char *text, u64 *ret);

/* The fourth word of @text, "Available" of a line of `df -Pk` (POSIX: device, KiB in all,
 * used, available), in bytes. False if @text is no such line, *@ret_bytes then untouched.
 */
bool server_answer_free(const char *text, u64 *ret_bytes);

#endif
