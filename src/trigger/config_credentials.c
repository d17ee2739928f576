#include "trigger/config_principals_priv.h"

#include <string.h>

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

	return err ? err : config_check_name(rd, at, c->name);
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
				json_t *value, const struct config_draft *d,
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
	err = config_find_limit(rd, at, "policy", c.policy, &p->grants.session);
	if (!err && (!p->arn || !p->id))
		err = err_nomem();
	return err ? err : hold_key(rd, at, &c, p);
}

struct err *config_read_credentials(const struct config_reader *rd,
				    const struct json_place *at,
				    const struct config_draft *d,
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
