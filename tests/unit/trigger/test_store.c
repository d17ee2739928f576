#include "trigger/store.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "small_disk.h"

#define BOOT  "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"

static const struct store_rules rules = {600, 900, 4};
static const struct store_time noon = {1792584000000, 5000000};

struct place {
	char dir[32], path[64];
	struct store *store;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/captures.db", p->dir);
	assert_success(store_open(p->path, BOOT, &p->store));
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	struct place *p = *state;
	char path[96];

	store_close(p->store);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
		unlink(path);
	}
	rmdir(p->dir);
	free(p);
	return 0;
}

static void reopen(struct place *p, const char *boot_id)
{
	store_close(steal(p->store));
	assert_success(store_open(p->path, boot_id, &p->store));
}

static struct store_time after_s(s64 seconds)
{
	return (struct store_time){noon.utc_ms + seconds * 1000,
				   noon.steady_ms + (u64)seconds * 1000};
}

static struct capture wish_of(char *principal, char *key, char *invocation, char *signature)
{
	return (struct capture){.instance_id = (char *)"i-0123456789abcdef0",
				.account = (char *)"123456789012",
				.region = (char *)"us-east-1",
				.principal_arn = principal,
				.access_key = key,
				.invocation_id = invocation,
				.signature_hash = signature,
				.request_id = (char *)"r-1"};
}

static char alice[] = "arn:aws:iam::123456789012:user/alice";
static char bob[] = "arn:aws:iam::123456789012:user/bob";
static char alices_key[] = "AKIDALICE", bobs_key[] = "AKIDBOB";

/* The verdict on @c; its capture's id, if any, in @id. */
static enum store_verdict begin(struct place *p, struct capture c, struct store_time now,
				char id[CAPTURE_ID_LEN + 1])
{
	cleanup(capture_deinit) struct capture got = {0};
	enum store_verdict verdict;

	assert_success(store_begin(p->store, &c, &rules, &now, &verdict, &got));
	if (id)
		strcpy(id, got.id);
	return verdict;
}

static enum capture_state step(struct place *p, const char *id, enum capture_state state,
			       const char *text, struct store_time now)
{
	enum capture_state now_in;

	assert_success(store_step(p->store, id, state, text, NULL, &now, &now_in));
	return now_in;
}

static enum capture_state state_of(struct place *p, const char *id)
{
	cleanup(capture_deinit) struct capture c = {0};

	assert_success(store_get(p->store, id, &c));
	return c.state;
}

static void the_file_is_for_its_owner_alone(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_second_process_is_refused(void **state)
{
	struct place *p = *state;
	struct store *second = NULL;

	assert_failure(store_open(p->path, BOOT, &second), ERR_REFUSED, "inquestd");
}

static void a_repetition_by_invocation_id_is_absorbed_for_ever(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], second[CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, (char *)"inv-1", (char *)"sig-1");

	assert_int_equal(begin(p, c, noon, first), STORE_NEW);
	step(p, first, CAPTURE_VERIFIED, "done", after_s(60));
	c.signature_hash = (char *)"sig-2";
	assert_int_equal(begin(p, c, after_s(7000), second), STORE_DUPLICATE);
	assert_string_equal(first, second);
	c.invocation_id = (char *)"inv-2";
	assert_int_equal(begin(p, c, after_s(7001), second), STORE_NEW);
}

static void a_repetition_by_signature_is_absorbed_and_counted(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], second[CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, NULL, (char *)"sig-1");
	cleanup(capture_deinit) struct capture got = {0};

	assert_int_equal(begin(p, c, noon, first), STORE_NEW);
	step(p, first, CAPTURE_IGNORED, "dazed", after_s(1));
	assert_int_equal(begin(p, c, after_s(5000), second), STORE_DUPLICATE);
	assert_string_equal(first, second);
	assert_success(store_get(p->store, first, &got));
	assert_int_equal(got.absorbed, 1);
}

static void a_try_signed_anew_is_absorbed_for_ten_minutes_even_when_it_is_over(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];

	assert_int_equal(
		begin(p, wish_of(alice, alices_key, NULL, (char *)"sig-1"), noon, first),
		STORE_NEW);
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, (char *)"sig-2"),
			       after_s(2), other),
			 STORE_DUPLICATE);
	assert_string_equal(first, other);
	step(p, first, CAPTURE_VERIFIED, "done", after_s(3));
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, (char *)"sig-3"),
			       after_s(599), other),
			 STORE_DUPLICATE);
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, (char *)"sig-4"),
			       after_s(600), other),
			 STORE_NEW);
}

static void past_ten_minutes_the_same_principal_is_told_busy(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	step(p, first, CAPTURE_CAPTURING, "saves", after_s(599));
	assert_int_equal(
		begin(p, wish_of(alice, alices_key, NULL, NULL), after_s(601), other),
		STORE_BUSY);
	assert_string_equal(first, other);
}

static void another_principal_is_told_busy_until_it_is_over(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), after_s(1), other),
			 STORE_BUSY);
	assert_string_equal(first, other);
	step(p, first, CAPTURE_FAILED, "over", after_s(2));
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), after_s(3), other),
			 STORE_NEW);
}

static void what_was_not_sent_may_be_tried_again_by_the_very_same_request(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, (char *)"inv-1", (char *)"sig-1");

	assert_int_equal(begin(p, c, noon, first), STORE_NEW);
	step(p, first, CAPTURE_NOT_SENT, "no connection", after_s(1));
	assert_int_equal(begin(p, c, after_s(1), other), STORE_NEW);
	assert_string_not_equal(first, other);
}

static void force_ends_the_latch_but_its_own_repetition_is_absorbed(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], second[CAPTURE_ID_LEN + 1],
		third[CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, NULL, (char *)"sig-1");

	assert_int_equal(begin(p, c, noon, first), STORE_NEW);
	c = wish_of(bob, bobs_key, NULL, (char *)"sig-2");
	c.is_forced = true;
	assert_int_equal(begin(p, c, after_s(1), second), STORE_NEW);
	assert_int_equal(state_of(p, first), CAPTURE_FAILED);
	/* A client that got no answer to the forced one signs anew. */
	c.signature_hash = (char *)"sig-3";
	assert_int_equal(begin(p, c, after_s(3), third), STORE_DUPLICATE);
	assert_string_equal(second, third);
}

static void who_asked_before_may_force_too(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], second[CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, NULL, (char *)"sig-1");

	assert_int_equal(begin(p, c, noon, first), STORE_NEW);
	c.signature_hash = (char *)"sig-2";
	c.is_forced = true;
	assert_int_equal(begin(p, c, after_s(1), second), STORE_NEW);
	assert_string_not_equal(first, second);
}

/* Ids of invocations and hashes of signatures are the client's: another one's may be alike.
 */
static void the_ids_of_others_make_no_repetition(void **state)
{
	struct place *p = *state;
	struct capture c = wish_of(alice, alices_key, (char *)"inv-1", (char *)"sig-1");

	assert_int_equal(begin(p, c, noon, NULL), STORE_NEW);
	c.principal_arn = bob;
	c.access_key = bobs_key;
	assert_int_equal(begin(p, c, after_s(1), NULL), STORE_BUSY);
	c.invocation_id = NULL;
	assert_int_equal(begin(p, c, after_s(1), NULL), STORE_BUSY);
}

static void what_another_boot_began_is_as_old_as_this_boot_at_least(void **state)
{
	struct place *p = *state;
	struct capture c = wish_of(alice, alices_key, NULL, NULL);
	struct store_time now = {noon.utc_ms, 899000};

	assert_int_equal(begin(p, c, noon, NULL), STORE_NEW);
	reopen(p, OTHER);
	c = wish_of(bob, bobs_key, NULL, NULL);
	assert_int_equal(begin(p, c, now, NULL), STORE_BUSY);
	/* That the other boot was up for longer says nothing. */
	now.steady_ms = noon.steady_ms + 1000;
	assert_int_equal(begin(p, c, now, NULL), STORE_NEW);
}

static void the_fleet_is_never_crashed_at_once(void **state)
{
	struct place *p = *state;
	char id[CAPTURE_ID_LEN + 1], instance[32];
	struct capture c = wish_of(alice, alices_key, NULL, NULL);

	c.instance_id = instance;
	for (unsigned i = 0; i < rules.captures_in_flight; i++) {
		snprintf(instance, sizeof(instance), "i-%017x", i);
		assert_int_equal(begin(p, c, noon, id), STORE_NEW);
	}
	strcpy(instance, "i-0000000000000ffff");
	assert_int_equal(begin(p, c, noon, NULL), STORE_FULL);
	step(p, id, CAPTURE_VERIFIED, "done", after_s(1));
	assert_int_equal(begin(p, c, after_s(2), id), STORE_NEW);
}

static void a_silent_capture_is_let_go_of_after_the_latch_time_only(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];
	struct store_time now = after_s(800);

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	/* It still writes its dump: the latch holds on. */
	assert_success(store_sign(p->store, first, &now));
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), after_s(1699), other),
			 STORE_BUSY);
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), after_s(1700), other),
			 STORE_NEW);
	assert_int_equal(state_of(p, first), CAPTURE_FAILED);
}

static void a_jump_of_the_wall_clock_changes_no_deadline(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];
	struct store_time now;

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	now = after_s(10);
	now.utc_ms += (s64)10 * 365 * 86400 * 1000; /* ten years ahead */
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), now, other),
			 STORE_DUPLICATE);
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), now, other),
			 STORE_BUSY);
	now = after_s(901);
	now.utc_ms = 0; /* back to 1970 */
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), now, other),
			 STORE_NEW);
}

static void a_boot_of_this_host_neither_opens_the_latch_nor_holds_it_for_ever(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];
	struct store_time now = {noon.utc_ms + (s64)86400 * 1000, 30000};

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	reopen(p, OTHER);
	/* Up for 30 s, and the wall clock says that a day went by: it may be wrong. */
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), now, other),
			 STORE_BUSY);
	now.steady_ms = 899999;
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), now, other),
			 STORE_BUSY);
	now.steady_ms = 900000;
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), now, other),
			 STORE_NEW);
}

static void an_old_capture_is_no_repetition_just_because_this_host_has_booted(void **state)
{
	struct place *p = *state;
	char first[CAPTURE_ID_LEN + 1], other[CAPTURE_ID_LEN + 1];
	struct store_time now = {noon.utc_ms + 60000, 30000};

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, first),
			 STORE_NEW);
	step(p, first, CAPTURE_VERIFIED, "done", after_s(9));
	reopen(p, OTHER);
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), now, other),
			 STORE_DUPLICATE);
	now.utc_ms = noon.utc_ms + (s64)86400 * 1000;
	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), now, other),
			 STORE_NEW);
}

static void a_terminal_state_is_never_left_but_the_dump_is_noted(void **state)
{
	struct place *p = *state;
	char id[CAPTURE_ID_LEN + 1];
	struct store_time now = after_s(9);
	enum capture_state now_in;
	cleanup(capture_deinit) struct capture got = {0};

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, id),
			 STORE_NEW);
	step(p, id, CAPTURE_FAILED, "too late", after_s(8));
	assert_success(store_step(p->store, id, CAPTURE_DUMPED, "arrived late", "/d/x",
				  &now, &now_in));
	assert_int_equal(now_in, CAPTURE_FAILED);
	assert_success(store_get(p->store, id, &got));
	assert_string_equal(got.dump_path, "/d/x");
	assert_string_equal(got.reason, "too late");
	assert_int_equal(got.changed_ms, after_s(8).utc_ms);
}

static void the_timeline_is_in_order_escaped_and_bounded(void **state)
{
	struct place *p = *state;
	char id[CAPTURE_ID_LEN + 1];
	struct capture_step *steps;
	size_t len;

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, id),
			 STORE_NEW);
	step(p, id, CAPTURE_INJECTED, "sent\x1b[2J", after_s(1));
	assert_success(store_timeline(p->store, id, &steps, &len));
	assert_int_equal(len, 2);
	assert_int_equal(steps[0].state, CAPTURE_REQUESTED);
	assert_int_equal(steps[1].state, CAPTURE_INJECTED);
	assert_int_equal(steps[1].time_ms, after_s(1).utc_ms);
	assert_string_equal(steps[1].text, "sent\\x1b[2J");
	capture_steps_free(steps, len);
	assert_success(store_batch_begin(p->store));
	for (unsigned i = 0; i < 700; i++)
		step(p, id, CAPTURE_PANICKED, "again", after_s(2));
	assert_success(store_batch_commit(p->store));
	assert_success(store_timeline(p->store, id, &steps, &len));
	assert_int_equal(len, 500);
	capture_steps_free(steps, len);
}

static void lists_are_newest_first_and_by_what_is_asked(void **state)
{
	struct place *p = *state;
	char ids[3][CAPTURE_ID_LEN + 1];
	struct capture c = wish_of(alice, alices_key, NULL, NULL), *list;
	size_t len;

	assert_int_equal(begin(p, c, noon, ids[0]), STORE_NEW);
	step(p, ids[0], CAPTURE_VERIFIED, "done", after_s(1));
	assert_int_equal(begin(p, c, after_s(700), ids[1]), STORE_NEW);
	c.instance_id = (char *)"i-0123456789abcdef1";
	assert_int_equal(begin(p, c, after_s(701), ids[2]), STORE_NEW);
	assert_success(store_list(p->store, NULL, STORE_ALL, 9, &list, &len));
	assert_int_equal(len, 3);
	assert_string_equal(list[0].id, ids[2]);
	captures_free(list, len);
	assert_success(
		store_list(p->store, "i-0123456789abcdef0", STORE_OPEN, 9, &list, &len));
	assert_int_equal(len, 1);
	assert_string_equal(list[0].id, ids[1]);
	captures_free(list, len);
	assert_success(store_list(p->store, NULL, STORE_LAST, 1, &list, &len));
	assert_int_equal(len, 1);
	captures_free(list, len);
	assert_success(store_list(p->store, NULL, STORE_UNTOLD, 9, &list, &len));
	assert_int_equal(len, 1);
	assert_string_equal(list[0].id, ids[0]);
	captures_free(list, len);
	assert_success(store_mark_told(p->store, ids[0]));
	assert_success(store_list(p->store, NULL, STORE_UNTOLD, 9, &list, &len));
	assert_int_equal(len, 0);
	captures_free(list, len);
}

static void what_is_not_there_is_absent(void **state)
{
	struct place *p = *state;
	struct capture c;

	assert_failure(store_get(p->store, "x", &c), ERR_ABSENT, "x");
	assert_failure(store_step(p->store, "x", CAPTURE_FAILED, "", NULL, &noon, NULL),
		       ERR_ABSENT, "x");
}

/* Begin captures until killed; each id is told through the pipe once it is durable. */
static void begin_until_killed(const char *path, int pipe_fd)
{
	struct store *s;
	char instance[32];

	if (store_open(path, BOOT, &s))
		_exit(1);
	for (unsigned i = 0;; i++) {
		struct capture c = wish_of(alice, alices_key, NULL, NULL), got;
		struct store_rules many = {600, 900, 1000000};
		enum store_verdict verdict;

		snprintf(instance, sizeof(instance), "i-%017x", i);
		c.instance_id = instance;
		if (store_begin(s, &c, &many, &noon, &verdict, &got) ||
		    write(pipe_fd, got.id, CAPTURE_ID_LEN) != CAPTURE_ID_LEN)
			_exit(1);
		capture_deinit(&got);
	}
}

static void every_intent_that_was_told_survives_a_kill_at_any_moment(void **state)
{
	struct place *p = *state;

	store_close(steal(p->store));
	for (unsigned round = 0; round < 8; round++) {
		char id[CAPTURE_ID_LEN + 1] = {0};
		unsigned told = 0;
		int fds[2], status;
		pid_t child;

		unlink(p->path);
		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			begin_until_killed(p->path, fds[1]);
		close(fds[1]);
		/* Some first, then at a moment that differs from round to round. */
		for (unsigned i = 0; i < 5; i++, told++)
			assert_int_equal(read(fds[0], id, CAPTURE_ID_LEN), CAPTURE_ID_LEN);
		usleep(round * 1700);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_success(store_open(p->path, BOOT, &p->store));
		do {
			assert_int_equal(state_of(p, id), CAPTURE_REQUESTED);
			told++;
		} while (read(fds[0], id, CAPTURE_ID_LEN) == CAPTURE_ID_LEN);
		assert_true(told > 5);
		close(fds[0]);
		store_close(steal(p->store));
	}
}

static int count_rows(struct place *p)
{
	struct capture *list;
	size_t len;

	assert_success(store_list(p->store, NULL, STORE_ALL, 100000, &list, &len));
	captures_free(list, len);
	return (int)len;
}

static void a_batch_is_all_or_nothing(void **state)
{
	struct place *p = *state;
	char id[CAPTURE_ID_LEN + 1], instance[32];
	struct capture c = wish_of(alice, alices_key, NULL, NULL);

	c.instance_id = instance;
	assert_success(store_batch_begin(p->store));
	strcpy(instance, "i-a");
	assert_int_equal(begin(p, c, noon, id), STORE_NEW);
	strcpy(instance, "i-b");
	assert_int_equal(begin(p, c, noon, id), STORE_NEW);
	/* Within a batch the latch holds already. */
	assert_int_equal(begin(p, c, noon, id), STORE_DUPLICATE);
	reopen(p, BOOT); /* as if it had been killed before the commit */
	assert_int_equal(count_rows(p), 0);
}

static void run_on_a_full_disk(const char *dir)
{
	char path[96], filler[96], instance[32] = "i-a";
	struct capture c = wish_of(alice, alices_key, NULL, NULL), got = {0};
	struct place p = {.dir = ""};
	enum store_verdict verdict = STORE_FULL;
	struct err *err = NULL;
	unsigned begun = 0;

	c.instance_id = instance;
	snprintf(path, sizeof(path), "%s/captures.db", dir);
	snprintf(filler, sizeof(filler), "%s/filler", dir);
	assert_success(store_open(path, BOOT, &p.store));
	small_disk_fill(filler);
	while (!err && begun < 1000) {
		snprintf(instance, sizeof(instance), "i-%u", begun);
		err = store_begin(p.store, &c, &(struct store_rules){600, 900, 9999}, &noon,
				  &verdict, &got);
		begun += !err;
		if (!err)
			capture_deinit(&got);
	}
	assert_non_null(err);
	assert_non_null(strstr(err_message(err), path));
	err_free(err);
	assert_int_equal(count_rows(&p), begun);
	/* In a batch as well: none of it is taken for written. */
	assert_success(store_batch_begin(p.store));
	err = store_begin(p.store, &c, &rules, &noon, &verdict, &got);
	if (!err) {
		capture_deinit(&got);
		err = store_batch_commit(p.store);
	} else {
		err_ignore(store_batch_commit(p.store));
	}
	assert_non_null(err);
	err_free(err);
	/* Once there is room, it goes on. */
	unlink(filler);
	assert_success(store_begin(p.store, &c, &(struct store_rules){600, 900, 9999},
				   &noon, &verdict, &got));
	assert_int_equal(verdict, STORE_NEW);
	capture_deinit(&got);
	assert_int_equal(count_rows(&p), begun + 1);
	store_close(p.store);
}

static void a_full_disk_is_an_error_and_nothing_counts_as_written(void **state)
{
	struct place *p = *state;
	char dir[64];
	int status;
	pid_t child;

	snprintf(dir, sizeof(dir), "%s/small", p->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (!small_disk_mount(dir, "size=256k"))
			_exit(77);
		run_on_a_full_disk(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	rmdir(dir);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void exec_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_of_version_1_is_brought_up_to_date_with_what_it_has(void **state)
{
	struct place *p = *state;
	char ids[2][CAPTURE_ID_LEN + 1];
	struct capture *list;
	size_t len;

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, ids[0]),
			 STORE_NEW);
	step(p, ids[0], CAPTURE_VERIFIED, "done", after_s(1));
	assert_int_equal(begin(p, wish_of(bob, bobs_key, NULL, NULL), after_s(9), ids[1]),
			 STORE_NEW);
	store_close(steal(p->store));
	exec_sql(p->path, "DROP INDEX captures_untold;"
			  "ALTER TABLE captures DROP COLUMN is_told;"
			  "ALTER TABLE captures DROP COLUMN console_offset;"
			  "PRAGMA user_version = 1;");
	assert_success(store_open(p->path, BOOT, &p->store));
	/* What ended before the upgrade is not told again. */
	assert_success(store_list(p->store, NULL, STORE_UNTOLD, 9, &list, &len));
	assert_int_equal(len, 0);
	captures_free(list, len);
	assert_int_equal(
		begin(p, wish_of(alice, alices_key, NULL, NULL), after_s(700), NULL),
		STORE_BUSY);
	assert_success(store_list(p->store, NULL, STORE_OPEN, 9, &list, &len));
	assert_int_equal(len, 1);
	assert_string_equal(list[0].id, ids[1]);
	assert_int_equal(list[0].console_offset, -1);
	captures_free(list, len);
}

static void a_newer_schema_is_left_alone(void **state)
{
	struct place *p = *state;

	store_close(steal(p->store));
	exec_sql(p->path, "PRAGMA user_version = 99");
	assert_failure(store_open(p->path, BOOT, &p->store), ERR_UNSUPPORTED, "99");
}

static void a_file_that_is_no_database_is_named(void **state)
{
	struct place *p = *state;
	int fd;

	store_close(steal(p->store));
	fd = open(p->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(write(fd, "no database at all\n", 19), 19);
	close(fd);
	assert_failure(store_open(p->path, BOOT, &p->store), ERR_BAD_DATA, p->path);
}

static void the_database_itself_refuses_a_second_open_capture(void **state)
{
	struct place *p = *state;
	sqlite3 *db;
	char sql[] =
		"INSERT INTO captures (id, instance_id, principal_arn, access_key, state,"
		" requested_ms, changed_ms, is_forced, boot_id, begun_steady_ms,"
		" sign_boot_id, sign_steady_ms) SELECT 'y', instance_id, principal_arn,"
		" access_key, 'unknown', 1, 1, 0, boot_id, 1, boot_id, 1 FROM captures";

	assert_int_equal(begin(p, wish_of(alice, alices_key, NULL, NULL), noon, NULL),
			 STORE_NEW);
	store_close(steal(p->store));
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_CONSTRAINT);
	sqlite3_close(db);
}

static void every_state_has_a_name_that_finds_it(void **state)
{
	(void)state;
	for (unsigned s = 0; s < CAPTURE_NUM_STATES; s++) {
		enum capture_state found;

		assert_true(capture_state_find(capture_state_name(s), &found));
		assert_int_equal(found, s);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_for_its_owner_alone),
		TEST(a_second_process_is_refused),
		TEST(a_repetition_by_invocation_id_is_absorbed_for_ever),
		TEST(a_repetition_by_signature_is_absorbed_and_counted),
		TEST(a_try_signed_anew_is_absorbed_for_ten_minutes_even_when_it_is_over),
		TEST(past_ten_minutes_the_same_principal_is_told_busy),
		TEST(another_principal_is_told_busy_until_it_is_over),
		TEST(what_was_not_sent_may_be_tried_again_by_the_very_same_request),
		TEST(force_ends_the_latch_but_its_own_repetition_is_absorbed),
		TEST(who_asked_before_may_force_too),
		TEST(the_ids_of_others_make_no_repetition),
		TEST(what_another_boot_began_is_as_old_as_this_boot_at_least),
		TEST(the_fleet_is_never_crashed_at_once),
		TEST(a_silent_capture_is_let_go_of_after_the_latch_time_only),
		TEST(a_jump_of_the_wall_clock_changes_no_deadline),
		TEST(a_boot_of_this_host_neither_opens_the_latch_nor_holds_it_for_ever),
		TEST(an_old_capture_is_no_repetition_just_because_this_host_has_booted),
		TEST(a_terminal_state_is_never_left_but_the_dump_is_noted),
		TEST(the_timeline_is_in_order_escaped_and_bounded),
		TEST(lists_are_newest_first_and_by_what_is_asked),
		TEST(what_is_not_there_is_absent),
		TEST(every_intent_that_was_told_survives_a_kill_at_any_moment),
		TEST(a_batch_is_all_or_nothing),
		TEST(a_full_disk_is_an_error_and_nothing_counts_as_written),
		TEST(a_file_of_version_1_is_brought_up_to_date_with_what_it_has),
		TEST(a_newer_schema_is_left_alone),
		TEST(a_file_that_is_no_database_is_named),
		TEST(the_database_itself_refuses_a_second_open_capture),
		cmocka_unit_test(every_state_has_a_name_that_finds_it),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
