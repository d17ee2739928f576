/* The parts of ps: what is printed of one task, and which tasks are chosen. Private to the
 * shell. */
#ifndef SHELL_PS_PRIV_H
#define SHELL_PS_PRIV_H

#include "shell/command.h"

/* -p, -c, -g: its parents, its children, the threads of its process. */
void ps_print_parents(struct shell *s, const struct task_row *row);
void ps_print_children(struct shell *s, const struct task_row *row);
void ps_print_group(struct shell *s, const struct task_row *row);
/* -a: its arguments and environment. */
must_check struct err *ps_print_arguments(struct shell *s, const struct task_row *row);
/* -t: when they started, the first one first, and what they used. @uptime_s is the
 * machine's. */
must_check struct err *ps_print_times(struct shell *s, u64 uptime_s,
				      const struct task_row *const *rows, size_t count);
/* -r: the limits of its process. */
must_check struct err *ps_print_limits(struct shell *s, const struct task_row *row);

/* Policies of "FIFO,rr,3" as bits. ERR_ABSENT naming one that there is not. */
must_check struct err *ps_parse_policies(const char *list, u32 *ret);
/* Is the policy of @t among the bits? One that cannot be read is not. */
bool ps_has_policy(struct shell *s, u32 policies, const struct task *t);

/* Append to @rows, which has room for @max, the tasks that @word names: a pid, an address,
 * a name, or a regular expression for names. "\" in front of it: a name. */
must_check struct err *ps_choose(struct shell *s, const char *word,
				 const struct task_row **rows, size_t max, size_t *count);

#endif
