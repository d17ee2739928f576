#include "arm/bootloader_priv.h"

#include "arm/boot_state_priv.h"
#include "arm/root.h"

#include "base/child.h"
#include "base/str.h"
#include "format/crashkernel.h"
#include "format/kernel_cmdline.h"

#include <string.h>

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
		buf_printf(words, BOOTLOADER_PARAMETER "%s", text);
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
		if (str_has_prefix(word, BOOTLOADER_PARAMETER) && is_plain(word, len))
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

/* What the file is to be. */
static struct err *plan_place(const struct bootloader_options *o, struct boot_place *place,
			      const char *words)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err =
		bootloader_is_dropin(place)
			? make_dropin(words, &b)
			: boot_text_replace(place->kind, place->before, words, &b);

	if (err)
		return err_wrap(err, "%s", place->path);
	free(place->after);
	place->after = steal(b.data);
	return place->kind == BOOT_TEXT_GRUB ? check_grub(o, place, words) : NULL;
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
	return bootloader_run(o, argv);
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
		err = bootloader_change(o, &p->places[i], &changed);
	if (!err && !changed)
		bootloader_say(o, "the boot loader's configuration has %s already", words);
	return err || !has_grub ? err : bootloader_regenerate(o, words, changed);
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
