#include "trigger/store_priv.h"

#include <string.h>

#include "base/str.h"

#define LIST_MAX 100000u

/* NULL stays NULL; false if there is no memory. */
static bool copy_text(sqlite3_stmt *stmt, int column, char **ret)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	if (!text)
		return sqlite3_column_type(stmt, column) == SQLITE_NULL;
	*ret = strdup((const char *)text);
	return *ret != NULL;
}

must_check struct err *store_read_row(const struct store *s, sqlite3_stmt *stmt,
				      struct capture *ret)
{
	const char *id = (const char *)sqlite3_column_text(stmt, 0);
	const char *state = (const char *)sqlite3_column_text(stmt, 9);

	*ret = (struct capture){0};
	if (!id || !state)
		return err_nomem();
	if (!capture_state_find(state, &ret->state))
		return err_new(ERR_BAD_DATA, "%s: a capture has the unknown state \"%s\"",
			       s->path, state);
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	if (!copy_text(stmt, 1, &ret->instance_id) || !copy_text(stmt, 2, &ret->account) ||
	    !copy_text(stmt, 3, &ret->region) || !copy_text(stmt, 4, &ret->principal_arn) ||
	    !copy_text(stmt, 5, &ret->access_key) ||
	    !copy_text(stmt, 6, &ret->invocation_id) ||
	    !copy_text(stmt, 7, &ret->signature_hash) ||
	    !copy_text(stmt, 8, &ret->request_id) || !copy_text(stmt, 10, &ret->reason) ||
	    !copy_text(stmt, 11, &ret->dump_path))
		return err_nomem();
	ret->requested_ms = sqlite3_column_int64(stmt, 12);
	ret->injected_ms = sqlite3_column_int64(stmt, 13);
	ret->changed_ms = sqlite3_column_int64(stmt, 14);
	ret->absorbed = (u32)sqlite3_column_int64(stmt, 15);
	ret->is_forced = sqlite3_column_int(stmt, 16) != 0;
	ret->is_told = sqlite3_column_int(stmt, 17) != 0;
	ret->console_offset = sqlite3_column_int64(stmt, 18);
	return NULL;
}

must_check struct err *store_get(struct store *s, const char *capture_id,
				 struct capture *ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	cleanup(capture_deinit) struct capture c = {0};
	const struct store_value id[] = {STORE_TEXT(capture_id)};
	struct err *err = store_prepare(
		s, "SELECT " STORE_COLUMNS " FROM captures WHERE id = ?", id, 1, &stmt);
	bool has_row;

	if (!err)
		err = store_next(s, stmt, &has_row);
	if (err)
		return err;
	if (!has_row)
		return err_new(ERR_ABSENT, "there is no capture \"%s\"", capture_id);
	err = store_read_row(s, stmt, &c);
	if (err)
		return err;
	*ret = c;
	c = (struct capture){0};
	return NULL;
}

static const char *list_sql(enum store_which which)
{
	switch (which) {
	case STORE_OPEN:
		return "SELECT " STORE_COLUMNS " FROM captures WHERE state NOT "
		       "IN " STORE_TERMINAL " AND (?1 IS NULL OR instance_id = ?1)"
		       " ORDER BY number DESC LIMIT ?2";
	case STORE_UNTOLD:
		return "SELECT " STORE_COLUMNS " FROM captures WHERE is_told = 0 AND state "
		       "IN " STORE_TERMINAL " AND (?1 IS NULL OR instance_id = ?1)"
		       " ORDER BY number DESC LIMIT ?2";
	case STORE_LAST:
		return "SELECT " STORE_COLUMNS " FROM captures WHERE number IN"
		       " (SELECT max(number) FROM captures GROUP BY instance_id)"
		       " AND (?1 IS NULL OR instance_id = ?1)"
		       " ORDER BY number DESC LIMIT ?2";
	case STORE_ALL:
	default:
		return "SELECT " STORE_COLUMNS " FROM captures WHERE"
		       " (?1 IS NULL OR instance_id = ?1) ORDER BY number DESC LIMIT ?2";
	}
}

struct capture_list {
	struct capture *captures;
	size_t len, capacity;
};

static void capture_list_deinit(struct capture_list *l)
{
	captures_free(l->captures, l->len);
}

static must_check struct err *list_add(const struct store *s, sqlite3_stmt *stmt,
				       struct capture_list *l)
{
	if (l->len == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 16;
		struct capture *grown = reallocarray(l->captures, capacity, sizeof(*grown));

		if (!grown)
			return err_nomem();
		l->captures = grown;
		l->capacity = capacity;
	}
	return store_read_row(s, stmt, &l->captures[l->len++]);
}

must_check struct err *store_list(struct store *s, const char *instance_id,
				  enum store_which which, size_t max, struct capture **ret,
				  size_t *ret_len)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	cleanup(capture_list_deinit) struct capture_list list = {0};
	const struct store_value values[] = {STORE_TEXT(instance_id),
					     STORE_INT(min_u64(max, LIST_MAX))};
	struct err *err = store_prepare(s, list_sql(which), values, 2, &stmt);
	bool has_row = false;

	for (;;) {
		if (!err)
			err = store_next(s, stmt, &has_row);
		if (err)
			return err;
		if (!has_row)
			break;
		err = list_add(s, stmt, &list);
	}
	*ret_len = list.len;
	*ret = steal(list.captures);
	list.len = 0;
	return NULL;
}

struct step_list {
	struct capture_step *steps;
	size_t len, capacity;
};

static void step_list_deinit(struct step_list *l)
{
	capture_steps_free(l->steps, l->len);
}

static must_check struct err *step_list_add(const struct store *s, sqlite3_stmt *stmt,
					    struct step_list *l)
{
	const char *state = (const char *)sqlite3_column_text(stmt, 1);
	struct capture_step *step;

	if (l->len == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 16;
		struct capture_step *grown =
			reallocarray(l->steps, capacity, sizeof(*grown));

		if (!grown)
			return err_nomem();
		l->steps = grown;
		l->capacity = capacity;
	}
	step = &l->steps[l->len];
	*step = (struct capture_step){.time_ms = sqlite3_column_int64(stmt, 0)};
	if (!state)
		return err_nomem();
	if (!capture_state_find(state, &step->state))
		return err_new(ERR_BAD_DATA, "%s: a step has the unknown state \"%s\"",
			       s->path, state);
	l->len++;
	return copy_text(stmt, 2, &step->text) ? NULL : err_nomem();
}

must_check struct err *store_timeline(struct store *s, const char *capture_id,
				      struct capture_step **ret, size_t *ret_len)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	cleanup(step_list_deinit) struct step_list list = {0};
	const struct store_value id[] = {STORE_TEXT(capture_id)};
	struct err *err = store_prepare(s,
					"SELECT time_ms, state, text FROM steps WHERE"
					" capture_id = ? ORDER BY number",
					id, 1, &stmt);
	bool has_row = false;

	for (;;) {
		if (!err)
			err = store_next(s, stmt, &has_row);
		if (err)
			return err;
		if (!has_row)
			break;
		err = step_list_add(s, stmt, &list);
	}
	*ret_len = list.len;
	*ret = steal(list.steps);
	list.len = 0;
	return NULL;
}
