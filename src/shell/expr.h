/*
 * Expressions of numbers and symbols: + - * / % << >> & | ^ ~ and parentheses, with C's
 * precedence, in 64 bits that wrap.
 *
 * Numbers are hexadecimal with 0x or with a digit above 9, else decimal, and may end in k,
 * m or g (times 1024, its square, its cube). Pure.
 */
#ifndef SHELL_EXPR_H
#define SHELL_EXPR_H

#include "base/err.h"

#define EXPR_MAX_DEPTH 64

/* The value of @name. False if there is none of that name. */
typedef bool (*expr_lookup)(void *ctx, const char *name, u64 *ret);

/* ERR_USAGE naming what does not belong there. */
must_check struct err *expr_eval(const char *text, expr_lookup lookup, void *ctx, u64 *ret);

#endif
