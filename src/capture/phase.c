#include "capture/phase.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define POLL_MS		20
#define KILL_WAIT_MS	2000
#define REASON_SIZE	512
#define STATUS_DONE	0
#define STATUS_REASONED 1

/* In the child: run the work and leave its reason where the parent sees it. */
static void run_child(phase_work *work, void *ctx, char *reason)
{
	struct err *err;

	/* What it starts can then be killed with it, and it may have a terminal. */
	setsid();
	err = work(ctx);
	if (!err)
		_exit(STATUS_DONE);
	snprintf(reason, REASON_SIZE, "%s", err_message(err));
	_exit(STATUS_REASONED);
}

/* Has @pid ended? PID 1 inherits orphans, which are reaped on the way. */
static bool reap(pid_t pid, int *status)
{
	pid_t got;
	int other;

	if (waitpid(pid, status, WNOHANG) == pid)
		return true;
	if (getpid() != 1)
		return false;
	do {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == 0 || info.si_pid == pid)
			return false;
		got = waitpid(info.si_pid, &other, WNOHANG);
	} while (got > 0);
	return false;
}

static struct err *end_of(int status, const char *reason)
{
	if (WIFSIGNALED(status))
		return err_new(ERR_REFUSED, "it was ended by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == STATUS_DONE)
		return NULL;
	if (WEXITSTATUS(status) == STATUS_REASONED && *reason)
		return err_new(ERR_REFUSED, "%s", reason);
	return err_new(ERR_REFUSED, "it exited with status %d", WEXITSTATUS(status));
}

static void kill_and_reap(pid_t pid)
{
	u64 deadline = clock_now_ms() + KILL_WAIT_MS;
	int status;

	kill(pid, SIGKILL);
	kill(-pid, SIGKILL);
	while (!reap(pid, &status) && clock_now_ms() < deadline)
		clock_sleep_ms(POLL_MS);
}

/* Wait for the child. Returns why it did not do its work, NULL if it did. */
static struct err *watch(pid_t pid, const struct phase_limits *limits,
			 _Atomic u64 *progress, const char *reason)
{
	u64 start = clock_now_ms(), moved = start;
	u64 last = progress ? *progress : 0;
	int status;

	while (!reap(pid, &status)) {
		u64 now = clock_now_ms();

		if (progress && *progress != last) {
			last = *progress;
			moved = now;
		}
		if (limits->stall_ms && now - moved > limits->stall_ms) {
			kill_and_reap(pid);
			return err_new(ERR_REFUSED, "it made no progress for %llu ms",
				       (unsigned long long)limits->stall_ms);
		}
		if (now - start > limits->overall_ms) {
			kill_and_reap(pid);
			return err_new(ERR_REFUSED, "it was not done after %llu ms",
				       (unsigned long long)limits->overall_ms);
		}
		clock_sleep_ms(POLL_MS);
	}
	return end_of(status, reason);
}

struct err *phase_run(phase_work *work, void *ctx, const struct phase_limits *limits,
		      _Atomic u64 *progress)
{
	char *reason = mmap(NULL, REASON_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct err *err;
	pid_t pid;

	if (reason == MAP_FAILED)
		return err_os(errno, "cannot share memory with a child");
	pid = fork();
	if (pid == 0)
		run_child(work, ctx, reason);
	if (pid < 0)
		err = err_os(errno, "cannot start a process");
	else
		err = watch(pid, limits, progress, reason);
	munmap(reason, REASON_SIZE);
	return err;
}
