/* Servers that do not let us in at once, on the loopback of a namespace of our own. Needs
 * root. */
#include "testing.h"

#include "capture/remote.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define PORT	   2022
#define NETWORK_MS 600

/* Set before each test: how many tries fail, and how many there were. */
struct story {
	unsigned refusals, tries;
};

static struct story *story_of(const struct target *t)
{
	return (struct story *)(uintptr_t)t->root;
}

static struct err *knock(const struct target *t)
{
	struct story *s = story_of(t);

	return s->tries++ < s->refusals ? err_new(ERR_REFUSED, "not yet") : NULL;
}

static void listen_here(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 16), 0);
}

static struct err *open_target(u64 tries, struct story *s, struct buf *said)
{
	struct manifest m = MANIFEST_DEFAULTS;
	struct manifest_target row = MANIFEST_TARGET_DEFAULTS;
	struct sink sink = {.fd = memfd_create("said", MFD_CLOEXEC)};
	struct target t = {
		.row = &row, .manifest = &m, .sink = &sink, .root = (const char *)s};
	char text[4096];
	struct err *err;
	ssize_t len;

	m.naming = "kdump-tools";
	m.deadlines.network_ms = NETWORK_MS;
	row.kind = "ssh";
	row.device = "dump@server";
	row.address = "127.0.0.1";
	row.tries = tries;
	err = remote_open(&t, PORT, knock);
	len = pread(sink.fd, text, sizeof(text), 0);
	assert_true(len >= 0);
	buf_add(said, text, (size_t)len);
	close(sink.fd);
	return err;
}

static int set_up(void **state)
{
	return unshare(CLONE_NEWNET);
}

static void without_a_number_it_is_tried_once(void **state)
{
	cleanup(buf_deinit) struct buf said = BUF_INIT;
	struct story s = {.refusals = 1};

	listen_here();
	assert_failure(open_target(0, &s, &said), ERR_REFUSED, "not yet");
	assert_int_equal(s.tries, 1);
	assert_int_equal(said.len, 0);
}

static void server_that_lets_us_in_later_is_asked_again(void **state)
{
	cleanup(buf_deinit) struct buf said = BUF_INIT;
	struct story s = {.refusals = 1};

	listen_here();
	assert_success(open_target(5, &s, &said));
	assert_int_equal(s.tries, 2);
	assert_non_null(strstr(buf_text(&said), "4 more tries: not yet"));
	assert_non_null(strstr(buf_text(&said), "will try 4 more times"));
}

static void after_the_last_try_its_error_is_what_counts(void **state)
{
	cleanup(buf_deinit) struct buf said = BUF_INIT;
	struct story s = {.refusals = 9};

	listen_here();
	assert_failure(open_target(2, &s, &said), ERR_REFUSED, "not yet");
	assert_int_equal(s.tries, 2);
	assert_null(strstr(buf_text(&said), "will try 0"));
}

static void no_connection_counts_as_a_try(void **state)
{
	cleanup(buf_deinit) struct buf said = BUF_INIT;
	struct story s = {0};

	assert_failure(open_target(2, &s, &said), ERR_OS, "127.0.0.1 does not answer");
	assert_int_equal(s.tries, 0);
	assert_non_null(strstr(buf_text(&said), "will try 1 more times"));
}

static void time_for_more_tries_grows_with_them(void **state)
{
	struct manifest_target row = MANIFEST_TARGET_DEFAULTS;
	u64 one_more;

	assert_int_equal(remote_retry_ms(&row), 0);
	row.tries = 1;
	assert_int_equal(remote_retry_ms(&row), 0);
	row.tries = 2;
	one_more = remote_retry_ms(&row);
	assert_true(one_more > 3000);
	row.tries = 17;
	assert_int_equal(remote_retry_ms(&row), 16 * one_more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_number_it_is_tried_once, set_up),
		cmocka_unit_test_setup(server_that_lets_us_in_later_is_asked_again, set_up),
		cmocka_unit_test_setup(after_the_last_try_its_error_is_what_counts, set_up),
		cmocka_unit_test_setup(no_connection_counts_as_a_try, set_up),
		cmocka_unit_test(time_for_more_tries_grows_with_them),
	};

	if (getuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("1..0 # SKIP needs root, for network namespaces\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
