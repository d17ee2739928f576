#include "arm/bootloader_priv.h"

#include "arm/root.h"

#include "base/child.h"

#include <stdlib.h>
#include <string.h>

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
				       : !strstr(text, " " BOOTLOADER_PARAMETER));
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
			return bootloader_run(o, programs[i]);
	return err_new(ERR_ABSENT,
		       "there is neither update-grub nor grub2-mkconfig nor grub-mkconfig; "
		       "make %s anew with what this system has",
		       config);
}

struct err *bootloader_regenerate(const struct bootloader_options *o, const char *words,
				  bool changed)
{
	const char *config = boot_has_grub(o->root) ? grub_config(o->root) : NULL;
	bool uses_entries = false, is_done = false;
	struct err *err = config ? boot_grub_uses_entries(o->root, &uses_entries) : NULL;

	if (err || uses_entries)
		return err;
	if (!config) {
		bootloader_say(
			o,
			"GRUB has no configuration where it is looked for "
			"(/boot/grub/grub.cfg, /boot/grub2/grub.cfg); if it has one, make it "
			"anew");
		return NULL;
	}
	err = grub_config_has(o->root, config, words, &is_done);
	if (err || (is_done && !changed))
		return err;
	if (*o->root) {
		bootloader_say(o, "%s is to be made anew, by update-grub or grub2-mkconfig",
			       config);
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
