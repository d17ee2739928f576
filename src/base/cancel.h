/* A flag that ends early what takes long. A signal handler or another thread sets it, and
 * it is read in between: NULL where there is none. */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static inline bool cancel_is_set(const volatile sig_atomic_t *cancel)
{
	return cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED);
}

#endif
