#include "trigger/audit_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/str.h"

/* How far the file goes: what was written, or what is known to be on disk. */
struct extent {
	u64 sequence; /* of the last line */
	u64 size_bytes;
	char hash[AUDIT_HASH_LEN + 1];
};

struct audit {
	pthread_mutex_t lock;
	pthread_cond_t synced_more;
	char *path;
	int fd;
	struct extent written, synced;
	u64 epoch;	   /* how often unsynced lines had to be taken back */
	u64 kept_sequence; /* of the last line that the last time left */
	bool is_syncing;
	bool is_broken; /* nobody knows what is on disk */
};

static void decrefp(json_t **j)
{
	json_decref(*j);
}

static s64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (s64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Append one line. On failure the file is as long as before, or broken. */
static must_check struct err *append(struct audit *a, json_t *event, const char *previous)
{
	cleanup(buf_deinit) struct buf line = BUF_INIT;
	struct extent next = a->written;
	struct err *err =
		audit_format_line(event, a->written.sequence + 1, previous, &line);

	if (!err)
		err = audit_hash(line.data, line.len - 1, next.hash);
	if (err)
		return err;
	err = io_pwrite_all(a->fd, line.data, line.len, a->written.size_bytes, a->path);
	if (err) {
		if (ftruncate(a->fd, (off_t)a->written.size_bytes))
			a->is_broken = true;
		return err;
	}
	next.sequence++;
	next.size_bytes += line.len;
	a->written = next;
	return NULL;
}

/* The bytes behind the last end of line: a line that only lacks it is ended, anything else
 * is what a power cut left, and closed off. */
static must_check struct err *close_off(struct audit *a, const char *rest, size_t len)
{
	cleanup(decrefp) json_t *note = NULL;
	char hash[AUDIT_HASH_LEN + 1];
	struct audit_link link;
	struct err *err = audit_hash(rest, len, hash);

	if (!err)
		err = io_pwrite_all(a->fd, "\n", 1, a->written.size_bytes + len, a->path);
	if (err)
		return err;
	a->written.size_bytes += len + 1;
	if (audit_parse_line(rest, len, &link) && str_eq(link.previous, a->written.hash) &&
	    link.sequence == a->written.sequence + 1) {
		a->written.sequence++;
		memcpy(a->written.hash, hash, sizeof(hash));
		return NULL;
	}
	err = audit_cut_json(len, a->written.hash, now_ms(), &note);
	return err ? err : append(a, note, hash);
}

static must_check struct err *not_ours(const struct audit *a)
{
	return err_new(ERR_BAD_DATA,
		       "%s: its last line is none of an audit log: move the file away to "
		       "begin a new one",
		       a->path);
}

/* Learn from the last line of the file where the chain stands. */
static must_check struct err *read_end(struct audit *a, u64 size)
{
	u64 start = size > 2 * AUDIT_LINE_MAX ? size - 2 * AUDIT_LINE_MAX : 0;
	size_t len, max = (size_t)(size - start);
	cleanup(freep) char *text = malloc(max + 1);
	const char *end, *line;
	struct audit_link link;
	struct err *err;

	if (!text)
		return err_nomem();
	err = io_pread_some(a->fd, text, max, start, a->path, &len);
	if (err)
		return err;
	end = memrchr(text, '\n', len);
	if (!end) {
		if (start || len > AUDIT_LINE_MAX)
			return not_ours(a);
		return close_off(a, text, len); /* the very first line was cut short */
	}
	line = end == text ? NULL : memrchr(text, '\n', (size_t)(end - text));
	line = line ? line + 1 : text;
	if (!audit_parse_line(line, (size_t)(end - line), &link))
		return not_ours(a);
	a->written.sequence = link.sequence;
	a->written.size_bytes = start + (u64)(end - text) + 1;
	err = audit_hash(line, (size_t)(end - line), a->written.hash);
	if (err || end + 1 == text + len)
		return err;
	return close_off(a, end + 1, (size_t)(text + len - end) - 1);
}

static must_check struct err *sync_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup(freep) char *dir =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	return dir ? io_fsync_dir(dir) : err_nomem();
}

static must_check struct err *open_file(struct audit *a)
{
	struct stat st;
	struct err *err;

	a->fd = open(a->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (a->fd < 0)
		return err_os(errno, "%s", a->path);
	if (flock(a->fd, LOCK_EX | LOCK_NB))
		return err_new(
			ERR_REFUSED,
			"%s: another process has it open: is another inquestd running?",
			a->path);
	if (fstat(a->fd, &st))
		return err_os(errno, "%s", a->path);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_USAGE, "%s: an audit log is a regular file", a->path);
	err = st.st_size ? read_end(a, (u64)st.st_size) : NULL;
	if (err)
		return err;
	if (fsync(a->fd))
		return err_os(errno, "%s: fsync", a->path);
	a->synced = a->written;
	return sync_dir_of(a->path);
}

must_check struct err *audit_open(const char *path, struct audit **ret)
{
	cleanup(audit_closep) struct audit *a = calloc(1, sizeof(*a));
	struct err *err;

	if (!a)
		return err_nomem();
	a->fd = -1;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->synced_more, NULL);
	memcpy(a->written.hash, AUDIT_FIRST_HASH, AUDIT_HASH_LEN + 1);
	a->path = strdup(path);
	if (!a->path)
		return err_nomem();
	err = open_file(a);
	if (err)
		return err;
	*ret = steal(a);
	return NULL;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	if (a->fd >= 0) {
		/* Of lines that nobody waited for; those that count are on disk. */
		(void)!fdatasync(a->fd);
		close(a->fd);
	}
	pthread_cond_destroy(&a->synced_more);
	pthread_mutex_destroy(&a->lock);
	free(a->path);
	free(a);
}

static must_check struct err *is_broken(const struct audit *a)
{
	return err_new(ERR_REFUSED,
		       "%s: an earlier write failed, and what is on disk is not known: "
		       "see to the disk, then restart inquestd",
		       a->path);
}

must_check struct err *audit_write_json(struct audit *a, json_t *event,
					struct audit_ticket *ret)
{
	struct err *err;

	pthread_mutex_lock(&a->lock);
	err = a->is_broken ? is_broken(a) : append(a, event, a->written.hash);
	if (!err && ret)
		*ret = (struct audit_ticket){a->written.sequence, a->epoch};
	pthread_mutex_unlock(&a->lock);
	return err;
}

must_check struct err *audit_write(struct audit *a, const struct audit_event *e,
				   struct audit_ticket *ret)
{
	cleanup(decrefp) json_t *event = NULL;
	struct err *err = audit_event_json(e, &event);

	return err ? err : audit_write_json(a, event, ret);
}

/* Take back what was not synced: nobody was told that it is there. */
static void take_back(struct audit *a, int why)
{
	a->epoch++;
	a->kept_sequence = a->synced.sequence;
	a->written = a->synced;
	/* After EIO the page cache may show what the disk does not have. */
	if (ftruncate(a->fd, (off_t)a->synced.size_bytes) || why == EIO)
		a->is_broken = true;
}

/* Sync what is written so far. The lock is let go of meanwhile. */
static void sync_once(struct audit *a)
{
	struct extent target = a->written;
	int failed;

	a->is_syncing = true;
	pthread_mutex_unlock(&a->lock);
	failed = fdatasync(a->fd) ? errno : 0;
	pthread_mutex_lock(&a->lock);
	a->is_syncing = false;
	if (failed)
		take_back(a, failed);
	else
		a->synced = target;
	pthread_cond_broadcast(&a->synced_more);
}

must_check struct err *audit_sync(struct audit *a, const struct audit_ticket *ticket)
{
	struct err *err = NULL;

	pthread_mutex_lock(&a->lock);
	while (a->epoch == ticket->epoch && a->synced.sequence < ticket->sequence) {
		if (a->is_syncing)
			pthread_cond_wait(&a->synced_more, &a->lock);
		else
			sync_once(a);
	}
	/* Taken back, or so long ago that nobody knows. */
	if (a->epoch != ticket->epoch &&
	    (a->epoch != ticket->epoch + 1 || ticket->sequence > a->kept_sequence))
		err = err_new(ERR_REFUSED, "%s: the line could not be brought to disk",
			      a->path);
	pthread_mutex_unlock(&a->lock);
	return err;
}

must_check struct err *audit_append(struct audit *a, const struct audit_event *e)
{
	struct audit_ticket ticket;
	struct err *err = audit_write(a, e, &ticket);

	return err ? err : audit_sync(a, &ticket);
}
