#include "cmd/crash_test.h"

#include "base/io.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/confirm.h"
#include "cmd/service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Written by root, this works whatever kernel.sysrq says. */
static struct err *pull_trigger(const char *root)
{
	cleanup(freep) char *path = NULL;
	cleanup(closep) int fd = -1;

	if (asprintf(&path, "%s/proc/sysrq-trigger", root) < 0) {
		path = NULL;
		return err_nomem();
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot crash this system through %s", path);
	sync();
	return io_write_all(fd, "c", 1, path);
}

struct err *crash_test(const char *root, bool asks)
{
	if (!service_is_loaded(root))
		return err_new(
			ERR_REFUSED,
			"no capture kernel is loaded: this would crash the system for nothing; arm first");
	printf("This crashes the running system, as echo c > /proc/sysrq-trigger does: no\n"
	       "service is stopped, what is not saved is lost. File systems are synced\n"
	       "before. Then the capture kernel saves a dump and ends as configured.\n");
	if (asks && !confirm("Crash this system now"))
		return err_new(ERR_REFUSED, "not crashed: the answer was not yes");
	fflush(stdout);
	return pull_trigger(root);
}

static const struct opt options[] = {
	{.name = "yes", .letter = 'y', .help = "Do not ask."},
	OPTS_END,
};

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	return crash_test("", !opts_has(given, "yes"));
}

const struct cmd cmd_test = {
	.opts = {.name = "test",
		 .operands = "",
		 .summary = "Crash this machine now, to see that a dump comes of it.",
		 .options = options},
	.run = run,
};
