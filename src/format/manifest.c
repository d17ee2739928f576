#include "format/manifest.h"

#include "base/str.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

/* Every string of a manifest is a path, a word or a command line. */
#define STRING_MAX 4096

/* A member of a row: a string, a count or a flag. */
enum field_type { FIELD_STRING, FIELD_COUNT, FIELD_FLAG };

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
};

#define STRING_FIELD(type, member)                                                         \
	{                                                                                  \
#		member, FIELD_STRING, offsetof(struct type, member)                       \
	}
#define COUNT_FIELD(type, member)                                                          \
	{                                                                                  \
#		member, FIELD_COUNT, offsetof(struct type, member)                        \
	}
#define FLAG_FIELD(type, member)                                                           \
	{                                                                                  \
#		member, FIELD_FLAG, offsetof(struct type, member)                         \
	}

/* An array of the manifest: its rows, what they start from, and where it lies. */
struct array {
	const char *key;
	const struct field *fields;
	size_t num_fields;
	size_t row_size, max;
	const void *defaults; /* of one row */
	size_t rows_offset, count_offset;
	const char *required; /* the member no row can do without, a string */
};

static const struct field module_fields[] = {
	STRING_FIELD(manifest_module, path),
	STRING_FIELD(manifest_module, params),
	FLAG_FIELD(manifest_module, optional),
};
static const struct field target_fields[] = {
	STRING_FIELD(manifest_target, kind),	STRING_FIELD(manifest_target, device),
	STRING_FIELD(manifest_target, fs_type), STRING_FIELD(manifest_target, options),
	STRING_FIELD(manifest_target, path),	STRING_FIELD(manifest_target, host),
	STRING_FIELD(manifest_target, address), COUNT_FIELD(manifest_target, port),
	STRING_FIELD(manifest_target, key),	STRING_FIELD(manifest_target, known_hosts),
};
static const struct field hook_fields[] = {
	STRING_FIELD(manifest_hook, when),
	STRING_FIELD(manifest_hook, path),
	FLAG_FIELD(manifest_hook, is_optional),
};
static const struct field interface_fields[] = {
	STRING_FIELD(manifest_interface, name),
	STRING_FIELD(manifest_interface, kind),
	STRING_FIELD(manifest_interface, mac),
	STRING_FIELD(manifest_interface, parent),
	STRING_FIELD(manifest_interface, master),
	STRING_FIELD(manifest_interface, addresses),
	STRING_FIELD(manifest_interface, bond_mode),
	COUNT_FIELD(manifest_interface, vlan_id),
	COUNT_FIELD(manifest_interface, mtu),
	FLAG_FIELD(manifest_interface, dhcp),
};
static const struct field route_fields[] = {
	STRING_FIELD(manifest_route, to),
	STRING_FIELD(manifest_route, gateway),
	STRING_FIELD(manifest_route, interface),
};
static const struct field sysctl_fields[] = {
	STRING_FIELD(manifest_sysctl, name),
	STRING_FIELD(manifest_sysctl, value),
};

static const struct manifest_module module_defaults = {.params = ""};
static const struct manifest_target target_defaults = MANIFEST_TARGET_VALUES;
static const struct manifest_hook hook_defaults = {.when = "post"};
static const struct manifest_interface interface_defaults = {.kind = "ethernet",
							     .mac = "",
							     .parent = "",
							     .master = "",
							     .addresses = "",
							     .bond_mode = ""};
static const struct manifest_route route_defaults = {.gateway = "", .interface = ""};
static const struct manifest_sysctl sysctl_defaults = {.value = ""};

#define ARRAY_OF(noun, plural, limit, needs)                                               \
	{                                                                                  \
		.key = #plural, .fields = noun##_fields,                                   \
		.num_fields = ARRAY_SIZE(noun##_fields),                                   \
		.row_size = sizeof(struct manifest_##noun), .max = limit,                  \
		.defaults = &noun##_defaults,                                              \
		.rows_offset = offsetof(struct manifest, plural),                          \
		.count_offset = offsetof(struct manifest, num_##plural), .required = needs \
	}

static const struct array arrays[] = {
	ARRAY_OF(module, modules, MANIFEST_MODULES_MAX, "path"),
	ARRAY_OF(target, targets, MANIFEST_ROWS_MAX, "kind"),
	ARRAY_OF(hook, hooks, MANIFEST_ROWS_MAX, "path"),
	ARRAY_OF(interface, interfaces, MANIFEST_ROWS_MAX, "name"),
	ARRAY_OF(route, routes, MANIFEST_ROWS_MAX, "to"),
};
/* Lies in crashed, not in the root. */
static const struct array sysctl_array = {
	.key = "sysctls",
	.fields = sysctl_fields,
	.num_fields = ARRAY_SIZE(sysctl_fields),
	.row_size = sizeof(struct manifest_sysctl),
	.max = MANIFEST_SYSCTLS_MAX,
	.defaults = &sysctl_defaults,
	.rows_offset = offsetof(struct manifest, crashed.sysctls),
	.count_offset = offsetof(struct manifest, crashed.num_sysctls),
	.required = "name",
};

static const void *array_rows(const struct array *a, const struct manifest *m)
{
	return *(const void *const *)((const char *)m + a->rows_offset);
}

static size_t array_count(const struct array *a, const struct manifest *m)
{
	return *(const size_t *)((const char *)m + a->count_offset);
}

static json_t *field_to_json(const struct field *f, const void *row)
{
	const char *member = (const char *)row + f->offset;

	switch (f->type) {
	case FIELD_STRING:
		return json_string(*(const char *const *)member);
	case FIELD_COUNT:
		return json_integer((json_int_t) * (const u64 *)member);
	case FIELD_FLAG:
		return json_boolean(*(const bool *)member);
	}
	return NULL;
}

/* NULL if a string is not UTF-8, or without memory. */
static json_t *array_to_json(const struct array *a, const struct manifest *m)
{
	json_t *json = json_array();
	int failed = !json;

	for (size_t i = 0; !failed && i < array_count(a, m); i++) {
		const char *row = (const char *)array_rows(a, m) + i * a->row_size;
		json_t *object = json_object();

		for (size_t k = 0; !failed && k < a->num_fields; k++)
			failed = json_object_set_new(object, a->fields[k].key,
						     field_to_json(&a->fields[k], row)) < 0;
		failed |= json_array_append_new(json, object) < 0;
	}
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *crashed_to_json(const struct manifest *m)
{
	const struct manifest_crashed *c = &m->crashed;

	return json_pack("{ss ss ss so}", "kernel", c->kernel, "initrd", c->initrd,
			 "command_line", c->command_line, "sysctls",
			 array_to_json(&sysctl_array, m));
}

static json_t *scalars_to_json(const struct manifest *m)
{
	return json_pack(
		"{ss sI ss ss ss ss ss sI sb s{ss ss} s{sI ss sI} s{sI sI sI sI sI sI}}",
		"schema", "inquest.manifest", "version", (json_int_t)MANIFEST_VERSION,
		"time_zone", m->time_zone, "host_name", m->host_name, "naming", m->naming,
		"final", m->final, "failure_action", m->failure_action, "keep_dumps",
		(json_int_t)m->keep_dumps, "watchdog", (int)m->watchdog, "collector",
		"kind", m->collector.kind, "words", m->collector.words, "dump", "level",
		(json_int_t)m->dump.level, "compression", m->dump.compression,
		"compression_level", (json_int_t)m->dump.compression_level, "deadlines",
		"device_ms", (json_int_t)m->deadlines.device_ms, "stall_ms",
		(json_int_t)m->deadlines.stall_ms, "overall_ms",
		(json_int_t)m->deadlines.overall_ms, "end_ms",
		(json_int_t)m->deadlines.end_ms, "network_ms",
		(json_int_t)m->deadlines.network_ms, "hook_ms",
		(json_int_t)m->deadlines.hook_ms);
}

struct err *manifest_format(const struct manifest *m, struct buf *b)
{
	json_t *root = scalars_to_json(m);
	cleanup(freep) char *text = NULL;
	int failed = !root;

	for (size_t i = 0; !failed && i < ARRAY_SIZE(arrays); i++)
		failed = json_object_set_new(root, arrays[i].key,
					     array_to_json(&arrays[i], m)) < 0;
	if (!failed && m->crashed.kernel)
		failed = json_object_set_new(root, "crashed", crashed_to_json(m)) < 0;
	text = failed ? NULL : json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text)
		return err_new(
			ERR_USAGE,
			"the manifest cannot be written as JSON: one of its strings is not UTF-8");
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	return buf_check(b);
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

static struct err *get_string(const json_t *object, const char *where, const char *key,
			      const char **slot)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		return NULL;
	if (!json_is_string(value))
		return err_new(ERR_BAD_DATA, "%s.%s is not a string", where, key);
	if (json_string_length(value) > STRING_MAX)
		return err_new(ERR_BAD_DATA, "%s.%s is longer than %d bytes", where, key,
			       STRING_MAX);
	*slot = json_string_value(value);
	return NULL;
}

static struct err *get_integer(const json_t *object, const char *where, const char *key,
			       s64 min, s64 max, s64 *slot)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		return NULL;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return err_new(ERR_BAD_DATA, "%s.%s is not a number from %lld to %lld",
			       where, key, (long long)min, (long long)max);
	*slot = json_integer_value(value);
	return NULL;
}

/* The member object @key of @root: NULL with no error if it is absent. */
static struct err *get_object(const json_t *root, const char *key, const json_t **ret)
{
	*ret = json_object_get(root, key);
	if (*ret && !json_is_object(*ret))
		return err_new(ERR_BAD_DATA, "%s is not an object", key);
	return NULL;
}

struct string_row {
	const char *key;
	size_t offset;
};

/* Read string members into the fields at rows[i].offset of @base. */
static struct err *get_strings(const json_t *object, const char *where,
			       const struct string_row *rows, size_t count, void *base)
{
	for (size_t i = 0; i < count; i++) {
		void *member = (char *)base + rows[i].offset;
		struct err *err = get_string(object, where, rows[i].key, member);

		if (err)
			return err;
	}
	return NULL;
}

static struct err *get_field(const json_t *object, const char *where, const struct field *f,
			     void *row)
{
	char *member = (char *)row + f->offset;
	json_t *value = json_object_get(object, f->key);
	struct err *err;
	s64 count;

	switch (f->type) {
	case FIELD_STRING:
		return get_string(object, where, f->key, (const char **)(void *)member);
	case FIELD_COUNT:
		count = (s64) * (u64 *)(void *)member;
		err = get_integer(object, where, f->key, 0, INT_MAX, &count);
		*(u64 *)(void *)member = (u64)count;
		return err;
	case FIELD_FLAG:
		if (value && !json_is_boolean(value))
			return err_new(ERR_BAD_DATA, "%s.%s is neither true nor false",
				       where, f->key);
		if (value)
			*(bool *)(void *)member = json_is_true(value);
		return NULL;
	}
	return NULL;
}

static struct err *parse_row(const json_t *object, const struct array *a, size_t index,
			     char *row)
{
	memcpy(row, a->defaults, a->row_size);
	for (size_t i = 0; i < a->num_fields; i++) {
		struct err *err = get_field(object, a->key, &a->fields[i], row);

		if (err)
			return err;
	}
	if (!json_object_get(object, a->required))
		return err_new(ERR_BAD_DATA, "%s[%zu] has no %s", a->key, index,
			       a->required);
	return NULL;
}

/* The rows go to @room, which has space for all of them. */
static struct err *parse_array(const json_t *json, const struct array *a, char *room,
			       struct manifest *m)
{
	size_t count = json_array_size(json);

	*(const void **)(void *)((char *)m + a->rows_offset) = room;
	*(size_t *)(void *)((char *)m + a->count_offset) = count;
	for (size_t i = 0; i < count; i++) {
		struct err *err =
			parse_row(json_array_get(json, i), a, i, room + i * a->row_size);

		if (err)
			return err;
	}
	return NULL;
}

/* What the array @a of @object takes in memory, into *@size. */
static struct err *measure_array(const json_t *object, const struct array *a, size_t *size)
{
	const json_t *json = json_object_get(object, a->key);

	if (json && !json_is_array(json))
		return err_new(ERR_BAD_DATA, "%s is not an array", a->key);
	if (json_array_size(json) > a->max)
		return err_new(ERR_BAD_DATA, "%zu %s; the limit is %zu",
			       json_array_size(json), a->key, a->max);
	*size += json_array_size(json) * a->row_size;
	return NULL;
}

/* The one target of version 1, if this is that. */
static struct err *parse_old_target(const json_t *root, struct manifest *m,
				    struct manifest_target *room)
{
	const json_t *object;
	struct err *err = get_object(root, "target", &object);

	if (err || !object || m->num_targets)
		return err;
	*room = target_defaults;
	for (size_t i = 0; !err && i < ARRAY_SIZE(target_fields); i++)
		err = get_field(object, "target", &target_fields[i], room);
	m->targets = room;
	m->num_targets = 1;
	return err;
}

/* One allocation behind all arrays, sized by what is there and bounded by the limits. */
static struct err *parse_arrays(const json_t *root, const json_t *crashed,
				struct manifest *m)
{
	size_t size = sizeof(struct manifest_target);
	struct err *err = measure_array(crashed, &sysctl_array, &size);
	char *room;

	for (size_t i = 0; !err && i < ARRAY_SIZE(arrays); i++)
		err = measure_array(root, &arrays[i], &size);
	if (err)
		return err;
	m->arrays = room = calloc(1, size);
	if (!room)
		return err_nomem();
	for (size_t i = 0; !err && i < ARRAY_SIZE(arrays); i++) {
		err = parse_array(json_object_get(root, arrays[i].key), &arrays[i], room,
				  m);
		room += array_count(&arrays[i], m) * arrays[i].row_size;
	}
	if (!err)
		err = parse_array(json_object_get(crashed, "sysctls"), &sysctl_array, room,
				  m);
	room += array_count(&sysctl_array, m) * sysctl_array.row_size;
	return err ? err : parse_old_target(root, m, (void *)room);
}

static struct err *check_targets(const struct manifest *m)
{
	static const char *const kinds[] = {"fs",  "virtiofs", "raw",
					    "nfs", "ssh",      "rootfs"};

	for (size_t i = 0; i < m->num_targets; i++) {
		const struct manifest_target *t = &m->targets[i];

		if (strchr(t->host, '/') || str_has_prefix(t->host, "."))
			return err_new(ERR_BAD_DATA,
				       "targets[%zu].host is no part of a file name", i);
		if (!is_one_of(t->kind, kinds, ARRAY_SIZE(kinds)))
			return err_new(ERR_UNSUPPORTED,
				       "targets[%zu].kind is nothing known here", i);
	}
	return NULL;
}

static struct err *parse_dump(const json_t *root, struct manifest_dump *dump)
{
	const json_t *object;
	s64 level = (s64)dump->level;
	struct err *err = get_object(root, "dump", &object);

	if (!err)
		err = get_integer(object, "dump", "level", 0, 31, &level);
	if (!err)
		err = get_integer(object, "dump", "compression_level", -100, 22,
				  &dump->compression_level);
	if (!err)
		err = get_string(object, "dump", "compression", &dump->compression);
	if (err)
		return err;
	dump->level = (u64)level;
	if (!str_eq(dump->compression, "zstd") && !str_eq(dump->compression, "zlib"))
		return err_new(ERR_BAD_DATA, "dump.compression is neither zstd nor zlib");
	return NULL;
}

static struct err *parse_collector(const json_t *root, struct manifest_collector *c)
{
	static const struct string_row rows[] = {
		{"kind", offsetof(struct manifest_collector, kind)},
		{"words", offsetof(struct manifest_collector, words)},
	};
	const json_t *object;
	struct err *err = get_object(root, "collector", &object);

	return err ? err : get_strings(object, "collector", rows, ARRAY_SIZE(rows), c);
}

static struct err *parse_deadlines(const json_t *root, struct manifest_deadlines *d)
{
	const struct {
		const char *key;
		u64 *slot;
	} rows[] = {{"device_ms", &d->device_ms},   {"stall_ms", &d->stall_ms},
		    {"overall_ms", &d->overall_ms}, {"end_ms", &d->end_ms},
		    {"network_ms", &d->network_ms}, {"hook_ms", &d->hook_ms}};
	const json_t *object;
	struct err *err = get_object(root, "deadlines", &object);

	for (size_t i = 0; !err && i < ARRAY_SIZE(rows); i++) {
		s64 value = (s64)*rows[i].slot;

		err = get_integer(object, "deadlines", rows[i].key, 1, INT_MAX, &value);
		*rows[i].slot = (u64)value;
	}
	return err;
}

static struct err *parse_crashed(const json_t *object, struct manifest_crashed *crashed)
{
	static const struct string_row rows[] = {
		{"kernel", offsetof(struct manifest_crashed, kernel)},
		{"initrd", offsetof(struct manifest_crashed, initrd)},
		{"command_line", offsetof(struct manifest_crashed, command_line)},
	};
	struct err *err = get_strings(object, "crashed", rows, ARRAY_SIZE(rows), crashed);

	if (err || !object)
		return err;
	if (!crashed->kernel || !crashed->initrd || !crashed->command_line)
		return err_new(ERR_BAD_DATA,
			       "crashed needs kernel, initrd and command_line");
	return NULL;
}

static struct err *parse_version(const json_t *root, struct manifest *m)
{
	s64 version = 0;
	struct err *err = get_integer(root, "manifest", "version", 1, INT_MAX, &version);

	if (err)
		return err;
	if (!version)
		return err_new(ERR_BAD_DATA, "there is no version");
	if (version > MANIFEST_VERSION)
		return err_new(ERR_UNSUPPORTED,
			       "version %lld is newer than %d, the last one known here",
			       (long long)version, MANIFEST_VERSION);
	m->version = (u64)version;
	return NULL;
}

static struct err *check_words(const struct manifest *m)
{
	static const char *const finals[] = {"reboot", "halt", "poweroff"};
	static const char *const failures[] = {"reboot", "halt", "poweroff", "shell",
					       "dump_to_rootfs"};
	static const char *const namings[] = {"inquest", "kdump", "kdump-tools"};

	if (!is_one_of(m->final, finals, ARRAY_SIZE(finals)))
		return err_new(ERR_BAD_DATA, "final is not reboot, halt or poweroff");
	if (!is_one_of(m->failure_action, failures, ARRAY_SIZE(failures)))
		return err_new(
			ERR_BAD_DATA,
			"failure_action is not reboot, halt, poweroff, shell or dump_to_rootfs");
	if (!is_one_of(m->naming, namings, ARRAY_SIZE(namings)))
		return err_new(ERR_BAD_DATA, "naming is not inquest, kdump or kdump-tools");
	return NULL;
}

static struct err *parse_members(const json_t *root, struct manifest *m)
{
	static const struct string_row rows[] = {
		{"time_zone", offsetof(struct manifest, time_zone)},
		{"host_name", offsetof(struct manifest, host_name)},
		{"naming", offsetof(struct manifest, naming)},
		{"final", offsetof(struct manifest, final)},
		{"failure_action", offsetof(struct manifest, failure_action)},
	};
	static const struct field scalars[] = {
		COUNT_FIELD(manifest, keep_dumps),
		FLAG_FIELD(manifest, watchdog),
	};
	const json_t *crashed;
	struct err *err = parse_version(root, m);

	if (!err)
		err = get_strings(root, "manifest", rows, ARRAY_SIZE(rows), m);
	for (size_t i = 0; !err && i < ARRAY_SIZE(scalars); i++)
		err = get_field(root, "manifest", &scalars[i], m);
	if (!err)
		err = get_object(root, "crashed", &crashed);
	if (!err)
		err = parse_collector(root, &m->collector);
	if (!err)
		err = parse_dump(root, &m->dump);
	if (!err)
		err = parse_deadlines(root, &m->deadlines);
	if (!err)
		err = parse_crashed(crashed, &m->crashed);
	if (!err)
		err = parse_arrays(root, crashed, m);
	if (!err)
		err = check_targets(m);
	return err ? err : check_words(m);
}

struct err *manifest_parse(const char *text, size_t len, struct manifest *ret)
{
	cleanup(manifest_deinit) struct manifest m = MANIFEST_DEFAULTS;
	json_error_t json_error;
	struct err *err;

	if (len > MANIFEST_BYTES_MAX)
		return err_new(ERR_BAD_DATA, "%zu bytes are too long for a manifest", len);
	m.json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &json_error);
	if (!m.json)
		return err_new(ERR_BAD_DATA, "no JSON at line %d: %s", json_error.line,
			       json_error.text);
	if (!json_is_object((json_t *)m.json))
		return err_new(ERR_BAD_DATA, "not a JSON object");
	err = parse_members(m.json, &m);
	if (err)
		return err;
	*ret = m;
	m.json = NULL;
	m.arrays = NULL;
	return NULL;
}

void manifest_deinit(struct manifest *m)
{
	json_decref(m->json);
	free(m->arrays);
	m->json = NULL;
	m->arrays = NULL;
}
