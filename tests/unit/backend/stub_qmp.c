#include "testing.h"

#include "stub_qmp.h"

#include "base/clock.h"

#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, "  \
	"\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n"

static void say(struct stub_qmp *s, const char *text)
{
	size_t piece = s->plan->splits ? 1 : strlen(text);

	for (size_t len = strlen(text); len; text += piece, len -= piece)
		if (send(s->fd, text, piece, MSG_NOSIGNAL) < 0)
			return;
}

/* The value of "return" may be any JSON. */
static void say_return(struct stub_qmp *s, const char *value, u64 id)
{
	char *text = NULL;

	if (asprintf(&text, "{\"return\": %s, \"id\": %llu}\r\n", value,
		     (unsigned long long)id) < 0)
		return;
	say(s, text);
	free(text);
}

static void say_error(struct stub_qmp *s, const char *desc, u64 id)
{
	char text[512];

	snprintf(
		text, sizeof(text),
		"{\"id\": %llu, \"error\": {\"class\": \"GenericError\", \"desc\": \"%s\"}}\r\n",
		(unsigned long long)id, desc);
	say(s, text);
}

/* False: the connection ends here. */
static bool answer_inject(struct stub_qmp *s, u64 id)
{
	const struct stub_qmp_plan *p = s->plan;
	char text[512];

	s->injects++;
	clock_sleep_ms(p->inject_delay_ms);
	if (p->before_inject)
		say(s, p->before_inject);
	if (p->at_inject == STUB_DIE)
		return false;
	if (p->at_inject == STUB_HANG)
		return true;
	if (!p->inject_reply) {
		say_return(s, "{}", id);
		return true;
	}
	snprintf(text, sizeof(text), "%s", p->inject_reply);
	if (strstr(text, "ID")) {
		char *at = strstr(text, "ID"), rest[256];

		snprintf(rest, sizeof(rest), "%s", at + 2);
		snprintf(at, sizeof(text) - (size_t)(at - text), "%llu%s",
			 (unsigned long long)id, rest);
	}
	say(s, text);
	return true;
}

static void answer_dump(struct stub_qmp *s, u64 id)
{
	if (s->plan->dump_error) {
		say_error(s, s->plan->dump_error, id);
		return;
	}
	if (write(s->passed_fd, "dump", 4) != 4)
		say_error(s, "no descriptor came", id);
	if (s->plan->dump_events)
		say(s, s->plan->dump_events);
	say_return(s, "{}", id);
}

/* The next one of @values, of which the last one stays. */
static void say_next(struct stub_qmp *s, const char *const *values, size_t *told, u64 id)
{
	const char *value = values[*told];

	if (values[*told + 1])
		++*told;
	say_return(s, value, id);
}

static void answer_registers(struct stub_qmp *s, u64 id)
{
	const char *value =
		s->plan->registers ? s->plan->registers[s->registers_told] : NULL;

	if (value) {
		s->registers_told++;
		say_return(s, value, id);
	} else if (!s->plan->hangs_at_registers) {
		say_error(s, "Parameter 'cpu-index' expects a CPU number", id);
	}
}

static void answer_status(struct stub_qmp *s, u64 id)
{
	char value[128];

	snprintf(value, sizeof(value), "{\"running\": true, \"status\": \"%s\"}",
		 s->plan->status ? s->plan->status : "running");
	say_return(s, value, id);
}

static bool answer(struct stub_qmp *s, const char *command, u64 id)
{
	static const char *const no_disks[] = {"[]", NULL};

	s->commands++;
	snprintf(s->last_command, sizeof(s->last_command), "%s", command);
	if (!strcmp(command, "inject-nmi"))
		return answer_inject(s, id);
	if (!strcmp(command, "query-status"))
		answer_status(s, id);
	else if (!strcmp(command, "query-blockstats"))
		say_next(s, s->plan->blockstats ? s->plan->blockstats : no_disks,
			 &s->stats_told, id);
	else if (!strcmp(command, "human-monitor-command"))
		answer_registers(s, id);
	else if (!strcmp(command, "dump-guest-memory"))
		answer_dump(s, id);
	else if (!strcmp(command, "query-dump"))
		say_next(s, s->plan->dump, &s->dumps_told, id);
	else
		say_return(s, "{}", id);
	if (!strcmp(command, "qmp_capabilities") && s->plan->after_ready)
		say(s, s->plan->after_ready);
	return true;
}

static bool answer_line(struct stub_qmp *s, const char *line, size_t len)
{
	json_t *root = json_loadb(line, len, 0, NULL);
	const char *command = json_string_value(json_object_get(root, "execute"));
	u64 id = (u64)json_integer_value(json_object_get(root, "id"));
	bool goes_on = command && answer(s, command, id);

	json_decref(root);
	return goes_on;
}

static ssize_t receive(struct stub_qmp *s, char *data, size_t len)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	struct iovec iov = {.iov_base = data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(s->fd, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&s->passed_fd, CMSG_DATA(c), sizeof(int));
	return n;
}

/* Wait for the client to go, without reading a byte. */
static void wait_hangup(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	poll(&p, 1, -1);
}

static void converse(struct stub_qmp *s)
{
	char data[65536];
	size_t len = 0;
	ssize_t n;

	if (s->plan->says_nothing) {
		wait_hangup(s->fd);
		return;
	}
	say(s, s->plan->greeting ? s->plan->greeting : GREETING);
	while ((n = receive(s, data + len, sizeof(data) - len)) > 0) {
		char *end;

		len += (size_t)n;
		while ((end = memchr(data, '\n', len))) {
			size_t line = (size_t)(end - data) + 1;

			if (!answer_line(s, data, line - 1))
				return;
			len -= line;
			memmove(data, data + line, len);
			if (s->plan->stops_reading &&
			    !strcmp(s->last_command, "query-status")) {
				wait_hangup(s->fd);
				return;
			}
		}
	}
}

static void *serve(void *arg)
{
	struct stub_qmp *s = arg;

	s->fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (s->fd < 0)
		return NULL;
	converse(s);
	close(s->fd);
	return NULL;
}

void stub_qmp_start(struct stub_qmp *s, const struct stub_qmp_plan *plan)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*s = (struct stub_qmp){.plan = plan, .passed_fd = -1};
	strcpy(s->dir, "/tmp/stub_qmp.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/qmp", s->dir);
	strcpy(address.sun_path, s->path);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listen_fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(s->listen_fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void stub_qmp_stop(struct stub_qmp *s)
{
	shutdown(s->listen_fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listen_fd);
	if (s->passed_fd >= 0)
		close(s->passed_fd);
	unlink(s->path);
	rmdir(s->dir);
}
