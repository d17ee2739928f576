#include "backend/library_priv.h"
#include "backend/libvirt_api_priv.h"

#include <dlfcn.h>

#define LIBRARY "libvirt.so.0"

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
#define X(name) has_all = has_all && library_find(library, "vir" #name, &api.name);
	LIBVIRT_FUNCTIONS(X)
#undef X
	if (!has_all || api.Initialize() < 0)
		return err_new(ERR_UNSUPPORTED, LIBRARY " is too old, or does not start");
	api.SetErrorFunc(NULL, say_nothing);
	*ret = api;
	return NULL;
}
