/* cmocka with the headers it wants, and the few helpers every unit test uses. */
#ifndef TESTS_UNIT_TESTING_H
#define TESTS_UNIT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* The call must succeed; on failure the sentence is printed. */
#define assert_success(call)                                                               \
	do {                                                                               \
		struct err *err_ = (call);                                                 \
		if (err_) {                                                                \
			print_error("%s failed: %s\n", #call, err_message(err_));          \
			err_free(err_);                                                    \
			fail();                                                            \
		}                                                                          \
	} while (0)

/* The call must fail with @code and a sentence that contains @words. */
#define assert_failure(call, code, words)                                                  \
	do {                                                                               \
		struct err *err_ = (call);                                                 \
		if (!err_)                                                                 \
			print_error("%s succeeded\n", #call);                              \
		assert_non_null(err_);                                                     \
		if (!strstr(err_message(err_), words))                                     \
			print_error("\"%s\" lacks \"%s\"\n", err_message(err_), words);    \
		assert_non_null(strstr(err_message(err_), words));                         \
		assert_int_equal(err_code(err_), code);                                    \
		err_free(err_);                                                            \
	} while (0)

#endif
