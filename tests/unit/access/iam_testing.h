/* Policies and requests of the tests of IAM. */
#ifndef TESTS_UNIT_ACCESS_IAM_TESTING_H
#define TESTS_UNIT_ACCESS_IAM_TESTING_H

#include "testing.h"

#include "access/iam.h"
#include "base/str.h"

#define INTERRUPT "ec2:SendDiagnosticInterrupt"
#define INSTANCE  "arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0"

#define CONTEXT_MAX 8

/* "KEY=VALUE" words as keys of a request; a key that comes again has several values. */
struct context {
	struct iam_key keys[CONTEXT_MAX];
	const char *values[CONTEXT_MAX][CONTEXT_MAX];
	char *names[CONTEXT_MAX];
	size_t num;
};

static inline void context_add(struct context *c, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = (size_t)(equals - word), i;

	for (i = 0; i < c->num; i++)
		if (strlen(c->names[i]) == len && memcmp(c->names[i], word, len) == 0)
			break;
	assert_true(i < CONTEXT_MAX);
	if (i == c->num) {
		c->names[i] = strndup(word, len);
		c->keys[i] = (struct iam_key){.name = c->names[i], .values = c->values[i]};
		c->num++;
	}
	c->values[i][c->keys[i].num_values++] = equals + 1;
}

static inline void context_deinit(struct context *c)
{
	for (size_t i = 0; i < c->num; i++)
		free(c->names[i]);
}

static inline struct iam_policy *policy_of(const char *json)
{
	struct iam_policy *p = NULL;

	assert_success(iam_policy_parse(json, strlen(json), "test.json", &p));
	return p;
}

/* Decide @action on @resource with @json as the only policy; @words end with NULL. */
static inline enum iam_effect decide(const char *json, const char *action,
				     const char *resource, const char *const *words)
{
	struct iam_policy *p = policy_of(json);
	const struct iam_policy *identity[] = {p};
	const struct iam_grants grants = {.identity = identity, .num_identity = 1};
	struct context c = {0};
	struct iam_decision d = {0};

	for (; *words; words++)
		context_add(&c, *words);
	iam_decide(&grants,
		   &(struct iam_request){.action = action,
					 .resource = resource,
					 .keys = c.keys,
					 .num_keys = c.num},
		   &d);
	context_deinit(&c);
	iam_policy_free(p);
	return d.effect;
}

#define DECIDE(json, action, resource, ...)                                                \
	decide(json, action, resource,                                                     \
	       (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* A policy that allows the interrupt under @condition, as in "\"Bool\": {…}". */
#define ALLOW_IF(condition)                                                                \
	"{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", "            \
	"\"Action\": \"" INTERRUPT "\", \"Resource\": \"*\", \"Condition\": {" condition   \
	"}}}"

/* Does @condition hold with the context words that follow? */
#define HOLDS(condition, ...)                                                              \
	(DECIDE(ALLOW_IF(condition), INTERRUPT, INSTANCE, __VA_ARGS__) == IAM_ALLOW)

#define assert_refused(json, words)                                                        \
	do {                                                                               \
		struct iam_policy *p_ = NULL;                                              \
		assert_failure(iam_policy_parse(json, strlen(json), "test.json", &p_),     \
			       ERR_BAD_DATA, words);                                       \
	} while (0)

#define assert_condition_refused(condition, words)                                         \
	assert_refused(ALLOW_IF(condition), words)

#endif
