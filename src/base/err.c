#include "base/err.h"

#include <string.h>

struct err {
	enum err_code code;
	int os_errno;
	u64 address;
	char *message;
};

static struct err nomem = {.code = ERR_NOMEM, .message = (char *)"out of memory"};

struct err *err_nomem(void)
{
	return &nomem;
}

static printf_like(2, 0) struct err *err_vnew(enum err_code code, const char *fmt,
					      va_list args)
{
	struct err *err = calloc(1, sizeof(*err));

	if (!err)
		return &nomem;
	err->code = code;
	if (vasprintf(&err->message, fmt, args) < 0) {
		free(err);
		return &nomem;
	}
	return err;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
	va_list args;
	struct err *err;

	va_start(args, fmt);
	err = err_vnew(code, fmt, args);
	va_end(args);
	return err;
}

struct err *err_os(int os_errno, const char *fmt, ...)
{
	va_list args;
	struct err *err;
	char *message;

	va_start(args, fmt);
	err = err_vnew(ERR_OS, fmt, args);
	va_end(args);
	if (err == &nomem)
		return err;
	err->os_errno = os_errno;
	if (asprintf(&message, "%s: %s", err->message, strerror(os_errno)) < 0) {
		err_free(err);
		return &nomem;
	}
	free(err->message);
	err->message = message;
	return err;
}

struct err *err_fault(u64 address, const char *fmt, ...)
{
	va_list args;
	struct err *err;

	va_start(args, fmt);
	err = err_vnew(ERR_FAULT, fmt, args);
	va_end(args);
	if (err != &nomem)
		err->address = address;
	return err;
}

struct err *err_wrap(struct err *err, const char *fmt, ...)
{
	cleanup(freep) char *context = NULL;
	char *message;
	va_list args;
	int len;

	if (!err || err == &nomem)
		return err;
	va_start(args, fmt);
	len = vasprintf(&context, fmt, args);
	va_end(args);
	if (len < 0) {
		/* vasprintf leaves the pointer undefined on failure. */
		context = NULL;
		return err;
	}
	if (asprintf(&message, "%s: %s", context, err->message) < 0)
		return err;
	free(err->message);
	err->message = message;
	return err;
}

struct err *err_with_errno(struct err *err, int os_errno)
{
	if (err && err != &nomem)
		err->os_errno = os_errno;
	return err;
}

void err_free(struct err *err)
{
	if (!err || err == &nomem)
		return;
	free(err->message);
	free(err);
}

enum err_code err_code(const struct err *err)
{
	return err->code;
}

int err_errno(const struct err *err)
{
	return err->os_errno;
}

u64 err_address(const struct err *err)
{
	return err->address;
}

const char *err_message(const struct err *err)
{
	return err->message;
}
