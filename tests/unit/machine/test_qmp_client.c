#include "testing.h"

#include "machine/qmp_client.h"

#include <errno.h>
#include <sys/socket.h>

struct seen {
	int greetings, returns, events;
	u64 last_id;
};

static void take_message(void *ctx, const struct qmp_message *m)
{
	struct seen *s = ctx;

	s->greetings += m->kind == QMP_GREETING;
	s->returns += m->kind == QMP_RETURN;
	s->events += m->kind == QMP_EVENT;
	s->last_id = m->id;
}

static struct qmp_client *connect_client(struct seen *s, int *ret_peer)
{
	struct qmp_client *c = NULL;
	char line[256];
	ssize_t n;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_success(qmp_client_new(fds[0], take_message, s, &c));
	n = read(fds[1], line, sizeof(line) - 1);
	assert_true(n > 0);
	line[n] = '\0';
	assert_non_null(strstr(line, "qmp_capabilities"));
	*ret_peer = fds[1];
	return c;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void messages_in_pieces_and_in_heaps_are_handed_on(void **state)
{
	struct seen s = {0};
	cleanup(closep) int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	u64 id = 0;

	say(peer,
	    "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": 2}}}}\r\n{\"ret");
	assert_success(qmp_client_receive(c));
	assert_int_equal(s.greetings, 1);
	assert_int_equal(s.returns, 0);
	say(peer,
	    "urn\": {}, \"id\": 1}\r\n{\"event\": \"RESET\"}\r\n{\"return\": {}, \"id\": 2}\n");
	assert_success(qmp_client_send(c, "inject-nmi", NULL, &id));
	assert_int_equal(id, 2);
	assert_success(qmp_client_receive(c));
	assert_int_equal(s.returns, 2);
	assert_int_equal(s.events, 1);
	assert_int_equal(s.last_id, 2);
	qmp_client_free(c);
}

static void a_closed_socket_is_no_error_but_an_end(void **state)
{
	struct seen s = {0};
	int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	u64 id;

	close(peer);
	assert_success(qmp_client_receive(c));
	assert_int_equal(qmp_client_fd(c), -1);
	assert_failure(qmp_client_send(c, "quit", NULL, &id), ERR_OS, "quit");
	qmp_client_free(c);
}

static void a_line_without_end_is_refused_before_it_eats_memory(void **state)
{
	char flood[8192];
	struct seen s = {0};
	cleanup(closep) int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	struct err *err = NULL;
	int rounds = 0;

	memset(flood, '[', sizeof(flood));
	while (!err && rounds++ < 1000) {
		assert_int_equal(write(peer, flood, sizeof(flood)), sizeof(flood));
		err = qmp_client_receive(c);
	}
	assert_non_null(err);
	assert_int_equal(err_code(err), ERR_BAD_DATA);
	assert_true((size_t)rounds * sizeof(flood) <= QMP_LINE_MAX + 2 * sizeof(flood));
	err_free(err);
	qmp_client_free(c);
}

static void a_peer_that_does_not_read_is_told_not_waited_for(void **state)
{
	struct seen s = {0};
	cleanup(closep) int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	struct err *err = NULL;
	u64 id;

	for (int i = 0; !err && i < 1000000; i++)
		err = qmp_client_send(c, "query-status", NULL, &id);
	assert_non_null(err);
	assert_int_equal(err_errno(err), EAGAIN);
	err_free(err);
	qmp_client_free(c);
}

static void a_command_sent_in_part_is_told_from_one_not_sent(void **state)
{
	struct seen s = {0};
	cleanup(closep) int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	char *word = calloc(1, 4 << 20);
	json_t *arguments;
	u64 id;

	/* More than a socket takes at once. */
	memset(word, 'a', (4 << 20) - 1);
	arguments = json_pack("{s:s}", "command-line", word);
	assert_failure(qmp_client_send(c, "human-monitor-command", arguments, &id),
		       ERR_INCOMPLETE, "bytes could be sent");
	json_decref(arguments);
	free(word);
	qmp_client_free(c);
}

static void a_descriptor_goes_along_with_its_command(void **state)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	char line[256];
	struct iovec iov = {.iov_base = line, .iov_len = sizeof(line) - 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};
	struct seen s = {0};
	cleanup(closep) int peer = -1;
	struct qmp_client *c = connect_client(&s, &peer);
	int pipes[2], passed = -1;
	char byte = 0;
	u64 id;

	assert_int_equal(pipe(pipes), 0);
	assert_success(qmp_client_send_fd(c, "getfd", NULL, pipes[1], &id));
	assert_true(recvmsg(peer, &m, 0) > 0);
	assert_non_null(CMSG_FIRSTHDR(&m));
	memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(passed));
	say(passed, "x");
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(passed);
	close(pipes[0]);
	close(pipes[1]);
	qmp_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_in_pieces_and_in_heaps_are_handed_on),
		cmocka_unit_test(a_closed_socket_is_no_error_but_an_end),
		cmocka_unit_test(a_line_without_end_is_refused_before_it_eats_memory),
		cmocka_unit_test(a_peer_that_does_not_read_is_told_not_waited_for),
		cmocka_unit_test(a_command_sent_in_part_is_told_from_one_not_sent),
		cmocka_unit_test(a_descriptor_goes_along_with_its_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
