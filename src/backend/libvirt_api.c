#include "backend/libvirt_api_priv.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libvirt.so.0"

/* ISO C has no conversion from an object pointer to a function pointer. */
static bool find(void *library, const char *name, void *ret_function)
{
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

/* libvirt would print errors. */
static void say_nothing(void *ctx, virErrorPtr error) {}

struct err *libvirt_api_load(struct libvirt_api *ret)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct libvirt_api api = {0};
	bool has_all = library != NULL;

	if (!library)
		return err_new(
			ERR_UNSUPPORTED, LIBRARY
			" is not installed: install the package libvirt0 (libvirt-clients brings it)");
#define X(name) has_all = has_all && find(library, "vir" #name, &api.name);
	LIBVIRT_FUNCTIONS(X)
#undef X
	if (!has_all || api.Initialize() < 0)
		return err_new(ERR_UNSUPPORTED, LIBRARY " is too old, or does not start");
	api.SetErrorFunc(NULL, say_nothing);
	*ret = api;
	return NULL;
}
