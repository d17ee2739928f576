#include "format/redfish_system.h"

#include "base/str.h"

#include <jansson.h>
#include <string.h>

void redfish_system_deinit(struct redfish_system *s)
{
	free(s->reset_path);
	free(s->action_info);
	*s = (struct redfish_system){0};
}

static struct err *load(const char *text, size_t len, json_t **ret)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!root)
		return err_new(ERR_BAD_DATA, "what the service says is not JSON at byte %d",
			       why.position);
	*ret = root;
	return NULL;
}

static bool is_plain(const char *path)
{
	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || *path == 0x7f || strchr("\\#@", *path))
			return false;
	return true;
}

/* A path on the same service, without anything that a client could take for more. */
static struct err *take_path(const json_t *value, const char *what, char **ret)
{
	const char *path = json_string_value(value);

	if (!value || json_is_null(value))
		return NULL;
	if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > REDFISH_PATH_MAX)
		return err_new(ERR_BAD_DATA, "%s is no path of this service", what);
	/* Some name the action by the fragment of an OData type; none posts to one. */
	if (!is_plain(path))
		return err_new(ERR_BAD_DATA, "%s has characters that no path has", what);
	*ret = strdup(path);
	return *ret ? NULL : err_nomem();
}

static void take_types(const json_t *values, struct redfish_system *s)
{
	const json_t *value;
	size_t i;

	if (!json_is_array(values))
		return;
	s->lists_types = true;
	json_array_foreach(values, i, value)
	{
		const char *type = json_string_value(value);

		s->offers_nmi |= type && str_eq(type, "Nmi");
		s->offers_restart |= type && str_eq(type, "ForceRestart");
	}
}

static enum redfish_power power_of(const json_t *root)
{
	const char *power = json_string_value(json_object_get(root, "PowerState"));

	if (power && str_eq(power, "On"))
		return REDFISH_POWER_ON;
	return power && str_eq(power, "Off") ? REDFISH_POWER_OFF : REDFISH_POWER_UNKNOWN;
}

struct err *redfish_system_parse(const char *text, size_t len, struct redfish_system *ret)
{
	struct redfish_system s = {0};
	json_t *root = NULL;
	const json_t *reset;
	struct err *err = load(text, len, &root);

	if (err)
		return err;
	reset = json_object_get(json_object_get(root, "Actions"), "#ComputerSystem.Reset");
	s.power = power_of(root);
	err = take_path(json_object_get(reset, "target"), "the target of the reset",
			&s.reset_path);
	if (!err)
		err = take_path(json_object_get(reset, "@Redfish.ActionInfo"),
				"@Redfish.ActionInfo", &s.action_info);
	take_types(json_object_get(reset, "ResetType@Redfish.AllowableValues"), &s);
	json_decref(root);
	if (err) {
		redfish_system_deinit(&s);
		return err;
	}
	*ret = s;
	return NULL;
}

struct err *redfish_action_info_parse(const char *text, size_t len,
				      struct redfish_system *s)
{
	json_t *root = NULL;
	const json_t *parameter;
	size_t i;
	struct err *err = load(text, len, &root);

	if (err)
		return err;
	json_array_foreach(json_object_get(root, "Parameters"), i, parameter)
	{
		const char *name = json_string_value(json_object_get(parameter, "Name"));

		if (name && str_eq(name, "ResetType"))
			take_types(json_object_get(parameter, "AllowableValues"), s);
	}
	json_decref(root);
	return NULL;
}
