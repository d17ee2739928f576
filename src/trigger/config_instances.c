#include "trigger/config_priv.h"

#include "base/str.h"
#include "format/ip_prefix.h"

#include <fnmatch.h>
#include <string.h>

/* What one instance is read into before all is known of it. */
struct draft {
	struct config_instance i;
	bool says_interrupt;
};

struct err *config_check_account(const struct config_reader *rd,
				 const struct json_place *at, const char *account)
{
	if (strlen(account) == 12 && strspn(account, "0123456789") == 12)
		return NULL;
	return config_wrong(rd, at, "an account has twelve digits");
}

static struct err *read_action(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	static const char *const names[] = {"leave", "resume", "reset", "pause"};
	struct config_fallback *f = row;
	const char *text = json_string_value(value);

	for (unsigned i = 0; text && i < ARRAY_SIZE(names); i++)
		if (str_eq(text, names[i])) {
			f->action = (enum config_fallback_action)i;
			return NULL;
		}
	return config_wrong(rd, at,
			    "has to be \"leave\", \"resume\", \"reset\" or \"pause\"");
}

static const struct config_field fallback_fields[] = {
	{.name = "dump",
	 .kind = CONFIG_FLAG,
	 .offset = offsetof(struct config_fallback, dumps)},
	CONFIG_FIELD(config_fallback, directory, CONFIG_PATH),
	CONFIG_OF("action", read_action),
	CONFIG_NUMBER(config_fallback, quiet_s, CONFIG_U32, 1, 86400),
	CONFIG_NUMBER(config_fallback, no_sign_s, CONFIG_U32, 1, 86400),
};

struct err *config_read_fallback(const struct config_reader *rd,
				 const struct json_place *at, json_t *value,
				 struct config_fallback *ret)
{
	struct err *err = config_read_fields(rd, at, value, fallback_fields,
					     ARRAY_SIZE(fallback_fields), ret);

	if (!err && ret->dumps && !ret->directory)
		err = config_wrong(rd, at, "a dump needs a directory");
	return err;
}

static const struct config_field backend_fields[] = {
	{.name = "uri",
	 .kind = CONFIG_TEXT,
	 .offset = offsetof(struct backend_address, uri),
	 .is_needed = true},
	CONFIG_FIELD(backend_address, username, CONFIG_TEXT),
	CONFIG_FIELD(backend_address, password, CONFIG_SECRET),
	CONFIG_FIELD(backend_address, session_token, CONFIG_SECRET),
	CONFIG_FIELD(backend_address, endpoint, CONFIG_TEXT),
	CONFIG_FIELD(backend_address, ca_file, CONFIG_PATH),
	CONFIG_FIELD(backend_address, argv, CONFIG_LIST),
};

/* Not first when a machine hangs. */
static struct err *check_address(const struct config_reader *rd,
				 const struct json_place *at,
				 const struct backend_address *b)
{
	struct err *err = backend_check(b), *said;

	if (!err || err_code(err) == ERR_NOMEM)
		return err;
	said = config_wrong(rd, at, "%s", err_message(err));
	err_free(err);
	return said;
}

static struct err *check_backend(const struct config_reader *rd,
				 const struct json_place *at,
				 const struct backend_address *b)
{
	static const char *const schemes[] = {
		"qmp:", "libvirt+", "ipmi://", "redfish://", "redfish+http://",
		"ec2:", "exec:"};
	struct json_place uri = JSON_MEMBER(at, "uri"), argv = JSON_MEMBER(at, "argv");
	bool is_exec = str_has_prefix(b->uri, "exec:");
	size_t i = 0;

	while (i < ARRAY_SIZE(schemes) && !str_has_prefix(b->uri, schemes[i]))
		i++;
	if (i == ARRAY_SIZE(schemes))
		return config_wrong(rd, &uri,
				    "has to be qmp:PATH, libvirt+URI#DOMAIN, "
				    "ipmi://HOST, redfish://HOST/redfish/v1/Systems/ID, "
				    "ec2:REGION/ID or exec:");
	if (is_exec != (b->argv != NULL))
		return config_wrong(rd, at, "argv and the URI exec: come together");
	if (is_exec && (!b->argv[0] || b->argv[0][0] != '/'))
		return config_wrong(rd, &argv,
				    "has to begin with the absolute path of a program");
	return check_address(rd, at, b);
}

/* A string is its URI. */
static struct err *read_backend(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct draft *d = row;
	struct err *err;

	if (json_is_string(value))
		err = config_read_text(rd, at, value, &d->i.backend.uri);
	else
		err = config_read_fields(rd, at, value, backend_fields,
					 ARRAY_SIZE(backend_fields), &d->i.backend);
	return err ? err : check_backend(rd, at, &d->i.backend);
}

static struct err *read_id(const struct config_reader *rd, const struct json_place *at,
			   json_t *value, void *row)
{
	struct draft *d = row;
	const char *text = json_string_value(value);
	size_t digits = text && str_has_prefix(text, "i-")
				? strspn(text + 2, "0123456789abcdef")
				: 0;

	if ((digits != 8 && digits != 17) || text[2 + digits])
		return config_wrong(rd, at, "has to be i- and 8 or 17 hexadecimal digits");
	return config_read_text(rd, at, value, &d->i.id);
}

static struct err *read_account(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct draft *d = row;
	struct err *err = config_read_text(rd, at, value, &d->i.account);

	return err ? err : config_check_account(rd, at, d->i.account);
}

static struct err *read_region(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	struct draft *d = row;

	return config_read_word(rd, at, value, &d->i.region);
}

static struct err *read_tags(const struct config_reader *rd, const struct json_place *at,
			     json_t *value, void *row)
{
	struct draft *d = row;

	return config_read_tags(rd, at, value, &d->i.tags, &d->i.num_tags);
}

static struct err *read_state(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, void *row)
{
	struct draft *d = row;
	const char *text = json_string_value(value);

	if (!text ||
	    (!str_eq(text, "ask") && !str_eq(text, "running") && !str_eq(text, "stopped")))
		return config_wrong(rd, at,
				    "has to be \"ask\", \"running\" or \"stopped\"");
	d->i.asks_state = str_eq(text, "ask");
	d->i.is_running = str_eq(text, "running");
	return NULL;
}

static struct err *read_interrupt(const struct config_reader *rd,
				  const struct json_place *at, json_t *value, void *row)
{
	struct draft *d = row;

	if (!json_is_boolean(value))
		return config_wrong(rd, at, "has to be true or false");
	d->says_interrupt = true;
	d->i.has_interrupt = json_is_true(value);
	return NULL;
}

static struct err *read_fallback(const struct config_reader *rd,
				 const struct json_place *at, json_t *value, void *row)
{
	struct draft *d = row;

	return config_read_fallback(rd, at, value, &d->i.fallback);
}

static struct err *read_ip(const struct config_reader *rd, const struct json_place *at,
			   json_t *value, void *row)
{
	struct draft *d = row;
	const char *text = json_string_value(value);
	struct ip_prefix ip;

	if (!text || strchr(text, '/') || !ip_prefix_parse(text, strlen(text), &ip))
		return config_wrong(rd, at, "has to be an IP address");
	return config_read_text(rd, at, value, &d->i.private_ip);
}

#define TEXT(key, member)                                                                  \
	{                                                                                  \
		.name = (key), .kind = CONFIG_TEXT,                                        \
		.offset = offsetof(struct draft, i.member)                                 \
	}

static const struct config_field fields[] = {
	{.name = "id", .kind = CONFIG_CALL, .read = read_id, .is_needed = true},
	CONFIG_OF("account", read_account),
	CONFIG_OF("region", read_region),
	TEXT("zone", zone),
	TEXT("type", type),
	TEXT("image", image),
	CONFIG_OF("private_ip", read_ip),
	CONFIG_OF("tags", read_tags),
	CONFIG_OF("state", read_state),
	CONFIG_OF("diagnostic_interrupt", read_interrupt),
	{.name = "backend", .kind = CONFIG_CALL, .read = read_backend, .is_needed = true},
	TEXT("console", console),
	{.name = "dump_dir",
	 .kind = CONFIG_PATH,
	 .offset = offsetof(struct draft, i.dump_dir)},
	TEXT("machine_id", machine_id),
	TEXT("dmi_uuid", dmi_uuid),
	CONFIG_OF("fallback", read_fallback),
};

static bool type_has_interrupt(const struct config_load *l, const char *type)
{
	for (size_t i = 0; l->types_without[i]; i++)
		if (fnmatch(l->types_without[i], type, 0) == 0)
			return false;
	return true;
}

/* What follows from the rest. */
static struct err *finish(struct config_load *l, const struct draft *d,
			  struct config_instance *ret)
{
	*ret = d->i;
	if (!d->says_interrupt)
		ret->has_interrupt = type_has_interrupt(l, ret->type);
	if (!ret->zone)
		ret->zone = config_printf(l->arena, "%sa", ret->region);
	ret->arn = config_printf(l->arena, "arn:%s:ec2:%s:%s:instance/%s",
				 l->config->partition, ret->region, ret->account, ret->id);
	return ret->zone && ret->arn ? NULL : err_nomem();
}

static struct err *read_instance(const struct config_reader *rd,
				 const struct json_place *at, json_t *value,
				 struct config_instance *ret)
{
	struct config_load *l = rd->load;
	struct json_place id = JSON_MEMBER(at, "id");
	struct draft d = {.i = {.account = l->account,
				.region = l->config->region,
				.type = "m5.large",
				.image = "ami-00000000000000000",
				.asks_state = true,
				.fallback = l->fallback}};
	struct err *err = config_read_fields(rd, at, value, fields, ARRAY_SIZE(fields), &d);

	if (!err)
		err = config_names_add(&l->instance_names, rd, &id, d.i.id);
	return err ? err : finish(l, &d, ret);
}

static struct err *read_file(struct config_load *l, const struct config_file *f)
{
	const struct config_reader rd = {.load = l, .file = f};
	struct err *err = NULL;

	if (!json_is_array(f->root))
		return read_instance(&rd, JSON_WHOLE, f->root,
				     &l->instances[l->num_instances++]);
	for (size_t i = 0; !err && i < json_array_size(f->root); i++) {
		struct json_place here = JSON_ELEMENT(JSON_WHOLE, i);

		err = read_instance(&rd, &here, json_array_get(f->root, i),
				    &l->instances[l->num_instances++]);
	}
	return err;
}

static int by_id(const void *a, const void *b)
{
	const struct config_instance *x = a, *y = b;

	return strcmp(x->id, y->id);
}

struct err *config_read_instances(struct config_load *l, const struct config_files *files)
{
	size_t num = 0;

	for (size_t i = 0; i < files->num; i++)
		num += json_is_array(files->rows[i].root)
			       ? json_array_size(files->rows[i].root)
			       : 1;
	if (num > CONFIG_ROWS_MAX)
		return err_new(ERR_BAD_DATA, "instances: %zu instances; %u are the most",
			       num, CONFIG_ROWS_MAX);
	l->instances = config_alloc(l->arena, num, sizeof(*l->instances));
	if (!l->instances)
		return err_nomem();
	for (size_t i = 0; i < files->num; i++) {
		struct err *err = read_file(l, &files->rows[i]);

		if (err)
			return err;
	}
	qsort(l->instances, l->num_instances, sizeof(*l->instances), by_id);
	return config_names_check(&l->instance_names, "instance");
}
