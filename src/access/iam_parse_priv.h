/*
 * How a policy document is taken apart.
 *
 *   iam_parse.c            the document, its statements, and the elements of one word
 *   iam_parse_patterns.c   Action and Resource, with their opposites
 *   iam_parse_condition.c  Condition
 *   iam_parse_value.c      what all of them stand on: an element is one value, or an array
 *
 * Each writes into the policy that is being made, which is freed as a whole if it fails;
 * each error is a sentence with the place in the document. For one thread.
 */
#ifndef ACCESS_IAM_PARSE_PRIV_H
#define ACCESS_IAM_PARSE_PRIV_H

#include "access/iam_priv.h"
#include "format/json_place.h"

/* Where sentences are about, and what the policy's version allows. */
struct iam_reader {
	const struct json_document *document;
	bool has_variables;
};

/* --- iam_parse_value.c --- */

/* ERR_BAD_DATA: @sentence about @at. */
must_check struct err *iam_wrong(const struct iam_reader *rd, const struct json_place *at,
				 const char *sentence);

size_t iam_values_count(const json_t *v);
const json_t *iam_values_get(const json_t *v, size_t i);

/* The place of value @i of the element @at, made in @room. */
const struct json_place *iam_values_place(const json_t *v, const struct json_place *at,
					  size_t i, struct json_place *room);

/* There has to be one at least, and @max at most. */
must_check struct err *iam_values_check(const struct iam_reader *rd,
					const struct json_place *at, const json_t *v,
					size_t max);

/* --- iam_parse_patterns.c: @ret may be half filled after an error --- */

must_check struct err *iam_parse_actions(const struct iam_reader *rd,
					 const struct json_place *at, const json_t *v,
					 struct iam_patterns *ret);
must_check struct err *iam_parse_resources(const struct iam_reader *rd,
					   const struct json_place *at, const json_t *v,
					   struct iam_patterns *ret);

/* --- iam_parse_condition.c: the conditions of @s, likewise --- */

must_check struct err *iam_parse_conditions(const struct iam_reader *rd,
					    const struct json_place *at, json_t *v,
					    struct iam_statement *s);

#endif
