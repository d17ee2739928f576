/*
 * A policy document taken apart: what the parser makes and the decision reads.
 *
 * Everything belongs to the policy and never changes. What can go wrong is found by the
 * parser, so that deciding needs no memory and cannot fail.
 */
#ifndef ACCESS_IAM_PRIV_H
#define ACCESS_IAM_PRIV_H

#include "access/iam.h"
#include "format/ip_prefix.h"

/* --- iam_variable.c: text with variables --- */

#define IAM_TEXT_MAX 2048u /* bytes of one pattern, and of what it becomes in a request */

/* In the text of a pattern, where control characters are refused. */
#define IAM_MANY '\1' /* the wildcard * */
#define IAM_ONE	 '\2' /* the wildcard ? */

/* Text as it is, or a variable: the name of a key and what stands in for a missing one. */
struct iam_piece {
	bool is_variable;
	char *text;
	char *fallback; /* NULL: none */
};

struct iam_pattern {
	struct iam_piece *pieces; /* one at least */
	size_t num_pieces;
};

enum iam_pattern_flags {
	IAM_WILDCARDS = 1 << 0, /* *, ? are wildcards, else text */
	IAM_VARIABLES = 1 << 1, /* ${…} is a variable, else refused */
};

/* Take @text apart. ERR_BAD_DATA is a sentence about the text. */
must_check struct err *iam_pattern_parse(const char *text, unsigned flags,
					 struct iam_pattern *ret);
void iam_pattern_deinit(struct iam_pattern *p);
bool iam_pattern_has_variables(const struct iam_pattern *p);

/* The pattern's text in @r: the policy's own, or made in @room. A variable that has no
 * value, has several, or one that cannot stand in a pattern, becomes @otherwise, or if that
 * is NULL makes the whole NULL; so does too long a text. */
const char *iam_pattern_expand(const struct iam_pattern *p, const struct iam_request *r,
			       const char *otherwise, char room[IAM_TEXT_MAX + 1]);

/* --- iam_match.c: wildcards and ARNs --- */

/* Is all of @text what @pattern describes? Time is at most the product of their lengths.
 * @folds: letters of ASCII match in either case. */
bool iam_glob_matches(const char *pattern, const char *text, bool folds);

/* The same for ARNs: the first five parts each by itself. The pattern "*" matches all. */
bool iam_arn_matches(const char *pattern, const char *text);

bool iam_text_is(const char *a, const char *b, bool folds);

/* The number of parts of an ARN, at most 6; 0 for what does not begin with "arn:". */
size_t iam_arn_count_parts(const char *text);

/* --- iam_key.c: condition keys --- */

/* Is @name ("aws:SourceIp", "ec2:ResourceTag/env") a key that AWS has? ERR_BAD_DATA says
 * why not. Keys of other services than ec2 and of aws itself are taken as they come. */
must_check struct err *iam_key_check(const char *name);

/* Is it part of each request, so that it cannot be missing? */
bool iam_key_is_always_there(const char *name);

/* NULL if the request does not have it, or without a value. */
const struct iam_key *iam_request_find(const struct iam_request *r, const char *name);

/* --- iam_value.c: what is not just text --- */

bool iam_number_parse(const char *text, long double *ret);
bool iam_date_parse(const char *text, s64 *ret_us); /* ISO 8601, or seconds since 1970 */
bool iam_address_parse(const char *text, struct ip_prefix *ret);
bool iam_bool_parse(const char *text, bool *ret);
bool iam_base64_is_valid(const char *text);

/* --- iam_condition.c --- */

struct iam_value {
	struct iam_pattern pattern; /* of strings and ARNs, and the text of all others */
	long double number;
	s64 time_us;
	struct ip_prefix address;
	bool truth;
};

struct iam_operator;

enum iam_set { IAM_SINGLE, IAM_FOR_ALL_VALUES, IAM_FOR_ANY_VALUE };

/* One key under one operator. */
struct iam_condition {
	const struct iam_operator *op;
	enum iam_set set;
	bool if_exists;
	char *key;
	struct iam_value *values;
	size_t num_values;
};

/* Set operator, set and if_exists of @ret from "ForAllValues:StringLikeIfExists". */
must_check struct err *iam_operator_find(const char *word, struct iam_condition *ret);

/* Take apart @text for @c's operator. @has_variables: the policy's version has them. */
must_check struct err *iam_value_parse(const struct iam_condition *c, const char *text,
				       bool has_variables, struct iam_value *ret);
void iam_condition_deinit(struct iam_condition *c);

/* Is it true where the request lacks the key? */
bool iam_condition_holds_if_missing(const struct iam_condition *c);
bool iam_condition_is_negated(const struct iam_condition *c);

/* @denies: it is part of a Deny. */
bool iam_condition_holds(const struct iam_condition *c, const struct iam_request *r,
			 bool denies);

/* --- iam_parse.c --- */

struct iam_patterns {
	struct iam_pattern *rows;
	size_t num;
};

struct iam_statement {
	char *id; /* Sid, NULL if there is none */
	bool denies;
	bool is_not_action, is_not_resource;
	struct iam_patterns actions, resources;
	struct iam_condition *conditions;
	size_t num_conditions;
};

struct iam_policy {
	char *name;
	struct iam_statement *statements;
	size_t num_statements;
	char **warnings;
	size_t num_warnings;
};

/* --- iam_warning.c --- */

/* Collect what is legal but seldom meant. */
must_check struct err *iam_policy_warn(struct iam_policy *p);

#endif
