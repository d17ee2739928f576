#include "arm/bootloader_priv.h"

#include "arm/boot_state_priv.h"
#include "arm/root.h"

#include "base/str.h"

#include <stdlib.h>

/* What @place, as it was remembered, is to be again, given what it is now. */
static struct err *plan_restore(const char *root, struct boot_place *place)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;
	cleanup(freep) char *now = NULL;
	char *wanted = NULL;
	struct err *err = root_read_text(root, place->path, BOOT_FILE_MAX, &now);

	if (err)
		return err;
	if (now && !(place->after && str_eq(now, place->after)) &&
	    !bootloader_is_dropin(place)) {
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
			err = bootloader_change(o, place, changed);
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
			err = bootloader_change(o, &p.places[i], &changed);
		has_grub |= p.places[i].kind == BOOT_TEXT_GRUB;
	}
	if (!err && has_grub && changed)
		err = bootloader_regenerate(o, "", changed);
	return err || o->dry_run ? err : bootloader_forget(o->root);
}
