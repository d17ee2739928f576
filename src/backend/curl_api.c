#include "backend/curl_api_priv.h"
#include "backend/library_priv.h"

#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"

struct err *curl_api_load(struct curl_api *ret)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	struct curl_api api = {0};
	bool has_all = library != NULL;

	if (!library)
		return err_new(ERR_UNSUPPORTED,
			       LIBRARY " is not installed: install the package libcurl4");
#define X(name) has_all = has_all && library_find(library, "curl_" #name, &api.name);
	CURL_FUNCTIONS(X)
#undef X
	/* It stays all the same. */
	dlclose(library);
	if (!has_all)
		return err_new(ERR_UNSUPPORTED, LIBRARY " is too old");
	*ret = api;
	return NULL;
}
