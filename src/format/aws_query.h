/*
 * Parameters of AWS's query protocols: "Action=A&Filter.1.Name=tag%3Aenv", in a URL or a
 * body.
 *
 * The object owns its strings and belongs to one thread. Names are compared with case, as
 * AWS does. A parameter may be given twice with one value, which counts once; with two
 * values it is refused, so that nobody can ask which of them was meant.
 */
#ifndef FORMAT_AWS_QUERY_H
#define FORMAT_AWS_QUERY_H

#include "format/percent.h"

/* Bounds: beyond them a query is refused. */
#define AWS_QUERY_PARAMETERS_MAX 64u
#define AWS_QUERY_NAME_MAX	 128u	     /* bytes of one name */
#define AWS_QUERY_VALUE_MAX	 (16u << 10) /* bytes of one value */
#define AWS_QUERY_INDEX_MAX	 1000u	     /* the N of "InstanceId.N" */

struct aws_query_parameter {
	char *name, *value;
};

struct aws_query {
	struct aws_query_parameter parameters[AWS_QUERY_PARAMETERS_MAX];
	size_t num;
};

void aws_query_deinit(struct aws_query *q);
static inline void aws_query_deinitp(struct aws_query *q)
{
	aws_query_deinit(q);
}

/* Add what is in @len bytes of @text to @q, which is zeroed at first. A "+" is a space in a
 * body, and itself in a URL, where SigV4 signs it so. ERR_BAD_DATA for bad
 * percent-encoding, a byte of zero, a parameter with two values, and what is out of
 * bounds; @q has a part of it then. */
must_check struct err *aws_query_parse(struct aws_query *q, const char *text, size_t len,
				       enum percent_plus plus);

/* NULL if there is none. */
const char *aws_query_find(const struct aws_query *q, const char *name);

/* The number in "PREFIX.N" or "PREFIX.N.REST": 1 to AWS_QUERY_INDEX_MAX, and *@ret_rest
 * behind it ("" or "REST"). 0 if @name is not so. */
size_t aws_query_index(const char *name, const char *prefix, const char **ret_rest);

#endif
