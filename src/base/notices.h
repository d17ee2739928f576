/*
 * Remarks about the data that are not errors: gaps in a dump, a table that could not be
 * had.
 *
 * They travel with the result they belong to, so that a report can list them. Owned by
 * whoever embeds the list; each text is a sentence. Bounded: past NOTICES_MAX further ones
 * are counted.
 */
#ifndef BASE_NOTICES_H
#define BASE_NOTICES_H

#include "base/err.h"

#define NOTICES_MAX 64

struct notices {
	char *texts[NOTICES_MAX];
	size_t count;
	u64 dropped;
};

void notices_deinit(struct notices *n);

/* Add a sentence. The same sentence is kept only once. */
void notices_add(struct notices *n, const char *fmt, ...) printf_like(2, 3);

/* Add the sentence of @err, if there is one, and free it. */
void notices_add_err(struct notices *n, struct err *err);

#endif
