/*
 * Who may do what: IAM policy documents and the decision made from them.
 *
 * A policy is parsed once and then only read; any number of threads may decide from it at
 * the same time. Nothing here does I/O or knows instances, keys or requests: the caller
 * says action, resource and context keys. Parsing refuses a document with anything unknown
 * in it (an ignored Condition would widen access); deciding cannot fail.
 *
 * Source: AWS's "IAM JSON policy reference" and "Policy evaluation logic".
 */
#ifndef ACCESS_IAM_H
#define ACCESS_IAM_H

#include "base/err.h"
#include "format/json_place.h"

/* Bounds of one document: what is larger is refused. */
#define IAM_POLICY_MAX	   (64u << 10) /* bytes of JSON */
#define IAM_STATEMENTS_MAX 256u
#define IAM_VALUES_MAX	   1024u /* actions, resources or condition values of one element */

struct iam_policy;

/* Parse @len bytes of JSON, called @name in sentences ("policies/oncall.json") and in
 * decisions. ERR_BAD_DATA names line or statement and what would be right. */
must_check struct err *iam_policy_parse(const char *json, size_t len, const char *name,
					struct iam_policy **ret);
/* The same for a policy that is part of a document, at @at, and parsed already as @root. */
must_check struct err *iam_policy_read(const struct json_document *d,
				       const struct json_place *at, const json_t *root,
				       const char *name, struct iam_policy **ret);
void iam_policy_free(struct iam_policy *p);
CLEANUP_FREEP(iam_policy)

const char *iam_policy_name(const struct iam_policy *p);

/* Traps that are legal but seldom meant: one sentence each, owned by the policy; for the
 * log when loading. (A negated operator on a key that is missing is true.) */
size_t iam_policy_count_warnings(const struct iam_policy *p);
const char *iam_policy_warning(const struct iam_policy *p, size_t i);

/* One context key with its values: "aws:SourceIp", "ec2:ResourceTag/env". All borrowed.
 * Names are compared without case, up to the "/"; what is behind it too, as AWS does. */
struct iam_key {
	const char *name;
	const char *const *values;
	size_t num_values;
};

struct iam_request {
	const char *action;   /* "ec2:SendDiagnosticInterrupt" */
	const char *resource; /* an ARN, or "*" for actions without resources */
	const struct iam_key *keys;
	size_t num_keys;
};

/* What bears on one principal. All borrowed; zeroed members mean "none". */
struct iam_grants {
	const struct iam_policy *const *identity; /* its own, its groups' or its role's */
	size_t num_identity;
	const struct iam_policy *boundary; /* NULL: no permission boundary */
	const struct iam_policy *session;  /* NULL: no session policy */
};

enum iam_effect {
	IAM_IMPLICIT_DENY, /* nothing allows it */
	IAM_EXPLICIT_DENY,
	IAM_ALLOW,
};

/* Why nothing allows it; for the sentence of UnauthorizedOperation. */
enum iam_lack { IAM_LACK_NONE, IAM_LACK_IDENTITY, IAM_LACK_BOUNDARY, IAM_LACK_SESSION };

/* The statement that decided. Names are the policies' own, valid as long as they are. */
struct iam_decision {
	enum iam_effect effect;
	enum iam_lack lack;	  /* of an implicit deny */
	const char *policy;	  /* name; NULL for an implicit deny */
	const char *statement_id; /* its Sid, NULL if it has none */
	size_t statement;	  /* its number in the policy, from 1 */
};

void iam_decide(const struct iam_grants *g, const struct iam_request *r,
		struct iam_decision *ret);

#endif
