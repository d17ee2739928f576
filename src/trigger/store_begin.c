#include "trigger/store_priv.h"

#include <string.h>

#include "base/uuid.h"

/* Milliseconds since the steady time @then of @boot_id. What was written in another boot is
 * at least as old as this boot: the clock of people may have jumped, so it is not asked. */
static u64 age_ms(const struct store *s, const char *boot_id, s64 then,
		  const struct store_time *now)
{
	bool is_this_boot = boot_id && strcmp(boot_id, s->boot_id) == 0;

	if (!is_this_boot || then < 0 || (u64)then > now->steady_ms)
		return now->steady_ms;
	return now->steady_ms - (u64)then;
}

/* The one row of a query, if it has one. */
static must_check struct err *find(struct store *s, const char *where,
				   const struct store_value *values, size_t num_values,
				   sqlite3_stmt **ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	cleanup(freep) char *sql = NULL;
	struct err *err;
	bool has_row;

	if (asprintf(&sql,
		     "SELECT " STORE_COLUMNS ", boot_id, begun_steady_ms, sign_boot_id,"
		     " sign_steady_ms FROM captures WHERE %s ORDER BY number DESC LIMIT 1",
		     where) < 0)
		return err_nomem();
	err = store_prepare(s, sql, values, num_values, &stmt);
	if (!err)
		err = store_next(s, stmt, &has_row);
	if (err)
		return err;
	*ret = has_row ? steal(stmt) : NULL;
	return NULL;
}

/* Keys A and B: the very request, whatever became of it, however long ago. */
static must_check struct err *find_same_request(struct store *s, const struct capture *c,
						sqlite3_stmt **ret)
{
	const struct store_value by_invocation[] = {STORE_TEXT(c->access_key),
						    STORE_TEXT(c->invocation_id),
						    STORE_TEXT(c->instance_id)};
	const struct store_value by_signature[] = {STORE_TEXT(c->access_key),
						   STORE_TEXT(c->signature_hash),
						   STORE_TEXT(c->instance_id)};
	struct err *err = find(s,
			       "access_key = ? AND invocation_id = ? AND instance_id = ?"
			       " AND state <> 'not-sent'",
			       by_invocation, ARRAY_SIZE(by_invocation), ret);

	if (err || *ret)
		return err;
	return find(s,
		    "access_key = ? AND signature_hash = ? AND instance_id = ?"
		    " AND state <> 'not-sent'",
		    by_signature, ARRAY_SIZE(by_signature), ret);
}

/* Key C: the same principal, anew, within duplicate_s. */
static must_check struct err *find_same_wish(struct store *s, const struct capture *c,
					     const struct store_rules *rules,
					     const struct store_time *now,
					     sqlite3_stmt **ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	const struct store_value values[] = {STORE_TEXT(c->principal_arn),
					     STORE_TEXT(c->instance_id)};
	struct err *err =
		find(s,
		     c->is_forced ? "principal_arn = ? AND instance_id = ? AND is_forced"
				    " AND state <> 'not-sent'"
				  : "principal_arn = ? AND instance_id = ?"
				    " AND state <> 'not-sent'",
		     values, ARRAY_SIZE(values), &stmt);
	const char *boot_id;
	s64 requested;
	u64 age;

	*ret = NULL;
	if (err || !stmt)
		return err;
	boot_id = (const char *)sqlite3_column_text(stmt, STORE_NUM_COLUMNS);
	age = age_ms(s, boot_id, sqlite3_column_int64(stmt, STORE_NUM_COLUMNS + 1), now);
	/* After a boot of this host an old one would look new: there both clocks decide. */
	requested = sqlite3_column_int64(stmt, 12);
	if (boot_id && strcmp(boot_id, s->boot_id) != 0 && now->utc_ms > requested)
		age = max_u64(age, (u64)(now->utc_ms - requested));
	if (age < (u64)rules->duplicate_s * 1000)
		*ret = steal(stmt);
	return NULL;
}

static must_check struct err *absorb(struct store *s, sqlite3_stmt *stmt,
				     const struct capture *repetition,
				     const struct store_time *now, struct capture *ret)
{
	cleanup(freep) char *text = NULL;
	struct err *err = store_read_row(s, stmt, ret);
	const struct store_value id[] = {STORE_TEXT(ret->id)};

	if (err)
		return err;
	if (asprintf(&text, "repeated by request %s: absorbed",
		     repetition->request_id ? repetition->request_id : "without an id") < 0)
		return err_nomem();
	sqlite3_reset(stmt);
	ret->absorbed++;
	err = store_run(s, "UPDATE captures SET absorbed = absorbed + 1 WHERE id = ?", id,
			1);
	return err ? err
		   : store_add_step(s, ret->id, capture_state_name(ret->state), text, now);
}

static must_check struct err *count_others(struct store *s, const char *instance_id,
					   s64 *ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	const struct store_value values[] = {STORE_TEXT(instance_id)};
	struct err *err = store_prepare(
		s,
		"SELECT count(*) FROM captures WHERE state NOT IN " STORE_TERMINAL
		" AND instance_id <> ?",
		values, 1, &stmt);
	bool has_row;

	if (!err)
		err = store_next(s, stmt, &has_row);
	if (err)
		return err;
	*ret = sqlite3_column_int64(stmt, 0);
	return NULL;
}

/* The open capture of the instance, if there is one: it is ended, or in the way. */
static must_check struct err *clear_way(struct store *s, const struct capture *c,
					const struct store_rules *rules,
					const struct store_time *now,
					enum store_verdict *verdict, struct capture *ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	const struct store_value values[] = {STORE_TEXT(c->instance_id)};
	struct err *err = find(s, "instance_id = ? AND state NOT IN " STORE_TERMINAL,
			       values, 1, &stmt);
	u64 silent_ms;

	*verdict = STORE_NEW;
	if (err || !stmt)
		return err;
	silent_ms =
		age_ms(s, (const char *)sqlite3_column_text(stmt, STORE_NUM_COLUMNS + 2),
		       sqlite3_column_int64(stmt, STORE_NUM_COLUMNS + 3), now);
	err = store_read_row(s, stmt, ret);
	if (err)
		return err;
	sqlite3_reset(stmt);
	if (!c->is_forced && silent_ms < (u64)rules->latch_s * 1000) {
		*verdict = STORE_BUSY;
		return NULL;
	}
	err = store_step(s, ret->id, CAPTURE_FAILED,
			 c->is_forced ? "ended by a second interrupt on purpose"
				      : "let go of: no sign of life and no end",
			 NULL, now, NULL);
	capture_deinit(ret);
	return err;
}

static must_check struct err *insert(struct store *s, const struct capture *c,
				     const struct store_time *now, struct capture *ret)
{
	char id[CAPTURE_ID_LEN + 1];
	struct err *err = uuid_make(id);
	const struct store_value values[] = {
		STORE_TEXT(id),
		STORE_TEXT(c->instance_id),
		STORE_TEXT(c->account),
		STORE_TEXT(c->region),
		STORE_TEXT(c->principal_arn),
		STORE_TEXT(c->access_key),
		STORE_TEXT(c->invocation_id),
		STORE_TEXT(c->signature_hash),
		STORE_TEXT(c->request_id),
		STORE_INT(now->utc_ms),
		STORE_INT(c->is_forced),
		STORE_TEXT(s->boot_id),
		STORE_INT(now->steady_ms),
	};

	if (!err)
		err = store_run(s,
				"INSERT INTO captures (id, instance_id, account, region,"
				" principal_arn, access_key, invocation_id, signature_hash,"
				" request_id, state, requested_ms, changed_ms, is_forced,"
				" boot_id, begun_steady_ms, sign_boot_id, sign_steady_ms)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'requested',"
				" ?10, ?10, ?11, ?12, ?13, ?12, ?13)",
				values, ARRAY_SIZE(values));
	if (!err)
		err = store_add_step(s, id, "requested", "intent written", now);
	return err ? err : store_get(s, id, ret);
}

static must_check struct err *decide(struct store *s, const struct capture *c,
				     const struct store_rules *rules,
				     const struct store_time *now,
				     enum store_verdict *verdict, struct capture *ret)
{
	cleanup(store_finalizep) sqlite3_stmt *same = NULL;
	struct err *err = find_same_request(s, c, &same);
	s64 others;

	if (!err && !same)
		err = find_same_wish(s, c, rules, now, &same);
	if (err)
		return err;
	if (same) {
		*verdict = STORE_DUPLICATE;
		return absorb(s, same, c, now, ret);
	}
	err = count_others(s, c->instance_id, &others);
	if (err)
		return err;
	if (others >= (s64)rules->captures_in_flight) {
		*verdict = STORE_FULL;
		return NULL;
	}
	err = clear_way(s, c, rules, now, verdict, ret);
	if (err || *verdict != STORE_NEW)
		return err;
	return insert(s, c, now, ret);
}

must_check struct err *store_begin(struct store *s, const struct capture *c,
				   const struct store_rules *rules,
				   const struct store_time *now,
				   enum store_verdict *verdict, struct capture *ret)
{
	cleanup(capture_deinit) struct capture found = {0};
	enum store_verdict decided = STORE_BUSY;
	struct err *err = store_check_batch(s);

	if (!err)
		err = store_exec(s, s->is_batch ? "SAVEPOINT one" : "BEGIN IMMEDIATE",
				 "beginning");
	if (err)
		return err;
	err = decide(s, c, rules, now, &decided, &found);
	if (!err)
		err = store_exec(s, s->is_batch ? "RELEASE one" : "COMMIT",
				 "writing the intent to disk");
	if (err && s->is_batch && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK TO one; RELEASE one", NULL, NULL, NULL);
	else if (err)
		store_rollback(s);
	if (err)
		return err;
	*verdict = decided;
	*ret = found;
	found = (struct capture){0};
	return NULL;
}
