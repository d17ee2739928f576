#include "arm/bootloader.h"

#include "arm/arm.h"
#include "arm/boot_places_priv.h"
#include "arm/boot_state_priv.h"
#include "arm/root.h"

#include "base/child.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"
#include "format/crashkernel.h"
#include "format/kernel_cmdline.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARAMETER "crashkernel="

/* A configuration is made anew within seconds, but os-prober may look at every disk. */
#define PROGRAM_TIMEOUT_MS (10 * 60 * 1000)

static void say(const struct bootloader_options *o, const char *fmt, ...) printf_like(2, 3);

static void say(const struct bootloader_options *o, const char *fmt, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (o->say)
		o->say(o->ctx, sentence);
}

/* "512M,high 72M,low" to "crashkernel=512M,high crashkernel=72M,low". */
static struct err *make_words(const char *value, struct buf *words)
{
	const char *word;
	struct err *err = NULL;
	size_t len;

	while (!err && (word = kernel_cmdline_next(&value, &len))) {
		cleanup(freep) char *text = strndup(word, len);
		struct crashkernel c;

		if (!text)
			return err_nomem();
		/* Zero is the way to have no low memory reserved. */
		err = str_eq(text, "0,low") ? NULL : crashkernel_parse(text, &c);
		if (words->len)
			buf_add_char(words, ' ');
		buf_printf(words, PARAMETER "%s", text);
	}
	if (!err)
		err = buf_check(words);
	if (!err && !words->len)
		err = err_new(ERR_USAGE, "crashkernel: there is no size, such as 128M");
	return err;
}

/* Without ",high" and its like, which count only where there is no other. */
static bool is_plain(const char *word, size_t len)
{
	static const char *const suffixes[] = {",high", ",low", ",cma"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (len >= suffix && memcmp(word + len - suffix, suffixes[i], suffix) == 0)
			return false;
	}
	return true;
}

static bool has_plain(const char *words)
{
	const char *word;
	size_t len;

	while ((word = kernel_cmdline_next(&words, &len)))
		if (str_has_prefix(word, PARAMETER) && is_plain(word, len))
			return true;
	return false;
}

/* Does a kernel with @found, the crashkernel= words of its command line, do as @words? They
 * have to be the last ones, and the only plain ones unless they have a plain one. */
static bool has_its_way(const char *found, const char *words)
{
	if (!str_has_suffix(found, words))
		return false;
	return has_plain(words) || !has_plain(found);
}

static struct err *check_grub(const struct bootloader_options *o,
			      const struct boot_place *place, const char *words)
{
	cleanup(buf_deinit) struct buf cmdline = BUF_INIT, found = BUF_INIT,
				       other = BUF_INIT;
	bool is_certain;
	struct err *err = boot_grub_cmdline(o->root, place->path, place->after, &cmdline,
					    &is_certain);

	if (!err)
		err = boot_text_words(BOOT_TEXT_WORDS, buf_text(&cmdline), &found);
	if (err || has_its_way(buf_text(&found), words))
		return err;
	err = boot_grub_find_other(o->root, place->path, &other);
	if (err)
		return err;
	return err_new(ERR_REFUSED,
		       "with \"%s\" in %s the kernel would still get \"%s\"; change it in "
		       "%s",
		       words, place->path, buf_text(&found),
		       other.len ? other.data : place->path);
}

static struct err *make_dropin(const char *words, struct buf *b)
{
	buf_printf(
		b,
		"# Memory for the capture kernel. Written by inquest reset-crashkernel;\n"
		"# inquest reset-crashkernel --restore removes it.\n"
		"%s=\"$%s %s\"\n",
		BOOT_TEXT_GRUB_NORMAL, BOOT_TEXT_GRUB_NORMAL, words);
	return buf_check(b);
}

static bool is_dropin(const struct boot_place *place)
{
	return str_eq(place->path, BOOTLOADER_DROPIN);
}

/* What the file is to be. */
static struct err *plan_place(const struct bootloader_options *o, struct boot_place *place,
			      const char *words)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err =
		is_dropin(place) ? make_dropin(words, &b)
				 : boot_text_replace(place->kind, place->before, words, &b);

	if (err)
		return err_wrap(err, "%s", place->path);
	free(place->after);
	place->after = steal(b.data);
	return place->kind == BOOT_TEXT_GRUB ? check_grub(o, place, words) : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

/* Replace a file that others read: whole, with its own mode and owner. */
static struct err *write_file(const char *root, const char *path, const char *text)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	cleanup(freep) char *real = NULL;
	struct stat st = {.st_mode = 0644};
	struct err *err = boot_path(root, path, &full);

	if (err)
		return err;
	real = realpath(full.data, NULL);
	if (real && stat(real, &st) < 0)
		return err_os(errno, "cannot look at %s", path);
	err = new_file_open(&f, real ? real : full.data, true);
	if (!err)
		err = io_write_all(f.fd, text, strlen(text), path);
	if (err)
		return err;
	/* As root; another user, in a test, owns the files anyway. */
	if (real && geteuid() == 0 && fchown(f.fd, st.st_uid, st.st_gid) < 0)
		return err_os(errno, "cannot give %s its owner", path);
	if (fchmod(f.fd, st.st_mode & 07777) < 0)
		return err_os(errno, "cannot give %s its mode", path);
	return new_file_keep(&f);
}

static struct err *remove_file(const char *root, const char *path)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct err *err = boot_path(root, path, &full);

	if (!err && unlink(full.data) < 0 && errno != ENOENT)
		err = err_os(errno, "cannot remove %s", path);
	return err;
}

/* Make the directory of a new file, one level of it. */
static struct err *make_parent(const char *root, const char *path)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct err *err = boot_path(root, path, &full);

	if (err)
		return err;
	*strrchr(full.data, '/') = '\0';
	if (mkdir(full.data, 0755) < 0 && errno != EEXIST)
		return err_os(errno, "cannot make the directory %s", full.data);
	return NULL;
}

/* Our own directory goes with its last file. */
static void remove_empty_state_dir(const char *root)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct err *err = boot_path(root, ARM_STATE_DIR, &full);

	if (!err)
		(void)rmdir(full.data);
	err_ignore(err);
}

static struct err *change_place(const struct bootloader_options *o,
				const struct boot_place *place, bool *changed)
{
	struct err *err = NULL;

	if (is_same(place->before, place->after))
		return NULL;
	*changed = true;
	if (o->changed)
		*o->changed = true;
	if (o->dry_run) {
		say(o, "would change %s", place->path);
		return NULL;
	}
	if (place->after && !place->before)
		err = make_parent(o->root, place->path);
	if (!err)
		err = place->after ? write_file(o->root, place->path, place->after)
				   : remove_file(o->root, place->path);
	if (!err)
		say(o, "%s %s", place->after ? "changed" : "removed", place->path);
	return err;
}

static struct err *run(const struct bootloader_options *o, const char *const *argv)
{
	struct child_output output = {0};
	const struct child_spec spec = {.argv = argv};
	struct err *err;

	if (o->dry_run) {
		say(o, "would run %s", argv[0]);
		return NULL;
	}
	say(o, "running %s", argv[0]);
	err = child_run(&spec, PROGRAM_TIMEOUT_MS, NULL, &output);
	if (!err && output.status != 0) {
		cleanup(buf_deinit) struct buf reason = BUF_INIT;

		child_output_reason(&output, &reason);
		err = err_new(ERR_REFUSED, "%s failed with exit status %d: %s", argv[0],
			      output.status, buf_text(&reason));
	}
	child_output_deinit(&output);
	return err;
}

/* Where GRUB has its own configuration, which is made of its defaults. */
static const char *grub_config(const char *root)
{
	/* The last two are links of Fedora and RHEL to where it is. */
	static const char *const paths[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg",
					    "/etc/grub2-efi.cfg", "/etc/grub2.cfg"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (root_has(root, paths[i]))
			return paths[i];
	return NULL;
}

/* Are all crashkernel= words of the kernels in GRUB's configuration @words? The recovery
 * entries have none. */
static struct err *grub_config_has(const char *root, const char *path, const char *words,
				   bool *ret)
{
	cleanup(freep) char *text = NULL;
	struct err *err = root_read_text(root, path, BOOT_FILE_MAX, &text);

	if (!err)
		*ret = text && (*words ? strstr(text, words) != NULL
				       : !strstr(text, " " PARAMETER));
	return err;
}

static struct err *make_grub_config(const struct bootloader_options *o, const char *path)
{
	cleanup(freep) char *real = realpath(path, NULL);
	const char *config = real ? real : path;
	const char *const update[] = {"update-grub", NULL};
	const char *const mkconfig2[] = {"grub2-mkconfig", "-o", config, NULL};
	const char *const mkconfig[] = {"grub-mkconfig", "-o", config, NULL};
	const char *const *const programs[] = {update, mkconfig2, mkconfig};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (child_program_is_there(programs[i][0]))
			return run(o, programs[i]);
	return err_new(ERR_ABSENT,
		       "there is neither update-grub nor grub2-mkconfig nor grub-mkconfig; "
		       "make %s anew with what this system has",
		       config);
}

/* Have GRUB's own configuration follow its defaults, and look whether it did. @words: what
 * kernels are to get, "" for what is left when ours is taken back. */
static struct err *regenerate(const struct bootloader_options *o, const char *words,
			      bool changed)
{
	const char *config = boot_has_grub(o->root) ? grub_config(o->root) : NULL;
	bool uses_entries = false, is_done = false;
	struct err *err = config ? boot_grub_uses_entries(o->root, &uses_entries) : NULL;

	if (err || uses_entries)
		return err;
	if (!config) {
		say(o,
		    "GRUB has no configuration where it is looked for "
		    "(/boot/grub/grub.cfg, /boot/grub2/grub.cfg); if it has one, make it "
		    "anew");
		return NULL;
	}
	err = grub_config_has(o->root, config, words, &is_done);
	if (err || (is_done && !changed))
		return err;
	if (*o->root) {
		say(o, "%s is to be made anew, by update-grub or grub2-mkconfig", config);
		return NULL;
	}
	err = make_grub_config(o, config);
	if (!err && !o->dry_run && *words)
		err = grub_config_has(o->root, config, words, &is_done);
	if (!err && !o->dry_run && *words && !is_done)
		err = err_new(ERR_REFUSED,
			      "%s was made anew, and has no \"%s\": the next boot would "
			      "reserve no memory; look at the scripts in /etc/grub.d",
			      config, words);
	return err;
}

/* Where there are no files we know, grubby may know others. */
static struct err *run_grubby(const struct bootloader_options *o, const char *words)
{
	cleanup(buf_deinit) struct buf kernel = BUF_INIT, args = BUF_INIT;
	const char *argv[] = {"grubby", NULL, "--remove-args=crashkernel", NULL, NULL};
	struct err *err;

	buf_printf(&kernel, "--update-kernel=%s", o->kernel ? o->kernel : "ALL");
	buf_printf(&args, "--args=%s", words);
	err = buf_check(&kernel);
	if (!err)
		err = buf_check(&args);
	if (err)
		return err;
	argv[1] = kernel.data;
	argv[3] = *words ? args.data : NULL;
	return run(o, argv);
}

static struct err *no_boot_loader(const struct bootloader_options *o, const char *words)
{
	if (root_has(o->root, "/run/ostree-booted"))
		return err_new(ERR_ABSENT,
			       "the boot loader's entries belong to ostree here: run "
			       "rpm-ostree kargs --append-if-missing=%s",
			       words);
	if (o->kernel)
		return err_new(ERR_ABSENT,
			       "there is no entry of its own for %s (in "
			       "/boot/loader/entries); without a kernel, all of them are "
			       "changed",
			       o->kernel);
	return err_new(ERR_ABSENT,
		       "no configuration of a boot loader was found (/etc/default/grub, "
		       "/boot/loader/entries, /etc/kernel/cmdline, grubby); add %s to the "
		       "kernel's command line where it is kept",
		       words);
}

static struct err *apply(const struct bootloader_options *o, struct boot_places *p,
			 const char *words)
{
	bool changed = false, has_grub = false;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < p->count; i++) {
		err = plan_place(o, &p->places[i], words);
		has_grub |= p->places[i].kind == BOOT_TEXT_GRUB;
	}
	if (!err && !o->dry_run)
		err = boot_state_remember(o->root, p);
	for (size_t i = 0; !err && i < p->count; i++)
		err = change_place(o, &p->places[i], &changed);
	if (!err && !changed)
		say(o, "the boot loader's configuration has %s already", words);
	return err || !has_grub ? err : regenerate(o, words, changed);
}

struct err *bootloader_set(const struct bootloader_options *o)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	cleanup(boot_places_deinit) struct boot_places p = {0};
	struct err *err = make_words(o->value, &words);

	if (!err && root_has(o->root, "/run/ostree-booted"))
		err = no_boot_loader(o, words.data);
	if (!err)
		err = boot_places_find(o->root, o->kernel, &p);
	if (err)
		return err;
	if (p.count)
		return apply(o, &p, words.data);
	if (!*o->root && child_program_is_there("grubby"))
		return run_grubby(o, words.data);
	return no_boot_loader(o, words.data);
}

/* What @place, as it was remembered, is to be again, given what it is now. */
static struct err *plan_restore(const char *root, struct boot_place *place)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;
	cleanup(freep) char *now = NULL;
	char *wanted = NULL;
	struct err *err = root_read_text(root, place->path, BOOT_FILE_MAX, &now);

	if (err)
		return err;
	if (now && !is_same(now, place->after) && !is_dropin(place)) {
		/* Others have changed it since: only our words go. */
		if (place->before)
			err = boot_text_words(place->kind, place->before, &words);
		if (!err)
			err = boot_text_replace(place->kind, now, buf_text(&words), &b);
		if (err)
			return err_wrap(err, "%s", place->path);
		wanted = steal(b.data);
	} else if (now) {
		wanted = steal(place->before);
	}
	free(place->before);
	free(place->after);
	place->before = steal(now);
	place->after = wanted;
	return NULL;
}

/* The words that the first remembered entry had before, and has been given. */
static struct err *find_entry_words(const struct boot_places *p, struct buf *before,
				    struct buf *after)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && !after->len && i < p->count; i++) {
		const struct boot_place *place = &p->places[i];

		if (place->kind == BOOT_TEXT_GRUB || !place->before || !place->after)
			continue;
		before->len = 0;
		err = boot_text_words(place->kind, place->before, before);
		if (!err)
			err = boot_text_words(place->kind, place->after, after);
	}
	return err;
}

static bool is_remembered(const struct boot_places *p, const char *path)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_eq(p->places[i].path, path))
			return true;
	return false;
}

/* Entries of kernels that came since then were made with our words: they get what the
 * others had. */
static struct err *restore_new_entries(const struct bootloader_options *o,
				       const struct boot_places *p, bool *changed)
{
	cleanup(boot_places_deinit) struct boot_places there = {0};
	cleanup(buf_deinit) struct buf before = BUF_INIT, after = BUF_INIT;
	struct err *err = find_entry_words(p, &before, &after);

	if (!err && after.len)
		err = boot_places_find(o->root, NULL, &there);
	for (size_t i = 0; !err && i < there.count; i++) {
		struct boot_place *place = &there.places[i];
		cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;

		if (place->kind != BOOT_TEXT_ENTRY || is_remembered(p, place->path))
			continue;
		err = boot_text_words(place->kind, place->before, &words);
		if (err || !str_eq(buf_text(&words), buf_text(&after)))
			continue;
		err = boot_text_replace(place->kind, place->before,
					before.len ? before.data : "", &b);
		free(place->after);
		place->after = steal(b.data);
		if (!err)
			err = change_place(o, place, changed);
	}
	return err;
}

struct err *bootloader_restore(const struct bootloader_options *o)
{
	cleanup(boot_places_deinit) struct boot_places p = {0};
	struct err *err = boot_state_read(o->root, &p);
	bool changed = false, has_grub = false;

	if (!err)
		err = restore_new_entries(o, &p, &changed);
	for (size_t i = 0; !err && i < p.count; i++) {
		err = plan_restore(o->root, &p.places[i]);
		if (!err)
			err = change_place(o, &p.places[i], &changed);
		has_grub |= p.places[i].kind == BOOT_TEXT_GRUB;
	}
	if (!err && has_grub && changed)
		err = regenerate(o, "", changed);
	if (err || o->dry_run)
		return err;
	err = remove_file(o->root, BOOTLOADER_STATE);
	remove_empty_state_dir(o->root);
	return err;
}

struct err *bootloader_read(const char *root, struct buf *words, bool *ret_certain)
{
	cleanup(boot_places_deinit) struct boot_places p = {0};
	cleanup(buf_deinit) struct buf cmdline = BUF_INIT;
	bool has_grub = boot_has_grub(root), is_certain = true, uses_entries = false;
	struct err *err = boot_places_find(root, NULL, &p);

	if (!err && has_grub)
		err = boot_grub_uses_entries(root, &uses_entries);
	if (err)
		return err;
	/* The last place found is an entry if there are any. */
	if (has_grub && !(uses_entries && p.places[p.count - 1].kind == BOOT_TEXT_ENTRY)) {
		err = boot_grub_cmdline(root, NULL, NULL, &cmdline, &is_certain);
		if (!err)
			err = boot_text_words(BOOT_TEXT_WORDS, buf_text(&cmdline), words);
	} else if (p.count) {
		const struct boot_place *last = &p.places[p.count - 1];

		err = boot_text_words(last->kind, last->before, words);
	} else {
		err = err_new(ERR_ABSENT, "no configuration of a boot loader was found");
	}
	if (!err)
		*ret_certain = is_certain;
	return err;
}
