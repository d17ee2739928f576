/*
 * Where something stands in a JSON document, for sentences about it: "oncall.json:7:
 * Statement[1].Effect".
 *
 * The JSON library says in which line it met a syntax error, and no more. A place is a
 * chain of members and elements that lives on the stack of whoever walks through the
 * document; the line is looked up in the text only when there is something to say. Plain
 * values that own nothing. Any thread.
 */
#ifndef FORMAT_JSON_PLACE_H
#define FORMAT_JSON_PLACE_H

#include "base/buf.h"

#include <jansson.h>

/* The text that a tree was parsed from; without @text sentences have no line. Borrowed. */
struct json_document {
	const char *name; /* for sentences: its path */
	const char *text;
	size_t len;
};

struct json_place {
	const struct json_place *up; /* NULL: the whole document */
	const char *key;	     /* member of an object; NULL: element of an array */
	size_t index;
};

#define JSON_MEMBER(where, name) ((struct json_place){.up = (where), .key = (name)})
#define JSON_ELEMENT(where, nth) ((struct json_place){.up = (where), .index = (nth)})
#define JSON_WHOLE		 ((const struct json_place *)NULL)

/* Parse the text of @d. A member that an object has twice is refused, and so is a NUL in a
 * string. ERR_BAD_DATA names the line. The caller json_decref()s *@ret. */
must_check struct err *json_document_parse(const struct json_document *d, json_t **ret);

/* The line of @at in the text of @d, from 1; 0 if it is not known. */
unsigned json_place_line(const struct json_document *d, const struct json_place *at);

/* Append "Statement[1].Condition", nothing for the whole document. */
void json_place_describe(const struct json_place *at, struct buf *b);

/* Put "NAME:LINE: PLACE: " before the sentence of @err. NULL stays NULL. */
must_check struct err *json_place_wrap(const struct json_document *d,
				       const struct json_place *at, struct err *err);

#endif
