/*
 * What a Redfish service says of a computer system, as far as resetting it goes (DMTF
 * DSP0266, DSP0268: ComputerSystem and ActionInfo).
 *
 * The struct owns its strings. What comes from a service is not trusted: a path that leads
 * elsewhere than to the service itself is ERR_BAD_DATA.
 */
#ifndef FORMAT_REDFISH_SYSTEM_H
#define FORMAT_REDFISH_SYSTEM_H

#include "base/err.h"

#define REDFISH_PATH_MAX 1024u

enum redfish_power { REDFISH_POWER_UNKNOWN, REDFISH_POWER_ON, REDFISH_POWER_OFF };

struct redfish_system {
	enum redfish_power power;
	char *reset_path;  /* where a reset is posted to; NULL: there is none */
	char *action_info; /* where the reset types are listed; NULL: see below */
	bool lists_types;  /* the two below are known */
	bool offers_nmi, offers_restart;
};

void redfish_system_deinit(struct redfish_system *s);

/* Parse @len bytes of a ComputerSystem. ERR_BAD_DATA. */
must_check struct err *redfish_system_parse(const char *text, size_t len,
					    struct redfish_system *ret);

/* Parse an ActionInfo, and fill in which reset types there are. */
must_check struct err *redfish_action_info_parse(const char *text, size_t len,
						 struct redfish_system *s);

#endif
