/* Decides requests by policies, one JSON object a line, and prints a word a line:
 *
 *   {"identity": [POLICY...], "boundary": POLICY, "session": POLICY, "action": "…",
 *    "resource": "…", "context": {"KEY": "VALUE" or ["VALUE"...], …}}
 *
 *   allow, deny (explicitly), none (nothing allows it), or "refused: WHY"
 */
#include "access/iam.h"

#include <jansson.h>
#include <string.h>

#define POLICIES_MAX 64
#define KEYS_MAX     64
#define VALUES_MAX   16

struct question {
	struct iam_policy *policies[POLICIES_MAX];
	size_t num_policies;
	const struct iam_policy *boundary, *session;
	struct iam_key keys[KEYS_MAX];
	const char *values[KEYS_MAX][VALUES_MAX];
	size_t num_keys;
};

/* Through its text, so that the parser sees what it sees of a file. */
static struct err *read_policy(const json_t *document, struct iam_policy **ret)
{
	char *text = json_dumps(document, JSON_INDENT(1));
	struct err *err;

	if (!text)
		return err_nomem();
	err = iam_policy_parse(text, strlen(text), "policy", ret);
	free(text);
	return err;
}

static struct err *read_policies(const json_t *line, struct question *q,
				 size_t *ret_identity)
{
	const json_t *identity = json_object_get(line, "identity");
	const char *const limits[] = {"boundary", "session"};
	struct err *err = NULL;

	for (size_t i = 0; !err && i < json_array_size(identity) && i < POLICIES_MAX - 2;
	     i++) {
		err = read_policy(json_array_get(identity, i),
				  &q->policies[q->num_policies]);
		q->num_policies += !err;
	}
	*ret_identity = q->num_policies;
	for (size_t i = 0; !err && i < ARRAY_SIZE(limits); i++) {
		const json_t *document = json_object_get(line, limits[i]);

		if (!document)
			continue;
		err = read_policy(document, &q->policies[q->num_policies]);
		if (err)
			break;
		*(i ? &q->session : &q->boundary) = q->policies[q->num_policies++];
	}
	return err;
}

static void read_context(json_t *context, struct question *q)
{
	const char *name;
	json_t *value;

	json_object_foreach(context, name, value)
	{
		struct iam_key *key = &q->keys[q->num_keys];
		size_t num = json_is_array(value) ? json_array_size(value) : 1;

		if (q->num_keys == KEYS_MAX || num > VALUES_MAX)
			abort();
		for (size_t i = 0; i < num; i++)
			q->values[q->num_keys][i] = json_string_value(
				json_is_array(value) ? json_array_get(value, i) : value);
		*key = (struct iam_key){name, q->values[q->num_keys], num};
		q->num_keys++;
	}
}

static void answer(json_t *line)
{
	static const char *const words[] = {[IAM_IMPLICIT_DENY] = "none",
					    [IAM_EXPLICIT_DENY] = "deny",
					    [IAM_ALLOW] = "allow"};
	struct question q = {0};
	struct iam_decision d;
	size_t identity = 0;
	struct err *err = read_policies(line, &q, &identity);

	if (err) {
		printf("refused: %s\n", err_message(err));
		err_free(err);
	} else {
		const struct iam_policy *const *all = (const void *)q.policies;
		const struct iam_grants grants = {all, identity, q.boundary, q.session};

		read_context(json_object_get(line, "context"), &q);
		iam_decide(&grants,
			   &(struct iam_request){.action = json_string_value(
							 json_object_get(line, "action")),
						 .resource = json_string_value(
							 json_object_get(line, "resource")),
						 .keys = q.keys,
						 .num_keys = q.num_keys},
			   &d);
		printf("%s\n", words[d.effect]);
	}
	for (size_t i = 0; i < q.num_policies; i++)
		iam_policy_free(q.policies[i]);
}

int main(void)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&text, &room, stdin)) > 0) {
		json_t *line = json_loadb(text, (size_t)len, 0, NULL);

		if (!line) {
			fprintf(stderr, "iam_answers: not a line of JSON: %s", text);
			return 1;
		}
		answer(line);
		json_decref(line);
	}
	free(text);
	return 0;
}
