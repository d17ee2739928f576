/*
 * How a configuration is read: files, members of objects, and what is collected on the way.
 *
 * A configuration and all that it points to lie in one arena, but for its policies; while
 * it is loaded it belongs to one thread.
 */
#ifndef TRIGGER_CONFIG_PRIV_H
#define TRIGGER_CONFIG_PRIV_H

#include "format/json_place.h"
#include "trigger/config.h"

#define CONFIG_FILE_MAX	    (16u << 20) /* bytes */
#define CONFIG_FILES_MAX    20000u	/* in one of the directories */
#define CONFIG_ROWS_MAX	    100000u	/* instances, principals, keys */
#define CONFIG_LIST_MAX	    256u	/* policies, groups, proxies, words of one list */
#define CONFIG_TAGS_MAX	    50u
#define CONFIG_TEXT_MAX	    4096u
#define CONFIG_TAG_KEY_MAX  128u
#define CONFIG_TAG_TEXT_MAX 256u

/* --- config_arena.c --- */

struct config_block {
	void *start;
	size_t len;
};

struct config_arena {
	struct config_block *blocks;
	size_t num, capacity;
};

/* Zeroed memory that lasts as long as the arena; NULL if there is none. It may hold
 * secrets, and is overwritten before it is freed. */
void *config_alloc(struct config_arena *a, size_t count, size_t size);
char *config_strdup(struct config_arena *a, const char *text);
char *config_printf(struct config_arena *a, const char *fmt, ...) printf_like(2, 3);
void config_arena_deinit(struct config_arena *a);

/* --- config_file.c --- */

/* A file as it was read. */
struct config_file {
	struct json_document document;
	char *name; /* its path */
	char *text;
	json_t *root;
	bool is_private; /* nobody but its owner may read it */
};

struct config_files {
	struct config_file *rows;
	size_t num;
};

/* Read and parse NAME below the directory at @path. */
must_check struct err *config_file_read(const char *path, const char *name,
					struct config_file *ret);
void config_file_deinit(struct config_file *f);

/* Read each *.json of @directory ("instances") below @path, in the order of their names. A
 * directory that is not there has none. */
must_check struct err *config_files_read(const char *path, const char *directory,
					 struct config_files *ret);
void config_files_deinit(struct config_files *f);

/* All files of a configuration. */
struct config_sources {
	struct config_file server;
	struct config_files policies, principals, instances;
};
void config_sources_deinit(struct config_sources *s);

/* config.c: make a configuration from what was read. */
must_check struct err *config_make(const struct config_sources *from,
				   const struct config **ret);

/* --- config_fields.c: members of an object, by a table --- */

struct config_load;

/* Where we are. */
struct config_reader {
	struct config_load *load;
	const struct config_file *file;
};

typedef struct err *config_read_fn(const struct config_reader *rd,
				   const struct json_place *at, json_t *value, void *row);

enum config_kind {
	CONFIG_TEXT,   /* const char *, not empty */
	CONFIG_SECRET, /* the same, in a file that is private */
	CONFIG_PATH,   /* an absolute one */
	CONFIG_FLAG,   /* bool */
	CONFIG_U16,    /* within min and max */
	CONFIG_U32,
	CONFIG_SIZE,	/* size_t */
	CONFIG_DECIMAL, /* double, from 0 to max */
	CONFIG_TIME,	/* s64: ISO 8601 in UTC, or seconds since 1970 */
	CONFIG_LIST,	/* const char *const *, NULL-terminated */
	CONFIG_CALL,	/* @read does it */
};

struct config_field {
	const char *name;
	enum config_kind kind;
	size_t offset;
	u64 min, max;
	config_read_fn *read;
	bool is_needed;
};

#define CONFIG_FIELD(noun, member, what)                                                   \
	{                                                                                  \
		.name = #member, .kind = (what), .offset = offsetof(struct noun, member)   \
	}
#define CONFIG_NUMBER(noun, member, what, low, high)                                       \
	{                                                                                  \
		.name = #member, .kind = (what), .offset = offsetof(struct noun, member),  \
		.min = (low), .max = (high)                                                \
	}
#define CONFIG_OF(key, fn)                                                                 \
	{                                                                                  \
		.name = (key), .kind = CONFIG_CALL, .read = (fn)                           \
	}

/* Read the members of @value into @row. Refuses what is no object, has a member that is not
 * in the table, or lacks one that is needed. */
must_check struct err *config_read_fields(const struct config_reader *rd,
					  const struct json_place *at, json_t *value,
					  const struct config_field *fields,
					  size_t num_fields, void *row);

/* A sentence about @at, with file and line. */
must_check struct err *config_wrong(const struct config_reader *rd,
				    const struct json_place *at, const char *fmt, ...)
	printf_like(3, 4);

/* @value has to be an array of at most @max. */
must_check struct err *config_check_array(const struct config_reader *rd,
					  const struct json_place *at, const json_t *value,
					  size_t max);
must_check struct err *config_read_text(const struct config_reader *rd,
					const struct json_place *at, const json_t *value,
					const char **ret);
/* A region or partition: a part of ARNs and of the names of hosts. */
must_check struct err *config_read_word(const struct config_reader *rd,
					const struct json_place *at, json_t *value,
					const char **ret);
must_check struct err *config_read_list(const struct config_reader *rd,
					const struct json_place *at, const json_t *value,
					const char *const **ret);
must_check struct err *config_read_tags(const struct config_reader *rd,
					const struct json_place *at, json_t *value,
					const struct config_tag **ret, size_t *ret_num);

/* --- config_names.c: what may exist once --- */

/* A name and where it is said: "/etc/inquestd/instances/web.json: [2].id". */
struct config_name {
	const char *name, *origin;
};

struct config_names {
	struct config_name *rows;
	size_t num, capacity;
};

must_check struct err *config_names_add(struct config_names *names,
					const struct config_reader *rd,
					const struct json_place *at, const char *name);

/* Refuse what is there twice, naming both places. @what: "instance". */
must_check struct err *config_names_check(struct config_names *names, const char *what);

/* --- a load on its way --- */

struct config_group {
	const char *name;
	const struct iam_policy *const *policies;
	size_t num_policies;
};

struct config_load {
	struct config *config;
	struct config_arena *arena;
	const char *account; /* where a row says none */
	const char *const *types_without;
	struct config_fallback fallback;

	/* Managed policies, in the order of their names, and after them those inside of
	 * principals. Those up to num_managed can be looked up. */
	struct iam_policy **policies;
	size_t num_policies, num_managed, room_policies;

	struct config_group *groups;
	size_t num_groups;
	struct config_instance *instances;
	size_t num_instances;
	struct config_key *keys;
	size_t num_keys, room_keys;
	size_t num_principals;

	const char **warnings;
	size_t num_warnings;
	struct config_names instance_names, principal_names, key_names, group_names;
};

/* Take over @p. */
must_check struct err *config_hold_policy(struct config_load *l, struct iam_policy *p);
must_check struct err *config_warn(struct config_load *l, const char *fmt, ...)
	printf_like(2, 3);

/* config_server.c, config_policies.c, config_instances.c, config_principals.c */
must_check struct err *config_read_server(struct config_load *l,
					  const struct config_file *f);
must_check struct err *config_finish_server(struct config_load *l);
must_check struct err *config_read_policies(struct config_load *l,
					    const struct config_files *files);
must_check struct err *config_read_instances(struct config_load *l,
					     const struct config_files *files);
must_check struct err *config_read_principals(struct config_load *l,
					      const struct config_files *files);
must_check struct err *config_read_fallback(const struct config_reader *rd,
					    const struct json_place *at, json_t *value,
					    struct config_fallback *ret);

must_check struct err *config_check_account(const struct config_reader *rd,
					    const struct json_place *at,
					    const char *account);

#endif
