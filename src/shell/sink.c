#include "shell/sink.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define MUCH	65536
#define FOREVER UINT64_MAX

struct sink sink_to_memory(void)
{
	return (struct sink){.fd = -1, .name = "memory"};
}

struct sink sink_to_fd(int fd, const char *name)
{
	return (struct sink){.fd = fd, .name = name};
}

struct err *sink_open_file(struct sink *s, const char *path, bool appends)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC),
		      0600);

	if (fd < 0)
		return err_os(errno, "cannot write to %s", path);
	*s = sink_to_fd(fd, path);
	s->owns_fd = true;
	return NULL;
}

/* Hand the terminal, if there is one, to process group @group. */
static bool give_terminal(pid_t group)
{
	cleanup(closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	sigset_t blocked, before;
	bool ok;

	if (tty < 0)
		return false;
	/* Without this, taking it back from the background would stop us. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	ok = tcsetpgrp(tty, group) == 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

static struct err *start(const char *command, int stdin_fd, int stdout_fd,
			 bool has_terminal, bool *ret_is_foreground, struct child **ret)
{
	const char *const words[] = {"/bin/sh", "-c", command, NULL};
	const char *const shell[] = {"/bin/sh", NULL};
	struct child_spec spec = {
		.argv = *command ? words : shell,
		.stdin_fd = stdin_fd,
		.stdout_fd = stdout_fd,
		.stderr_fd = STDERR_FILENO,
	};
	struct err *err = child_spawn(&spec, ret);

	if (err)
		return err;
	*ret_is_foreground = has_terminal && give_terminal(child_pid(*ret));
	/* It may have been stopped for reading before it had the terminal. */
	if (*ret_is_foreground)
		kill(-child_pid(*ret), SIGCONT);
	return NULL;
}

static struct err *finish(struct child *c, bool is_foreground)
{
	bool ended = false;
	struct err *err = NULL;

	while (!err && !ended)
		err = child_wait(c, FOREVER / 2, NULL, &ended);
	child_free(c);
	if (is_foreground)
		give_terminal(getpgrp());
	return err;
}

struct err *sink_open_pipe(struct sink *s, const char *command, int stdout_fd,
			   bool has_terminal)
{
	struct sink sink = sink_to_fd(-1, command);
	int ends[2];
	struct err *err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_os(errno, "cannot make a pipe for %s", command);
	err = start(command, ends[0], stdout_fd, has_terminal, &sink.is_foreground,
		    &sink.child);
	close(ends[0]);
	if (err) {
		close(ends[1]);
		return err;
	}
	sink.fd = ends[1];
	sink.owns_fd = true;
	*s = sink;
	return NULL;
}

struct err *sink_run_shell(const char *command, int stdout_fd, bool has_terminal)
{
	cleanup(closep) int tty = -1;
	struct child *c = NULL;
	bool is_foreground = false;
	struct err *err;

	if (has_terminal)
		tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	err = start(command, tty > 0 ? tty : 0, stdout_fd, has_terminal, &is_foreground,
		    &c);
	return err ? err : finish(c, is_foreground);
}

void sink_flush(struct sink *s)
{
	struct err *err;

	if (s->fd < 0)
		return;
	if (!s->is_shut) {
		err = buf_check(&s->b);
		if (!err)
			err = io_write_all(s->fd, s->b.data, s->b.len, s->name);
		s->is_shut = err != NULL;
		if (err && err_errno(err) != EPIPE)
			s->why = err;
		else
			err_ignore(err);
	}
	s->b.len = 0;
}

void sink_flush_some(struct sink *s)
{
	if (s->b.len >= MUCH || s->b.failed)
		sink_flush(s);
}

struct err *sink_close(struct sink *s)
{
	struct err *err;

	sink_flush(s);
	err = s->why;
	if (s->owns_fd && close(s->fd) < 0 && !err)
		err = err_os(errno, "%s", s->name);
	if (s->child) {
		struct err *ended = finish(s->child, s->is_foreground);

		if (err)
			err_ignore(ended);
		else
			err = ended;
	}
	buf_deinit(&s->b);
	*s = sink_to_memory();
	return err;
}
