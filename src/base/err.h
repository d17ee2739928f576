/*
 * An error is an object: a code, the place where it happened, and a sentence for a person.
 *
 * A function that can fail is `must_check struct err *f(…)` and returns NULL for success.
 * The sentence is made where the fact is known (which file, which address); callers prepend
 * context with err_wrap() on the way up. Whoever ends the journey (cmd/, or capture/ as PID
 * 1) prints err_message() and frees the object with err_free(). Outcomes that are normal
 * are values, not errors. Errors belong to one thread at a time and are never shared.
 *
 * Allocation failure inside these functions yields the static error err_nomem(), which
 * err_free() leaves alone; no caller needs to test for it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/cleanup.h"
#include "base/types.h"

#include <stdarg.h>

enum err_code {
	ERR_NOMEM,    /* memory could not be had */
	ERR_OS,	      /* a system call failed: err_errno() tells how */
	ERR_BAD_DATA, /* bytes from outside contradict their format */
	ERR_FAULT,    /* an address of the dump cannot be read: err_address() tells which */
	ERR_ABSENT,   /* something that was asked for is not there */
	ERR_UNSUPPORTED, /* well formed, but nothing we know */
	ERR_USAGE,	 /* the user's words are off */
	ERR_REFUSED,	 /* we or the kernel refuse: not armed, not allowed, not safe */
	ERR_INCOMPLETE,	 /* a result was cut short and is marked so */
};

struct err;

/* Make an error with a formatted sentence. Never returns NULL. */
must_check struct err *err_new(enum err_code code, const char *fmt, ...) printf_like(2, 3);

/* As err_new(ERR_OS), with strerror(@os_errno) appended after ": ". */
must_check struct err *err_os(int os_errno, const char *fmt, ...) printf_like(2, 3);

/* As err_new(ERR_FAULT), remembering @address, which the sentence should also name. */
must_check struct err *err_fault(u64 address, const char *fmt, ...) printf_like(2, 3);

/* The static out-of-memory error. Needs no memory. */
must_check struct err *err_nomem(void);

/* Prepend "context: " to the sentence of @err and return it. Takes and gives ownership.
 * NULL stays NULL, so that `return err_wrap(f(), …)` is right for success too. */
must_check struct err *err_wrap(struct err *err, const char *fmt, ...) printf_like(2, 3);

/* Remember besides what a system call said, in an error of any code. Returns @err. */
must_check struct err *err_with_errno(struct err *err, int os_errno);

void err_free(struct err *err);
CLEANUP_FREEP(err)

/* Drop an error on purpose: the caller goes on without what failed. */
static inline void err_ignore(struct err *err)
{
	err_free(err);
}

enum err_code err_code(const struct err *err);
int err_errno(const struct err *err);		/* 0 where no system call failed */
u64 err_address(const struct err *err);		/* 0 unless ERR_FAULT */
const char *err_message(const struct err *err); /* valid until @err is freed or wrapped */

#endif
