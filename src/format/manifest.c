#include "format/manifest.h"

#include "base/str.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

/* Every string of a manifest is a path, a word or a command line. */
#define STRING_MAX 4096

static json_t *modules_to_json(const struct manifest *m)
{
	json_t *array = json_array();

	for (size_t i = 0; i < m->num_modules; i++)
		json_array_append_new(array,
				      json_pack("{ss ss sb}", "path", m->modules[i].path,
						"params", m->modules[i].params, "optional",
						(int)m->modules[i].optional));
	return array;
}

static json_t *crashed_to_json(const struct manifest_crashed *c)
{
	json_t *sysctls = json_array();

	for (size_t i = 0; i < c->num_sysctls; i++)
		json_array_append_new(sysctls,
				      json_pack("{ss ss}", "name", c->sysctls[i].name,
						"value", c->sysctls[i].value));
	return json_pack("{ss ss ss so}", "kernel", c->kernel, "initrd", c->initrd,
			 "command_line", c->command_line, "sysctls", sysctls);
}

struct err *manifest_format(const struct manifest *m, struct buf *b)
{
	json_t *root = json_pack(
		"{ss sI ss ss so s{ss ss ss ss ss} s{sI ss sI} s{sI sI sI sI}}", "schema",
		"inquest.manifest", "version", (json_int_t)MANIFEST_VERSION, "time_zone",
		m->time_zone, "final", m->final, "modules", modules_to_json(m), "target",
		"device", m->target.device, "fs_type", m->target.fs_type, "options",
		m->target.options, "path", m->target.path, "host", m->target.host, "dump",
		"level", (json_int_t)m->dump.level, "compression", m->dump.compression,
		"compression_level", (json_int_t)m->dump.compression_level, "deadlines",
		"device_ms", (json_int_t)m->deadlines.device_ms, "stall_ms",
		(json_int_t)m->deadlines.stall_ms, "overall_ms",
		(json_int_t)m->deadlines.overall_ms, "end_ms",
		(json_int_t)m->deadlines.end_ms);
	cleanup(freep) char *text = NULL;

	if (root && m->crashed.kernel)
		json_object_set_new(root, "crashed", crashed_to_json(&m->crashed));
	/* json_pack() yields NULL also for a string that is not UTF-8. */
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return err_new(
			ERR_USAGE,
			"the manifest cannot be written as JSON: one of its strings is not UTF-8");
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	return buf_check(b);
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

static struct err *parse_modules(const json_t *array, struct manifest_module *modules)
{
	static const struct string_row rows[] = {
		{"path", offsetof(struct manifest_module, path)},
		{"params", offsetof(struct manifest_module, params)},
	};

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *row = json_array_get(array, i);
		struct err *err;

		modules[i] = (struct manifest_module){
			.params = "",
			.optional = json_is_true(json_object_get(row, "optional"))};
		err = get_strings(row, "modules", rows, ARRAY_SIZE(rows), &modules[i]);
		if (err)
			return err;
		if (!modules[i].path)
			return err_new(ERR_BAD_DATA, "modules[%zu] has no path", i);
	}
	return NULL;
}

static struct err *parse_sysctls(const json_t *array, struct manifest_sysctl *sysctls)
{
	static const struct string_row rows[] = {
		{"name", offsetof(struct manifest_sysctl, name)},
		{"value", offsetof(struct manifest_sysctl, value)},
	};

	for (size_t i = 0; i < json_array_size(array); i++) {
		struct err *err = get_strings(json_array_get(array, i), "crashed.sysctls",
					      rows, ARRAY_SIZE(rows), &sysctls[i]);

		if (err)
			return err;
		if (!sysctls[i].name || !sysctls[i].value)
			return err_new(ERR_BAD_DATA,
				       "crashed.sysctls[%zu] has no name or no value", i);
	}
	return NULL;
}

/* One allocation behind both arrays, sized by what is there and bounded by the limits. */
static struct err *parse_arrays(const json_t *root, const json_t *crashed,
				struct manifest *m)
{
	const json_t *modules = json_object_get(root, "modules");
	const json_t *sysctls = json_object_get(crashed, "sysctls");
	struct manifest_module *module_rows;
	struct manifest_sysctl *sysctl_rows;
	struct err *err;

	m->num_modules = json_array_size(modules);
	m->crashed.num_sysctls = json_array_size(sysctls);
	if (m->num_modules > MANIFEST_MODULES_MAX ||
	    m->crashed.num_sysctls > MANIFEST_SYSCTLS_MAX)
		return err_new(ERR_BAD_DATA,
			       "%zu modules and %zu sysctls; the limits are %d and %d",
			       m->num_modules, m->crashed.num_sysctls, MANIFEST_MODULES_MAX,
			       MANIFEST_SYSCTLS_MAX);
	m->arrays = calloc(1, m->num_modules * sizeof(*module_rows) +
				      m->crashed.num_sysctls * sizeof(*sysctl_rows) + 1);
	if (!m->arrays)
		return err_nomem();
	module_rows = m->arrays;
	sysctl_rows = (void *)(module_rows + m->num_modules);
	m->modules = module_rows;
	m->crashed.sysctls = sysctl_rows;
	err = parse_modules(modules, module_rows);
	return err ? err : parse_sysctls(sysctls, sysctl_rows);
}

static struct err *parse_target(const json_t *root, struct manifest_target *target)
{
	static const struct string_row rows[] = {
		{"device", offsetof(struct manifest_target, device)},
		{"fs_type", offsetof(struct manifest_target, fs_type)},
		{"options", offsetof(struct manifest_target, options)},
		{"path", offsetof(struct manifest_target, path)},
		{"host", offsetof(struct manifest_target, host)},
	};
	const json_t *object;
	struct err *err = get_object(root, "target", &object);

	if (err)
		return err;
	err = get_strings(object, "target", rows, ARRAY_SIZE(rows), target);
	if (!err && (strchr(target->host, '/') || str_has_prefix(target->host, ".")))
		err = err_new(ERR_BAD_DATA, "target.host is no part of a file name");
	return err;
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

static struct err *parse_deadlines(const json_t *root, struct manifest_deadlines *d)
{
	const struct {
		const char *key;
		u64 *slot;
	} rows[] = {{"device_ms", &d->device_ms},
		    {"stall_ms", &d->stall_ms},
		    {"overall_ms", &d->overall_ms},
		    {"end_ms", &d->end_ms}};
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

static struct err *parse_members(const json_t *root, struct manifest *m)
{
	static const struct string_row rows[] = {
		{"time_zone", offsetof(struct manifest, time_zone)},
		{"final", offsetof(struct manifest, final)},
	};
	const json_t *crashed;
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
	err = get_strings(root, "manifest", rows, ARRAY_SIZE(rows), m);
	if (!err)
		err = get_object(root, "crashed", &crashed);
	if (!err)
		err = parse_target(root, &m->target);
	if (!err)
		err = parse_dump(root, &m->dump);
	if (!err)
		err = parse_deadlines(root, &m->deadlines);
	if (!err)
		err = parse_crashed(crashed, &m->crashed);
	if (!err)
		err = parse_arrays(root, crashed, m);
	if (!err && !str_eq(m->final, "reboot") && !str_eq(m->final, "poweroff"))
		err = err_new(ERR_BAD_DATA, "final is neither reboot nor poweroff");
	return err;
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
