/*
 * libvirt's functions, found in the library when it is first needed: a machine without
 * libvirt runs all else.
 *
 * The table is the caller's; the library stays loaded for good, since it has threads.
 */
#ifndef BACKEND_LIBVIRT_API_PRIV_H
#define BACKEND_LIBVIRT_API_PRIV_H

#include "base/err.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* Every function that is used, by its name without "vir". */
#define LIBVIRT_FUNCTIONS(X)                                                               \
	X(Initialize)                                                                      \
	X(SetErrorFunc)                                                                    \
	X(GetLastError)                                                                    \
	X(EventRegisterDefaultImpl)                                                        \
	X(EventRunDefaultImpl)                                                             \
	X(EventAddTimeout)                                                                 \
	X(EventRemoveTimeout)                                                              \
	X(ConnectOpenAuth)                                                                 \
	X(ConnectClose)                                                                    \
	X(ConnectSetKeepAlive)                                                             \
	X(ConnectIsAlive)                                                                  \
	X(ConnectDomainEventRegisterAny)                                                   \
	X(ConnectDomainEventDeregisterAny)                                                 \
	X(DomainLookupByName)                                                              \
	X(DomainLookupByUUIDString)                                                        \
	X(DomainFree)                                                                      \
	X(DomainInjectNMI)                                                                 \
	X(DomainGetState)                                                                  \
	X(DomainSuspend)                                                                   \
	X(DomainResume)                                                                    \
	X(DomainReset)                                                                     \
	X(DomainCoreDumpWithFormat)                                                        \
	X(DomainGetJobInfo)                                                                \
	X(DomainAbortJob)                                                                  \
	X(DomainListGetStats)                                                              \
	X(DomainStatsRecordListFree)

struct libvirt_api {
#define X(name) __typeof__(vir##name) *name;
	LIBVIRT_FUNCTIONS(X)
#undef X
};

/* ERR_UNSUPPORTED naming the package where the library or a function of it is missing. */
must_check struct err *libvirt_api_load(struct libvirt_api *ret);

#endif
