/* A listener on loopback, and clients that are honest, large, slow or many. */
#include "testing.h"

#include "base/clock.h"
#include "base/str.h"
#include "trigger/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Answers with what it was given; where the query is "later", from another thread. */
struct echo {
	struct listener *listener;
	pthread_t thread;
	bool has_thread;
	struct exchange *waiting;
	struct buf answer;
};

static void describe(struct buf *b, const struct listener_request *r)
{
	if (r->too_large) {
		buf_printf(b, "refused: %s", r->too_large);
		return;
	}
	buf_printf(b, "%s|%s|%s|%.*s|%s", r->http.method, r->http.path,
		   r->http.query ? r->http.query : "(none)", (int)r->http.body_len,
		   (const char *)r->http.body, r->peer_address);
	for (size_t i = 0; i < r->http.num_headers; i++)
		buf_printf(b, "|%s=%s", r->http.headers[i].name, r->http.headers[i].value);
}

static void *answer_later(void *ctx)
{
	struct echo *e = ctx;
	const struct listener_header header = {"x-later", "yes"};

	clock_sleep_ms(100);
	exchange_answer(e->waiting, 202, "text/plain", &header, 1, &e->answer);
	return NULL;
}

static void handle(void *ctx, struct exchange *x, const struct listener_request *r)
{
	struct echo *e = ctx;
	struct buf b = BUF_INIT;

	describe(&b, r);
	if (!r->http.query || !str_eq(r->http.query, "later")) {
		exchange_answer(x, r->too_large ? 400 : 200, "text/plain", NULL, 0, &b);
		return;
	}
	e->waiting = x;
	e->answer = b;
	assert_int_equal(pthread_create(&e->thread, NULL, answer_later, e), 0);
	e->has_thread = true;
}

static const struct config_listener loopback = {.address = "127.0.0.1"};

static void start(struct echo *e, u32 connections, u32 idle_s)
{
	const struct listener_options o = {.where = &loopback,
					   .connections = connections,
					   .threads = 2,
					   .idle_s = idle_s,
					   .handle = handle,
					   .ctx = e};

	*e = (struct echo){0};
	assert_success(listener_start(&o, &e->listener));
	assert_int_not_equal(listener_port(e->listener), 0);
}

static void stop(struct echo *e)
{
	if (e->has_thread)
		pthread_join(e->thread, NULL);
	listener_stop(e->listener);
}

static int connect_to(const struct echo *e)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(listener_port(e->listener)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	/* The other side may have closed: that is for the reader to see. */
	ssize_t sent = send(fd, text, strlen(text), MSG_NOSIGNAL);

	(void)sent;
}

/* All up to the end of one answer of Content-Length, or of the connection. */
static char *hear(int fd)
{
	static char text[65536];
	size_t len = 0;

	text[0] = '\0';
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char *end = strstr(text, "\r\n\r\n"),
		     *length = strstr(text, "Content-Length: ");
		ssize_t got;

		if (end && length &&
		    len - (size_t)(end + 4 - text) >= strtoul(length + 16, NULL, 10))
			return text;
		assert_int_equal(poll(&p, 1, 60000), 1);
		got = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (got <= 0)
			return text;
		len += (size_t)got;
		text[len] = '\0';
	}
}

static void assert_heard(int fd, const char *words)
{
	const char *text = hear(fd);

	if (!strstr(text, words))
		print_error("\"%s\" lacks \"%s\"\n", text, words);
	assert_non_null(strstr(text, words));
}

/* Signatures are over the bytes that were sent: nothing may be decoded or put in order. */
static void a_request_is_given_as_it_was_sent(void **state)
{
	struct echo e;
	int fd;

	start(&e, 10, 30);
	fd = connect_to(&e);
	say(fd,
	    "GET /a%2fb/../?x=%41+b&&y&x=%zz HTTP/1.1\r\nHost: h:1\r\nb:  two   words \r\n"
	    "a: 1\r\nB: 3\r\n\r\n");
	assert_heard(fd,
		     "GET|/a%2fb/../|x=%41+b&&y&x=%zz||127.0.0.1|Host=h:1|b=two   words");
	say(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
	say(fd, "a=b");
	assert_heard(fd, "POST|/|(none)|a=b|127.0.0.1|Host=h|Content-Length=3");
	say(fd, "POST /? HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		"2\r\na=\r\n1\r\nb\r\n0\r\n\r\n");
	assert_heard(fd, "POST|/||a=b|127.0.0.1|Host=h");
	close(fd);
	stop(&e);
}

static void an_answer_may_come_from_another_thread(void **state)
{
	struct echo e;
	int fd;

	start(&e, 10, 30);
	fd = connect_to(&e);
	say(fd, "GET /?later HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_heard(fd, "202 Accepted");
	say(fd, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_heard(fd, "GET|/again|");
	close(fd);
	/* And nobody is hurt if the client has gone by then. */
	pthread_join(e.thread, NULL);
	fd = connect_to(&e);
	say(fd, "GET /?later HTTP/1.1\r\nHost: h\r\n\r\n");
	clock_sleep_ms(50);
	close(fd);
	stop(&e);
}

static void what_is_too_large_is_refused_not_kept(void **state)
{
	struct buf b = BUF_INIT;
	struct echo e;
	int fd;

	start(&e, 10, 30);
	fd = connect_to(&e);
	buf_printf(&b, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %u\r\n\r\n",
		   LISTENER_BODY_MAX + 1);
	for (unsigned i = 0; i <= LISTENER_BODY_MAX; i++)
		buf_add_char(&b, 'x');
	say(fd, b.data);
	assert_heard(fd, "refused: The body");
	buf_deinit(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\nHost: h\r\na: ");
	for (unsigned i = 0; i < LISTENER_HEADER_MAX; i++)
		buf_add_char(&b, 'x');
	buf_add_str(&b, "\r\n\r\n");
	say(fd, b.data);
	assert_heard(fd, "refused: The header");
	buf_deinit(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (unsigned i = 0; i < LISTENER_HEADERS_MAX; i++)
		buf_add_str(&b, "a: b\r\n");
	buf_add_str(&b, "\r\n");
	say(fd, b.data);
	assert_heard(fd, "refused: The header");
	close(fd);
	/* A header without end has no handler, only an end. */
	buf_deinit(&b);
	buf_add_str(&b, "GET / HTTP/1.1\r\nHost: h\r\na: ");
	for (unsigned i = 0; i < 200000; i++)
		buf_add_char(&b, 'x');
	fd = connect_to(&e);
	say(fd, b.data);
	assert_null(strstr(hear(fd), "200 OK"));
	close(fd);
	buf_deinit(&b);
	stop(&e);
}

static bool is_closed(int fd)
{
	char c;
	ssize_t got = recv(fd, &c, 1, MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN);
}

/* Silent, and with a byte now and then, in header and in body: all are ended, while another
 * is served. */
static void slow_clients_are_ended_and_honest_ones_served(void **state)
{
	static const char *const begun[] = {
		"", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\na: ",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"};
	int slow[ARRAY_SIZE(begun)];
	u64 start_ms = clock_now_ms();
	size_t open = ARRAY_SIZE(begun), rounds = 0;
	struct echo e;

	start(&e, 10, 2);
	for (size_t i = 0; i < ARRAY_SIZE(begun); i++) {
		slow[i] = connect_to(&e);
		say(slow[i], begun[i]);
	}
	while (open && clock_now_ms() - start_ms < 60000) {
		int fd = connect_to(&e);

		say(fd, "GET /honest HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
		assert_heard(fd, "GET|/honest|");
		close(fd);
		open = 0;
		for (size_t i = 0; i < ARRAY_SIZE(begun); i++) {
			if (i)
				say(slow[i], "x");
			open += !is_closed(slow[i]);
		}
		rounds++;
		clock_sleep_ms(100);
	}
	assert_int_equal(open, 0);
	assert_true(rounds > 5);
	for (size_t i = 0; i < ARRAY_SIZE(begun); i++)
		close(slow[i]);
	stop(&e);
}

/* More connections than allowed wait for their turn, which comes when idle ones are ended.
 */
static void connections_are_bounded_and_room_comes_back(void **state)
{
	int idle[8], fd;
	struct echo e;

	start(&e, 8, 1);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		idle[i] = connect_to(&e);
	clock_sleep_ms(200);
	assert_true(listener_connections(e.listener) <= 8);
	clock_sleep_ms(3000);
	fd = connect_to(&e);
	say(fd, "GET /after HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_heard(fd, "GET|/after|");
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		close(idle[i]);
	stop(&e);
}

static void plain_http_stays_on_loopback_unless_asked_for(void **state)
{
	struct config_listener where = {.address = "0.0.0.0"};
	struct listener_options o = {.where = &where,
				     .connections = 10,
				     .threads = 1,
				     .idle_s = 10,
				     .handle = handle};
	struct listener *l;

	assert_failure(listener_start(&o, &l), ERR_REFUSED, "plain HTTP on 0.0.0.0");
	where.plain_anywhere = true;
	assert_success(listener_start(&o, &l));
	listener_stop(l);
	where = (struct config_listener){.address = "localhost"};
	assert_failure(listener_start(&o, &l), ERR_BAD_DATA, "not an address");
	where = (struct config_listener){.address = "127.0.0.1",
					 .certificate = "/does/not/exist",
					 .key = "/nor/this"};
	assert_failure(listener_start(&o, &l), ERR_OS, "/does/not/exist");
}

static void a_private_key_for_everybody_is_refused(void **state)
{
	char key[] = "/tmp/test-listener-XXXXXX";
	struct config_listener where = {
		.address = "127.0.0.1", .certificate = "/dev/null", .key = key};
	struct listener_options o = {.where = &where,
				     .connections = 10,
				     .threads = 1,
				     .idle_s = 10,
				     .handle = handle};
	int fd = mkstemp(key);
	struct listener *l;

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_failure(listener_start(&o, &l), ERR_REFUSED, "chmod o= /tmp/test-listener-");
	assert_int_equal(fchmod(fd, 0640), 0);
	/* As far as what is in it, which is nothing. */
	assert_failure(listener_start(&o, &l), ERR_BAD_DATA, "are not a pair in PEM form");
	close(fd);
	unlink(key);
}

static void a_port_in_use_is_said(void **state)
{
	struct config_listener where = {.address = "127.0.0.1"};
	struct listener_options o = {.where = &where,
				     .connections = 10,
				     .threads = 1,
				     .idle_s = 10,
				     .handle = handle};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct listener *l;

	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	where.port = ntohs(in.sin_port);
	assert_failure(listener_start(&o, &l), ERR_OS, "cannot listen on 127.0.0.1 port");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_given_as_it_was_sent),
		cmocka_unit_test(an_answer_may_come_from_another_thread),
		cmocka_unit_test(what_is_too_large_is_refused_not_kept),
		cmocka_unit_test(slow_clients_are_ended_and_honest_ones_served),
		cmocka_unit_test(connections_are_bounded_and_room_comes_back),
		cmocka_unit_test(plain_http_stays_on_loopback_unless_asked_for),
		cmocka_unit_test(a_private_key_for_everybody_is_refused),
		cmocka_unit_test(a_port_in_use_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
