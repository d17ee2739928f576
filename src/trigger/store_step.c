#include "trigger/store_priv.h"

#include "base/str.h"

#include <string.h>

/* Lines of one capture's timeline: a guest in a boot loop must not fill the disk. */
#define STEPS_MAX      500
#define TEXT_BYTES_MAX 1000u

must_check struct err *store_add_step(struct store *s, const char *capture_id,
				      const char *state, const char *text,
				      const struct store_time *now)
{
	cleanup(buf_deinit) struct buf escaped = BUF_INIT;
	const struct store_value values[] = {
		STORE_TEXT(capture_id), STORE_INT(now->utc_ms), STORE_TEXT(state),
		STORE_TEXT(NULL),	STORE_INT(STEPS_MAX),
	};
	struct store_value with_text[ARRAY_SIZE(values)];
	struct err *err;

	__builtin_memcpy(with_text, values, sizeof(values));
	if (text) {
		str_escape(&escaped, text, strnlen(text, TEXT_BYTES_MAX), false);
		with_text[3] = STORE_TEXT(buf_text(&escaped));
	}
	err = buf_check(&escaped);
	if (err)
		return err;
	return store_run(
		s,
		"INSERT INTO steps (capture_id, number, time_ms, state, text)"
		" SELECT ?1, n, ?2, ?3, ?4 FROM (SELECT coalesce(max(number), 0) + 1"
		" AS n FROM steps WHERE capture_id = ?1) WHERE n <= ?5",
		with_text, ARRAY_SIZE(with_text));
}

static must_check struct err *change(struct store *s, const char *capture_id,
				     const char *state, const char *text,
				     const char *dump_path, const struct store_time *now)
{
	const struct store_value values[] = {
		STORE_TEXT(capture_id),	   STORE_TEXT(state),	   STORE_TEXT(text),
		STORE_TEXT(dump_path),	   STORE_INT(now->utc_ms), STORE_TEXT(s->boot_id),
		STORE_INT(now->steady_ms),
	};

	return store_run(s,
			 "UPDATE captures SET state = ?2, reason = coalesce(?3, reason),"
			 " dump_path = coalesce(?4, dump_path), changed_ms = ?5,"
			 " injected_ms = CASE WHEN ?2 = 'injected' AND injected_ms = 0"
			 " THEN ?5 ELSE injected_ms END,"
			 " sign_boot_id = ?6, sign_steady_ms = ?7 WHERE id = ?1",
			 values, ARRAY_SIZE(values));
}

static must_check struct err *step(struct store *s, const char *capture_id,
				   enum capture_state state, const char *text,
				   const char *dump_path, const struct store_time *now,
				   enum capture_state *ret_state)
{
	cleanup(capture_deinit) struct capture c = {0};
	const struct store_value late[] = {STORE_TEXT(capture_id), STORE_TEXT(dump_path)};
	struct err *err = store_get(s, capture_id, &c);

	if (err)
		return err;
	if (capture_state_is_terminal(c.state)) {
		state = c.state;
		err = store_run(s,
				"UPDATE captures SET dump_path = coalesce(?2, dump_path)"
				" WHERE id = ?1",
				late, ARRAY_SIZE(late));
	} else {
		err = change(s, capture_id, capture_state_name(state), text, dump_path,
			     now);
	}
	if (!err)
		err = store_add_step(s, capture_id, capture_state_name(state), text, now);
	*ret_state = state;
	return err;
}

must_check struct err *store_step(struct store *s, const char *capture_id,
				  enum capture_state state, const char *text,
				  const char *dump_path, const struct store_time *now,
				  enum capture_state *ret_state)
{
	/* Inside a batch, or inside store_begin(), it belongs to that transaction. */
	bool is_own = sqlite3_get_autocommit(s->db);
	enum capture_state now_in = state;
	struct err *err = store_check_batch(s);

	if (!err && is_own)
		err = store_exec(s, "BEGIN IMMEDIATE", "beginning");
	if (err)
		return err;
	err = step(s, capture_id, state, text, dump_path, now, &now_in);
	if (!err && is_own)
		err = store_exec(s, "COMMIT", "writing a step to disk");
	if (err && is_own)
		store_rollback(s);
	if (!err && ret_state)
		*ret_state = now_in;
	return err;
}

must_check struct err *store_sign(struct store *s, const char *capture_id,
				  const struct store_time *now)
{
	const struct store_value values[] = {STORE_TEXT(capture_id), STORE_TEXT(s->boot_id),
					     STORE_INT(now->steady_ms)};

	return store_run(s,
			 "UPDATE captures SET sign_boot_id = ?2, sign_steady_ms = ?3"
			 " WHERE id = ?1",
			 values, ARRAY_SIZE(values));
}

must_check struct err *store_set_console(struct store *s, const char *capture_id,
					 s64 offset)
{
	const struct store_value values[] = {STORE_TEXT(capture_id), STORE_INT(offset)};

	return store_run(s, "UPDATE captures SET console_offset = ?2 WHERE id = ?1", values,
			 ARRAY_SIZE(values));
}

must_check struct err *store_mark_told(struct store *s, const char *capture_id)
{
	const struct store_value values[] = {STORE_TEXT(capture_id)};

	return store_run(s, "UPDATE captures SET is_told = 1 WHERE id = ?1", values, 1);
}
