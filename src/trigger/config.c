#include "trigger/config.h"

#include "base/str.h"
#include "trigger/config_priv.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#define WARNINGS_MAX 1000u

/* A configuration with all that it owns. */
struct held {
	struct config config;
	atomic_uint refs;
	struct config_arena arena;
	struct iam_policy **policies;
	size_t num_policies;
	struct config_key *keys; /* in the order of their names */
};

static void held_free(struct held *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->num_policies; i++)
		iam_policy_free(h->policies[i]);
	free(h->policies);
	free(h->keys);
	config_arena_deinit(&h->arena);
	free(h);
}
CLEANUP_FREEP(held)

/* The config is the first member. */
static struct held *held_of(const struct config *c)
{
	return (struct held *)(void *)(uintptr_t)c;
}

const struct config *config_ref(const struct config *c)
{
	atomic_fetch_add_explicit(&held_of(c)->refs, 1, memory_order_relaxed);
	return c;
}

void config_unref(const struct config *c)
{
	if (c && atomic_fetch_sub_explicit(&held_of(c)->refs, 1, memory_order_acq_rel) == 1)
		held_free(held_of(c));
}

struct err *config_warn(struct config_load *l, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (l->num_warnings == WARNINGS_MAX)
		return NULL;
	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (!text)
		return err_nomem();
	l->warnings[l->num_warnings] = config_strdup(l->arena, text);
	free(text);
	return l->warnings[l->num_warnings++] ? NULL : err_nomem();
}

static struct err *read_files(struct config_load *l, const struct config_sources *from)
{
	struct err *err = config_read_server(l, &from->server);

	/* Policies first: principals name them. */
	if (!err)
		err = config_read_policies(l, &from->policies);
	if (!err)
		err = config_read_principals(l, &from->principals);
	if (!err)
		err = config_read_instances(l, &from->instances);
	return err ? err : config_finish_server(l);
}

/* Hand what was loaded to @h. */
static void publish(struct config_load *l, struct held *h)
{
	h->policies = l->policies;
	h->num_policies = l->num_policies;
	h->keys = l->keys;
	h->config.instances = l->instances;
	h->config.num_instances = l->num_instances;
	h->config.num_principals = l->num_principals;
	h->config.num_policies = l->num_policies;
	h->config.num_keys = l->num_keys;
	h->config.warnings = l->warnings;
	h->config.num_warnings = l->num_warnings;
	free(l->instance_names.rows);
	free(l->principal_names.rows);
	free(l->key_names.rows);
	free(l->group_names.rows);
}

struct err *config_make(const struct config_sources *from, const struct config **ret)
{
	cleanup(held_freep) struct held *h = calloc(1, sizeof(*h));
	struct config_load l = {0};
	struct err *err;

	if (!h)
		return err_nomem();
	atomic_init(&h->refs, 1);
	l.config = &h->config;
	l.arena = &h->arena;
	l.warnings = config_alloc(&h->arena, WARNINGS_MAX, sizeof(*l.warnings));
	err = l.warnings ? read_files(&l, from) : err_nomem();
	publish(&l, h);
	if (err)
		return err;
	*ret = &steal(h)->config;
	return NULL;
}

void config_sources_deinit(struct config_sources *s)
{
	config_file_deinit(&s->server);
	config_files_deinit(&s->policies);
	config_files_deinit(&s->principals);
	config_files_deinit(&s->instances);
}

struct err *config_load(const char *path, const struct config **ret)
{
	cleanup(config_sources_deinit) struct config_sources from = {0};
	struct err *err = config_file_read(path, "inquestd.json", &from.server);

	if (!err)
		err = config_files_read(path, "policies", &from.policies);
	if (!err)
		err = config_files_read(path, "principals", &from.principals);
	if (!err)
		err = config_files_read(path, "instances", &from.instances);
	return err ? err : config_make(&from, ret);
}

static int by_id(const void *key, const void *row)
{
	const struct config_instance *i = row;

	return strcmp(key, i->id);
}

const struct config_instance *config_find_instance(const struct config *c, const char *id)
{
	return c->num_instances ? bsearch(id, c->instances, c->num_instances,
					  sizeof(*c->instances), by_id)
				: NULL;
}

static int by_access_key(const void *key, const void *row)
{
	const struct config_key *k = row;

	return strcmp(key, k->access_key);
}

const struct config_key *config_find_key(const struct config *c, const char *access_key)
{
	return c->num_keys ? bsearch(access_key, held_of(c)->keys, c->num_keys,
				     sizeof(struct config_key), by_access_key)
			   : NULL;
}
