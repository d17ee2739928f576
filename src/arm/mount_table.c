#include "arm/mount_table.h"

#include "arm/root.h"
#include "base/buf.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

void mount_table_deinit(struct mount_table *t)
{
	free(t->rows);
	free(t->text);
	*t = (struct mount_table){0};
}

/* Blanks and the like are written as \040. In place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		bool is_octal = from[0] == '\\';

		for (int i = 1; i < 4 && is_octal; i++)
			is_octal = from[i] >= '0' && from[i] <= '7';
		if (is_octal) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] -
				     '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The next word of *@pos, NULL at its end; cut off and unescaped in place. */
static char *next_word(char **pos)
{
	char *word = *pos ? strsep(pos, " ") : NULL;

	if (!word || !*word)
		return NULL;
	unescape(word);
	return word;
}

/* ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS [TAG…] - TYPE SOURCE SUPER_OPTIONS */
static bool parse_row(char *line, struct mount_row *ret)
{
	char *id = next_word(&line), *parent = next_word(&line), *device = next_word(&line);
	unsigned major, minor;
	struct mount_row row = {0};
	char *word;
	char rest;

	row.root = next_word(&line);
	row.mount_point = next_word(&line);
	row.options = next_word(&line);
	do
		word = next_word(&line);
	while (word && !str_eq(word, "-"));
	if (!word || !parent || !str_parse_u64(id, &row.id) ||
	    !str_parse_u64(parent, &row.parent) ||
	    sscanf(device, "%u:%u%c", &major, &minor, &rest) != 2)
		return false;
	row.major = major;
	row.minor = minor;
	row.fs_type = next_word(&line);
	/* A source may be empty: two blanks in a row. */
	row.source = line ? strsep(&line, " ") : NULL;
	row.super_options = line ? line : "";
	if (!row.fs_type || !row.source || row.mount_point[0] != '/')
		return false;
	unescape((char *)row.source);
	*ret = row;
	return true;
}

static struct err *add_row(struct mount_table *t, size_t *capacity, char *line,
			   size_t number)
{
	struct mount_row *rows;

	if (t->count == MOUNTS_MAX)
		return err_new(ERR_BAD_DATA, "mountinfo has more than %d lines",
			       MOUNTS_MAX);
	if (t->count == *capacity) {
		*capacity = *capacity * 2 + 64;
		rows = reallocarray(t->rows, *capacity, sizeof(*rows));
		if (!rows)
			return err_nomem();
		t->rows = rows;
	}
	if (!parse_row(line, &t->rows[t->count]))
		return err_new(ERR_BAD_DATA, "mountinfo, line %zu is not one of a mount",
			       number);
	t->count++;
	return NULL;
}

struct err *mount_table_parse(const char *text, size_t len, struct mount_table *ret)
{
	cleanup(mount_table_deinit) struct mount_table t = {.text = strndup(text, len)};
	size_t capacity = 0, number = 0;
	char *pos = t.text, *line;

	if (!t.text)
		return err_nomem();
	while ((line = strsep(&pos, "\n"))) {
		struct err *err;

		number++;
		if (!*line)
			continue;
		err = add_row(&t, &capacity, line, number);
		if (err)
			return err;
	}
	*ret = t;
	t = (struct mount_table){0};
	return NULL;
}

struct err *mount_table_read(const char *root, struct mount_table *ret)
{
	cleanup(freep) char *text = NULL;
	struct err *err =
		root_read(root, "/proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &text);

	return err ? err : mount_table_parse(text, strlen(text), ret);
}

/* Is @path at @dir or below it? */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1)
		return true;
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]);
}

static bool has_id(const struct mount_table *t, u64 id)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].id == id)
			return true;
	return false;
}

/* Does @row lie upon @below? Upon nothing that is listed, if that is NULL: the root of this
 * process, and in a chroot(2) what is mounted in it. */
static bool lies_upon(const struct mount_table *t, const struct mount_row *row,
		      const struct mount_row *below)
{
	if (below)
		return row->parent == below->id && row != below;
	return row->parent == row->id || !has_id(t, row->parent);
}

/* As the kernel walks a path: from a mount to the first one on the way that lies upon it.
 * The order of the rows does not tell: what an initramfs mounted before the root, and then
 * moved into it, comes first. */
const struct mount_row *mount_table_find(const struct mount_table *t, const char *path)
{
	const struct mount_row *at = NULL;

	for (size_t steps = 0; steps <= t->count; steps++) {
		const struct mount_row *next = NULL;

		for (size_t i = 0; i < t->count; i++) {
			const struct mount_row *row = &t->rows[i];

			if (is_below(path, row->mount_point) && lies_upon(t, row, at) &&
			    (!next ||
			     strlen(row->mount_point) <= strlen(next->mount_point)))
				next = row;
		}
		if (!next)
			break;
		at = next;
	}
	return at;
}

static bool is_writable(const struct mount_row *row)
{
	return str_eq(row->options, "rw") || str_has_prefix(row->options, "rw,");
}

const struct mount_row *mount_table_find_device(const struct mount_table *t, u32 major,
						u32 minor)
{
	const struct mount_row *best = NULL;

	for (size_t i = 0; i < t->count; i++) {
		const struct mount_row *row = &t->rows[i];

		if (row->major == major && row->minor == minor &&
		    (!best || is_writable(row) || !is_writable(best)))
			best = row;
	}
	return best;
}

struct err *mount_table_resolve(const struct mount_table *t, const char *root,
				const char *path, struct mount_place *ret)
{
	cleanup(freep) char *resolved = NULL;
	struct err *err = root_resolve(root, path, &resolved);
	const struct mount_row *mount;
	const char *below, *top;
	char *place;

	if (err)
		return err;
	mount = mount_table_find(t, resolved);
	if (!mount)
		return err_new(ERR_ABSENT, "nothing is mounted at %s, nor at /", resolved);
	below = str_eq(mount->mount_point, "/") ? resolved
						: resolved + strlen(mount->mount_point);
	top = str_eq(mount->root, "/") ? "" : mount->root;
	if (asprintf(&place, "%s%s", top, str_eq(below, "/") ? "" : below) < 0)
		return err_nomem();
	if (!*place) {
		free(place);
		place = strdup("/");
		if (!place)
			return err_nomem();
	}
	*ret = (struct mount_place){.mount = mount, .path = place};
	return NULL;
}

struct err *mount_option(const char *options, const char *name, char **ret)
{
	size_t name_len = strlen(name);
	const char *pos = options;

	*ret = NULL;
	while (*pos) {
		size_t len = strcspn(pos, ",");

		if (len > name_len && strncmp(pos, name, name_len) == 0 &&
		    pos[name_len] == '=') {
			*ret = strndup(pos + name_len + 1, len - name_len - 1);
			return *ret ? NULL : err_nomem();
		}
		pos += len + (pos[len] == ',');
	}
	return NULL;
}
