#include "arm/bootloader_priv.h"

#include "arm/arm.h"

#include "base/child.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A configuration is made anew within seconds, but os-prober may look at every disk. */
#define PROGRAM_TIMEOUT_MS (10 * 60 * 1000)

void bootloader_say(const struct bootloader_options *o, const char *fmt, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (o->say)
		o->say(o->ctx, sentence);
}

bool bootloader_is_dropin(const struct boot_place *place)
{
	return str_eq(place->path, BOOTLOADER_DROPIN);
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

static void remove_empty_state_dir(const char *root)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct err *err = boot_path(root, ARM_STATE_DIR, &full);

	if (!err)
		(void)rmdir(full.data);
	err_ignore(err);
}

struct err *bootloader_change(const struct bootloader_options *o,
			      const struct boot_place *place, bool *changed)
{
	struct err *err = NULL;

	if (is_same(place->before, place->after))
		return NULL;
	*changed = true;
	if (o->changed)
		*o->changed = true;
	if (o->dry_run) {
		bootloader_say(o, "would change %s", place->path);
		return NULL;
	}
	if (place->after && !place->before)
		err = make_parent(o->root, place->path);
	if (!err)
		err = place->after ? write_file(o->root, place->path, place->after)
				   : remove_file(o->root, place->path);
	if (!err)
		bootloader_say(o, "%s %s", place->after ? "changed" : "removed",
			       place->path);
	return err;
}

struct err *bootloader_forget(const char *root)
{
	struct err *err = remove_file(root, BOOTLOADER_STATE);

	remove_empty_state_dir(root);
	return err;
}

struct err *bootloader_run(const struct bootloader_options *o, const char *const *argv)
{
	struct child_output output = {0};
	const struct child_spec spec = {.argv = argv};
	struct err *err;

	if (o->dry_run) {
		bootloader_say(o, "would run %s", argv[0]);
		return NULL;
	}
	bootloader_say(o, "running %s", argv[0]);
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
