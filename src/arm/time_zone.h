/*
 * The time zone of this machine as a POSIX TZ value, for a capture kernel that has no
 * zoneinfo: the footer of /etc/localtime (TZif version 2 and later, RFC 8536).
 */
#ifndef ARM_TIME_ZONE_H
#define ARM_TIME_ZONE_H

#include "base/err.h"

#define TIME_ZONE_FILE_MAX (1u << 20)
#define TIME_ZONE_MAX	   128

/* Find the footer in the @len bytes of a TZif file and copy it to @zone. False if it has
 * none, or one that is no TZ value. */
bool time_zone_parse(const char *data, size_t len, char zone[TIME_ZONE_MAX]);

/* That of the machine below @root, "UTC0" where it says nothing. The caller frees *@ret. */
must_check struct err *time_zone_read(const char *root, char **ret);

#endif
