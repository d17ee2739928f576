#include "trigger/store_priv.h"

/*
 * Each entry brings a file of the version that is its index to the next one. None is ever
 * changed once released: add another.
 */
static const char *const migrations[] = {
	/* 0 -> 1 */
	"CREATE TABLE captures ("
	" number INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE,"
	" instance_id TEXT NOT NULL,"
	" account TEXT, region TEXT,"
	" principal_arn TEXT NOT NULL,"
	" access_key TEXT NOT NULL,"
	" invocation_id TEXT, signature_hash TEXT, request_id TEXT,"
	" state TEXT NOT NULL,"
	" reason TEXT, dump_path TEXT,"
	" requested_ms INTEGER NOT NULL,"
	" injected_ms INTEGER NOT NULL DEFAULT 0,"
	" changed_ms INTEGER NOT NULL,"
	" absorbed INTEGER NOT NULL DEFAULT 0,"
	" is_forced INTEGER NOT NULL,"
	/* The steady clock: when it began, when it last showed life, of which boot. */
	" boot_id TEXT NOT NULL,"
	" begun_steady_ms INTEGER NOT NULL,"
	" sign_boot_id TEXT NOT NULL,"
	" sign_steady_ms INTEGER NOT NULL);"
	/* The latch: whatever else goes wrong, the database refuses a second one. */
	"CREATE UNIQUE INDEX one_open_of_an_instance ON captures (instance_id)"
	" WHERE state NOT IN " STORE_TERMINAL ";"
	"CREATE INDEX captures_of_an_instance ON captures (instance_id, number);"
	"CREATE INDEX captures_by_invocation ON captures (access_key, invocation_id)"
	" WHERE invocation_id IS NOT NULL;"
	"CREATE INDEX captures_by_signature ON captures (access_key, signature_hash)"
	" WHERE signature_hash IS NOT NULL;"
	"CREATE TABLE steps ("
	" capture_id TEXT NOT NULL REFERENCES captures (id),"
	" number INTEGER NOT NULL,"
	" time_ms INTEGER NOT NULL,"
	" state TEXT NOT NULL,"
	" text TEXT,"
	" PRIMARY KEY (capture_id, number)) WITHOUT ROWID;",
	/* 1 -> 2: who wanted to know is told once after a restart; the console is read on.
	 */
	"ALTER TABLE captures ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE captures ADD COLUMN console_offset INTEGER NOT NULL DEFAULT -1;"
	"UPDATE captures SET is_told = 1 WHERE state IN " STORE_TERMINAL ";"
	"CREATE INDEX captures_untold ON captures (number) WHERE is_told = 0;",
};

static must_check struct err *read_version(struct store *s, s64 *ret)
{
	cleanup(store_finalizep) sqlite3_stmt *stmt = NULL;
	struct err *err = store_prepare(s, "PRAGMA user_version", NULL, 0, &stmt);
	bool has_row;

	if (!err)
		err = store_next(s, stmt, &has_row);
	if (err)
		return err;
	*ret = sqlite3_column_int64(stmt, 0);
	return NULL;
}

static must_check struct err *migrate_from(struct store *s, s64 version)
{
	char pragma[64];

	for (size_t i = (size_t)version; i < ARRAY_SIZE(migrations); i++) {
		struct err *err =
			store_exec(s, migrations[i], "bringing the schema up to date");

		if (err)
			return err;
	}
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %zu",
		 ARRAY_SIZE(migrations));
	return store_exec(s, pragma, "noting the schema's version");
}

must_check struct err *store_migrate(struct store *s)
{
	s64 version;
	struct err *err = read_version(s, &version);

	if (err)
		return err;
	if (version < 0 || (size_t)version > ARRAY_SIZE(migrations))
		return err_new(
			ERR_UNSUPPORTED,
			"%s: its schema has version %lld, this program knows up to %zu: "
			"run the newer inquestd that wrote it",
			s->path, (long long)version, ARRAY_SIZE(migrations));
	if ((size_t)version == ARRAY_SIZE(migrations))
		return NULL;
	err = store_exec(s, "BEGIN IMMEDIATE", "beginning");
	if (!err)
		err = migrate_from(s, version);
	if (!err)
		err = store_exec(s, "COMMIT", "writing the schema");
	if (err)
		store_rollback(s);
	return err;
}
