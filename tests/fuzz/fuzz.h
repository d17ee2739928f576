/* What every fuzz target defines. It must accept any bytes: no crash, no leak, no hang, no
 * allocation that the input's size does not explain. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read each of @len bytes at @p, so that the sanitizer sees it if they are not ours. */
static inline void fuzz_touch(const void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)*((const volatile uint8_t *)p + i);
}

#endif
