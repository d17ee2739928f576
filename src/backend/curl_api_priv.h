/*
 * libcurl's functions, found in the library when it is first needed: it brings twenty
 * others along, which a machine that only arms and reports has no use for.
 *
 * The table is the caller's; the library stays loaded for good.
 */
#ifndef BACKEND_CURL_API_PRIV_H
#define BACKEND_CURL_API_PRIV_H

#include "base/err.h"

#include <curl/curl.h>

/* Every function that is used, by its name without "curl_". */
#define CURL_FUNCTIONS(X)                                                                  \
	X(easy_init)                                                                       \
	X(easy_cleanup)                                                                    \
	X(easy_setopt)                                                                     \
	X(easy_getinfo)                                                                    \
	X(easy_perform)                                                                    \
	X(easy_strerror)                                                                   \
	X(slist_append)                                                                    \
	X(slist_free_all)

struct curl_api {
#define X(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(X)
#undef X
};

/* ERR_UNSUPPORTED naming the package where the library or a function of it is missing. */
must_check struct err *curl_api_load(struct curl_api *ret);

#endif
