/* The time stamps of a signed request. Pure. */
#ifndef ACCESS_SIGV4_DATE_PRIV_H
#define ACCESS_SIGV4_DATE_PRIV_H

#include "access/sigv4.h"

/* "20150830T123600Z", and nothing else, as UTC seconds. */
bool sigv4_date_parse(const char *text, s64 *ret);

/* The Date header, "Sun, 30 Aug 2015 12:36:00 GMT" (RFC 9110, IMF-fixdate). */
bool sigv4_http_date_parse(const char *text, s64 *ret);

/* False for a time outside the years 1970 to 9999. */
bool sigv4_date_format(char text[SIGV4_DATE_LEN + 1], s64 time);

#endif
