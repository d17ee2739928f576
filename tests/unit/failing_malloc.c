#include "failing_malloc.h"

#include "testing.h"

#include <errno.h>
#include <stdatomic.h>

/* More allocations than this in one call under test is a loop. */
#define ALLOCATIONS_MAX 100000

/* Threads that allocate take turns at it, in whatever order. */
static atomic_uint countdown;
static atomic_bool failed;

void failing_malloc_set(unsigned nth)
{
	countdown = nth;
	failed = false;
}

bool failing_malloc_failed(void)
{
	return failed;
}

static bool fails_now(void)
{
	unsigned left = atomic_load(&countdown);

	while (left && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
		;
	if (left != 1)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

unsigned each_allocation_fails_once(struct err *(*f)(void *ctx), void *ctx)
{
	for (unsigned nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		struct err *err;

		failing_malloc_set(nth);
		err = f(ctx);
		countdown = 0;
		if (err && !(failed && err_code(err) == ERR_NOMEM)) {
			print_error("allocation %u %s, and the error is: %s\n", nth,
				    failed ? "failed" : "did not fail", err_message(err));
			err_free(err);
			fail();
		}
		err_free(err);
		if (!failed)
			return nth - 1;
	}
	print_error("more than %u allocations\n", ALLOCATIONS_MAX);
	fail();
	return 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t len);
int __real_vasprintf(char **ret, const char *fmt, va_list args);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t len);
int __wrap_vasprintf(char **ret, const char *fmt, va_list args) printf_like(2, 0);
int __wrap_asprintf(char **ret, const char *fmt, ...) printf_like(2, 3);

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return fails_now() ? NULL : __real_reallocarray(p, count, size);
}

char *__wrap_strdup(const char *s)
{
	return fails_now() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t len)
{
	return fails_now() ? NULL : __real_strndup(s, len);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list args)
{
	if (fails_now()) {
		/* As in glibc before 2.37, what *ret holds then is nobody's business. */
		*ret = (char *)0x5a5a;
		return -1;
	}
	return __real_vasprintf(ret, fmt, args);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = __wrap_vasprintf(ret, fmt, args);
	va_end(args);
	return len;
}
