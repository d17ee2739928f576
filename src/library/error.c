#include "base/err.h"
#include "library/library_priv.h"

#include <inquest/error.h>

static const struct err *from_public(const struct inquest_error *e)
{
	return (const struct err *)e;
}

PUBLIC enum inquest_error_kind inquest_error_kind(const struct inquest_error *e)
{
	switch (err_code(from_public(e))) {
	case ERR_NOMEM:
		return INQUEST_ERROR_NO_MEMORY;
	case ERR_OS:
		return INQUEST_ERROR_SYSTEM;
	case ERR_BAD_DATA:
		return INQUEST_ERROR_BAD_DATA;
	case ERR_FAULT:
		return INQUEST_ERROR_FAULT;
	case ERR_ABSENT:
		return INQUEST_ERROR_ABSENT;
	case ERR_UNSUPPORTED:
		return INQUEST_ERROR_UNSUPPORTED;
	case ERR_USAGE:
		return INQUEST_ERROR_USAGE;
	default:
		return INQUEST_ERROR_OTHER;
	}
}

PUBLIC const char *inquest_error_message(const struct inquest_error *e)
{
	return err_message(from_public(e));
}

PUBLIC void inquest_error_free(struct inquest_error *e)
{
	err_free((struct err *)e);
}
