#include "trigger/config_principals_priv.h"

#include "base/str.h"

#include <string.h>

/* An id of AWS's form that is always the same for the same ARN, where none is configured.
 */
static char *make_id(struct config_arena *a, const char *prefix, const char *arn)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	/* FNV-1a, 64 bits. */
	u64 hash = 0xcbf29ce484222325ULL;
	char text[18] = {0};

	for (const unsigned char *p = (const unsigned char *)arn; *p; p++)
		hash = (hash ^ *p) * 0x100000001b3ULL;
	for (size_t i = 0; i < 17; i++) {
		text[i] = digits[hash & 31];
		hash = hash >> 5 ^ hash << 59;
	}
	return config_printf(a, "%s%s", prefix, text);
}

/* A user, or a role, which is no principal itself but what its sessions are made of. */
static struct err *read_principal(const struct config_reader *rd,
				  const struct json_place *at, json_t *value, bool is_user)
{
	struct config_load *l = rd->load;
	struct config_draft d = {.path = "/", .account = l->account};
	struct config_principal *p = config_alloc(l->arena, 1, sizeof(*p));
	struct json_place name = JSON_MEMBER(at, "name");
	struct err *err = config_read_draft(
		rd, at, value, is_user ? CONFIG_DRAFT_USER : CONFIG_DRAFT_ROLE, &d);

	if (err || !p)
		return err ? err : err_nomem();
	p->type = is_user ? CONFIG_USER : CONFIG_ROLE_SESSION;
	p->account = d.account;
	p->name = d.name;
	p->tags = d.tags;
	p->num_tags = d.num_tags;
	p->arn = config_printf(l->arena, "arn:%s:iam::%s:%s%s%s", l->config->partition,
			       d.account, is_user ? "user" : "role", d.path, d.name);
	p->policy_arn = p->arn;
	if (!p->arn)
		return err_nomem();
	p->id = d.id ? d.id : make_id(l->arena, is_user ? "AIDA" : "AROA", p->arn);
	if (!p->id)
		return err_nomem();
	err = config_gather_rights(rd, at, &d, &p->grants.identity,
				   &p->grants.num_identity);
	if (!err)
		err = config_find_limit(rd, at, "boundary", d.rights.boundary,
					&p->grants.boundary);
	if (!err)
		err = config_names_add(&l->principal_names, rd, &name, p->arn);
	l->num_principals++;
	return err ? err : config_read_credentials(rd, at, &d, p);
}

static struct err *read_group(const struct config_reader *rd, const struct json_place *at,
			      json_t *value)
{
	struct config_load *l = rd->load;
	struct config_group *g = &l->groups[l->num_groups];
	struct json_place name = JSON_MEMBER(at, "name");
	struct config_draft d = {0};
	struct err *err = config_read_draft(rd, at, value, CONFIG_DRAFT_GROUP, &d);

	if (!err)
		err = config_gather_rights(rd, at, &d, &g->policies, &g->num_policies);
	if (!err)
		err = config_names_add(&l->group_names, rd, &name, d.name);
	if (err)
		return err;
	g->name = d.name;
	l->num_groups++;
	return NULL;
}

static const char *const kinds[] = {
	[CONFIG_DRAFT_GROUP] = "groups",
	[CONFIG_DRAFT_USER] = "users",
	[CONFIG_DRAFT_ROLE] = "roles",
};

/* The rows of one kind in @f. */
static struct err *read_kind(struct config_load *l, const struct config_file *f,
			     enum config_draft_kind kind)
{
	const struct config_reader rd = {.load = l, .file = f};
	struct json_place rows = JSON_MEMBER(JSON_WHOLE, kinds[kind]);
	json_t *array = json_object_get(f->root, kinds[kind]);
	struct err *err =
		array ? config_check_array(&rd, &rows, array, CONFIG_ROWS_MAX) : NULL;

	for (size_t i = 0; !err && i < json_array_size(array); i++) {
		struct json_place here = JSON_ELEMENT(&rows, i);
		json_t *row = json_array_get(array, i);

		err = kind == CONFIG_DRAFT_GROUP
			      ? read_group(&rd, &here, row)
			      : read_principal(&rd, &here, row, kind == CONFIG_DRAFT_USER);
	}
	return err;
}

static struct err *check_file(struct config_load *l, const struct config_file *f)
{
	const struct config_reader rd = {.load = l, .file = f};
	const char *name;
	json_t *rows;

	if (!f->is_private)
		return err_new(
			ERR_REFUSED,
			"%s: others may read this file, which is for secrets: chmod 600 %s",
			f->name, f->name);
	if (!json_is_object(f->root))
		return config_wrong(&rd, JSON_WHOLE, "has to be an object");
	json_object_foreach(f->root, name, rows)
	{
		struct json_place here = JSON_MEMBER(JSON_WHOLE, name);
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			is_known = is_known || str_eq(name, kinds[i]);
		if (!is_known)
			return config_wrong(
				&rd, &here,
				"there is no member of this name here; there are: "
				"groups, users, roles");
	}
	return NULL;
}

static struct err *make_room_for_groups(struct config_load *l,
					const struct config_files *files)
{
	size_t num = 0;

	for (size_t i = 0; i < files->num; i++)
		num += json_array_size(json_object_get(files->rows[i].root, "groups"));
	if (num > CONFIG_ROWS_MAX)
		return err_new(ERR_BAD_DATA, "principals: %zu groups; %u are the most", num,
			       CONFIG_ROWS_MAX);
	l->groups = config_alloc(l->arena, num, sizeof(*l->groups));
	return l->groups ? NULL : err_nomem();
}

static int by_name(const void *a, const void *b)
{
	const struct config_group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_access_key(const void *a, const void *b)
{
	const struct config_key *x = a, *y = b;

	return strcmp(x->access_key, y->access_key);
}

static struct err *check_names(struct config_load *l)
{
	struct err *err = config_names_check(&l->principal_names, "principal");

	return err ? err : config_names_check(&l->key_names, "access key");
}

struct err *config_read_principals(struct config_load *l, const struct config_files *files)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < files->num; i++)
		err = check_file(l, &files->rows[i]);
	if (!err)
		err = make_room_for_groups(l, files);
	/* Groups first, of all files: the others refer to them. */
	for (size_t kind = 0; !err && kind < ARRAY_SIZE(kinds); kind++) {
		for (size_t i = 0; !err && i < files->num; i++)
			err = read_kind(l, &files->rows[i], kind);
		if (err || kind)
			continue;
		if (l->num_groups)
			qsort(l->groups, l->num_groups, sizeof(*l->groups), by_name);
		err = config_names_check(&l->group_names, "group");
	}
	if (!err)
		err = check_names(l);
	if (!err && l->num_keys)
		qsort(l->keys, l->num_keys, sizeof(*l->keys), by_access_key);
	return err;
}
