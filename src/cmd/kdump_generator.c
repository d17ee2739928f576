/* A generator of units (systemd.generator(7)): arming for a server waits for the network,
 * arming for a local disk does not. */
#include "cmd/kdump_generator.h"

#include "base/io.h"
#include "cmd/service.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define DROPIN_DIR "kdump.service.d"

static const char dropin[] = "# The target of kdump is a server.\n"
			     "[Unit]\n"
			     "Wants=network-online.target\n"
			     "After=network-online.target\n";

static bool is_remote(const struct capture_config *c)
{
	for (size_t i = 0; i < c->num_targets; i++)
		if (c->targets[i].kind == CONFIG_TARGET_SSH ||
		    c->targets[i].kind == CONFIG_TARGET_NFS)
			return true;
	return false;
}

static struct err *write_dropin(const char *dir)
{
	cleanup(freep) char *path = NULL;

	if (asprintf(&path, "%s/" DROPIN_DIR, dir) < 0) {
		path = NULL;
		return err_nomem();
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_os(errno, "cannot make the directory %s", path);
	free(path);
	if (asprintf(&path, "%s/" DROPIN_DIR "/network.conf", dir) < 0) {
		path = NULL;
		return err_nomem();
	}
	return io_write_file(path, 0644, dropin, strlen(dropin));
}

int kdump_generator_main(int argc, char **argv)
{
	cleanup(service_deinit) struct service s = {.program = "kdump-dep-generator"};
	struct err *err = service_take_root(&argc, &argv, &s.root);
	int status;

	if (!err && argc < 2)
		err = err_new(ERR_USAGE, "systemd calls this with three directories");
	/* What is wrong with the configuration, the service will say. */
	if (!err)
		err = service_configure_to_look(&s, CONFIG_KDUMP);
	if (!err && is_remote(&s.config))
		err = write_dropin(argv[1]);
	status = err ? 1 : 0;
	service_tell(&s, err);
	return status;
}
