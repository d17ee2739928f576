#include "testing.h"

#include "base/clock.h"
#include "stub_qmp.h"
#include "trigger/lookout.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define MACHINE	   "0c5e0b1e4f7a4a33a6f9c2a1d0e4b7c8"
#define PATIENT_MS 10000u
#define FAR_MS	   3600000u

/* A machine as it looks from its hypervisor, and who looks. */
struct world {
	char dir[32], console[48], dumps[48];
	struct stub_qmp stub;
	bool has_stub;
	struct backend *backend;
	struct lookout eyes;
	/* What was said. */
	unsigned news, remarks, lines;
	char source[16], why[256], line[256];
};

static void take_news(void *ctx)
{
	struct world *w = ctx;

	w->news++;
}

static void take_remark(void *ctx, const char *source, const char *why)
{
	struct world *w = ctx;

	w->remarks++;
	snprintf(w->source, sizeof(w->source), "%s", source);
	snprintf(w->why, sizeof(w->why), "%s", why);
}

static void take_line(void *ctx, const char *line, size_t len)
{
	struct world *w = ctx;

	w->lines++;
	snprintf(w->line, sizeof(w->line), "%.*s", (int)len, line);
}

static const struct lookout_calls calls = {
	.news = take_news, .remark = take_remark, .line = take_line};

static const struct follow_rules patient = {
	.quiet_ms = FAR_MS, .no_sign_ms = FAR_MS, .latch_ms = FAR_MS};

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* With a QMP socket if @plan is not NULL. */
static void look_at(struct world *w, const struct stub_qmp_plan *plan)
{
	char uri[80];

	if (plan) {
		stub_qmp_start(&w->stub, plan);
		w->has_stub = true;
		snprintf(uri, sizeof(uri), "qmp:%s", w->stub.path);
		assert_success(
			backend_open(&(struct backend_address){.uri = uri}, &w->backend));
	}
	lookout_init(&w->eyes, &calls, w, w->backend);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/lookout-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->console, sizeof(w->console), "%s/console", w->dir);
	snprintf(w->dumps, sizeof(w->dumps), "%s/dumps", w->dir);
	assert_int_equal(mkdir(w->dumps, 0700), 0);
	append(w->console, "");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[64];

	lookout_deinit(&w->eyes);
	backend_close(w->backend);
	if (w->has_stub)
		stub_qmp_stop(&w->stub);
	/* A path that mkdtemp() made. */
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Make rounds until the capture is in @wanted. */
static void await(struct world *w, enum capture_state wanted)
{
	u64 until_ms = clock_now_ms() + PATIENT_MS;

	while (w->eyes.follow.state != wanted && clock_now_ms() < until_ms)
		lookout_round(&w->eyes);
	assert_int_equal(w->eyes.follow.state, wanted);
}

static void put_dump(const struct world *w, const char *name, const char *boot_id,
		     const char *outcome, const char *machine_id)
{
	char path[128], text[512];

	snprintf(path, sizeof(path), "%s/%s", w->dumps, name);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/capture.json", w->dumps, name);
	snprintf(text, sizeof(text),
		 "{\"schema\": \"inquest.capture\", \"version\": 1, \"outcome\": \"%s\","
		 " \"reason\": \"the disk is full\", \"crashed\": {\"machine_id\": \"%s\","
		 " \"boot_id\": \"%s\", \"product_uuid\": null},"
		 " \"files\": [{\"name\": \"vmcore\", \"bytes\": 4, \"complete\": true}]}",
		 outcome, machine_id, boot_id);
	append(path, text);
}

static void put_vmcore(const struct world *w, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/vmcore", w->dumps, name);
	append(path, "dump");
}

static void lines_of_the_console_are_handed_on_and_fed(void **state)
{
	struct world *w = *state;

	append(w->console, "[    1.0] Dazed and confused, but trying to continue\n");
	look_at(w, NULL);
	assert_int_equal(lookout_console_offset(&w->eyes), -1);
	assert_success(lookout_open_console(&w->eyes, w->console, -1));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	assert_true(w->eyes.follow.rules.has_console);
	assert_false(w->eyes.follow.rules.has_events);
	lookout_round(&w->eyes);
	assert_int_equal(w->lines, 0); /* it was there before */
	append(w->console, "[    9.0] Kernel panic - not syncing: NMI\n[   9.1] half");
	await(w, CAPTURE_PANICKED);
	assert_int_equal(w->lines, 1);
	assert_string_equal(w->line, "[    9.0] Kernel panic - not syncing: NMI");
	assert_int_equal(w->news, 1);
	assert_string_equal(w->eyes.follow.text, "the guest panicked");
	/* After a restart it is read on from the line that is not whole. */
	assert_int_equal(lookout_console_offset(&w->eyes),
			 strlen("[    1.0] Dazed and confused, but trying to continue\n") +
				 strlen("[    9.0] Kernel panic - not syncing: NMI\n"));
}

static void a_console_that_closes_is_said_once_and_left(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct world *w = *state;
	char where[64];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), served;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/tty", w->dir);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(listener, 1), 0);
	snprintf(where, sizeof(where), "unix:%s/tty", w->dir);
	look_at(w, NULL);
	assert_success(lookout_open_console(&w->eyes, where, -1));
	served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(served >= 0);
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	lookout_round(&w->eyes);
	assert_int_equal(w->remarks, 0);
	close(served);
	lookout_round(&w->eyes);
	lookout_round(&w->eyes);
	assert_int_equal(w->remarks, 1);
	assert_string_equal(w->source, "console");
	assert_non_null(strstr(w->why, "closed at the other end"));
	/* From now on nothing would show a panic. */
	assert_false(w->eyes.follow.rules.has_console);
	close(listener);
}

static void events_of_the_backend_are_fed_until_it_goes(void **state)
{
	static const struct stub_qmp_plan plan = {
		.before_inject =
			"{\"event\": \"GUEST_CRASHLOADED\", \"data\": {},"
			" \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n",
		.at_inject = STUB_DIE};
	struct backend_result result;
	struct world *w = *state;
	u64 start_ms;

	look_at(w, &plan);
	lookout_begin(&w->eyes, &patient, CAPTURE_REQUESTED);
	assert_true(w->eyes.follow.rules.has_events);
	backend_inject(w->backend, PATIENT_MS, &result);
	assert_int_equal(result.delivery, BACKEND_UNKNOWN);
	lookout_feed(&w->eyes, &(struct follow_event){.kind = FOLLOW_MAYBE_SENT,
						      .text = "who knows"});
	backend_result_deinit(&result);
	await(w, CAPTURE_PANICKED);
	for (unsigned i = 0; i < 50 && w->eyes.has_events; i++)
		lookout_round(&w->eyes);
	assert_false(w->eyes.has_events);
	/* Without it a round waits all the same. */
	start_ms = clock_now_ms();
	lookout_round(&w->eyes);
	assert_true(clock_now_ms() - start_ms >= 200);
}

static void what_is_no_qmp_is_said_and_the_console_goes_on(void **state)
{
	static const struct stub_qmp_plan plan = {.greeting = "SSH-2.0-OpenSSH\r\n"};
	struct world *w = *state;

	look_at(w, &plan);
	assert_success(lookout_open_console(&w->eyes, w->console, -1));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	/* Its counters are asked for first, and the connection ends there. */
	for (unsigned i = 0; i < 50 && w->eyes.has_events; i++)
		lookout_round(&w->eyes);
	assert_int_equal(w->remarks, 1);
	assert_string_equal(w->source, "counters");
	assert_false(w->eyes.has_progress);
	append(w->console, "Kernel panic - not syncing: NMI\n");
	await(w, CAPTURE_PANICKED);
}

static void nonsense_in_place_of_an_event_is_said(void **state)
{
	static const struct stub_qmp_plan plan = {.greeting = "SSH-2.0-OpenSSH\r\n"};
	struct world *w = *state;

	look_at(w, &plan);
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	w->eyes.has_progress = false;
	for (unsigned i = 0; i < 50 && w->eyes.has_events; i++)
		lookout_round(&w->eyes);
	assert_int_equal(w->remarks, 1);
	assert_string_equal(w->source, "events");
}

static void a_dump_is_seen_when_it_begins_and_whole_when_it_is(void **state)
{
	struct world *w = *state;
	char path[64];

	put_dump(w, "old", "b-1", "complete", MACHINE);
	put_vmcore(w, "old");
	look_at(w, NULL);
	assert_success(lookout_open_dumps(&w->eyes, w->dumps, MACHINE, NULL, 0));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	assert_true(w->eyes.follow.rules.has_dump_dir);
	put_dump(w, "other", "b-2", "complete", "0c5e0b1e4f7a4a33a6f9c2a1d0e4b7c9");
	put_vmcore(w, "other");
	lookout_round(&w->eyes);
	assert_null(w->eyes.dump);
	put_dump(w, "new", "b-3", "complete", MACHINE);
	await(w, CAPTURE_DUMPED);
	put_vmcore(w, "new");
	await(w, CAPTURE_VERIFIED);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_OVER);
	snprintf(path, sizeof(path), "%s/new", w->dumps);
	assert_string_equal(w->eyes.dump, path);
}

static void a_broken_dump_ends_it_with_its_reason(void **state)
{
	struct world *w = *state;

	look_at(w, NULL);
	assert_success(lookout_open_dumps(&w->eyes, w->dumps, MACHINE, NULL, 0));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	put_dump(w, "new", "b-3", "incomplete", MACHINE);
	await(w, CAPTURE_FAILED);
	assert_non_null(strstr(w->eyes.follow.text, "the disk is full"));
	assert_non_null(w->eyes.dump);
}

static void a_directory_that_goes_may_come_back(void **state)
{
	struct world *w = *state;
	char away[64];

	look_at(w, NULL);
	assert_success(lookout_open_dumps(&w->eyes, w->dumps, MACHINE, NULL, 0));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	snprintf(away, sizeof(away), "%s/away", w->dir);
	assert_int_equal(rename(w->dumps, away), 0);
	lookout_round(&w->eyes);
	assert_int_equal(w->remarks, 0);
	assert_int_equal(rename(away, w->dumps), 0);
	put_dump(w, "new", "b-3", "complete", MACHINE);
	put_vmcore(w, "new");
	await(w, CAPTURE_VERIFIED);
}

static void make_rounds_until_moved(struct world *w, u64 counter)
{
	u64 until_ms = clock_now_ms() + PATIENT_MS;

	while ((!w->eyes.has_moved || w->eyes.counter != counter) &&
	       clock_now_ms() < until_ms)
		lookout_round(&w->eyes);
	assert_int_equal(w->eyes.counter, counter);
}

static void only_bytes_that_were_written_are_life(void **state)
{
	static const char *const stats[] = {"[{\"stats\": {\"wr_bytes\": 4096}}]",
					    "[{\"stats\": {\"wr_bytes\": 512}}]",
					    "[{\"stats\": {\"wr_bytes\": 1536}}]", NULL};
	static const struct stub_qmp_plan plan = {.blockstats = stats};
	struct world *w = *state;

	look_at(w, &plan);
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	/* What was written before, and a counter that began anew, say nothing. */
	make_rounds_until_moved(w, 4096);
	make_rounds_until_moved(w, 512);
	assert_false(w->eyes.follow.saw_moves);
	assert_int_equal(w->eyes.moved, 0);
	make_rounds_until_moved(w, 1536);
	assert_true(w->eyes.follow.saw_moves);
	assert_int_equal(w->eyes.moved, 1024);
}

/* A round later the fallback would be due, which a sign that came meanwhile withdraws. */
static void wait_for_the_fallback(struct world *w)
{
	struct follow_rules rules = patient;
	u64 until_ms = clock_now_ms() + PATIENT_MS;

	rules.no_sign_ms = 1;
	rules.falls_back = true;
	lookout_begin(&w->eyes, &rules, CAPTURE_INJECTED);
	while (w->eyes.follow.todo != FOLLOW_FALL_BACK && clock_now_ms() < until_ms)
		lookout_round(&w->eyes);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_FALL_BACK);
	assert_int_equal(w->news, 1);
}

static void a_sign_that_came_meanwhile_withdraws_the_fallback(void **state)
{
	struct world *w = *state;

	look_at(w, NULL);
	assert_success(lookout_open_console(&w->eyes, w->console, -1));
	wait_for_the_fallback(w);
	lookout_drain(&w->eyes);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_FALL_BACK);
	append(w->console, "Kernel panic - not syncing: NMI\n");
	lookout_drain(&w->eyes);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_WAIT);
	assert_int_equal(w->eyes.follow.state, CAPTURE_PANICKED);
}

static void all_events_that_came_meanwhile_are_taken_in(void **state)
{
	static const struct stub_qmp_plan plan = {
		.before_inject =
			"{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n"
			"{\"event\": \"RESUME\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n"
			"{\"event\": \"GUEST_CRASHLOADED\", \"data\": {}, \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n"};
	struct backend_result result;
	struct world *w = *state;

	look_at(w, &plan);
	wait_for_the_fallback(w);
	backend_inject(w->backend, PATIENT_MS, &result);
	assert_int_equal(result.delivery, BACKEND_SENT);
	backend_result_deinit(&result);
	lookout_drain(&w->eyes);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_WAIT);
	assert_int_equal(w->eyes.follow.state, CAPTURE_PANICKED);
}

static void what_the_console_said_before_an_event_is_taken_in_before_it(void **state)
{
	static const struct stub_qmp_plan plan = {
		.before_inject =
			"{\"event\": \"SHUTDOWN\", \"data\": {}, \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n"};
	struct backend_result result;
	struct world *w = *state;

	look_at(w, &plan);
	assert_success(lookout_open_console(&w->eyes, w->console, -1));
	lookout_begin(&w->eyes, &patient, CAPTURE_INJECTED);
	backend_inject(w->backend, PATIENT_MS, &result);
	assert_int_equal(result.delivery, BACKEND_SENT);
	backend_result_deinit(&result);
	append(w->console,
	       "[    0.0] Linux version 6.1\n"
	       "[    0.0] Command line: elfcorehdr=0x1\n"
	       "[   34.6] inquest: end role=capture outcome=complete directory=/c/1\n"
	       "[   34.7] reboot: Power down\n");
	lookout_drain(&w->eyes);
	assert_int_equal(w->eyes.follow.state, CAPTURE_UNVERIFIED);
	assert_non_null(strstr(w->eyes.follow.text,
			       "went off after it said that the dump is saved in /c/1"));
}

static void where_nothing_can_be_seen_time_ends_it(void **state)
{
	struct follow_rules rules = patient;
	struct world *w = *state;

	look_at(w, NULL);
	rules.latch_ms = 300;
	lookout_begin(&w->eyes, &rules, CAPTURE_INJECTED);
	await(w, CAPTURE_UNVERIFIED);
	assert_int_equal(w->eyes.follow.todo, FOLLOW_OVER);
}

static void a_dump_from_elsewhere_takes_the_place_of_the_first(void **state)
{
	struct world *w = *state;

	look_at(w, NULL);
	lookout_set_dump(&w->eyes, strdup("/dumps/a"));
	lookout_set_dump(&w->eyes, strdup("/dumps/b"));
	assert_string_equal(w->eyes.dump, "/dumps/b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_the_console_are_handed_on_and_fed),
		TEST(a_console_that_closes_is_said_once_and_left),
		TEST(events_of_the_backend_are_fed_until_it_goes),
		TEST(what_is_no_qmp_is_said_and_the_console_goes_on),
		TEST(nonsense_in_place_of_an_event_is_said),
		TEST(a_dump_is_seen_when_it_begins_and_whole_when_it_is),
		TEST(a_broken_dump_ends_it_with_its_reason),
		TEST(a_directory_that_goes_may_come_back),
		TEST(only_bytes_that_were_written_are_life),
		TEST(a_sign_that_came_meanwhile_withdraws_the_fallback),
		TEST(all_events_that_came_meanwhile_are_taken_in),
		TEST(what_the_console_said_before_an_event_is_taken_in_before_it),
		TEST(where_nothing_can_be_seen_time_ends_it),
		TEST(a_dump_from_elsewhere_takes_the_place_of_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
