/* The libvirt backend beside libvirt's own test driver, which lives in this process. */
#include "testing.h"

#include "backend/backend.h"
#include "base/clock.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENT_MS 60000u

static struct err *open_uri(const char *uri, struct backend **ret)
{
	const struct backend_address a = {.uri = uri};

	return backend_open(&a, ret);
}

static struct backend *open_test(void)
{
	struct backend *b = NULL;

	assert_success(open_uri("libvirt+test:///default#test", &b));
	return b;
}

static enum backend_state state_of(struct backend *b)
{
	enum backend_state machine = BACKEND_STATE_UNKNOWN;

	assert_success(backend_query_state(b, PATIENT_MS, &machine));
	return machine;
}

static enum backend_event next_event(struct backend *b)
{
	enum backend_event event = BACKEND_EVENT_NONE;

	assert_success(backend_next_event(b, PATIENT_MS, &event));
	return event;
}

static void a_domain_that_runs_takes_an_interrupt(void **state)
{
	struct backend *b = open_test();
	struct backend_result r;

	assert_string_equal(backend_scheme(b), "libvirt");
	assert_string_equal(backend_name(b), "libvirt domain test at test:///default");
	assert_int_equal(state_of(b), BACKEND_STATE_RUNNING);
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_SENT);
	assert_null(r.why);
	backend_close(b);
}

static void a_domain_is_found_by_its_uuid(void **state)
{
	/* As the test driver has it. */
	struct backend *b = NULL;

	assert_success(open_uri(
		"libvirt+test:///default#6695eb01-f6a4-8304-79aa-97f2502e193f", &b));
	assert_int_equal(state_of(b), BACKEND_STATE_RUNNING);
	backend_close(b);
}

static void a_domain_that_is_not_there_is_told(void **state)
{
	enum backend_state machine;
	struct backend_result r;
	struct backend *b = NULL;

	assert_success(open_uri("libvirt+test:///default#nosuch", &b));
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_ABSENT);
	backend_result_deinit(&r);
	assert_failure(backend_query_state(b, PATIENT_MS, &machine), ERR_ABSENT,
		       "libvirt domain nosuch");
	backend_close(b);
}

static void without_a_libvirt_behind_it_nothing_is_sent(void **state)
{
	struct backend_result r;
	struct backend *b = NULL;

	assert_success(open_uri(
		"libvirt+qemu+unix:///system?socket=/nonexistent/libvirt-sock#vm", &b));
	backend_inject(b, PATIENT_MS, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	backend_result_deinit(&r);
	backend_close(b);
}

/* The address sanitizer stands in for the functions of XDR, and finds the real ones only in
 * what is linked: libvirt's remote driver, loaded later, calls NULL. */
#ifdef __SANITIZE_ADDRESS__
#	define CAN_DRIVE_REMOTELY 0
#else
#	define CAN_DRIVE_REMOTELY 1
#endif

static void a_libvirt_that_does_not_answer_is_left_behind(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/test_libvirt.XXXXXX", uri[256];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum backend_event event = BACKEND_EVENT_GONE;
	enum backend_state machine;
	u64 start_ms = clock_now_ms();
	struct backend_result r;
	struct backend *b = NULL;

	if (!CAN_DRIVE_REMOTELY)
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	snprintf(uri, sizeof(uri), "libvirt+qemu+unix:///system?socket=%s#vm",
		 address.sun_path);
	assert_success(open_uri(uri, &b));
	/* It goes on connecting, which the next ones wait for as long as they may. */
	assert_success(backend_next_event(b, 0, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	assert_failure(backend_query_state(b, 100, &machine), ERR_OS, "has not returned");
	backend_inject(b, 100, &r);
	assert_int_equal(r.delivery, BACKEND_NOT_SENT);
	assert_int_equal(r.refusal, BACKEND_UNREACHABLE);
	assert_non_null(strstr(err_message(r.why), "has not returned"));
	backend_result_deinit(&r);
	backend_close(b);
	assert_true(clock_now_ms() - start_ms < PATIENT_MS / 2);
	close(fd);
	unlink(address.sun_path);
	rmdir(dir);
}

static void what_is_done_to_a_domain_comes_back_as_an_event(void **state)
{
	struct backend *b = open_test();
	enum backend_event event = BACKEND_EVENT_GONE;

	assert_true(backend_has_events(b));
	assert_success(backend_next_event(b, 0, &event));
	assert_int_equal(event, BACKEND_EVENT_NONE);
	assert_success(backend_act(b, BACKEND_PAUSE, PATIENT_MS));
	assert_int_equal(next_event(b), BACKEND_EVENT_PAUSED);
	assert_int_equal(state_of(b), BACKEND_STATE_PAUSED);
	assert_success(backend_act(b, BACKEND_RESUME, PATIENT_MS));
	assert_int_equal(next_event(b), BACKEND_EVENT_RESUMED);
	assert_int_equal(state_of(b), BACKEND_STATE_RUNNING);
	backend_close(b);
}

static void a_dump_that_the_driver_does_not_make_is_unsupported(void **state)
{
	struct backend *b = open_test();

	assert_failure(backend_dump(b, "/tmp/nosuch-vmcore", PATIENT_MS, NULL, NULL, NULL),
		       ERR_UNSUPPORTED, "virDomainCoreDumpWithFormat");
	assert_failure(backend_dump(b, "/etc/passwd", PATIENT_MS, NULL, NULL, NULL),
		       ERR_REFUSED, "left alone");
	assert_failure(backend_dump(b, "vmcore", PATIENT_MS, NULL, NULL, NULL), ERR_USAGE,
		       "whole path");
	backend_close(b);
}

static void two_domains_are_open_at_once(void **state)
{
	struct backend *first = open_test(), *second = open_test();
	enum backend_event event;

	assert_success(backend_next_event(first, 0, &event));
	assert_success(backend_next_event(second, 0, &event));
	assert_success(backend_act(second, BACKEND_PAUSE, PATIENT_MS));
	assert_int_equal(next_event(second), BACKEND_EVENT_PAUSED);
	backend_close(first);
	assert_success(backend_act(second, BACKEND_RESUME, PATIENT_MS));
	assert_int_equal(next_event(second), BACKEND_EVENT_RESUMED);
	backend_close(second);
}

static void an_address_has_a_uri_and_a_domain(void **state)
{
	static const char *const uris[] = {"libvirt+", "libvirt+#vm",
					   "libvirt+qemu:///system",
					   "libvirt+qemu:///system#"};

	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		struct backend *b = NULL;

		assert_failure(open_uri(uris[i], &b), ERR_USAGE, "a URI and a domain");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_a_uri_and_a_domain),
		cmocka_unit_test(a_domain_that_runs_takes_an_interrupt),
		cmocka_unit_test(a_domain_is_found_by_its_uuid),
		cmocka_unit_test(a_domain_that_is_not_there_is_told),
		cmocka_unit_test(without_a_libvirt_behind_it_nothing_is_sent),
		cmocka_unit_test(a_libvirt_that_does_not_answer_is_left_behind),
		cmocka_unit_test(what_is_done_to_a_domain_comes_back_as_an_event),
		cmocka_unit_test(a_dump_that_the_driver_does_not_make_is_unsupported),
		cmocka_unit_test(two_domains_are_open_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
