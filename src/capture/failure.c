#include "capture/failure.h"

#include "base/str.h"
#include "capture/hook.h"
#include "capture/phase.h"
#include "format/console_line.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHELL "/bin/sh"

/* A session leader already, as every phase: the console becomes its terminal. */
static struct err *work_shell(void *ctx)
{
	char *const argv[] = {SHELL, NULL};
	int console = open("/dev/console", O_RDWR);

	if (console < 0)
		return err_os(errno, "cannot open /dev/console");
	ioctl(console, TIOCSCTTY, 1);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(console, fd);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execv(SHELL, argv);
	return err_os(errno, "cannot run " SHELL " of the image");
}

static void say_shell(const struct role *r)
{
	struct buf line = BUF_INIT;

	console_line_begin(&line, "shell");
	console_line_add(&line, "leave_with", "exit");
	console_line_add(&line, "final", system_end_name(r->end));
	sink_fact(&r->sink, &line);
}

/* For as long as somebody sits there. */
static void run_shell(struct role *r)
{
	say_shell(r);
	role_run_phase(r, "shell", work_shell, NULL, UINT64_MAX);
}

void failure_act(struct role *r)
{
	const char *action = r->manifest->failure_action;
	enum system_end end;

	hooks_run(r, "emergency", NULL);
	if (str_eq(action, "shell"))
		run_shell(r);
	else if (!r->end_is_given && system_end_parse(action, &end))
		r->end = end;
}
