/*
 * Allocations that fail on purpose, in a test program that depends on failing_malloc_dep.
 *
 * The linker turns every call of malloc, calloc, realloc, reallocarray, strdup, strndup,
 * asprintf and vasprintf in our code into one of the wrappers here. Calls inside shared
 * libraries are not touched. Where threads allocate, which call is the nth is up to them.
 */
#ifndef TESTS_UNIT_FAILING_MALLOC_H
#define TESTS_UNIT_FAILING_MALLOC_H

#include <stdbool.h>

#include "base/err.h"

/* Let the @nth allocation from now on (1: the next one) fail, once. 0: none. */
void failing_malloc_set(unsigned nth);

/* Did an allocation fail since failing_malloc_set()? */
bool failing_malloc_failed(void);

/* Call @f with its first allocation failing, then with its second, and so on, until no
 * allocation of it fails. A call in which one failed must return ERR_NOMEM, or succeed all
 * the same; with the sanitizers on, it must not leak either. Fails the test otherwise.
 * Returns how many allocations were made to fail. */
unsigned each_allocation_fails_once(struct err *(*f)(void *ctx), void *ctx);

#endif
