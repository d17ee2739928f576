#include "trigger/dump_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "trigger/dump_record.h"

/* Entries that one look goes through, and names that are remembered: of each entry of the
 * first look its own and a boot-id, so that none is forgotten and taken for new. Of later
 * ones a name that is not remembered is looked at again each time. */
#define ENTRIES_MAX 20000u
#define OLD_MAX	    (3 * ENTRIES_MAX)

struct dump_watch {
	char *dir, *machine_id, *dmi_uuid;
	s64 since_utc_ms;
	bool is_first;
	char **old; /* paths below `dir`, and boot-ids, of what is none of ours; sorted */
	size_t num_old, room_old;
};

/* One look. */
struct look {
	struct dump_watch *w;
	unsigned entries;
	enum dump_watch_verdict verdict;
	char *path, *reason;
};

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

must_check struct err *dump_watch_new(const char *dir, const char *machine_id,
				      const char *dmi_uuid, s64 since_utc_ms,
				      struct dump_watch **ret)
{
	cleanup(dump_watch_freep) struct dump_watch *w = calloc(1, sizeof(*w));
	char *path = NULL, *reason = NULL;
	enum dump_watch_verdict verdict;
	struct err *err;

	if (!w)
		return err_nomem();
	w->since_utc_ms = since_utc_ms;
	if (!str_copy(dir, &w->dir) || !str_copy(machine_id, &w->machine_id) ||
	    !str_copy(dmi_uuid, &w->dmi_uuid))
		return err_nomem();
	w->is_first = true;
	err = dump_watch_look(w, &verdict, &path, &reason);
	w->is_first = false;
	free(path);
	free(reason);
	if (err)
		return err;
	*ret = steal(w);
	return NULL;
}

void dump_watch_free(struct dump_watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->num_old; i++)
		free(w->old[i]);
	free(w->old);
	free(w->dir);
	free(w->machine_id);
	free(w->dmi_uuid);
	free(w);
}

/* Where @name is among the old ones, or would be. */
static size_t find_old(const struct dump_watch *w, const char *name)
{
	size_t from = 0, to = w->num_old;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(w->old[middle], name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_old(const struct dump_watch *w, const char *name)
{
	size_t i = find_old(w, name);

	return i < w->num_old && str_eq(w->old[i], name);
}

static must_check struct err *remember(struct dump_watch *w, const char *name)
{
	char *copy;
	size_t i;

	if (!name || w->num_old >= OLD_MAX || is_old(w, name))
		return NULL;
	if (w->num_old == w->room_old) {
		size_t room = w->room_old ? w->room_old * 2 : 64;
		char **grown = reallocarray(w->old, room, sizeof(*grown));

		if (!grown)
			return err_nomem();
		w->old = grown;
		w->room_old = room;
	}
	copy = strdup(name);
	if (!copy)
		return err_nomem();
	i = find_old(w, name);
	memmove(w->old + i + 1, w->old + i, (w->num_old - i) * sizeof(*w->old));
	w->old[i] = copy;
	w->num_old++;
	return NULL;
}

/* Read capture.json in @dir_fd. *@ret_text stays NULL where there is none. */
static must_check struct err *read_record(int dir_fd, const char *name, char **ret_text,
					  size_t *ret_len, s64 *ret_changed_ms)
{
	cleanup(closep) int fd =
		openat(dir_fd, "capture.json",
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	cleanup(freep) char *text = NULL;
	struct stat st;
	struct err *err;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)DUMP_RECORD_BYTES_MAX)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return err_nomem();
	err = io_pread_some(fd, text, (size_t)st.st_size, 0, name, ret_len);
	if (err)
		return err;
	*ret_changed_ms = (s64)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000;
	*ret_text = steal(text);
	return NULL;
}

static bool is_same(const char *wanted, const char *there)
{
	return !wanted || (there && strcasecmp(wanted, there) == 0);
}

static bool has_all_files(int dir_fd, const struct dump_record *r)
{
	for (size_t i = 0; i < r->num_files; i++) {
		struct stat st;

		if (!r->files[i].is_complete ||
		    fstatat(dir_fd, r->files[i].name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode) || (u64)st.st_size != r->files[i].bytes)
			return false;
	}
	return r->num_files > 0;
}

/* A new dump of this machine. */
static must_check struct err *judge(struct look *l, int dir_fd, const char *name,
				    const struct dump_record *r)
{
	cleanup(freep) char *path = NULL, *reason = NULL;

	if (asprintf(&path, "%s/%s", l->w->dir, name) < 0)
		return err_nomem();
	if (!str_eq(r->outcome, "complete")) {
		reason = strdup(r->reason ? r->reason : r->outcome);
		if (!reason)
			return err_nomem();
		l->verdict = DUMP_WATCH_BROKEN;
	} else {
		l->verdict = has_all_files(dir_fd, r) ? DUMP_WATCH_WHOLE : DUMP_WATCH_SEEN;
	}
	free(l->path);
	free(l->reason);
	l->path = steal(path);
	l->reason = steal(reason);
	return NULL;
}

/* Is there a dump in @dir_fd, and is it ours? *@ret_is_dump: it is not looked into further.
 */
static must_check struct err *look_at(struct look *l, int dir_fd, const char *name,
				      bool *ret_is_dump)
{
	cleanup(dump_record_deinit) struct dump_record r = {0};
	cleanup(freep) char *text = NULL;
	struct err *err;
	s64 changed_ms;
	size_t len;
	bool is_before;

	if (is_old(l->w, name)) {
		*ret_is_dump = true;
		return NULL;
	}
	err = read_record(dir_fd, name, &text, &len, &changed_ms);
	if (err)
		return err;
	*ret_is_dump = text != NULL;
	if (!text)
		return NULL;
	err = dump_record_parse(text, len, &r);
	if (err) {
		/* Half of a file that is being copied, or nobody's: looked at again. */
		err_ignore(err);
		return NULL;
	}
	is_before =
		l->w->is_first && (!l->w->since_utc_ms || changed_ms < l->w->since_utc_ms);
	if (is_before || !is_same(l->w->machine_id, r.machine_id) ||
	    !is_same(l->w->dmi_uuid, r.dmi_uuid)) {
		err = remember(l->w, name);
		return err || !is_before ? err : remember(l->w, r.boot_id);
	}
	if (r.boot_id && is_old(l->w, r.boot_id))
		return remember(l->w, name); /* a copy of an old one */
	return judge(l, dir_fd, name, &r);
}

static must_check struct err *walk(struct look *l, int dir_fd, const char *prefix,
				   unsigned depth)
{
	cleanup(closedirp) DIR *d = fdopendir(dir_fd);
	const struct dirent *entry;

	if (!d) {
		close(dir_fd);
		return err_os(errno, "%s", l->w->dir);
	}
	while (l->verdict == DUMP_WATCH_NONE && (entry = readdir(d)) &&
	       l->entries++ < ENTRIES_MAX) {
		cleanup(freep) char *name = NULL;
		bool is_dump = false;
		struct err *err;
		int fd;

		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		fd = openat(dirfd(d), entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue; /* gone again, or not for us */
		if (asprintf(&name, "%s%s", prefix, entry->d_name) < 0) {
			close(fd);
			return err_nomem();
		}
		err = look_at(l, fd, name, &is_dump);
		if (!err && !is_dump && depth) {
			/* A directory per host, with the dumps in it. */
			char below[PATH_MAX];

			snprintf(below, sizeof(below), "%s/", name);
			err = walk(l, fd, below, depth - 1);
		} else {
			close(fd);
		}
		if (err)
			return err;
	}
	return NULL;
}

must_check struct err *dump_watch_look(struct dump_watch *w,
				       enum dump_watch_verdict *verdict, char **ret_path,
				       char **ret_reason)
{
	struct look l = {.w = w};
	struct err *err;
	int fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_os(errno, "dump_dir %s", w->dir);
	err = walk(&l, fd, "", 1);
	if (err) {
		free(l.path);
		free(l.reason);
		return err;
	}
	*verdict = l.verdict;
	*ret_path = l.path;
	*ret_reason = l.reason;
	return NULL;
}
