#include "base/uuid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

must_check struct err *uuid_make(char ret[UUID_TEXT_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	u8 bytes[16];
	char *p = ret;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_os(errno, "random bytes for an id");
	bytes[6] = (u8)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (u8)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 15];
	}
	*p = 0;
	return NULL;
}
