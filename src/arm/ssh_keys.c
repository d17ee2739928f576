#include "arm/ssh_keys.h"

#include "base/child.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define KEYGEN_MS 120000
#define LOGIN_MS  60000
/* For a person to type a password. */
#define PERSON_MS 600000

static void say(const struct ssh_propagation *p, const char *fmt, ...) printf_like(2, 3);
static void say(const struct ssh_propagation *p, const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (text)
		p->say(p->ctx, text);
}

/* The directory above the key, for root alone. */
static struct err *make_directory(const char *key)
{
	const char *slash = strrchr(key, '/');
	cleanup(freep) char *dir = NULL;

	if (key[0] != '/' || !slash[1])
		return err_new(ERR_USAGE, "\"%s\" is not the absolute path of a key", key);
	dir = strndup(key, (size_t)(slash - key));
	if (!dir)
		return err_nomem();
	if (*dir && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_os(errno, "cannot make %s", dir);
	return NULL;
}

static struct err *generate(const struct ssh_propagation *p)
{
	const char *name = strrchr(p->key, '/');
	const char *argv[] = {"ssh-keygen", "-q", "-t",	  "ed25519", "-N",
			      "",	    "-f", p->key, NULL};
	const struct child_spec spec = {.argv = argv};
	struct child_output o = {0};
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct err *err;

	if (name && strstr(name, "rsa"))
		argv[3] = "rsa";
	err = make_directory(p->key);
	if (!err)
		err = child_run(&spec, KEYGEN_MS, NULL, &o);
	if (!err && o.status) {
		child_output_reason(&o, &reason);
		err = err_new(ERR_REFUSED, "ssh-keygen could not make %s: %s", p->key,
			      buf_text(&reason));
	}
	child_output_deinit(&o);
	return err;
}

static struct err *ensure_key(const struct ssh_propagation *p)
{
	bool is_debian = p->dialect == CONFIG_KDUMP_TOOLS;
	struct err *err;

	if (access(p->key, F_OK) == 0) {
		if (is_debian)
			say(p, "Using existing key %s", p->key);
		else
			say(p, "Using existing keys...");
		return NULL;
	}
	if (is_debian)
		say(p, "Need to generate a new ssh key...");
	err = generate(p);
	if (!err && !is_debian)
		say(p, "Generating new ssh keys... done.");
	return err;
}

/* Does the server let the key in, without a question? */
static struct err *log_in(const struct ssh_propagation *p, bool *ret)
{
	const char *argv[] = {"ssh",
			      "-i",
			      p->key,
			      "-o",
			      "BatchMode=yes",
			      "-o",
			      "IdentitiesOnly=yes",
			      "-o",
			      "StrictHostKeyChecking=yes",
			      "-o",
			      "ConnectTimeout=20",
			      "-T",
			      "--",
			      p->server,
			      "exit 0",
			      NULL};
	const struct child_spec spec = {.argv = argv};
	struct child_output o = {0};
	struct err *err = child_run(&spec, LOGIN_MS, NULL, &o);

	if (!err)
		*ret = o.status == 0;
	child_output_deinit(&o);
	return err;
}

/* Let process group @group read from the terminal, if there is one. */
static void give_terminal(int tty, pid_t group)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	if (tty < 0)
		return;
	/* Doing so from the background would stop us. */
	sigaction(SIGTTOU, &ignore, &before);
	if (tcsetpgrp(tty, group) == 0)
		kill(-group, SIGCONT);
	sigaction(SIGTTOU, &before, NULL);
}

/* Run @spec with the terminal in its hands. */
static struct err *run_at_terminal(const struct child_spec *spec, int *ret_status)
{
	cleanup(closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	cleanup(child_freep) struct child *child = NULL;
	bool has_ended = false;
	struct err *err = child_spawn(spec, &child);

	if (err)
		return err;
	give_terminal(tty, child_pid(child));
	err = child_wait(child, PERSON_MS, NULL, &has_ended);
	if (!err && !has_ended)
		child_kill(child);
	give_terminal(tty, getpgrp());
	if (!err)
		*ret_status = has_ended ? child_status(child) : 255;
	return err;
}

/* Add the public half. The key's own line begins on a new one, whatever was there. */
static struct err *add_key(const struct ssh_propagation *p)
{
	static const char command[] =
		"umask 077; mkdir -p .ssh && (echo; cat) >> .ssh/authorized_keys";
	const char *argv[] = {"ssh", "-T", "--", p->server, command, NULL};
	struct child_spec spec = {
		.argv = argv, .stdout_fd = STDERR_FILENO, .stderr_fd = STDERR_FILENO};
	cleanup(freep) char *public = NULL;
	cleanup(closep) int fd = -1;
	struct err *err;
	int status;

	if (asprintf(&public, "%s.pub", p->key) < 0) {
		public = NULL;
		return err_nomem();
	}
	fd = open(public, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot read %s, the public half of the key", public);
	spec.stdin_fd = fd;
	err = run_at_terminal(&spec, &status);
	if (!err && status)
		err = err_new(ERR_REFUSED,
			      "cannot add %s to the keys of %s: ssh ended with status %d",
			      public, p->server, status);
	return err;
}

static void say_done(const struct ssh_propagation *p, const char *host)
{
	if (p->dialect == CONFIG_KDUMP_TOOLS)
		say(p, "propagated ssh key %s to server %s", p->key, p->server);
	else
		say(p, "%s has been added to ~%.*s/.ssh/authorized_keys on %s", p->key,
		    (int)(host - 1 - p->server), p->server, host);
}

struct err *ssh_keys_propagate(const struct ssh_propagation *p)
{
	const char *at = strrchr(p->server, '@');
	bool is_in = false;
	struct err *err;

	if (!at || at == p->server || !at[1] || p->server[0] == '-')
		return err_new(ERR_USAGE, "\"%s\" is not USER@HOST", p->server);
	err = ensure_key(p);
	if (!err)
		err = log_in(p, &is_in);
	if (!err && !is_in) {
		err = add_key(p);
		if (!err)
			err = log_in(p, &is_in);
		if (!err && !is_in)
			err = err_new(ERR_REFUSED,
				      "%s was added on %s, and still the server does not "
				      "let it in: see the log of its sshd",
				      p->key, p->server);
	}
	if (!err)
		say_done(p, at + 1);
	return err;
}
