#include "trigger/audit.h"

#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "failing_sync.h"
#include "small_disk.h"

struct place {
	char dir[32], path[64];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/audit-XXXXXX");
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

static const struct audit_event interrupt = {
	.event_name = "SendDiagnosticInterrupt",
	.region = "us-east-1",
	.account = "123456789012",
	.source_ip = "10.0.0.7",
	.user_agent = "aws-cli/2.9.19",
	.request_id = "59dbff89-35bd-4eac-99ed-be587example",
	.principal_type = "IAMUser",
	.principal_id = "AIDAEXAMPLE",
	.principal_arn = "arn:aws:iam::123456789012:user/alice",
	.principal_account = "123456789012",
	.principal_name = "alice",
	.access_key = "AKIDEXAMPLE",
	.instance_id = "i-1234567890abcdef0",
	.capture_id = "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e",
	.statements = (const char *const[]){"crash/AllowLab", NULL},
	.time_ms = 1792584000123,
};

static void write_lines(const char *path, unsigned count)
{
	struct audit *a;

	assert_success(audit_open(path, &a));
	for (unsigned i = 0; i < count; i++)
		assert_success(audit_append(a, &interrupt));
	audit_close(a);
}

static char *read_all(const char *path, size_t *len)
{
	char *text;

	assert_success(io_read_file(path, 1u << 20, &text, len));
	return text;
}

static void write_all(const char *path, const char *text, size_t len)
{
	assert_success(io_write_file(path, 0600, text, len));
}

static const char *member(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void a_line_has_the_shape_of_cloudtrail(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *text = NULL;
	const json_t *identity, *additional;
	size_t len;
	json_t *j;

	write_lines(p->path, 1);
	text = read_all(p->path, &len);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	identity = json_object_get(j, "userIdentity");
	additional = json_object_get(j, "additionalEventData");
	assert_string_equal(member(j, "eventVersion"), "1.10");
	assert_string_equal(member(j, "eventTime"), "2026-10-21T12:00:00Z");
	assert_string_equal(member(j, "eventSource"), "ec2.amazonaws.com");
	assert_string_equal(member(j, "eventName"), "SendDiagnosticInterrupt");
	assert_string_equal(member(j, "eventType"), "AwsApiCall");
	assert_string_equal(member(identity, "type"), "IAMUser");
	assert_string_equal(member(identity, "userName"), "alice");
	assert_string_equal(member(json_object_get(j, "requestParameters"), "instanceId"),
			    "i-1234567890abcdef0");
	assert_true(json_is_true(
		json_object_get(json_object_get(j, "responseElements"), "_return")));
	assert_null(json_object_get(j, "errorCode"));
	assert_string_equal(member(additional, "captureId"), interrupt.capture_id);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(additional, "policyStatements"), 0)),
			    "crash/AllowLab");
	json_decref(j);
}

static void a_refusal_has_its_code_and_no_response(void **state)
{
	struct place *p = *state;
	struct audit_event e = interrupt;
	cleanup(freep) char *text = NULL;
	struct audit *a;
	size_t len;
	json_t *j;

	e.error_code = "Client.UnauthorizedOperation";
	e.error_message = "not you\x1b[2J\xff";
	e.duplicate_of = "another";
	assert_success(audit_open(p->path, &a));
	assert_success(audit_append(a, &e));
	audit_close(a);
	text = read_all(p->path, &len);
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(member(j, "errorCode"), "Client.UnauthorizedOperation");
	assert_string_equal(member(j, "errorMessage"), "not you\\x1b[2J\\xff");
	assert_true(json_is_null(json_object_get(j, "responseElements")));
	assert_string_equal(member(json_object_get(j, "additionalEventData"), "dedupe"),
			    "duplicate-absorbed");
	json_decref(j);
}

static void a_very_long_user_agent_is_cut_and_the_line_kept(void **state)
{
	struct place *p = *state;
	struct audit_event e = interrupt;
	char *agent = malloc(300000);
	struct audit_check check;
	struct audit *a;

	memset(agent, 1, 300000);
	agent[299999] = 0;
	e.user_agent = e.error_message = e.source_ip = e.instance_id = agent;
	assert_success(audit_open(p->path, &a));
	assert_success(audit_append(a, &e));
	audit_close(a);
	free(agent);
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 1);
}

static void the_chain_goes_on_after_a_restart(void **state)
{
	struct place *p = *state;
	struct audit_check check;
	struct stat st;

	write_lines(p->path, 3);
	write_lines(p->path, 2);
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 5);
	assert_int_equal(check.cuts, 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void any_one_byte_that_is_changed_shows(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *text = NULL;
	struct audit_check check;
	size_t len, last;

	write_lines(p->path, 3);
	text = read_all(p->path, &len);
	last = (size_t)((char *)memrchr(text, '\n', len - 1) - text) + 1;
	/* Of the last line nothing carries the hash yet; whoever notes last_hash sees it.
	 */
	for (size_t i = 0; i < last; i++) {
		struct err *err;

		text[i] = (char)(text[i] ^ 1);
		err = audit_verify_text(text, len, "x", &check);
		if (!err)
			print_error("a change at %zu of %zu does not show\n", i, len);
		assert_non_null(err);
		assert_int_equal(err_code(err), ERR_BAD_DATA);
		err_free(err);
		text[i] = (char)(text[i] ^ 1);
	}
	assert_success(audit_verify_text(text, len, "x", &check));
	assert_int_equal(check.lines, 3);
}

static void a_line_that_is_taken_out_shows(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *text = NULL;
	struct audit_check check;
	size_t len, first;

	write_lines(p->path, 3);
	text = read_all(p->path, &len);
	first = (size_t)(strchr(text, '\n') - text) + 1;
	assert_failure(audit_verify_text(text + first, len - first, "x", &check),
		       ERR_BAD_DATA, "line 1 is out of sequence");
	memmove(text + first, strchr(text + first, '\n') + 1,
		(size_t)(text + len - strchr(text + first, '\n')) - 1);
	len -= first;
	assert_failure(audit_verify_text(text, len, "x", &check), ERR_BAD_DATA,
		       "line 2 is out of sequence");
	assert_int_equal(check.lines, 1);
}

static void a_line_cut_short_anywhere_is_closed_off_and_said(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *text = NULL;
	struct audit_check check;
	size_t len, first;

	write_lines(p->path, 2);
	text = read_all(p->path, &len);
	first = (size_t)(strchr(text, '\n') - text) + 1;
	for (size_t cut = 1; cut < len; cut += cut == first - 2 || cut >= len - 3 ? 1 : 7) {
		bool is_between = cut == first,
		     is_whole = cut == len - 1 || cut == first - 1;

		write_all(p->path, text, cut);
		if (!is_between)
			assert_failure(audit_verify(p->path, &check), ERR_INCOMPLETE,
				       "has no end");
		write_lines(p->path, 1);
		assert_success(audit_verify(p->path, &check));
		assert_int_equal(check.cuts, is_between || is_whole ? 0 : 1);
		assert_int_equal(check.lines,
				 1 + (cut >= first - 1) + (cut == len - 1) + check.cuts);
	}
}

static void a_cut_cannot_be_feigned_to_hide_a_line(void **state)
{
	struct place *p = *state;
	cleanup(freep) char *text = NULL;
	struct audit_check check;
	size_t len;
	char *note;

	write_lines(p->path, 2);
	text = read_all(p->path, &len);
	write_all(p->path, text, len - 9);
	write_lines(p->path, 1);
	free(steal(text));
	text = read_all(p->path, &len);
	/* The first line is replaced by garbage as well: no note stands for it. */
	text[0] = '<';
	assert_failure(audit_verify_text(text, len, "x", &check), ERR_BAD_DATA, "line 1 ");
	text[0] = '{';
	/* The cut line, changed after it was closed off. */
	note = strchr(text, '\n') + 40;
	*note = (char)(*note ^ 1);
	assert_failure(audit_verify_text(text, len, "x", &check), ERR_BAD_DATA, "line 2 ");
}

static void a_file_that_is_no_audit_log_is_not_appended_to(void **state)
{
	struct place *p = *state;
	struct audit *a;

	write_all(p->path, "hello\nworld\n", 12);
	assert_failure(audit_open(p->path, &a), ERR_BAD_DATA, "move the file away");
}

static void a_second_process_is_refused(void **state)
{
	struct place *p = *state;
	struct audit *a, *b;

	assert_success(audit_open(p->path, &a));
	assert_failure(audit_open(p->path, &b), ERR_REFUSED, "inquestd");
	audit_close(a);
}

static void *append_some(void *ctx)
{
	for (unsigned i = 0; i < 50; i++) {
		struct err *err = audit_append(ctx, &interrupt);

		if (err)
			return err;
	}
	return NULL;
}

static void threads_share_one_order(void **state)
{
	struct place *p = *state;
	struct audit_check check;
	pthread_t threads[6];
	struct audit *a;

	assert_success(audit_open(p->path, &a));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_some, a), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	audit_close(a);
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 300);
}

static void append_until_killed(const char *path, int pipe_fd)
{
	struct audit *a;

	if (audit_open(path, &a))
		_exit(1);
	for (;;)
		if (audit_append(a, &interrupt) || write(pipe_fd, "x", 1) != 1)
			_exit(1);
}

static void every_line_that_was_told_is_there_after_a_kill(void **state)
{
	struct place *p = *state;
	u64 told = 0;

	for (unsigned round = 0; round < 8; round++) {
		struct audit_check check;
		int fds[2], status;
		pid_t child;
		char c;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			append_until_killed(p->path, fds[1]);
		close(fds[1]);
		for (unsigned i = 0; i < 3; i++, told++)
			assert_int_equal(read(fds[0], &c, 1), 1);
		usleep(round * 900);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(fds[0], &c, 1) == 1)
			told++;
		close(fds[0]);
		write_lines(p->path, 1);
		told++;
		assert_success(audit_verify(p->path, &check));
		assert_true(check.lines >= told);
	}
}

static void run_on_a_full_disk(const char *dir)
{
	char path[96], filler[96];
	struct audit_check check;
	struct err *err = NULL;
	struct audit *a;
	u64 written = 0;

	snprintf(path, sizeof(path), "%s/audit.json", dir);
	snprintf(filler, sizeof(filler), "%s/filler", dir);
	assert_success(audit_open(path, &a));
	assert_success(audit_append(a, &interrupt));
	small_disk_fill(filler);
	while (!err && written < 1000) {
		err = audit_append(a, &interrupt);
		written += !err;
	}
	assert_non_null(err);
	assert_int_equal(err_errno(err), ENOSPC);
	err_free(err);
	assert_success(audit_verify(path, &check));
	assert_int_equal(check.lines, 1 + written);
	unlink(filler);
	assert_success(audit_append(a, &interrupt));
	audit_close(a);
	assert_success(audit_verify(path, &check));
	assert_int_equal(check.lines, 2 + written);
	assert_int_equal(check.cuts, 0);
}

static void on_a_full_disk_it_fails_closed_and_stays_whole(void **state)
{
	struct place *p = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (!small_disk_mount(p->dir, "size=64k"))
			_exit(77);
		run_on_a_full_disk(p->dir);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_is_only_asked_is_written_without_a_wait(void **state)
{
	struct place *p = *state;
	struct audit_ticket ticket;
	struct audit_check check;
	struct audit *a;

	assert_success(audit_open(p->path, &a));
	assert_success(audit_write(a, &interrupt, NULL));
	assert_success(audit_write(a, &interrupt, &ticket));
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 2);
	assert_success(audit_sync(a, &ticket));
	audit_close(a);
}

static void a_line_that_cannot_be_kept_is_taken_back(void **state)
{
	struct place *p = *state;
	struct audit_check check;
	struct audit *a;

	assert_success(audit_open(p->path, &a));
	assert_success(audit_append(a, &interrupt));
	failing_sync.suffix = "/audit.json";
	failing_sync.why = ENOSPC;
	assert_success(audit_write(a, &interrupt, NULL));
	assert_failure(audit_append(a, &interrupt), ERR_REFUSED, "to disk");
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 1);
	failing_sync.why = 0;
	assert_success(audit_append(a, &interrupt));
	audit_close(a);
	assert_success(audit_verify(p->path, &check));
	assert_int_equal(check.lines, 2);
}

/* What the page cache shows then, the disk need not have. */
static void after_an_error_of_the_disk_nothing_more_is_written(void **state)
{
	struct place *p = *state;
	struct audit *a;

	assert_success(audit_open(p->path, &a));
	failing_sync.suffix = "/audit.json";
	failing_sync.why = EIO;
	assert_failure(audit_append(a, &interrupt), ERR_REFUSED, "to disk");
	failing_sync.why = 0;
	assert_failure(audit_append(a, &interrupt), ERR_REFUSED, "restart inquestd");
	audit_close(a);
	write_lines(p->path, 1);
}

/* Whoever waits for a line that was taken back learns of it, however late he asks. */
static void a_ticket_of_a_line_that_was_taken_back_stays_bad(void **state)
{
	struct place *p = *state;
	struct audit_ticket kept, lost, later;
	struct audit *a;

	assert_success(audit_open(p->path, &a));
	assert_success(audit_write(a, &interrupt, &kept));
	assert_success(audit_sync(a, &kept));
	failing_sync.suffix = "/audit.json";
	failing_sync.why = ENOSPC;
	assert_success(audit_write(a, &interrupt, &lost));
	assert_failure(audit_sync(a, &lost), ERR_REFUSED, "to disk");
	failing_sync.why = 0;
	/* Others take its number. */
	assert_success(audit_write(a, &interrupt, &later));
	assert_success(audit_sync(a, &later));
	assert_success(audit_append(a, &interrupt));
	assert_failure(audit_sync(a, &lost), ERR_REFUSED, "to disk");
	assert_success(audit_sync(a, &kept));
	failing_sync.why = ENOSPC;
	assert_failure(audit_append(a, &interrupt), ERR_REFUSED, "to disk");
	failing_sync.why = 0;
	assert_failure(audit_sync(a, &lost), ERR_REFUSED, "to disk");
	audit_close(a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_has_the_shape_of_cloudtrail),
		TEST(a_refusal_has_its_code_and_no_response),
		TEST(a_very_long_user_agent_is_cut_and_the_line_kept),
		TEST(the_chain_goes_on_after_a_restart),
		TEST(any_one_byte_that_is_changed_shows),
		TEST(a_line_that_is_taken_out_shows),
		TEST(a_line_cut_short_anywhere_is_closed_off_and_said),
		TEST(a_cut_cannot_be_feigned_to_hide_a_line),
		TEST(a_file_that_is_no_audit_log_is_not_appended_to),
		TEST(a_second_process_is_refused),
		TEST(threads_share_one_order),
		TEST(every_line_that_was_told_is_there_after_a_kill),
		TEST(on_a_full_disk_it_fails_closed_and_stays_whole),
		TEST(what_is_only_asked_is_written_without_a_wait),
		TEST(a_line_that_cannot_be_kept_is_taken_back),
		TEST(after_an_error_of_the_disk_nothing_more_is_written),
		TEST(a_ticket_of_a_line_that_was_taken_back_stays_bad),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
