#include "base/child.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct child {
	char *name;
	pid_t pid; /* 0 once reaped */
	int status;
};

bool child_program_is_there(const char *name)
{
	const char *path = getenv("PATH");
	cleanup(buf_deinit) struct buf all = BUF_INIT;

	buf_printf(&all, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	for (const char *dir = buf_text(&all); *dir;) {
		cleanup(buf_deinit) struct buf file = BUF_INIT;
		size_t len = strcspn(dir, ":");

		buf_printf(&file, "%.*s/%s", (int)len, dir, name);
		if (!file.failed && access(file.data, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

/* ---- in the child, between fork and exec: no allocation, no stdio ---- */

static int place_fd(int fd, int target)
{
	if (fd <= 0)
		fd = open("/dev/null", target == 0 ? O_RDONLY : O_WRONLY);
	if (fd < 0)
		return -1;
	if (fd == target)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, target) < 0 ? -1 : 0;
}

static int place_fds(const struct child_spec *spec)
{
	/* A lent descriptor below 3 would be overwritten by an earlier dup2. */
	int lent[3] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd};

	for (int i = 0; i < 3; i++) {
		if (lent[i] > 0 && lent[i] < 3)
			lent[i] = fcntl(lent[i], F_DUPFD_CLOEXEC, 3);
		if (lent[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (place_fd(lent[i], i) < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->num_keep_fds; i++) {
		if (fcntl(spec->keep_fds[i], F_SETFD, 0) < 0)
			return -1;
	}
	return 0;
}

/* execvp, then the two directories that an ordinary user's PATH lacks in Debian. */
static void exec_program(const char *const *argv)
{
	static const char *const dirs[] = {"/usr/sbin/", "/sbin/"};
	char path[256];

	execvp(argv[0], (char *const *)argv);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && errno == ENOENT; i++) {
		if (strchr(argv[0], '/') ||
		    strlen(dirs[i]) + strlen(argv[0]) >= sizeof(path))
			return;
		strcpy(stpcpy(path, dirs[i]), argv[0]);
		execv(path, (char *const *)argv);
	}
}

static void run_child(const struct child_spec *spec, pid_t parent, int report_fd)
{
	sigset_t none;
	int os_errno;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		goto out;
	/* The parent may have died before the line above. */
	if (getppid() != parent)
		_exit(127);
	if (place_fds(spec) < 0)
		goto out;
	if (spec->dir && chdir(spec->dir) < 0)
		goto out;
	if (spec->env_add)
		putenv((char *)spec->env_add);
	exec_program(spec->argv);
out:
	os_errno = errno;
	if (write(report_fd, &os_errno, sizeof(os_errno)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- in the parent ---- */

/* Read the errno the child reports if it cannot exec; 0 if it could. */
static int read_report(int fd)
{
	int os_errno = 0;
	ssize_t n;

	do
		n = read(fd, &os_errno, sizeof(os_errno));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(os_errno) ? os_errno : 0;
}

struct err *child_spawn(const struct child_spec *spec, struct child **ret)
{
	cleanup(child_freep) struct child *c = calloc(1, sizeof(*c));
	int report[2], os_errno;
	pid_t parent = getpid();

	if (!c)
		return err_nomem();
	c->name = strdup(spec->argv[0]);
	if (!c->name)
		return err_nomem();
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_os(errno, "cannot make a pipe for %s", c->name);
	c->pid = fork();
	if (c->pid == 0)
		run_child(spec, parent, report[1]);
	os_errno = errno;
	close(report[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(report[0]);
		return err_os(os_errno, "cannot start %s", c->name);
	}
	/* Both sides set the group, so that it exists whoever comes first. */
	setpgid(c->pid, c->pid);
	os_errno = read_report(report[0]);
	close(report[0]);
	if (os_errno == ENOENT && !spec->dir)
		return err_new(ERR_ABSENT, "%s: no such program", c->name);
	if (os_errno)
		return err_os(os_errno, "cannot start %s", c->name);
	*ret = steal(c);
	return NULL;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	child_kill(c);
	free(c->name);
	free(c);
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

static bool child_reap(struct child *c, int flags)
{
	int status = 0;
	pid_t pid;

	if (!c->pid)
		return true;
	do
		pid = waitpid(c->pid, &status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	c->pid = 0;
	if (pid < 0)
		c->status = 255;
	else
		c->status =
			WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

static struct err *interrupted(const struct child *c)
{
	return err_new(ERR_REFUSED, "interrupted while %s ran", c->name);
}

struct err *child_wait(struct child *c, u64 timeout_ms, const volatile sig_atomic_t *cancel,
		       bool *ret_ended)
{
	u64 deadline = clock_now_ms() + timeout_ms;
	u64 nap_ms = 1;

	while (!child_reap(c, WNOHANG)) {
		u64 now = clock_now_ms();

		if (cancel_is_set(cancel))
			return interrupted(c);
		if (now >= deadline) {
			*ret_ended = false;
			return NULL;
		}
		clock_sleep_ms(min_u64(nap_ms, deadline - now));
		nap_ms = min_u64(2 * nap_ms, 50);
	}
	*ret_ended = true;
	return NULL;
}

int child_status(const struct child *c)
{
	return c->status;
}

void child_kill(struct child *c)
{
	if (!c->pid)
		return;
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	child_reap(c, 0);
}

void child_output_deinit(struct child_output *o)
{
	buf_deinit(&o->out);
	buf_deinit(&o->errors);
}

static void keep_tail(struct buf *b, const char *data, size_t len)
{
	buf_add(b, data, len);
	if (!b->failed && b->len > CHILD_ERRORS_MAX) {
		size_t excess = b->len - CHILD_ERRORS_MAX;

		memmove(b->data, b->data + excess, CHILD_ERRORS_MAX);
		b->len = CHILD_ERRORS_MAX;
		b->data[b->len] = '\0';
	}
}

/* Take what stands in the pipe. False at its end. */
static bool drain_pipe(int fd, struct buf *b, bool is_errors)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof(data));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	if (is_errors)
		keep_tail(b, data, (size_t)n);
	else if (b->len < CHILD_OUTPUT_MAX)
		buf_add(b, data, (size_t)n);
	return true;
}

/* Gather both pipes until their ends, or until the child has ended: a grandchild may hold
 * them open for longer. */
static struct err *gather(struct child *c, int out_fd, int errors_fd, u64 deadline,
			  const volatile sig_atomic_t *cancel, struct child_output *o)
{
	struct pollfd p[2] = {{.fd = out_fd, .events = POLLIN},
			      {.fd = errors_fd, .events = POLLIN}};

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		bool had_ended = child_reap(c, WNOHANG);
		int n = poll(p, 2, had_ended ? 0 : 100);

		if (cancel_is_set(cancel))
			return interrupted(c);
		if (n == 0 && had_ended)
			break;
		if (clock_now_ms() >= deadline)
			return err_os(ETIMEDOUT, "%s did not come to an end", c->name);
		for (int i = 0; n > 0 && i < 2; i++) {
			if (p[i].revents &&
			    !drain_pipe(p[i].fd, i ? &o->errors : &o->out, i == 1))
				p[i].fd = -1;
		}
	}
	return NULL;
}

struct err *child_run(const struct child_spec *spec, u64 timeout_ms,
		      const volatile sig_atomic_t *cancel, struct child_output *ret)
{
	cleanup(child_freep) struct child *c = NULL;
	struct child_spec piped = *spec;
	int out[2] = {-1, -1}, errors[2] = {-1, -1};
	u64 deadline = clock_now_ms() + timeout_ms;
	struct err *err;
	bool ended = true;

	*ret = (struct child_output){0};
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_os(errno, "cannot make a pipe for %s", spec->argv[0]);
	if (pipe2(errors, O_CLOEXEC) < 0) {
		err = err_os(errno, "cannot make a pipe for %s", spec->argv[0]);
		goto out;
	}
	piped.stdout_fd = out[1];
	piped.stderr_fd = errors[1];
	err = child_spawn(&piped, &c);
	close(out[1]);
	close(errors[1]);
	out[1] = errors[1] = -1;
	if (!err)
		err = gather(c, out[0], errors[0], deadline, cancel, ret);
	if (!err)
		err = child_wait(c, deadline - min_u64(deadline, clock_now_ms()), cancel,
				 &ended);
	if (!err && !ended)
		err = err_os(ETIMEDOUT, "%s did not come to an end", c->name);
	if (!err)
		err = buf_check(&ret->out);
	if (!err)
		ret->status = child_status(c);
out:
	for (int i = 0; i < 2; i++) {
		closep(&out[i]);
		closep(&errors[i]);
	}
	return err;
}

void child_output_reason(const struct child_output *o, struct buf *b)
{
	const char *text = buf_text(&o->errors);
	size_t end = o->errors.len, start;

	while (end && (text[end - 1] == '\n' || text[end - 1] == ' '))
		end--;
	start = end;
	while (start && text[start - 1] != '\n')
		start--;
	if (end - start > 3 && strncmp(text + start, "E: ", 3) == 0)
		start += 3;
	if (start == end)
		buf_add_str(b, "no message");
	else
		str_escape(b, text + start, end - start, false);
}
