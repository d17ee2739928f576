#include "cmd/service.h"

#include "arm/configuration.h"
#include "arm/reservation.h"
#include "arm/root.h"
#include "base/io.h"
#include "base/str.h"
#include "cmd/raw_dumps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- words ---- */

struct err *service_take_root(int *argc, char ***argv, const char **ret_root)
{
	char **words = *argv;
	const char *root = "";
	int taken = 0;

	if (*argc > 1 && str_has_prefix(words[1], "--root=")) {
		root = words[1] + strlen("--root=");
		taken = 1;
	} else if (*argc > 1 && str_eq(words[1], "--root")) {
		if (*argc < 3)
			return err_new(ERR_USAGE, "--root needs a value: DIR");
		root = words[2];
		taken = 2;
	}
	*argc -= taken;
	*argv += taken;
	*ret_root = str_eq(root, "/") ? "" : root;
	return NULL;
}

void service_tell(const struct service *s, struct err *err)
{
	if (!err)
		return;
	fflush(stdout);
	if (err_code(err) == ERR_REFUSED && err_errno(err))
		fprintf(stderr, "kexec_file_load failed: %s\n", strerror(err_errno(err)));
	fprintf(stderr, "%s: %s\n", s->program, err_message(err));
	err_free(err);
}

/* ---- configuration ---- */

static const char *file_of(enum config_dialect dialect)
{
	switch (dialect) {
	case CONFIG_KDUMP:
		return "/etc/kdump.conf";
	case CONFIG_KDUMP_TOOLS:
		return "/etc/default/kdump-tools";
	default:
		return "/etc/inquest.conf";
	}
}

struct err *service_configure(struct service *s, enum config_dialect dialect)
{
	bool has_own = !root_has(s->root, file_of(CONFIG_INQUEST)) &&
		       root_has(s->root, file_of(dialect));
	struct err *err = has_own ? configuration_read_dialect(s->root, dialect, &s->config)
				  : configuration_read(s->root, &s->config);

	if (err)
		return err;
	s->has_config = true;
	return NULL;
}

struct err *service_configure_to_look(struct service *s, enum config_dialect dialect)
{
	struct err *err = service_configure(s, dialect);

	if (!err)
		return NULL;
	service_tell(s, err);
	err = capture_config_init(&s->config, dialect);
	s->has_config = !err;
	return err;
}

void service_choose_release(struct service *s, const char *release)
{
	s->config.kernel_release = release;
	/* A path, as KDUMP_KERNEL is one, leads to a kernel of its own. */
	if (s->config.kernel_image[0] == '/')
		s->config.kernel_image = "";
}

void service_deinit(struct service *s)
{
	if (s->has_config)
		capture_config_deinit(&s->config);
	s->has_config = false;
}

/* ---- arming ---- */

bool service_is_loaded(const char *root)
{
	struct kexec_state state = {0};

	err_ignore(kexec_read_state(root, &state));
	return state.is_loaded;
}

bool service_is_ready(const struct service *s)
{
	cleanup(buf_deinit) struct buf why = BUF_INIT;
	struct arm_status status = {0};
	struct err *err = arm_status_read(s->root, &status);
	bool is_ready = !err && arm_is_ready(&status);

	if (!err && !is_ready && status.kexec.is_loaded) {
		err = reservation_why_not_armed(&status, &why);
		if (!err)
			err = err_new(ERR_REFUSED, "%s", buf_text(&why));
	}
	arm_status_deinit(&status);
	service_tell(s, err);
	return is_ready;
}

/* The name is the user's: no way out of /proc/sys. */
static bool is_sysctl_name(const char *name)
{
	return *name && *name != '.' && *name != '/' && !strstr(name, "..") &&
	       !strstr(name, "//");
}

struct err *service_set_sysctl(const char *root, const char *setting)
{
	const char *equals = strchr(setting, '=');
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *name = NULL;
	cleanup(closep) int fd = -1;

	name = equals ? strndup(setting, (size_t)(equals - setting)) : strdup("");
	if (!name)
		return err_nomem();
	if (!is_sysctl_name(name))
		return err_new(ERR_USAGE,
			       "\"%s\" is no setting; write NAME=VALUE, such as "
			       "kernel.panic_on_oops=1",
			       setting);
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '/';
	if (asprintf(&path, "%s/proc/sys/%s", root, name) < 0) {
		path = NULL;
		return err_nomem();
	}
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot set %s", setting);
	return io_write_all(fd, equals + 1, strlen(equals + 1), path);
}

/* An oops is to end in a dump; Debian's tools see to it whenever they load. A trigger that
 * this kernel does not have is told, and no reason not to be armed. */
static void set_triggers(const struct service *s)
{
	const struct config_words *sysctls = &s->config.sysctls;

	if (!sysctls->count && s->config.dialect == CONFIG_KDUMP_TOOLS)
		service_tell(s, service_set_sysctl(s->root, "kernel.panic_on_oops=1"));
	for (size_t i = 0; i < sysctls->count; i++)
		service_tell(s, service_set_sysctl(s->root, sysctls->words[i]));
}

static void say(void *ctx, const char *sentence)
{
	const struct service *s = ctx;

	fflush(stdout);
	fprintf(stderr, "%s: %s\n", s->program, sentence);
}

void service_take_raw_dumps(const struct service *s)
{
	raw_dumps_take(s->root, &s->config, say, (void *)(uintptr_t)s);
}

struct err *service_load(const struct service *s, const struct service_load *how)
{
	struct arm_options options = {.rebuild = how->rebuild,
				      .no_load = how->no_load,
				      .say = say,
				      .ctx = (void *)(uintptr_t)s};
	struct err *err = arm_load(s->root, &s->config, &options);

	if (err || how->no_load)
		return err;
	if (*s->root)
		return err_new(ERR_REFUSED,
			       "the image is built; below a --root nothing is loaded");
	if (!service_is_loaded(s->root))
		return err_new(ERR_REFUSED,
			       "/sys/kernel does not say that a capture kernel is loaded");
	set_triggers(s);
	return NULL;
}

struct err *service_unload(const struct service *s)
{
	struct err *err = arm_unload(s->root);

	if (!err && service_is_loaded(s->root))
		err = err_new(ERR_REFUSED,
			      "%s/sys/kernel says that a capture kernel is still loaded",
			      s->root);
	return err;
}
