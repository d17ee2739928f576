#include "trigger/config_principals_priv.h"

#include <string.h>

static int policy_by_name(const void *key, const void *row)
{
	struct iam_policy *const *p = row;

	return strcmp(key, iam_policy_name(*p));
}

/* A managed policy, or NULL. */
static const struct iam_policy *find_policy(const struct config_load *l, const char *name)
{
	struct iam_policy *const *p =
		l->num_managed ? bsearch(name, l->policies, l->num_managed,
					 sizeof(*l->policies), policy_by_name)
			       : NULL;

	return p ? *p : NULL;
}

static struct err *no_policy(const struct config_reader *rd, const struct json_place *at,
			     const char *name)
{
	return config_wrong(rd, at, "there is no policy %s: policies/%s.json", name, name);
}

static int group_by_name(const void *key, const void *row)
{
	const struct config_group *g = row;

	return strcmp(key, g->name);
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* The policies of the groups that @names lists, counted, and copied to @ret unless it is
 * NULL. */
static struct err *gather_groups(const struct config_reader *rd,
				 const struct json_place *at, const char *const *names,
				 const struct iam_policy **ret, size_t *ret_num)
{
	const struct config_load *l = rd->load;
	struct json_place groups = JSON_MEMBER(at, "groups");
	size_t n = 0;

	for (size_t i = 0; names && names[i]; i++) {
		struct json_place here = JSON_ELEMENT(&groups, i);
		const struct config_group *g =
			l->num_groups ? bsearch(names[i], l->groups, l->num_groups,
						sizeof(*l->groups), group_by_name)
				      : NULL;

		if (!g)
			return config_wrong(rd, &here, "there is no group %s", names[i]);
		if (ret && g->num_policies)
			memcpy(ret + n, g->policies, g->num_policies * sizeof(*ret));
		n += g->num_policies;
	}
	*ret_num = n;
	return NULL;
}

struct err *config_gather_rights(const struct config_reader *rd,
				 const struct json_place *at, const struct config_draft *d,
				 const struct iam_policy *const **ret, size_t *ret_num)
{
	struct json_place managed = JSON_MEMBER(at, "policies");
	size_t num = count(d->rights.managed), more = 0, n = 0;
	const struct iam_policy **all;
	struct err *err = gather_groups(rd, at, d->groups, NULL, &more);

	if (err)
		return err;
	all = config_alloc(rd->load->arena, num + d->rights.num_own + more, sizeof(*all));
	if (!all)
		return err_nomem();
	for (; n < num; n++) {
		struct json_place here = JSON_ELEMENT(&managed, n);

		all[n] = find_policy(rd->load, d->rights.managed[n]);
		if (!all[n])
			return no_policy(rd, &here, d->rights.managed[n]);
	}
	for (size_t i = 0; i < d->rights.num_own; i++)
		all[n++] = d->rights.own[i];
	*ret = all;
	*ret_num = n + more;
	return gather_groups(rd, at, d->groups, all + n, &more);
}

struct err *config_find_limit(const struct config_reader *rd, const struct json_place *at,
			      const char *member, const char *name,
			      const struct iam_policy **ret)
{
	struct json_place here = JSON_MEMBER(at, member);

	if (!name)
		return NULL;
	*ret = find_policy(rd->load, name);
	return *ret ? NULL : no_policy(rd, &here, name);
}
