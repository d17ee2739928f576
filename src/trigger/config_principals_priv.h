/*
 * How users, groups and roles are read.
 *
 *   config_principals.c   the files: groups first, then whoever is in them
 *   config_draft.c        one row as it is written
 *   config_rights.c       its policies: managed, inline, those of its groups, its limits
 *   config_credentials.c  its keys, or a role's sessions, each a principal of its own
 *
 * All of it lies in the arena of the load and belongs to its thread; errors are sentences
 * with file and line.
 */
#ifndef TRIGGER_CONFIG_PRINCIPALS_PRIV_H
#define TRIGGER_CONFIG_PRINCIPALS_PRIV_H

#include "trigger/config_priv.h"

/* What bears on somebody, before it is known who is in which group. */
struct config_rights {
	const char *const *managed;
	const struct iam_policy **own; /* inline policies */
	size_t num_own;
	const char *boundary;
};

/* A user, a group or a role as it is read. */
struct config_draft {
	const char *name, *path, *account, *id;
	const struct config_tag *tags;
	size_t num_tags;
	struct config_rights rights;
	const char *const *groups;
	/* Of a user or role: its keys or sessions, read once all else is known. */
	json_t *keys;
};

enum config_draft_kind { CONFIG_DRAFT_GROUP, CONFIG_DRAFT_USER, CONFIG_DRAFT_ROLE };

/* --- config_draft.c --- */

/* Read the row @value into *@ret, which holds what is taken where it says nothing. */
must_check struct err *config_read_draft(const struct config_reader *rd,
					 const struct json_place *at, json_t *value,
					 enum config_draft_kind kind,
					 struct config_draft *ret);

/* The words of IAM: names of users, roles, groups, policies, sessions. */
must_check struct err *config_check_name(const struct config_reader *rd,
					 const struct json_place *at, const char *name);

/* --- config_rights.c --- */

/* All identity policies of @d. Its groups, and all managed policies, are known. */
must_check struct err *config_gather_rights(const struct config_reader *rd,
					    const struct json_place *at,
					    const struct config_draft *d,
					    const struct iam_policy *const **ret,
					    size_t *ret_num);

/* The managed policy that @member of @at names; *@ret stays where @name is NULL. */
must_check struct err *config_find_limit(const struct config_reader *rd,
					 const struct json_place *at, const char *member,
					 const char *name, const struct iam_policy **ret);

/* --- config_credentials.c --- */

/* The keys of the user @p, or the sessions of the role that @p is the draft of. */
must_check struct err *config_read_credentials(const struct config_reader *rd,
					       const struct json_place *at,
					       const struct config_draft *d,
					       const struct config_principal *p);

#endif
