#include "arm/arm.h"

#include "arm/arm_priv.h"
#include "arm/estimate.h"
#include "arm/root.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "kexec/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PATH "/run/lock/kdump"
#define RETRY_MS  100

static void say(const struct arm_options *options, const char *fmt, ...) printf_like(2, 3);
static void say(const struct arm_options *options, const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	va_list args;

	if (!options || !options->say)
		return;
	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (text)
		options->say(options->ctx, text);
}

static void say_too_little(const char *root, u64 needed, const struct arm_options *options)
{
	struct kexec_state state = {0};
	struct err *err = kexec_read_state(root, &state);

	if (!err && state.reserved_bytes < needed)
		say(options,
		    "%lluM are reserved and about %lluM are needed: the capture kernel will run out of memory",
		    (unsigned long long)state.reserved_bytes >> 20,
		    (unsigned long long)align_up(needed, 1 << 20) >> 20);
	err_ignore(err);
}

/* Load what was planned and built, and remember it. */
static struct err *load(const char *root, const struct armament *a,
			const struct arm_options *options)
{
	cleanup(buf_deinit) struct buf command_line = BUF_INIT;
	const struct stored_image *image = &a->image;
	const struct plan *plan = a->plan;
	struct kexec_image loaded = {.kernel = plan->kernel.image, .initrd = image->path};
	struct arm_record record;
	struct identity id;
	struct err *err;

	identity_read(root, &id);
	identity_add_to_cmdline(&id, plan->command_line, &command_line);
	err = buf_check(&command_line);
	if (err)
		return err;
	loaded.command_line = buf_text(&command_line);
	err = kexec_load_crash(root, &loaded, NULL);
	if (err)
		return err;
	record = (struct arm_record){.kernel = loaded.kernel,
				     .initrd = loaded.initrd,
				     .command_line = loaded.command_line,
				     .release = plan->kernel.release,
				     .target = a->target,
				     .outdated = a->outdated,
				     .boot_id = id.boot_id,
				     .when = (u64)time(NULL),
				     .image_bytes = image->image_bytes,
				     .unpacked_bytes = image->unpacked_bytes};
	/* What cannot be estimated is not known to be too much. */
	err_ignore(estimate_needed(root, plan, record.image_bytes, record.unpacked_bytes,
				   &record.needed_bytes));
	say_too_little(root, record.needed_bytes, options);
	return err_wrap(arm_record_write(root, &record),
			"the capture kernel is loaded, but not on record");
}

void armament_deinit(struct armament *a)
{
	plan_free(a->plan);
	stored_image_deinit(&a->image);
	free(a->outdated);
	free(a->target);
}

/* An image from before leads where it did when it was loaded, as far as that is known. */
static struct err *note_outdated(const char *root, const struct err *why,
				 struct armament *a)
{
	struct arm_record last;
	struct err *err = arm_record_read(root, &last);
	bool is_known;

	if (err)
		return err;
	is_known = *last.target && str_eq(last.initrd, a->image.path);
	free(a->target);
	free(a->outdated);
	a->target = strdup(is_known ? last.target : "that of an image built before");
	a->outdated = strdup(err_message(why));
	arm_record_deinit(&last);
	return a->target && a->outdated ? NULL : err_nomem();
}

/* No image can be built, because of @why, which is returned if there is none from before.
 * That one is better than nothing: it was good for a crash once. */
static struct err *fall_back(const char *root, const struct arm_options *options,
			     struct err *why, struct armament *a)
{
	struct err *err = image_store_last_good(root, a->plan->kernel.release, &a->image);

	if (!err)
		err = note_outdated(root, why, a);
	if (err) {
		err_ignore(err);
		return why;
	}
	say(options, "no image can be built: %s", err_message(why));
	say(options,
	    "%s is the last good one and is taken; it was built because: %s; mend that and arm again",
	    a->image.path, *a->image.reason ? a->image.reason : "there was none");
	err_free(why);
	return NULL;
}

static struct err *get_image(const char *root, const struct capture_config *config,
			     const struct arm_options *options, struct armament *a)
{
	enum config_rebuild rebuild =
		options && options->rebuild ? CONFIG_REBUILD_ALWAYS : config->rebuild;
	cleanup(freep) char *found = NULL;
	const char *init = options ? options->init : NULL;
	struct err *err = NULL;

	if (!init) {
		err = initramfs_find_init(&found);
		init = found;
	}
	if (!err)
		err = image_store_get(root, a->plan, init, rebuild, &a->image);
	if (!err && a->image.is_new)
		say(options, "built %s: %s", a->image.path, a->image.reason);
	return err;
}

struct err *arm_prepare(const char *root, const struct capture_config *config,
			const struct arm_options *options, struct armament *ret)
{
	cleanup(armament_deinit) struct armament a = {0};
	struct err *err = plan_make(root, config, &a.plan);

	if (err)
		return err;
	for (size_t i = 0; i < config->warnings.count; i++)
		say(options, "%s", config->warnings.words[i]);
	for (size_t i = 0; i < a.plan->num_warnings; i++)
		say(options, "%s", a.plan->warnings[i]);
	a.outdated = strdup("");
	a.target = strdup(a.plan->target_text);
	if (!a.outdated || !a.target)
		return err_nomem();
	err = get_image(root, config, options, &a);
	if (err && !(options && options->no_load) && err_code(err) != ERR_NOMEM)
		err = fall_back(root, options, err, &a);
	if (err)
		return err;
	*ret = a;
	a = (struct armament){0};
	return NULL;
}

/* KDUMP_SYSCTL: "kernel.panic_on_oops=1". What cannot be set is told: the capture kernel is
 * loaded all the same. */
static void set_sysctl(const char *root, const char *setting,
		       const struct arm_options *options)
{
	const char *equals = strchr(setting, '=');
	cleanup(freep) char *path = NULL;
	struct err *err;
	int name_len;

	if (!equals || equals == setting || strstr(setting, "..")) {
		say(options, "sysctl \"%s\" is not NAME=VALUE", setting);
		return;
	}
	name_len = (int)(equals - setting);
	if (asprintf(&path, "%s/proc/sys/%.*s", root, name_len, setting) < 0) {
		path = NULL;
		return;
	}
	for (char *p = path + strlen(root) + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	if (access(path, W_OK) < 0) {
		say(options, "cannot set %s: %s", setting, strerror(errno));
		return;
	}
	err = io_write_file(path, 0644, equals + 1, strlen(equals + 1));
	if (err)
		say(options, "cannot set %s: %s", setting, err_message(err));
	err_ignore(err);
}

struct err *arm_load(const char *root, const struct capture_config *config,
		     const struct arm_options *options)
{
	cleanup(armament_deinit) struct armament a = {0};
	/* What lies below another root is another machine's. */
	struct arm_options how = options ? *options : (struct arm_options){0};
	struct err *err;

	how.no_load |= *root != '\0';
	if (!config->is_enabled)
		return err_new(ERR_REFUSED,
			       "arming is switched off in the configuration (USE_KDUMP=0)");
	err = arm_prepare(root, config, &how, &a);
	if (err || how.no_load)
		return err;
	err = load(root, &a, options);
	for (size_t i = 0; !err && i < config->sysctls.count; i++)
		set_sysctl(root, config->sysctls.words[i], options);
	return err;
}

struct err *arm_unload(const char *root)
{
	struct err *err = *root ? NULL : kexec_unload_crash();

	return err ? err : arm_record_remove(root);
}

struct err *arm_describe(const char *root, const struct capture_config *config,
			 struct buf *b)
{
	cleanup(plan_freep) struct plan *plan = NULL;
	struct err *err = plan_make(root, config, &plan);

	if (err)
		return err;
	buf_printf(b, "kernel:        %s\n", plan->kernel.image);
	buf_printf(b, "release:       %s\n", plan->kernel.release);
	buf_printf(b, "initramfs:     " ARM_STATE_DIR "/initrd-%s\n", plan->kernel.release);
	buf_printf(b, "target:        %s\n", plan->target_text);
	buf_printf(b, "collector:     %s\n", plan->manifest.collector.words);
	buf_printf(b, "on failure:    %s\n", plan->manifest.failure_action);
	buf_printf(b, "at the end:    %s\n", plan->manifest.final);
	buf_add_str(b, "modules:      ");
	for (size_t i = 0; i < plan->num_modules; i++)
		buf_printf(b, " %s", plan->modules[i] + (plan->modules[i][0] == '?'));
	buf_printf(b, "\ncommand line:  %s\n", plan->command_line);
	for (size_t i = 0; i < plan->num_warnings; i++)
		buf_printf(b, "warning:       %s\n", plan->warnings[i]);
	return buf_check(b);
}

struct err *arm_lock(const char *root, u64 wait_ms, int *ret_fd)
{
	u64 deadline = clock_now_ms() + wait_ms;
	cleanup(freep) char *path = NULL;
	cleanup(closep) int fd = -1;
	struct err *err = root_join(root, LOCK_PATH, &path);

	if (err)
		return err;
	/* Early at boot, and in a system that is being put together, they are not there. */
	for (char *slash = path + strlen(root); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EACCES)
		return err_new(ERR_REFUSED, "arming needs root: cannot open %s", path);
	if (fd < 0)
		return err_os(errno, "cannot open %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_os(errno, "cannot lock %s", path);
		if (clock_now_ms() >= deadline)
			return err_new(
				ERR_REFUSED,
				"another program arms or disarms at this moment (it holds %s); try again",
				path);
		clock_sleep_ms(RETRY_MS);
	}
	*ret_fd = steal_fd(&fd);
	return NULL;
}

void arm_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}
