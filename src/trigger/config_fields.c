#include "trigger/config_priv.h"

#include "base/str.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

struct err *config_wrong(const struct config_reader *rd, const struct json_place *at,
			 const char *fmt, ...)
{
	cleanup(freep) char *sentence = NULL;
	va_list args;

	va_start(args, fmt);
	sentence = str_vformat(fmt, args);
	va_end(args);
	if (!sentence)
		return err_nomem();
	return json_place_wrap(&rd->file->document, at,
			       err_new(ERR_BAD_DATA, "%s", sentence));
}

struct err *config_check_array(const struct config_reader *rd, const struct json_place *at,
			       const json_t *value, size_t max)
{
	if (!json_is_array(value))
		return config_wrong(rd, at, "has to be an array");
	if (json_array_size(value) > max)
		return config_wrong(rd, at, "%zu elements; %zu are the most",
				    json_array_size(value), max);
	return NULL;
}

static struct err *check_text(const struct config_reader *rd, const struct json_place *at,
			      const char *text)
{
	if (!text || !*text)
		return config_wrong(rd, at, "has to be a string that is not empty");
	if (strlen(text) > CONFIG_TEXT_MAX)
		return config_wrong(rd, at, "is longer than %u bytes", CONFIG_TEXT_MAX);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return config_wrong(rd, at, "has a control character in it");
	return NULL;
}

struct err *config_read_text(const struct config_reader *rd, const struct json_place *at,
			     const json_t *value, const char **ret)
{
	struct err *err = check_text(rd, at, json_string_value(value));
	char *copy;

	if (err)
		return err;
	copy = config_strdup(rd->load->arena, json_string_value(value));
	if (!copy)
		return err_nomem();
	*ret = copy;
	return NULL;
}

struct err *config_read_word(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, const char **ret)
{
	const char *text = json_string_value(value);

	if (!text || text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return config_wrong(rd, at, "has lower case letters, digits and - only");
	return config_read_text(rd, at, value, ret);
}

struct err *config_read_list(const struct config_reader *rd, const struct json_place *at,
			     const json_t *value, const char *const **ret)
{
	struct err *err = config_check_array(rd, at, value, CONFIG_LIST_MAX);
	size_t num = json_array_size(value);
	const char **list;

	if (err)
		return err;
	list = config_alloc(rd->load->arena, num + 1, sizeof(*list));
	if (!list)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		struct json_place here = JSON_ELEMENT(at, i);

		err = config_read_text(rd, &here, json_array_get(value, i), &list[i]);
		if (err)
			return err;
	}
	*ret = list;
	return NULL;
}

static struct err *read_tag(const struct config_reader *rd, const struct json_place *at,
			    const char *key, const json_t *value, struct config_tag *ret)
{
	const char *text = json_string_value(value);

	if (!*key || strlen(key) > CONFIG_TAG_KEY_MAX)
		return config_wrong(rd, at, "the key of a tag has from 1 to %u bytes",
				    CONFIG_TAG_KEY_MAX);
	if (!text || strlen(text) > CONFIG_TAG_TEXT_MAX)
		return config_wrong(rd, at, "has to be a string of at most %u bytes",
				    CONFIG_TAG_TEXT_MAX);
	if (str_has_prefix(key, "aws:") || str_has_prefix(key, "inquest:"))
		return config_wrong(rd, at,
				    "tags that begin with aws: or inquest: are not set "
				    "by hand");
	ret->key = config_strdup(rd->load->arena, key);
	ret->value = config_strdup(rd->load->arena, text);
	return ret->key && ret->value ? NULL : err_nomem();
}

struct err *config_read_tags(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, const struct config_tag **ret, size_t *ret_num)
{
	struct config_tag *tags;
	const char *key;
	json_t *text;
	size_t num = 0;

	if (!json_is_object(value))
		return config_wrong(rd, at, "has to be an object of tags");
	if (json_object_size(value) > CONFIG_TAGS_MAX)
		return config_wrong(rd, at, "%zu tags; %u are the most",
				    json_object_size(value), CONFIG_TAGS_MAX);
	tags = config_alloc(rd->load->arena, json_object_size(value), sizeof(*tags));
	if (!tags)
		return err_nomem();
	json_object_foreach(value, key, text)
	{
		struct json_place here = JSON_MEMBER(at, key);
		struct err *err = read_tag(rd, &here, key, text, &tags[num++]);

		if (err)
			return err;
	}
	*ret = tags;
	*ret_num = num;
	return NULL;
}

static struct err *read_number(const struct config_reader *rd, const struct json_place *at,
			       const json_t *value, const struct config_field *f, u64 *ret)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 0 || (u64)n < f->min || (u64)n > f->max)
		return config_wrong(rd, at, "has to be a number from %llu to %llu",
				    (unsigned long long)f->min, (unsigned long long)f->max);
	*ret = (u64)n;
	return NULL;
}

static struct err *read_decimal(const struct config_reader *rd, const struct json_place *at,
				const json_t *value, const struct config_field *f,
				double *ret)
{
	double number = json_number_value(value);

	if (!json_is_number(value) || !(number >= 0) || number > (double)f->max)
		return config_wrong(rd, at, "has to be a number from 0 to %llu",
				    (unsigned long long)f->max);
	*ret = number;
	return NULL;
}

/* "2026-11-20T21:58:52Z", or a number of seconds. */
static struct err *read_time(const struct config_reader *rd, const struct json_place *at,
			     const json_t *value, s64 *ret)
{
	const char *text = json_string_value(value), *end = NULL;
	struct tm tm = {0};

	if (json_is_integer(value) && json_integer_value(value) > 0) {
		*ret = json_integer_value(value);
		return NULL;
	}
	if (text)
		end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return config_wrong(rd, at,
				    "has to be a time in UTC, as in "
				    "\"2026-11-20T21:58:52Z\"");
	*ret = timegm(&tm);
	/* 0 is "never" where a time is an end. */
	return *ret > 0 ? NULL : config_wrong(rd, at, "has to be after 1970 began");
}

static struct err *read_secret(const struct config_reader *rd, const struct json_place *at,
			       const json_t *value, const char **ret)
{
	if (!rd->file->is_private)
		return json_place_wrap(&rd->file->document, at,
				       err_new(ERR_REFUSED,
					       "a secret in a file that others may "
					       "read: chmod 600 %s",
					       rd->file->name));
	return config_read_text(rd, at, value, ret);
}

static struct err *read_path(const struct config_reader *rd, const struct json_place *at,
			     const json_t *value, const char **ret)
{
	const char *text = json_string_value(value);

	if (text && *text && *text != '/')
		return config_wrong(rd, at, "has to be an absolute path");
	return config_read_text(rd, at, value, ret);
}

static struct err *read_field(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, const struct config_field *f, void *row)
{
	void *member = (char *)row + f->offset;
	struct err *err = NULL;
	u64 number = 0;

	switch (f->kind) {
	case CONFIG_TEXT:
		return config_read_text(rd, at, value, member);
	case CONFIG_SECRET:
		return read_secret(rd, at, value, member);
	case CONFIG_PATH:
		return read_path(rd, at, value, member);
	case CONFIG_LIST:
		return config_read_list(rd, at, value, member);
	case CONFIG_CALL:
		return f->read(rd, at, value, row);
	case CONFIG_DECIMAL:
		return read_decimal(rd, at, value, f, member);
	case CONFIG_TIME:
		return read_time(rd, at, value, member);
	case CONFIG_FLAG:
		if (!json_is_boolean(value))
			return config_wrong(rd, at, "has to be true or false");
		*(bool *)member = json_is_true(value);
		return NULL;
	case CONFIG_U16:
	case CONFIG_U32:
	case CONFIG_SIZE:
		err = read_number(rd, at, value, f, &number);
		break;
	}
	if (err)
		return err;
	if (f->kind == CONFIG_U16)
		*(u16 *)member = (u16)number;
	else if (f->kind == CONFIG_U32)
		*(u32 *)member = (u32)number;
	else
		*(size_t *)member = (size_t)number;
	return NULL;
}

static const struct config_field *find_field(const struct config_field *fields, size_t num,
					     const char *name)
{
	for (size_t i = 0; i < num; i++)
		if (str_eq(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static struct err *refuse_unknown(const struct config_reader *rd,
				  const struct json_place *at,
				  const struct config_field *fields, size_t num)
{
	cleanup(buf_deinit) struct buf known = BUF_INIT;
	struct err *err;

	for (size_t i = 0; i < num; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", fields[i].name);
	err = buf_check(&known);
	return err ? err
		   : config_wrong(rd, at,
				  "there is no member of this name here; there are: %s",
				  buf_text(&known));
}

struct err *config_read_fields(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, const struct config_field *fields,
			       size_t num_fields, void *row)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return config_wrong(rd, at, "has to be an object");
	json_object_foreach(value, name, member)
	{
		struct json_place here = JSON_MEMBER(at, name);
		const struct config_field *f = find_field(fields, num_fields, name);
		struct err *err = f ? read_field(rd, &here, member, f, row)
				    : refuse_unknown(rd, &here, fields, num_fields);

		if (err)
			return err;
	}
	for (size_t i = 0; i < num_fields; i++)
		if (fields[i].is_needed && !json_object_get(value, fields[i].name))
			return config_wrong(rd, at, "has no %s", fields[i].name);
	return NULL;
}
