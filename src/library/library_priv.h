/* The inside of a struct inquest. */
#ifndef LIBRARY_LIBRARY_PRIV_H
#define LIBRARY_LIBRARY_PRIV_H

#include "kernel/task_table.h"
#include "kernel/types.h"

#include <inquest/dump.h>

/* What programs see; all else is hidden. */
#define PUBLIC __attribute__((visibility("default")))

struct inquest {
	struct dump *d;
	struct kernel *k;
	struct types *types;
	/* Read when first asked for. */
	struct cpu_table cpus;
	struct task_table tasks;
	struct stack *room; /* to unwind in */
};

/* An error of ours is one of theirs. */
static inline struct inquest_error *to_public(struct err *err)
{
	return (struct inquest_error *)err;
}

/* The type that @text names. ERR_ABSENT if there is none, ERR_USAGE if it is a pointer. */
must_check struct err *library_type(struct inquest *q, const char *text,
				    struct type_ref *ret);

#endif
