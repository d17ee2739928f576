#include "trigger/config_priv.h"

#include "base/str.h"

#include <string.h>

/* What bears on somebody, before it is known who is in which group. */
struct rights {
	const char *const *managed;
	const struct iam_policy **own; /* inline policies */
	size_t num_own;
	const char *boundary;
};

/* A user, a group or a role as it is read. */
struct draft {
	const char *name, *path, *account, *id;
	const struct config_tag *tags;
	size_t num_tags;
	struct rights rights;
	const char *const *groups;
	/* Of a user or role: its keys or sessions, read once all else is known. */
	json_t *keys;
};

/* The words of IAM: names of users, roles, groups, policies, sessions. */
static struct err *check_name(const struct config_reader *rd, const struct json_place *at,
			      const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+=,.@-";

	if (strlen(name) > 128 || name[strspn(name, letters)])
		return config_wrong(rd, at, "has at most 128 letters, digits and _+=,.@-");
	return NULL;
}

static struct err *read_name(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct draft *d = row;
	struct err *err = config_read_text(rd, at, value, &d->name);

	return err ? err : check_name(rd, at, d->name);
}

static struct err *read_path(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct draft *d = row;
	const char *text = json_string_value(value);

	if (!text || *text != '/' || !str_has_suffix(text, "/") || strchr(text, ':'))
		return config_wrong(rd, at, "has to begin and end with /, without a colon");
	return config_read_text(rd, at, value, &d->path);
}

static struct err *read_account(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct draft *d = row;
	struct err *err = config_read_text(rd, at, value, &d->account);

	return err ? err : config_check_account(rd, at, d->account);
}

static struct err *read_tags(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct draft *d = row;

	return config_read_tags(rd, at, value, &d->tags, &d->num_tags);
}

/* {"NAME": {"Version": …}, …}: policies of nobody else. */
static struct err *read_inline(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	struct draft *d = row;
	struct config_load *l = rd->load;
	const char *name;
	json_t *document;

	if (!json_is_object(value))
		return config_wrong(rd, at,
				    "has to be an object of policies by their names");
	if (json_object_size(value) > CONFIG_LIST_MAX)
		return config_wrong(rd, at, "more than %u policies", CONFIG_LIST_MAX);
	d->rights.own =
		config_alloc(l->arena, json_object_size(value), sizeof(*d->rights.own));
	if (!d->rights.own)
		return err_nomem();
	json_object_foreach(value, name, document)
	{
		struct json_place here = JSON_MEMBER(at, name);
		struct iam_policy *p = NULL;
		struct err *err = check_name(rd, &here, name);

		if (!err)
			err = iam_policy_read(&rd->file->document, &here, document, name,
					      &p);
		if (!err)
			err = config_hold_policy(l, p);
		if (err)
			return err;
		d->rights.own[d->rights.num_own++] = p;
	}
	return NULL;
}

static struct err *read_keys(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct draft *d = row;

	d->keys = value;
	return config_check_array(rd, at, value, CONFIG_ROWS_MAX);
}

#define DRAFT_TEXT(key, member)                                                            \
	{                                                                                  \
		.name = (key), .kind = CONFIG_TEXT,                                        \
		.offset = offsetof(struct draft, member)                                   \
	}
#define DRAFT_LIST(key, member)                                                            \
	{                                                                                  \
		.name = (key), .kind = CONFIG_LIST,                                        \
		.offset = offsetof(struct draft, member)                                   \
	}
#define OF_ALL                                                                             \
	{.name = "name", .kind = CONFIG_CALL, .read = read_name, .is_needed = true},       \
		DRAFT_LIST("policies", rights.managed), CONFIG_OF("inline", read_inline)
#define OF_PRINCIPALS                                                                      \
	CONFIG_OF("path", read_path), CONFIG_OF("account", read_account),                  \
		DRAFT_TEXT("id", id), DRAFT_TEXT("boundary", rights.boundary),             \
		CONFIG_OF("tags", read_tags)

static const struct config_field group_fields[] = {OF_ALL};
static const struct config_field user_fields[] = {
	OF_ALL,
	OF_PRINCIPALS,
	DRAFT_LIST("groups", groups),
	CONFIG_OF("keys", read_keys),
};
static const struct config_field role_fields[] = {
	OF_ALL,
	OF_PRINCIPALS,
	CONFIG_OF("sessions", read_keys),
};

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

/* All identity policies of @d: managed, inline, and those of its groups. */
static struct err *gather(const struct config_reader *rd, const struct json_place *at,
			  const struct draft *d, const struct iam_policy *const **ret,
			  size_t *ret_num)
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

static struct err *find_limit(const struct config_reader *rd, const struct json_place *at,
			      const char *member, const char *name,
			      const struct iam_policy **ret)
{
	struct json_place here = JSON_MEMBER(at, member);

	if (!name)
		return NULL;
	*ret = find_policy(rd->load, name);
	return *ret ? NULL : no_policy(rd, &here, name);
}

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

static struct config_key *add_key(struct config_load *l)
{
	if (l->num_keys == l->room_keys) {
		size_t room = l->room_keys ? l->room_keys * 2 : 64;
		struct config_key *more = reallocarray(l->keys, room, sizeof(*more));

		if (!more)
			return NULL;
		l->keys = more;
		l->room_keys = room;
	}
	l->keys[l->num_keys] = (struct config_key){0};
	return &l->keys[l->num_keys++];
}

/* A key, or a session with its own. */
struct credential {
	struct config_key key;
	const char *name, *policy;
	struct iam_policy *own_policy;
};

static struct err *read_access_key(const struct config_reader *rd,
				   const struct json_place *at, json_t *value, void *row)
{
	struct credential *c = row;
	const char *text = json_string_value(value);

	/* What IAM allows; in a request it stands before a slash. */
	if (!text || strlen(text) < 8 || strlen(text) > 128 ||
	    text[strspn(text,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return config_wrong(rd, at, "has from 8 to 128 letters, digits and _");
	return config_read_text(rd, at, value, &c->key.access_key);
}

static struct err *read_session_name(const struct config_reader *rd,
				     const struct json_place *at, json_t *value, void *row)
{
	struct credential *c = row;
	struct err *err = config_read_text(rd, at, value, &c->name);

	return err ? err : check_name(rd, at, c->name);
}

static struct err *read_session_inline(const struct config_reader *rd,
				       const struct json_place *at, json_t *value,
				       void *row)
{
	struct credential *c = row;
	struct err *err = iam_policy_read(&rd->file->document, at, value, "session policy",
					  &c->own_policy);

	return err ? err : config_hold_policy(rd->load, c->own_policy);
}

#define OF_KEYS                                                                            \
	{.name = "access_key",                                                             \
	 .kind = CONFIG_CALL,                                                              \
	 .read = read_access_key,                                                          \
	 .is_needed = true},                                                               \
	{                                                                                  \
		.name = "secret", .kind = CONFIG_SECRET,                                   \
		.offset = offsetof(struct credential, key.secret), .is_needed = true       \
	}

static const struct config_field key_fields[] = {OF_KEYS};
static const struct config_field session_fields[] = {
	OF_KEYS,
	{.name = "name", .kind = CONFIG_CALL, .read = read_session_name, .is_needed = true},
	{.name = "session_token",
	 .kind = CONFIG_SECRET,
	 .offset = offsetof(struct credential, key.session_token),
	 .is_needed = true},
	{.name = "expires",
	 .kind = CONFIG_TIME,
	 .offset = offsetof(struct credential, key.expires),
	 .is_needed = true},
	{.name = "issued",
	 .kind = CONFIG_TIME,
	 .offset = offsetof(struct credential, key.issued)},
	{.name = "policy",
	 .kind = CONFIG_TEXT,
	 .offset = offsetof(struct credential, policy)},
	CONFIG_OF("inline", read_session_inline),
};

static struct err *hold_key(const struct config_reader *rd, const struct json_place *at,
			    const struct credential *c, const struct config_principal *who)
{
	struct json_place here = JSON_MEMBER(at, "access_key");
	struct err *err =
		config_names_add(&rd->load->key_names, rd, &here, c->key.access_key);
	struct config_key *key = err ? NULL : add_key(rd->load);

	if (!key)
		return err ? err : err_nomem();
	*key = c->key;
	key->principal = who;
	return NULL;
}

/* A role's session is a principal of its own, with the rights of the role. */
static struct err *read_session(const struct config_reader *rd, const struct json_place *at,
				json_t *value, const struct draft *d,
				const struct config_principal *role)
{
	struct config_arena *a = rd->load->arena;
	struct credential c = {0};
	struct config_principal *p;
	struct err *err = config_read_fields(rd, at, value, session_fields,
					     ARRAY_SIZE(session_fields), &c);

	if (err)
		return err;
	if (c.policy && c.own_policy)
		return config_wrong(rd, at, "policy and inline cannot both be there");
	p = config_alloc(a, 1, sizeof(*p));
	if (!p)
		return err_nomem();
	*p = *role;
	p->name = c.name;
	p->arn = config_printf(a, "arn:%s:sts::%s:assumed-role/%s/%s",
			       rd->load->config->partition, d->account, d->name, c.name);
	p->id = config_printf(a, "%s:%s", role->id, c.name);
	p->grants.session = c.own_policy;
	err = find_limit(rd, at, "policy", c.policy, &p->grants.session);
	if (!err && (!p->arn || !p->id))
		err = err_nomem();
	return err ? err : hold_key(rd, at, &c, p);
}

static struct err *read_credentials(const struct config_reader *rd,
				    const struct json_place *at, const struct draft *d,
				    const struct config_principal *p)
{
	bool is_user = p->type == CONFIG_USER;
	struct json_place keys = JSON_MEMBER(at, is_user ? "keys" : "sessions");
	struct err *err = NULL;

	for (size_t i = 0; !err && i < json_array_size(d->keys); i++) {
		struct json_place here = JSON_ELEMENT(&keys, i);
		json_t *value = json_array_get(d->keys, i);
		struct credential c = {0};

		if (!is_user) {
			err = read_session(rd, &here, value, d, p);
			continue;
		}
		err = config_read_fields(rd, &here, value, key_fields,
					 ARRAY_SIZE(key_fields), &c);
		if (!err)
			err = hold_key(rd, &here, &c, p);
	}
	return err;
}

/* A user, or a role, which is no principal itself but what its sessions are made of. */
static struct err *read_principal(const struct config_reader *rd,
				  const struct json_place *at, json_t *value, bool is_user)
{
	struct config_load *l = rd->load;
	struct draft d = {.path = "/", .account = l->account};
	struct config_principal *p = config_alloc(l->arena, 1, sizeof(*p));
	struct json_place name = JSON_MEMBER(at, "name");
	struct err *err = config_read_fields(
		rd, at, value, is_user ? user_fields : role_fields,
		is_user ? ARRAY_SIZE(user_fields) : ARRAY_SIZE(role_fields), &d);

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
	err = gather(rd, at, &d, &p->grants.identity, &p->grants.num_identity);
	if (!err)
		err = find_limit(rd, at, "boundary", d.rights.boundary,
				 &p->grants.boundary);
	if (!err)
		err = config_names_add(&l->principal_names, rd, &name, p->arn);
	l->num_principals++;
	return err ? err : read_credentials(rd, at, &d, p);
}

static struct err *read_group(const struct config_reader *rd, const struct json_place *at,
			      json_t *value)
{
	struct config_load *l = rd->load;
	struct config_group *g = &l->groups[l->num_groups];
	struct json_place name = JSON_MEMBER(at, "name");
	struct draft d = {0};
	struct err *err = config_read_fields(rd, at, value, group_fields,
					     ARRAY_SIZE(group_fields), &d);

	if (!err)
		err = gather(rd, at, &d, &g->policies, &g->num_policies);
	if (!err)
		err = config_names_add(&l->group_names, rd, &name, d.name);
	if (err)
		return err;
	g->name = d.name;
	l->num_groups++;
	return NULL;
}

static const char *const kinds[] = {"groups", "users", "roles"};

/* The rows of one kind in @f. */
static struct err *read_kind(struct config_load *l, const struct config_file *f,
			     size_t kind)
{
	const struct config_reader rd = {.load = l, .file = f};
	struct json_place rows = JSON_MEMBER(JSON_WHOLE, kinds[kind]);
	json_t *array = json_object_get(f->root, kinds[kind]);
	struct err *err =
		array ? config_check_array(&rd, &rows, array, CONFIG_ROWS_MAX) : NULL;

	for (size_t i = 0; !err && i < json_array_size(array); i++) {
		struct json_place here = JSON_ELEMENT(&rows, i);
		json_t *row = json_array_get(array, i);

		err = kind ? read_principal(&rd, &here, row, kind == 1)
			   : read_group(&rd, &here, row);
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
