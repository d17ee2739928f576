#include "trigger/pages_priv.h"

#include "base/str.h"
#include "trigger/capture_json.h"

#include <string.h>

static bool set(json_t *to, const char *key, json_t *value)
{
	return json_object_set_new(to, key, value) == 0;
}

static json_t *text_json(const char *s, size_t len, bool keep_lines)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	str_escape(&b, s, len, keep_lines);
	return b.failed ? NULL : json_string(buf_text(&b));
}

static json_t *name_json(const char *s)
{
	return s ? text_json(s, strlen(s), false) : json_null();
}

static const char *tag_name(const struct config_instance *i)
{
	for (size_t k = 0; k < i->num_tags; k++)
		if (str_eq(i->tags[k].key, "Name"))
			return i->tags[k].value;
	return NULL;
}

/* The newest capture as far as the engine knows; null if there never was one. */
static json_t *newest_json(const struct pages_site *site, const char *id)
{
	struct engine_status s = {0};
	json_t *j;

	if (!site->status(site->ctx, id, &s))
		return json_null();
	j = json_object();
	if (j && set(j, "id", name_json(s.capture_id)) &&
	    set(j, "state", json_string(capture_state_name(s.state))) &&
	    set(j, "changed", capture_time_json(s.changed_ms)))
		return j;
	json_decref(j);
	return NULL;
}

static json_t *instance_json(const struct pages_site *site, const struct config_instance *i)
{
	json_t *j = json_object();

	if (j && set(j, "id", name_json(i->id)) && set(j, "name", name_json(tag_name(i))) &&
	    set(j, "account", name_json(i->account)) &&
	    set(j, "region", name_json(i->region)) && set(j, "type", name_json(i->type)) &&
	    set(j, "has_interrupt", json_boolean(i->has_interrupt)) &&
	    set(j, "capture", newest_json(site, i->id)))
		return j;
	json_decref(j);
	return NULL;
}

/* The captures of @id (NULL: all) under "captures" of a new tree. */
static struct err *begin(const struct pages_site *site, const char *id, json_t **ret)
{
	cleanup(pages_json_decref) json_t *list = NULL;
	cleanup(pages_json_decref) json_t *tree = NULL;
	struct err *err = site->list(site->ctx, id, PAGES_CAPTURES_MAX, &list);

	if (err)
		return err;
	tree = json_object();
	if (!tree || !set(tree, "schema", json_string("inquest.pages")) ||
	    !set(tree, "version", json_integer(1)) ||
	    json_object_set(tree, "captures", json_object_get(list, "captures")))
		return err_nomem();
	*ret = steal(tree);
	return NULL;
}

struct err *pages_tree_index(const struct pages_site *site, json_t **ret)
{
	cleanup(pages_json_decref) json_t *tree = NULL;
	json_t *instances = json_array();
	struct err *err = begin(site, NULL, &tree);

	if (err) {
		json_decref(instances);
		return err;
	}
	if (!set(tree, "instances", instances))
		return err_nomem();
	for (size_t i = 0; i < site->config->num_instances; i++)
		if (json_array_append_new(instances,
					  instance_json(site, &site->config->instances[i])))
			return err_nomem();
	*ret = steal(tree);
	return NULL;
}

struct err *pages_tree_instance(const struct pages_site *site, const char *id, json_t **ret)
{
	const struct config_instance *i = config_find_instance(site->config, id);
	cleanup(pages_json_decref) json_t *tree = NULL;
	struct err *err;

	if (!i)
		return err_new(ERR_ABSENT, "no instance %s is configured here", id);
	err = begin(site, id, &tree);
	if (err)
		return err;
	if (!set(tree, "instance", instance_json(site, i)))
		return err_nomem();
	*ret = steal(tree);
	return NULL;
}

static struct err *add_report(json_t *tree, const struct pages_report *r)
{
	json_t *j = json_object();

	if (!j || !set(j, "path", text_json(buf_text(&r->path), r->path.len, false)) ||
	    !set(j, "text", text_json(buf_text(&r->text), r->text.len, true)) ||
	    !set(j, "is_cut", json_boolean(r->is_cut))) {
		json_decref(j);
		return err_nomem();
	}
	return set(tree, "report", j) ? NULL : err_nomem();
}

struct err *pages_tree_capture(const struct pages_site *site, const char *id, json_t **ret)
{
	cleanup(pages_json_decref) json_t *tree = NULL;
	cleanup(pages_report_deinit) struct pages_report report = {.path = BUF_INIT};
	struct err *err = site->capture(site->ctx, id, &tree);
	const struct config_instance *i;
	const char *instance, *dump;

	if (err)
		return err;
	instance = json_string_value(json_object_get(tree, "instance"));
	dump = json_string_value(json_object_get(tree, "dump"));
	i = instance ? config_find_instance(site->config, instance) : NULL;
	if (i && dump) {
		err = pages_report_read(i, dump, &report);
		if (!err)
			err = add_report(tree, &report);
		else if (err_code(err) != ERR_NOMEM)
			err_ignore(steal(err));
	}
	if (err)
		return err;
	*ret = steal(tree);
	return NULL;
}
