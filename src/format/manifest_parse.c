#include "format/manifest_fields_priv.h"

#include "base/str.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

/* Every string of a manifest is a path, a word or a command line. */
#define STRING_MAX 4096

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

static struct err *get_field(const json_t *object, const char *where,
			     const struct manifest_field *f, void *row)
{
	void *member = (char *)row + f->offset;
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

static struct err *parse_row(const json_t *object, const struct manifest_array *a,
			     size_t index, char *row)
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
static struct err *parse_array(const json_t *json, const struct manifest_array *a,
			       char *room, struct manifest *m)
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
static struct err *measure_array(const json_t *object, const struct manifest_array *a,
				 size_t *size)
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
	const struct manifest_array *targets = &manifest_arrays[MANIFEST_TARGETS];
	const json_t *object;
	struct err *err = get_object(root, "target", &object);

	if (err || !object || m->num_targets)
		return err;
	*room = MANIFEST_TARGET_DEFAULTS;
	for (size_t i = 0; !err && i < targets->num_fields; i++)
		err = get_field(object, "target", &targets->fields[i], room);
	m->targets = room;
	m->num_targets = 1;
	return err;
}

/* One allocation behind all arrays, sized by what is there and bounded by the limits. */
static struct err *parse_arrays(const json_t *root, const json_t *crashed,
				struct manifest *m)
{
	size_t size = sizeof(struct manifest_target);
	struct err *err = measure_array(crashed, &manifest_sysctl_array, &size);
	char *room;

	for (size_t i = 0; !err && i < MANIFEST_NUM_ARRAYS; i++)
		err = measure_array(root, &manifest_arrays[i], &size);
	if (err)
		return err;
	m->arrays = room = calloc(1, size);
	if (!room)
		return err_nomem();
	for (size_t i = 0; !err && i < MANIFEST_NUM_ARRAYS; i++) {
		err = parse_array(json_object_get(root, manifest_arrays[i].key),
				  &manifest_arrays[i], room, m);
		room += manifest_array_count(&manifest_arrays[i], m) *
			manifest_arrays[i].row_size;
	}
	if (!err)
		err = parse_array(json_object_get(crashed, "sysctls"),
				  &manifest_sysctl_array, room, m);
	room += manifest_array_count(&manifest_sysctl_array, m) *
		manifest_sysctl_array.row_size;
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

/* What the collector can be told to compress with. */
static bool is_compression(const char *name)
{
	static const char *const names[] = {"zstd", "zlib", "lzo", "snappy", "none"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
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
	if (!is_compression(dump->compression))
		return err_new(
			ERR_BAD_DATA,
			"dump.compression is none of zstd, zlib, lzo, snappy and none");
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
	static const struct manifest_field scalars[] = {
		MANIFEST_FIELD(FIELD_COUNT, manifest, keep_dumps),
		MANIFEST_FIELD(FIELD_FLAG, manifest, watchdog),
		MANIFEST_FIELD(FIELD_FLAG, manifest, save_dmesg),
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
