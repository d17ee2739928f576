#include "capture/hook.h"

#include "base/str.h"
#include "capture/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct job {
	const struct manifest_hook *hook;
	const char *argument;
};

/* What it prints goes to the console. */
static struct err *work_hook(void *ctx)
{
	const struct job *job = ctx;
	const char *const argv[] = {job->hook->path, job->argument, NULL};
	int console = open("/dev/console", O_RDWR | O_NOCTTY);

	if (console >= 0) {
		dup2(console, STDOUT_FILENO);
		dup2(console, STDERR_FILENO);
	}
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (chdir("/") == 0)
		execv(job->hook->path, (char *const *)(uintptr_t)argv);
	return err_os(errno, "cannot run %s", job->hook->path);
}

bool hooks_run(struct role *r, const char *when, const char *argument)
{
	const struct manifest *m = r->manifest;
	bool is_good = true;

	for (size_t i = 0; i < m->num_hooks; i++) {
		struct job job = {.hook = &m->hooks[i], .argument = argument};
		cleanup(buf_deinit) struct buf name = BUF_INIT;

		if (!str_eq(job.hook->when, when))
			continue;
		buf_printf(&name, "hook %s", job.hook->path);
		if (!role_run_phase(r, buf_text(&name), work_hook, &job,
				    m->deadlines.hook_ms))
			is_good &= job.hook->is_optional;
	}
	return is_good;
}
