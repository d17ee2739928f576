#include "testing.h"

#include "trigger/audit_queue.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"

#include <jansson.h>
#include <pthread.h>
#include <sys/wait.h>

#include "failing_sync.h"
#include "small_disk.h"

/* Wide bounds; a test narrows the one that it is about. */
static const struct audit_queue_rules wide = {
	.source_tokens = 1e6,
	.all_tokens = 1e6,
	.capacity = 10000,
	.pause_ms = 1,
	.report_ms = 3600000,
};

struct place {
	char dir[32], path[64];
	struct audit *audit;
	struct audit_queue *queue;
	unsigned complaints;
};

static void count_complaint(void *ctx, const char *sentence)
{
	struct place *p = ctx;

	assert_true(strstr(sentence, "No space left") || strstr(sentence, "to disk"));
	p->complaints++;
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/queue-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/audit.json", p->dir);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void begin(struct place *p, const struct audit_queue_rules *rules)
{
	assert_success(audit_open(p->path, &p->audit));
	assert_success(audit_queue_new(p->audit, rules, count_complaint, p, &p->queue));
}

static void end(struct place *p)
{
	audit_queue_free(steal(p->queue));
	audit_close(steal(p->audit));
}

/* One refusal, made of memory that is gone afterwards. */
static void add(struct place *p, const char *code, const char *source, bool is_known,
		u64 now_ms)
{
	char code_text[64], message[64], agent[64], request[64];
	const struct audit_event e = {
		.event_name = "SendDiagnosticInterrupt",
		.source_ip = source,
		.user_agent = agent,
		.request_id = request,
		.error_code = code_text,
		.error_message = message,
		.time_ms = 1792584000123,
	};

	snprintf(code_text, sizeof(code_text), "%s", code);
	snprintf(message, sizeof(message), "no, %s", source);
	snprintf(agent, sizeof(agent), "agent\n\"of\" %s", source);
	snprintf(request, sizeof(request), "r-%s", source);
	audit_queue_add(p->queue, &e, source, is_known, now_ms);
	memset(code_text, 'x', sizeof(code_text) - 1);
	memset(message, 'x', sizeof(message) - 1);
	memset(agent, 'x', sizeof(agent) - 1);
	memset(request, 'x', sizeof(request) - 1);
}

static void read_counters(struct place *p, u64 written, u64 rate, u64 queue, u64 write)
{
	struct audit_queue_counters c;

	audit_queue_read_counters(p->queue, &c);
	assert_int_equal(c.left[AUDIT_LEFT_RATE], rate);
	assert_int_equal(c.left[AUDIT_LEFT_QUEUE], queue);
	assert_int_equal(c.left[AUDIT_LEFT_WRITE], write);
	assert_int_equal(c.written, written);
}

static void await_written(struct place *p, u64 count)
{
	struct audit_queue_counters c = {0};

	for (unsigned i = 0; i < 3000 && c.written < count; i++) {
		audit_queue_read_counters(p->queue, &c);
		clock_sleep_ms(10);
	}
	assert_int_equal(c.written, count);
}

/* The lines of the log that have their end: it may be written to. */
static json_t *read_lines(const struct place *p)
{
	cleanup(freep) char *text = NULL;
	json_t *lines = json_array();
	size_t len;

	assert_success(io_read_file(p->path, 64u << 20, &text, &len));
	for (const char *at = text, *line_end; (line_end = strchr(at, '\n'));
	     at = line_end + 1)
		assert_int_equal(json_array_append_new(
					 lines, json_loadb(at, (size_t)(line_end - at),
							   JSON_REJECT_DUPLICATES, NULL)),
				 0);
	return lines;
}

/* All of them, after the end; the chain is good. */
static json_t *read_log(const struct place *p)
{
	struct audit_check check;
	json_t *lines = read_lines(p);

	assert_success(audit_verify(p->path, &check));
	assert_int_equal(json_array_size(lines), check.lines);
	return lines;
}

static const char *member(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static s64 number(const json_t *line, const char *group, const char *key)
{
	const json_t *additional = json_object_get(line, "additionalEventData");

	return json_integer_value(json_object_get(json_object_get(additional, group), key));
}

/* How many lines all reports say were left out; *@ret_reports of them there are. */
static s64 sum_left(const json_t *log, size_t *ret_reports)
{
	s64 left = 0;

	*ret_reports = 0;
	for (size_t i = 0; i < json_array_size(log); i++) {
		const json_t *line = json_array_get(log, i);

		if (!str_eq(member(line, "eventName"), "AuditLinesLeftOut"))
			continue;
		left += number(line, "leftOut", "Client.AuthFailure");
		assert_int_equal(number(line, "leftOut", "Client.AuthFailure"),
				 number(line, "because", "rate") +
					 number(line, "because", "queue") +
					 number(line, "because", "write"));
		++*ret_reports;
	}
	return left;
}

static void a_refusal_is_written_as_it_was_when_it_was_added(void **state)
{
	struct place *p = *state;
	const json_t *line;
	json_t *log;

	begin(p, &wide);
	add(p, "Client.AuthFailure", "10.0.0.7", false, 1);
	await_written(p, 1);
	end(p);
	log = read_log(p);
	assert_int_equal(json_array_size(log), 1);
	line = json_array_get(log, 0);
	assert_string_equal(member(line, "errorCode"), "Client.AuthFailure");
	assert_string_equal(member(line, "errorMessage"), "no, 10.0.0.7");
	assert_string_equal(member(line, "userAgent"), "agent\\x0a\"of\" 10.0.0.7");
	assert_string_equal(member(line, "sourceIPAddress"), "10.0.0.7");
	assert_string_equal(member(line, "requestID"), "r-10.0.0.7");
	json_decref(log);
}

static void
of_one_source_and_code_so_many_lines_are_written_and_the_rest_counted(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	const json_t *last;
	json_t *log;

	rules.source_tokens = 3;
	rules.source_refill_per_s = 0.5;
	begin(p, &rules);
	for (unsigned i = 0; i < 100; i++)
		add(p, "Client.AuthFailure", "10.0.0.7", false, 1000);
	/* Neither another source nor another code is of this share. */
	add(p, "Client.AuthFailure", "10.0.0.8", false, 1000);
	add(p, "Client.RequestExpired", "10.0.0.7", false, 1000);
	/* It comes back with time. */
	add(p, "Client.AuthFailure", "10.0.0.7", false, 3000);
	await_written(p, 6);
	read_counters(p, 6, 97, 0, 0);
	end(p);
	log = read_log(p);
	assert_int_equal(json_array_size(log), 7);
	last = json_array_get(log, 6);
	assert_string_equal(member(last, "eventName"), "AuditLinesLeftOut");
	assert_string_equal(member(last, "eventType"), "AwsServiceEvent");
	assert_int_equal(number(last, "leftOut", "Client.AuthFailure"), 97);
	assert_int_equal(number(last, "leftOut", "Client.RequestExpired"), 0);
	assert_int_equal(number(last, "because", "rate"), 97);
	assert_int_equal(number(last, "because", "queue"), 0);
	json_decref(log);
}

static void many_sources_without_a_key_do_not_take_the_lines_of_those_with_one(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	char source[32];

	rules.all_tokens = 10;
	begin(p, &rules);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(source, sizeof(source), "10.0.1.%u", i);
		add(p, "Client.AuthFailure", source, false, 1000);
	}
	for (unsigned i = 0; i < 10; i++)
		add(p, "Client.UnauthorizedOperation", "alice", true, 1000);
	await_written(p, 20);
	read_counters(p, 20, 190, 0, 0);
	add(p, "Client.UnauthorizedOperation", "alice", true, 1000);
	read_counters(p, 20, 191, 0, 0);
	end(p);
}

static void what_is_left_out_is_said_while_it_runs_and_begins_anew(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	size_t before = 0, reports;
	json_t *log;
	s64 left = 0;

	rules.source_tokens = 1;
	rules.report_ms = 20;
	begin(p, &rules);
	for (unsigned i = 0; i < 5; i++)
		add(p, "Client.AuthFailure", "a", false, 1000);
	for (unsigned i = 0; i < 3000 && left < 4; i++) {
		clock_sleep_ms(10);
		log = read_lines(p);
		left = sum_left(log, &before);
		json_decref(log);
	}
	assert_int_equal(left, 4);
	add(p, "Client.AuthFailure", "a", false, 1000);
	end(p);
	log = read_log(p);
	assert_int_equal(sum_left(log, &reports), 5);
	assert_int_equal(reports, before + 1);
	json_decref(log);
}

static void a_queue_that_is_full_leaves_out_and_says_so(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	struct audit_queue_counters c;
	json_t *log;

	rules.capacity = 4;
	/* After the first sync the next one is far away. */
	rules.pause_ms = 3600000;
	begin(p, &rules);
	add(p, "Client.DryRunOperation", "alice", true, 1);
	await_written(p, 1);
	for (unsigned i = 0; i < 10; i++)
		add(p, "Client.DryRunOperation", "alice", true, 1);
	audit_queue_read_counters(p->queue, &c);
	assert_int_equal(c.left[AUDIT_LEFT_QUEUE], 6);
	end(p);
	log = read_log(p);
	assert_int_equal(json_array_size(log), 6);
	assert_int_equal(number(json_array_get(log, 5), "because", "queue"), 6);
	json_decref(log);
}

static void *add_many(void *ctx)
{
	for (unsigned i = 0; i < 500; i++)
		add(ctx, "Client.AuthFailure", i % 2 ? "a" : "b", i % 3 == 0, i);
	return NULL;
}

static void threads_may_add_at_once_and_no_line_is_unaccounted_for(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	pthread_t threads[4];
	size_t reports;
	json_t *log;
	s64 left;

	rules.source_tokens = 300;
	rules.capacity = 100;
	begin(p, &rules);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, p), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	end(p);
	log = read_log(p);
	left = sum_left(log, &reports);
	assert_true(left >= 2000 - 600);
	assert_int_equal(json_array_size(log) - reports + (size_t)left, 2000);
	json_decref(log);
}

static void run_on_a_full_disk(struct place *p)
{
	struct audit_queue_counters c = {0};
	struct audit_queue_rules rules = wide;
	char filler[64];
	size_t reports;
	json_t *log;
	u64 before;
	s64 left;

	rules.report_ms = 50;
	snprintf(filler, sizeof(filler), "%s/filler", p->dir);
	begin(p, &rules);
	add(p, "Client.AuthFailure", "a", false, 1);
	await_written(p, 1);
	small_disk_fill(filler);
	/* What is left of the last block takes some. */
	for (unsigned i = 0; i < 100; i++)
		add(p, "Client.AuthFailure", "a", false, 1);
	for (unsigned i = 0; i < 3000 && c.written + c.left[AUDIT_LEFT_WRITE] < 101; i++) {
		clock_sleep_ms(10);
		audit_queue_read_counters(p->queue, &c);
	}
	assert_true(c.left[AUDIT_LEFT_WRITE] > 50);
	before = c.written;
	/* Time for several reports that fail as well: nothing is counted twice. */
	clock_sleep_ms(300);
	unlink(filler);
	add(p, "Client.AuthFailure", "a", false, 1);
	await_written(p, before + 1);
	end(p);
	assert_true(p->complaints > 0);
	log = read_log(p);
	left = sum_left(log, &reports);
	assert_int_equal(left, c.left[AUDIT_LEFT_WRITE]);
	assert_int_equal(json_array_size(log) - reports + (size_t)left, 102);
	json_decref(log);
}

static void a_full_disk_is_complained_of_and_counted_until_there_is_room(void **state)
{
	struct place *p = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (!small_disk_mount(p->dir, "size=64k"))
			_exit(77);
		run_on_a_full_disk(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void lines_that_could_not_be_kept_are_counted_from_the_first_on(void **state)
{
	struct place *p = *state;
	struct audit_queue_rules rules = wide;
	struct audit_queue_counters c = {0};
	const json_t *line, *additional;
	char begun[32];
	json_t *log;
	time_t now;

	rules.report_ms = 50;
	begin(p, &rules);
	failing_sync.suffix = "/audit.json";
	failing_sync.why = ENOSPC;
	for (unsigned i = 0; i < 3; i++)
		add(p, "Client.AuthFailure", "a", false, 1);
	for (unsigned i = 0; i < 3000 && c.written + c.left[AUDIT_LEFT_WRITE] < 3; i++) {
		clock_sleep_ms(10);
		audit_queue_read_counters(p->queue, &c);
	}
	assert_int_equal(c.left[AUDIT_LEFT_WRITE], 3);
	assert_int_equal(c.written, 0);
	now = time(NULL);
	strftime(begun, sizeof(begun), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	/* Long enough for times to differ. */
	clock_sleep_ms(2100);
	failing_sync.why = 0;
	end(p);
	log = read_log(p);
	assert_int_equal(json_array_size(log), 1);
	line = json_array_get(log, 0);
	additional = json_object_get(line, "additionalEventData");
	assert_int_equal(number(line, "leftOut", "Client.AuthFailure"), 3);
	assert_int_equal(number(line, "because", "write"), 3);
	assert_true(strcmp(member(additional, "since"), begun) <= 0);
	assert_true(strcmp(member(line, "eventTime"), begun) > 0);
	json_decref(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_is_written_as_it_was_when_it_was_added),
		TEST(of_one_source_and_code_so_many_lines_are_written_and_the_rest_counted),
		TEST(many_sources_without_a_key_do_not_take_the_lines_of_those_with_one),
		TEST(what_is_left_out_is_said_while_it_runs_and_begins_anew),
		TEST(a_queue_that_is_full_leaves_out_and_says_so),
		TEST(threads_may_add_at_once_and_no_line_is_unaccounted_for),
		TEST(a_full_disk_is_complained_of_and_counted_until_there_is_room),
		TEST(lines_that_could_not_be_kept_are_counted_from_the_first_on),
	};

	return cmocka_run_group_tests_name("audit_queue", tests, NULL, NULL);
}
