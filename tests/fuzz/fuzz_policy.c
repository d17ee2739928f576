/* A policy and a request for it: words with a NUL behind each, POLICY, ACTION, RESOURCE,
 * KEY=VALUE... */
#include "fuzz.h"

#include "access/iam.h"

#define WORDS_MAX 20

/* Cut @data into words, all in *@ret_copy, which ends with a NUL. */
static size_t cut(const uint8_t *data, size_t size, char **ret_copy, char *words[WORDS_MAX])
{
	char *copy = malloc(size + 1), *at = copy;
	size_t num = 0;

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	do {
		words[num++] = at;
		at += strlen(at) + 1;
	} while (at <= copy + size && num < WORDS_MAX);
	*ret_copy = copy;
	return num;
}

static size_t make_keys(char **words, size_t num, struct iam_key keys[WORDS_MAX],
			const char *values[WORDS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < num; i++) {
		char *equals = strchr(words[i], '=');

		if (!equals)
			continue;
		*equals = '\0';
		values[n] = equals + 1;
		/* Some keys have two values, or three. */
		keys[n] = (struct iam_key){words[i], &values[n], 1};
		if (n && equals[1] == '+')
			keys[n - 1].num_values = 2;
		n++;
	}
	return n;
}

static void check(const struct iam_policy *p, const struct iam_request *r)
{
	struct iam_grants alone = {.identity = &p, .num_identity = 1};
	struct iam_grants all = {
		.identity = &p, .num_identity = 1, .boundary = p, .session = p};
	struct iam_decision one, same, both;

	iam_decide(&alone, r, &one);
	iam_decide(&alone, r, &same);
	iam_decide(&all, r, &both);
	/* It is the same each time, and a limit that allows what is asked changes nothing.
	 */
	if (one.effect != same.effect || one.effect != both.effect ||
	    one.statement != both.statement)
		abort();
	if ((one.effect == IAM_IMPLICIT_DENY) != (one.policy == NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy, *words[WORDS_MAX];
	size_t num = cut(data, size, &copy, words);
	struct iam_key keys[WORDS_MAX];
	const char *values[WORDS_MAX + 1] = {0};
	struct iam_policy *p = NULL;
	struct err *err = iam_policy_parse(words[0], strlen(words[0]), "fuzz", &p);

	if (err) {
		fuzz_touch(err_message(err), strlen(err_message(err)));
		err_free(err);
	} else {
		size_t num_keys = num > 3 ? make_keys(words + 3, num - 3, keys, values) : 0;

		check(p,
		      &(struct iam_request){
			      .action = num > 1 ? words[1] : "ec2:SendDiagnosticInterrupt",
			      .resource =
				      num > 2 ? words[2] : "arn:aws:ec2:a:1:instance/i-1",
			      .keys = keys,
			      .num_keys = num_keys,
		      });
		for (size_t i = 0; i < iam_policy_count_warnings(p); i++)
			fuzz_touch(iam_policy_warning(p, i),
				   strlen(iam_policy_warning(p, i)));
		iam_policy_free(p);
	}
	free(copy);
	return 0;
}
