#include "trigger/config_principals_priv.h"

#include "base/str.h"

#include <string.h>

struct err *config_check_name(const struct config_reader *rd, const struct json_place *at,
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
	struct config_draft *d = row;
	struct err *err = config_read_text(rd, at, value, &d->name);

	return err ? err : config_check_name(rd, at, d->name);
}

static struct err *read_path(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct config_draft *d = row;
	const char *text = json_string_value(value);

	if (!text || *text != '/' || !str_has_suffix(text, "/") || strchr(text, ':'))
		return config_wrong(rd, at, "has to begin and end with /, without a colon");
	return config_read_text(rd, at, value, &d->path);
}

static struct err *read_account(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct config_draft *d = row;
	struct err *err = config_read_text(rd, at, value, &d->account);

	return err ? err : config_check_account(rd, at, d->account);
}

static struct err *read_tags(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct config_draft *d = row;

	return config_read_tags(rd, at, value, &d->tags, &d->num_tags);
}

/* {"NAME": {"Version": …}, …}: policies of nobody else. */
static struct err *read_inline(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	struct config_draft *d = row;
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
		struct err *err = config_check_name(rd, &here, name);

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
	struct config_draft *d = row;

	d->keys = value;
	return config_check_array(rd, at, value, CONFIG_ROWS_MAX);
}

#define DRAFT_TEXT(key, member)                                                            \
	{                                                                                  \
		.name = (key), .kind = CONFIG_TEXT,                                        \
		.offset = offsetof(struct config_draft, member)                            \
	}
#define DRAFT_LIST(key, member)                                                            \
	{                                                                                  \
		.name = (key), .kind = CONFIG_LIST,                                        \
		.offset = offsetof(struct config_draft, member)                            \
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

struct err *config_read_draft(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, enum config_draft_kind kind,
			      struct config_draft *ret)
{
	static const struct {
		const struct config_field *fields;
		size_t num;
	} kinds[] = {
		[CONFIG_DRAFT_GROUP] = {group_fields, ARRAY_SIZE(group_fields)},
		[CONFIG_DRAFT_USER] = {user_fields, ARRAY_SIZE(user_fields)},
		[CONFIG_DRAFT_ROLE] = {role_fields, ARRAY_SIZE(role_fields)},
	};

	return config_read_fields(rd, at, value, kinds[kind].fields, kinds[kind].num, ret);
}
