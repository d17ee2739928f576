#include "backend/library_priv.h"

#include <dlfcn.h>
#include <string.h>

/* ISO C has no conversion from an object pointer to a function pointer. */
bool library_find(void *library, const char *name, void *ret_function)
{
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}
