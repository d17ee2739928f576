#include "trigger/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/str.h"

must_check struct err *store_time_now(struct store_time *ret)
{
	struct timespec utc, boot;

	if (clock_gettime(CLOCK_REALTIME, &utc) || clock_gettime(CLOCK_BOOTTIME, &boot))
		return err_os(errno, "the clock");
	*ret = (struct store_time){
		.utc_ms = (s64)utc.tv_sec * 1000 + utc.tv_nsec / 1000000,
		.steady_ms = (u64)boot.tv_sec * 1000 + (u64)boot.tv_nsec / 1000000,
	};
	return NULL;
}

must_check struct err *store_error(const struct store *s, const char *doing)
{
	int code = sqlite3_extended_errcode(s->db);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return err_nomem();
	case SQLITE_FULL:
		return err_os(ENOSPC, "%s: %s", s->path, doing);
	case SQLITE_BUSY:
		return err_new(ERR_REFUSED,
			       "%s: another process has it open: is another "
			       "inquestd running?",
			       s->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_new(ERR_BAD_DATA,
			       "%s: %s: %s. Move it away to begin anew; captures that were "
			       "in flight are then forgotten",
			       s->path, doing, sqlite3_errmsg(s->db));
	default:
		return err_new(ERR_OS, "%s: %s: %s (SQLite %d)", s->path, doing,
			       sqlite3_errmsg(s->db), code);
	}
}

must_check struct err *store_exec(struct store *s, const char *sql, const char *doing)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_error(s, doing);
	return NULL;
}

static int bind(sqlite3_stmt *stmt, int i, const struct store_value *v)
{
	if (!v->is_text)
		return sqlite3_bind_int64(stmt, i, v->integer);
	return v->text ? sqlite3_bind_text(stmt, i, v->text, -1, SQLITE_STATIC)
		       : sqlite3_bind_null(stmt, i);
}

must_check struct err *store_prepare(struct store *s, const char *sql,
				     const struct store_value *values, size_t num_values,
				     sqlite3_stmt **ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return store_error(s, "preparing a statement");
	for (size_t i = 0; i < num_values; i++)
		if (bind(stmt, (int)i + 1, &values[i]) != SQLITE_OK)
			return store_error(s, "binding a value");
	*ret = steal(stmt);
	return NULL;
}

must_check struct err *store_next(struct store *s, sqlite3_stmt *stmt, bool *ret_has_row)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		*ret_has_row = true;
		return NULL;
	case SQLITE_DONE:
		*ret_has_row = false;
		return NULL;
	default:
		return store_error(s, "reading or writing a capture");
	}
}

must_check struct err *store_run(struct store *s, const char *sql,
				 const struct store_value *values, size_t num_values)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	struct err *err = store_prepare(s, sql, values, num_values, &stmt);
	bool has_row;

	return err ? err : store_next(s, stmt, &has_row);
}

void store_rollback(struct store *s)
{
	/* SQLite has ended the transaction itself after some failures. */
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

must_check struct err *store_check_batch(const struct store *s)
{
	if (s->is_batch && sqlite3_get_autocommit(s->db))
		return err_new(ERR_OS, "%s: the database undid what was being written",
			       s->path);
	return NULL;
}

must_check struct err *store_batch_begin(struct store *s)
{
	struct err *err = store_exec(s, "BEGIN IMMEDIATE", "beginning");

	s->is_batch = !err;
	return err;
}

must_check struct err *store_batch_commit(struct store *s)
{
	struct err *err = store_check_batch(s);

	s->is_batch = false;
	if (!err)
		err = store_exec(s, "COMMIT", "writing to disk");
	if (err)
		store_rollback(s);
	return err;
}

/* SQLite would make it readable by all, and does not sync the directory it is in. */
static must_check struct err *make_file(const char *path)
{
	cleanup(freep) char *dir = NULL;
	const char *slash = strrchr(path, '/');
	cleanup(closep) int fd =
		open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return NULL;
	if (fd < 0)
		return err_os(errno, "%s", path);
	dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!dir)
		return err_nomem();
	return io_fsync_dir(dir);
}

static must_check struct err *set_up(struct store *s)
{
	/* One process only: an exclusive lock, and no shared memory beside the file. */
	struct err *err = store_exec(s,
				     "PRAGMA locking_mode = EXCLUSIVE;"
				     "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = FULL;"
				     "PRAGMA foreign_keys = ON;"
				     "PRAGMA trusted_schema = OFF;"
				     "BEGIN EXCLUSIVE; COMMIT;",
				     "opening");

	return err ? err : store_migrate(s);
}

must_check struct err *store_open(const char *path, const char *boot_id, struct store **ret)
{
	cleanup(store_closep) struct store *s = calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_nomem();
	s->path = strdup(path);
	s->boot_id = strdup(boot_id);
	if (!s->path || !s->boot_id)
		return err_nomem();
	err = make_file(path);
	if (err)
		return err;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return s->db ? store_error(s, "opening") : err_nomem();
	err = set_up(s);
	if (err)
		return err;
	*ret = steal(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	free(s->path);
	free(s->boot_id);
	free(s);
}
