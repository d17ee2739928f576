/*
 * Building a JSON tree without a test behind every line, and reading one likewise.
 *
 * Failure (memory) is remembered and asked for once at the end with tree_check(). Every
 * text that came from a dump goes in through tree_set_text(), which escapes it.
 */
#ifndef ANALYSE_TREE_H
#define ANALYSE_TREE_H

#include "base/err.h"

#include <jansson.h>

struct tree {
	bool failed;
};

/* A new object or array, NULL (and failed) without memory: everything below copes. */
json_t *tree_object(struct tree *t);
json_t *tree_array(struct tree *t);

/* Put @value, which is taken over, into @object or at the end of @array. */
void tree_set(struct tree *t, json_t *object, const char *key, json_t *value);
void tree_append(struct tree *t, json_t *array, json_t *value);

void tree_set_int(struct tree *t, json_t *object, const char *key, u64 value);
/* An address as "0x…", since JSON numbers end at 2^53. */
void tree_set_hex(struct tree *t, json_t *object, const char *key, u64 value);
/* 0-terminated text from a dump, escaped. */
void tree_set_text(struct tree *t, json_t *object, const char *key, const char *raw);
/* The same with formatted text of our own, escaped as well. */
void tree_set_format(struct tree *t, json_t *object, const char *key, const char *fmt, ...)
	printf_like(4, 5);
/* @len bytes of text from a dump as a string of its own. */
json_t *tree_text(struct tree *t, const char *raw, size_t len);

/* ERR_NOMEM if anything above failed. */
must_check struct err *tree_check(const struct tree *t);

/* Reading: what is not there, or is of another type, is NULL or 0. Texts belong to the
 * tree. */
const char *tree_get_text(const json_t *j, const char *key);
const char *tree_show(const json_t *j, const char *key); /* "" instead of NULL */
const char *tree_text_of(const json_t *j);		 /* likewise, of @j itself */
u64 tree_get_int(const json_t *j, const char *key);
u64 tree_get_hex(const json_t *j, const char *key);
bool tree_has(const json_t *j, const char *key);

#endif
