/* Functions of a library that is loaded when it is first needed. */
#ifndef BACKEND_LIBRARY_PRIV_H
#define BACKEND_LIBRARY_PRIV_H

#include "base/types.h"

/* Write the function @name of @library, as of dlopen(3), to the function pointer at
 * @ret_function. False, and NULL there, if it has none. */
bool library_find(void *library, const char *name, void *ret_function);

#endif
