/* Random UUIDs (RFC 4122, version 4), as text. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/err.h"

#define UUID_TEXT_LEN 36

/* Lower-case, 0-terminated. Never blocks after the kernel's first minute. */
must_check struct err *uuid_make(char ret[UUID_TEXT_LEN + 1]);

#endif
