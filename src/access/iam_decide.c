#include "access/iam_priv.h"

#include <string.h>

static bool action_is_of(const struct iam_statement *s, const struct iam_request *r)
{
	char room[IAM_TEXT_MAX + 1];
	bool matches = false;

	for (size_t i = 0; i < s->actions.num && !matches; i++)
		matches = iam_glob_matches(
			iam_pattern_expand(&s->actions.rows[i], r, NULL, room), r->action,
			true);
	return matches != s->is_not_action;
}

/* Could the ARN be the resource's, if its variables had the right values? */
static bool could_match(const struct iam_pattern *p, const struct iam_request *r)
{
	static const char anything[] = {IAM_MANY, '\0'};
	char room[IAM_TEXT_MAX + 1];
	const char *pattern = iam_pattern_expand(p, r, anything, room);

	return !pattern || iam_arn_matches(pattern, r->resource);
}

/* "The resource that includes a policy variable with no value will not match any resource"
 * ("Policy variables with no value"). So a Deny of all resources but that one denies; but
 * an Allow does not allow what that one might have been. */
static bool resource_is_of(const struct iam_statement *s, const struct iam_request *r)
{
	char room[IAM_TEXT_MAX + 1];
	bool matches = false;

	for (size_t i = 0; i < s->resources.num && !matches; i++) {
		const struct iam_pattern *p = &s->resources.rows[i];
		const char *pattern = iam_pattern_expand(p, r, NULL, room);

		if (pattern)
			matches = iam_arn_matches(pattern, r->resource);
		else if (s->is_not_resource && !s->denies)
			matches = could_match(p, r);
	}
	return matches != s->is_not_resource;
}

static bool statement_applies(const struct iam_statement *s, const struct iam_request *r)
{
	if (!action_is_of(s, r) || !resource_is_of(s, r))
		return false;
	for (size_t i = 0; i < s->num_conditions; i++)
		if (!iam_condition_holds(&s->conditions[i], r, s->denies))
			return false;
	return true;
}

static void say(const struct iam_policy *p, size_t i, enum iam_effect effect,
		struct iam_decision *ret)
{
	*ret = (struct iam_decision){
		.effect = effect,
		.policy = p->name,
		.statement_id = p->statements[i].id,
		.statement = i + 1,
	};
}

/* What @p says by itself: its first statement that denies, else the first that allows. */
static void consult(const struct iam_policy *p, const struct iam_request *r,
		    struct iam_decision *ret)
{
	*ret = (struct iam_decision){.effect = IAM_IMPLICIT_DENY};
	for (size_t i = 0; i < p->num_statements; i++) {
		const struct iam_statement *s = &p->statements[i];

		if ((!s->denies && ret->effect == IAM_ALLOW) || !statement_applies(s, r))
			continue;
		say(p, i, s->denies ? IAM_EXPLICIT_DENY : IAM_ALLOW, ret);
		if (s->denies)
			return;
	}
}

/* A deny anywhere is a deny. Otherwise each kind of policy that there is has to allow. */
void iam_decide(const struct iam_grants *g, const struct iam_request *r,
		struct iam_decision *ret)
{
	const struct {
		const struct iam_policy *policy;
		enum iam_lack lack;
	} limits[] = {{g->boundary, IAM_LACK_BOUNDARY}, {g->session, IAM_LACK_SESSION}};
	struct iam_decision allow = {.effect = IAM_IMPLICIT_DENY,
				     .lack = IAM_LACK_IDENTITY};
	struct iam_decision d;

	for (size_t i = 0; i < g->num_identity; i++) {
		consult(g->identity[i], r, &d);
		if (d.effect == IAM_EXPLICIT_DENY) {
			*ret = d;
			return;
		}
		if (d.effect == IAM_ALLOW && allow.effect != IAM_ALLOW)
			allow = d;
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (!limits[i].policy)
			continue;
		consult(limits[i].policy, r, &d);
		if (d.effect == IAM_EXPLICIT_DENY) {
			*ret = d;
			return;
		}
		if (d.effect != IAM_ALLOW && allow.effect == IAM_ALLOW)
			allow = (struct iam_decision){.lack = limits[i].lack};
	}
	*ret = allow;
}
