#include "capture/ssh_client.h"

#include "base/child.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SPLICE_BYTES (1u << 20)
#define LAST_WORDS_MS                                                                      \
	30000 /* for the server to bring it to disk: see the caller's limits */
#define ARGV_MAX       64
#define PIPE_ENDS      2
#define CONNECTION_OFF 255

/* How the client is called. One connection serves all commands to a server (%C stands for
 * which): its client stays in the background, also when the phase that began it has ended.
 * ServerAlive ends a connection that is silent for a minute. */
static const char *const options[] = {
	"ssh",	"-F",
	"none", "-T",
	"-x",	"-a",
	"-o",	"BatchMode=yes",
	"-o",	"StrictHostKeyChecking=yes",
	"-o",	"GlobalKnownHostsFile=none",
	"-o",	"UpdateHostKeys=no",
	"-o",	"CheckHostIP=no",
	"-o",	"IdentitiesOnly=yes",
	"-o",	"PreferredAuthentications=publickey",
	"-o",	"GSSAPIAuthentication=no",
	"-o",	"Compression=no",
	"-o",	"ConnectTimeout=20",
	"-o",	"ServerAliveInterval=15",
	"-o",	"ServerAliveCountMax=4",
	"-o",	"ControlMaster=auto",
	"-o",	"ControlPath=/ssh-%C",
	"-o",	"ControlPersist=yes",
	"-o",	"LogLevel=ERROR",
};

void ssh_quote(struct buf *b, const char *text)
{
	buf_add_char(b, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_add_str(b, "'\\''");
		else
			buf_add_char(b, *text);
	}
	buf_add_char(b, '\'');
}

/* The pieces of an argument vector that have to live as long as it does. */
struct call {
	const char *argv[ARGV_MAX];
	char *user, *host_alias, *known_hosts, *port;
};

static void call_deinit(struct call *c)
{
	free(c->user);
	free(c->host_alias);
	free(c->known_hosts);
	free(c->port);
}

static char *format_text(const char *fmt, const char *text)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_add_str(&b, fmt);
	buf_add_str(&b, text);
	return b.failed ? NULL : steal(b.data);
}

/* USER@HOST is connected to as USER at the address, and known as HOST. */
static struct err *make_call(const struct ssh_command *command, struct call *c)
{
	const struct manifest_target *server = command->server;
	const char *at = strrchr(server->device, '@');
	char port[24];
	size_t n = ARRAY_SIZE(options);

	if (!at || at == server->device || !at[1])
		return err_new(ERR_USAGE, "\"%s\" is not USER@HOST", server->device);
	memcpy(c->argv, options, sizeof(options));
	snprintf(port, sizeof(port), "%llu",
		 (unsigned long long)(server->port ? server->port : SSH_PORT));
	c->user = strndup(server->device, (size_t)(at - server->device));
	c->host_alias = format_text("HostKeyAlias=", at + 1);
	c->known_hosts = format_text("UserKnownHostsFile=", server->known_hosts);
	c->port = strdup(port);
	if (!c->user || !c->host_alias || !c->known_hosts || !c->port)
		return err_nomem();
	c->argv[n++] = "-o";
	c->argv[n++] = c->host_alias;
	c->argv[n++] = "-o";
	c->argv[n++] = c->known_hosts;
	c->argv[n++] = "-i";
	c->argv[n++] = server->key;
	c->argv[n++] = "-p";
	c->argv[n++] = c->port;
	c->argv[n++] = "-l";
	c->argv[n++] = c->user;
	c->argv[n++] = "--";
	c->argv[n++] = server->address;
	c->argv[n++] = command->text;
	c->argv[n] = NULL;
	return NULL;
}

struct pipes {
	int in[PIPE_ENDS];	/* from the writer to the pump */
	int counted[PIPE_ENDS]; /* from the pump to the client */
	int out[PIPE_ENDS], errors[PIPE_ENDS];
};

static void close_fd(int *fd)
{
	closep(fd);
	*fd = -1;
}

static void pipes_deinit(struct pipes *p)
{
	for (int i = 0; i < PIPE_ENDS; i++) {
		close_fd(&p->in[i]);
		close_fd(&p->counted[i]);
		close_fd(&p->out[i]);
		close_fd(&p->errors[i]);
	}
}

static struct err *pipes_open(struct pipes *p)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p->in, O_CLOEXEC) < 0 || pipe2(p->counted, O_CLOEXEC) < 0 ||
	    pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->errors, O_CLOEXEC) < 0)
		return err_os(errno, "cannot make a pipe for ssh");
	return NULL;
}

/* Hand on what the writer writes and count it: whatever it is, a program of the user's as
 * well, what the server has got is held against that. Ends with _exit(). */
static void pump(struct pipes *p, _Atomic u64 *counter, _Atomic u64 *progress)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_fd(&p->in[1]);
	close_fd(&p->counted[0]);
	close_fd(&p->out[0]);
	close_fd(&p->out[1]);
	close_fd(&p->errors[0]);
	close_fd(&p->errors[1]);
	for (;;) {
		ssize_t moved = splice(p->in[0], NULL, p->counted[1], NULL, SPLICE_BYTES,
				       SPLICE_F_MOVE);

		if (moved < 0 && errno == EINTR)
			continue;
		if (moved <= 0)
			_exit(moved < 0);
		*counter += (u64)moved;
		if (progress)
			(*progress)++;
	}
}

/* The last @size - 1 bytes that come out of @fd until it ends. */
static void read_tail(int fd, char *text, size_t size)
{
	size_t len = 0;

	for (;;) {
		char piece[256];
		ssize_t got = read(fd, piece, sizeof(piece));
		size_t drop;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		drop = len + (size_t)got > size - 1 ? len + (size_t)got - (size - 1) : 0;
		if (drop > len)
			drop = len;
		memmove(text, text + drop, len - drop);
		len -= drop;
		if ((size_t)got > size - 1 - len)
			got = (ssize_t)(size - 1 - len);
		memcpy(text + len, piece, (size_t)got);
		len += (size_t)got;
	}
	text[len] = '\0';
}

static struct err *wait_for_client(struct child *client, struct ssh_answer *answer)
{
	bool has_ended = false;
	struct err *err = child_wait(client, LAST_WORDS_MS, NULL, &has_ended);

	if (err)
		return err;
	if (!has_ended) {
		child_kill(client);
		answer->status = CONNECTION_OFF;
		return NULL;
	}
	answer->status = child_status(client);
	return NULL;
}

static struct err *feed(const struct ssh_command *command, struct pipes *p,
			_Atomic u64 *counter)
{
	struct err *err;
	pid_t pid = fork();

	if (pid < 0)
		return err_os(errno, "cannot start a process that feeds ssh");
	if (pid == 0)
		pump(p, counter, command->progress);
	close_fd(&p->in[0]);
	close_fd(&p->counted[1]);
	err = command->write(command->ctx, p->in[1], command->server->device);
	close_fd(&p->in[1]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}

static struct err *talk(const struct ssh_command *command, struct pipes *p,
			const struct call *call, _Atomic u64 *counter,
			struct ssh_answer *answer)
{
	const struct child_spec spec = {.argv = call->argv,
					.stdin_fd = command->write ? p->counted[0] : 0,
					.stdout_fd = p->out[1],
					.stderr_fd = p->errors[1]};
	cleanup(child_freep) struct child *client = NULL;
	struct err *fed = NULL;
	struct err *err = child_spawn(&spec, &client);

	if (err)
		return err;
	close_fd(&p->counted[0]);
	close_fd(&p->out[1]);
	close_fd(&p->errors[1]);
	if (command->write)
		fed = feed(command, p, counter);
	read_tail(p->errors[0], answer->errors, sizeof(answer->errors));
	read_tail(p->out[0], answer->out, sizeof(answer->out));
	err = wait_for_client(client, answer);
	/* "Broken pipe" is only what the client's end looks like from here. */
	if (fed && (err || answer->status)) {
		err_free(fed);
		fed = NULL;
	}
	return err ? err : fed;
}

struct err *ssh_run(const struct ssh_command *command, struct ssh_answer *ret)
{
	cleanup(call_deinit) struct call call = {0};
	cleanup(pipes_deinit) struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	struct ssh_answer answer = {0};
	_Atomic u64 *counter;
	struct err *err = make_call(command, &call);

	if (!err)
		err = pipes_open(&pipes);
	if (err)
		return err;
	counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counter == MAP_FAILED)
		return err_nomem();
	/* A connection that is cut must not end us. */
	signal(SIGPIPE, SIG_IGN);
	err = talk(command, &pipes, &call, counter, &answer);
	answer.bytes_sent = *counter;
	munmap(counter, sizeof(*counter));
	if (!err)
		*ret = answer;
	return err;
}

/* The last line of @text that is not empty. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);
	char *line;

	while (len && strchr("\r\n", text[len - 1]))
		text[--len] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

struct err *ssh_failure(const struct ssh_command *command, const struct ssh_answer *answer,
			const char *doing)
{
	char errors[sizeof(answer->errors)];
	const char *line;

	if (!answer->status)
		return NULL;
	memcpy(errors, answer->errors, sizeof(errors));
	line = last_line(errors);
	if (answer->status == CONNECTION_OFF)
		return err_new(ERR_REFUSED, "cannot %s on %s: the connection failed: %s",
			       doing, command->server->device,
			       *line ? line : "it was cut, and ssh says no more");
	return err_new(ERR_REFUSED, "cannot %s on %s: status %d: %s", doing,
		       command->server->device, answer->status,
		       *line ? line : "the server says no more");
}
