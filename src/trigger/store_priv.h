/* What the store's files share: the open database, and statements with their values. */
#ifndef TRIGGER_STORE_PRIV_H
#define TRIGGER_STORE_PRIV_H

#include "trigger/store.h"

#include <sqlite3.h>

struct store {
	sqlite3 *db;
	char *path;
	char *boot_id;
	bool is_batch;
};

/* The sentence of what SQLite says went wrong while @doing. */
must_check struct err *store_error(const struct store *s, const char *doing);

must_check struct err *store_exec(struct store *s, const char *sql, const char *doing);

/* A value for a parameter; a text may be NULL. */
struct store_value {
	bool is_text;
	const char *text; /* borrowed until the statement has run */
	s64 integer;
};

#define STORE_TEXT(t) ((struct store_value){.is_text = true, .text = (t)})
#define STORE_INT(i)  ((struct store_value){.integer = (s64)(i)})

static inline void store_finalizep(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}

must_check struct err *store_prepare(struct store *s, const char *sql,
				     const struct store_value *values, size_t num_values,
				     sqlite3_stmt **ret);
/* Step once: *@ret_has_row tells whether there is a row. */
must_check struct err *store_next(struct store *s, sqlite3_stmt *stmt, bool *ret_has_row);
/* Run a statement that yields no rows. */
must_check struct err *store_run(struct store *s, const char *sql,
				 const struct store_value *values, size_t num_values);

/* Undo what was not committed, whatever state the transaction is in. */
void store_rollback(struct store *s);

/* After some failures (a full disk) SQLite ends the transaction of a batch by itself: what
 * came next would be one of its own. */
must_check struct err *store_check_batch(const struct store *s);

/* Bring the schema up to date. */
must_check struct err *store_migrate(struct store *s);

/* The states that release the latch, as SQL has them in the unique index. */
#define STORE_TERMINAL                                                                      \
	"('verified','ignored','no-kdump','timeout-fallback-dumped','unverified','failed'," \
	"'not-sent')"

/* The columns of a capture in the order in which store_read_row() takes them, and the
 * number of the first one behind them. */
#define STORE_COLUMNS                                                                       \
	"id, instance_id, account, region, principal_arn, access_key, invocation_id, "      \
	"signature_hash, request_id, state, reason, dump_path, requested_ms, injected_ms, " \
	"changed_ms, absorbed, is_forced, is_told, console_offset"
#define STORE_NUM_COLUMNS 19

/* The caller calls capture_deinit() whatever happens. */
must_check struct err *store_read_row(const struct store *s, sqlite3_stmt *stmt,
				      struct capture *ret);

must_check struct err *store_add_step(struct store *s, const char *capture_id,
				      const char *state, const char *text,
				      const struct store_time *now);

#endif
