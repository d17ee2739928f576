#include "arm/boot_places_priv.h"

#include "arm/bootloader.h"
#include "arm/root.h"
#include "base/str.h"
#include "format/shell_assign.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRUB_DEFAULTS "/etc/default/grub"
#define GRUB_DROPINS  "/etc/default/grub.d"

void boot_places_deinit(struct boot_places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->places[i].path);
		free(p->places[i].before);
		free(p->places[i].after);
	}
	free(p->places);
	*p = (struct boot_places){0};
}

/* NULL for NULL; *@failed is set without memory. */
static char *copy_of(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

struct err *boot_places_add(struct boot_places *p, const char *path, enum boot_text kind,
			    const char *before, const char *after)
{
	struct boot_place *places;
	bool failed = false;

	if (p->count == BOOT_PLACES_MAX)
		return err_new(ERR_UNSUPPORTED,
			       "the boot loader has more than %d files of configuration",
			       BOOT_PLACES_MAX);
	places = realloc(p->places, (p->count + 1) * sizeof(*places));
	if (!places)
		return err_nomem();
	p->places = places;
	places[p->count] = (struct boot_place){.path = copy_of(path, &failed),
					       .kind = kind,
					       .before = copy_of(before, &failed),
					       .after = copy_of(after, &failed)};
	p->count++;
	return failed ? err_nomem() : NULL;
}

struct err *boot_path(const char *root, const char *path, struct buf *ret)
{
	buf_printf(ret, "%s%s", root, path);
	return buf_check(ret);
}

/* Debian's grub-mkconfig does, upstream's and Fedora's do not. */
bool boot_reads_dropins(const char *root)
{
	static const char *const scripts[] = {"/usr/sbin/grub-mkconfig",
					      "/sbin/grub-mkconfig"};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		cleanup(freep) char *text = NULL;
		struct err *err = root_read_text(root, scripts[i], BOOT_FILE_MAX, &text);

		err_ignore(err);
		if (text)
			return strstr(text, "/default/grub.d") != NULL;
	}
	return root_has(root, GRUB_DROPINS);
}

bool boot_has_grub(const char *root)
{
	return root_has(root, GRUB_DEFAULTS) || root_has(root, GRUB_DROPINS);
}

struct err *boot_grub_uses_entries(const char *root, bool *ret)
{
	cleanup(shell_vars_deinit) struct shell_vars vars = {.is_lenient = true};
	cleanup(freep) char *text = NULL;
	struct err *err = root_read_text(root, GRUB_DEFAULTS, BOOT_FILE_MAX, &text);

	if (!err && text)
		err = shell_vars_read(&vars, text, GRUB_DEFAULTS);
	if (!err)
		*ret = str_eq(shell_vars_get(&vars, "GRUB_ENABLE_BLSCFG", ""), "true");
	return err;
}

static int ends_in_cfg(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_has_suffix(entry->d_name, ".cfg");
}

static int ends_in_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_has_suffix(entry->d_name, ".conf");
}

/* Call @each with every file of @dir that @filter wants, by name. No directory: none. */
static struct err *each_file(const char *root, const char *dir,
			     int (*filter)(const struct dirent *entry),
			     struct err *(*each)(void *ctx, const char *path), void *ctx)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct dirent **entries;
	struct err *err = boot_path(root, dir, &full);
	int count;

	if (err)
		return err;
	count = scandir(full.data, &entries, filter, alphasort);
	if (count < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? NULL
			       : err_os(errno, "cannot list %s", dir);
	for (int i = 0; i < count; i++) {
		cleanup(buf_deinit) struct buf path = BUF_INIT;

		buf_printf(&path, "%s/%s", dir, entries[i]->d_name);
		if (!err)
			err = buf_check(&path);
		if (!err)
			err = each(ctx, path.data);
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* Files of GRUB's defaults as they are sourced. */
struct sourcing {
	const char *root;
	const char *path, *text; /* this file is to have that text; NULL */
	bool is_met;		 /* it was read */
	struct shell_vars vars;
};

static struct err *source_file(void *ctx, const char *path)
{
	struct sourcing *s = ctx;
	cleanup(freep) char *text = NULL;
	struct err *err = NULL;

	/* Ours is read in the place of its name even if it is not there yet. */
	if (s->path && !s->is_met && str_has_prefix(s->path, GRUB_DROPINS "/") &&
	    strcmp(s->path, path) < 0) {
		s->is_met = true;
		err = s->text ? shell_vars_read(&s->vars, s->text, s->path) : NULL;
	}
	if (err)
		return err;
	if (s->path && str_eq(s->path, path)) {
		s->is_met = true;
		return s->text ? shell_vars_read(&s->vars, s->text, path) : NULL;
	}
	err = root_read_text(s->root, path, BOOT_FILE_MAX, &text);
	return err || !text ? err : shell_vars_read(&s->vars, text, path);
}

struct err *boot_grub_cmdline(const char *root, const char *path, const char *text,
			      struct buf *ret, bool *ret_certain)
{
	struct sourcing s = {
		.root = root, .path = path, .text = text, .vars = {.is_lenient = true}};
	const struct shell_var *all, *normal;
	struct err *err = source_file(&s, GRUB_DEFAULTS);

	if (!err && boot_reads_dropins(root))
		err = each_file(root, GRUB_DROPINS, ends_in_cfg, source_file, &s);
	if (!err && path && !s.is_met && text)
		err = shell_vars_read(&s.vars, text, path);
	all = shell_vars_find(&s.vars, BOOT_TEXT_GRUB_ALL);
	normal = shell_vars_find(&s.vars, BOOT_TEXT_GRUB_NORMAL);
	if (!err) {
		buf_printf(ret, "%s %s", all ? all->value : "",
			   normal ? normal->value : "");
		*ret_certain = !(all && all->is_unknown) && !(normal && normal->is_unknown);
		err = buf_check(ret);
	}
	shell_vars_deinit(&s.vars);
	return err;
}

struct search {
	const char *root, *except;
	struct buf *found;
};

static struct err *search_file(void *ctx, const char *path)
{
	struct search *s = ctx;
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	cleanup(freep) char *text = NULL;
	struct err *err;

	if (str_eq(path, s->except))
		return NULL;
	err = root_read_text(s->root, path, BOOT_FILE_MAX, &text);
	if (!err && text)
		err = boot_text_words(BOOT_TEXT_GRUB, text, &words);
	if (!err && words.len) {
		s->found->len = 0;
		buf_add_str(s->found, path);
	}
	return err;
}

struct err *boot_grub_find_other(const char *root, const char *except, struct buf *ret)
{
	struct search s = {.root = root, .except = except, .found = ret};
	struct err *err = search_file(&s, GRUB_DEFAULTS);

	if (!err && boot_reads_dropins(root))
		err = each_file(root, GRUB_DROPINS, ends_in_cfg, search_file, &s);
	return err ? err : buf_check(ret);
}

struct entry_search {
	const char *root, *kernel;
	struct boot_places *places;
};

static const char *base_name(const char *path, size_t len)
{
	const char *name = path;

	for (size_t i = 0; i < len; i++)
		if (path[i] == '/')
			name = path + i + 1;
	return name;
}

/* Does an entry start that kernel? Its path there is as the boot loader sees it, so that
 * only the names of the files can be compared. */
static bool entry_starts(const char *text, const char *kernel)
{
	const char *wanted = base_name(kernel, strlen(kernel));

	while (*text) {
		size_t len = strcspn(text, "\n"), key = strcspn(text, " \t\n");
		const char *value = text + key + strspn(text + key, " \t");
		size_t value_len = strcspn(value, " \t\n");
		const char *name = base_name(value, value_len);

		if (key == 5 && memcmp(text, "linux", 5) == 0)
			return strlen(wanted) == (size_t)(value + value_len - name) &&
			       memcmp(name, wanted, strlen(wanted)) == 0;
		text += len + (text[len] == '\n');
	}
	return false;
}

static struct err *add_entry(void *ctx, const char *path)
{
	struct entry_search *s = ctx;
	cleanup(freep) char *text = NULL;
	struct err *err = root_read_text(s->root, path, BOOT_FILE_MAX, &text);

	if (err || !text || (s->kernel && !entry_starts(text, s->kernel)))
		return err;
	return boot_places_add(s->places, path, BOOT_TEXT_ENTRY, text, text);
}

static struct err *add_file(const char *root, const char *path, enum boot_text kind,
			    bool even_if_absent, struct boot_places *p)
{
	cleanup(freep) char *text = NULL;
	struct err *err = root_read_text(root, path, BOOT_FILE_MAX, &text);

	if (err || (!text && !even_if_absent))
		return err;
	return boot_places_add(p, path, kind, text, text);
}

struct err *boot_places_find(const char *root, const char *kernel, struct boot_places *ret)
{
	static const char *const entry_dirs[] = {
		"/boot/loader/entries", "/boot/efi/loader/entries", "/efi/loader/entries"};
	struct boot_places p = {0};
	struct entry_search s = {.root = root, .kernel = kernel, .places = &p};
	struct err *err = NULL;

	if (!kernel && boot_has_grub(root))
		err = boot_reads_dropins(root)
			      ? add_file(root, BOOTLOADER_DROPIN, BOOT_TEXT_GRUB, true, &p)
			      : add_file(root, GRUB_DEFAULTS, BOOT_TEXT_GRUB, false, &p);
	if (!err && !kernel)
		err = add_file(root, "/etc/kernel/cmdline", BOOT_TEXT_WORDS, false, &p);
	for (size_t i = 0; !err && i < ARRAY_SIZE(entry_dirs); i++)
		err = each_file(root, entry_dirs[i], ends_in_conf, add_entry, &s);
	if (err) {
		boot_places_deinit(&p);
		return err;
	}
	*ret = p;
	return NULL;
}
