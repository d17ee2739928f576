/* The addresses of tasks already seen, so that a list that loops ends. Private to kernel/.
 */
#ifndef KERNEL_TASK_SET_PRIV_H
#define KERNEL_TASK_SET_PRIV_H

#include "base/err.h"

struct task_set;

must_check struct err *task_set_new(struct task_set **ret);
void task_set_free(struct task_set *s);
CLEANUP_FREEP(task_set)

/* Add @addr. *@ret_is_new: it was not in the set before. */
must_check struct err *task_set_add(struct task_set *s, vaddr_t addr, bool *ret_is_new);

#endif
