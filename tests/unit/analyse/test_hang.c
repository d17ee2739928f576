/* Verdicts about tasks that wait for each other, over hand-made graphs. */
#include "testing.h"

#include "analyse/hang.h"
#include "analyse/judge.h"
#include "kernel/tiny_kernel.h"

#define SECOND 1000000000ull

struct world {
	struct tiny_kernel *tiny;
	struct blocked_task tasks[2];
	struct blocked_lock locks[2];
	struct blocked blocked;
	struct log_events log;
	struct panic_place place;
	struct crash_site site;
	struct cpu_table cpus;
	struct stack *room;
	struct block_requests io;
	struct memory_use memory;
	struct verdict v;
};

/* Task 0 waits for lock 0, whose owner nobody knows yet. */
static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->tiny = tiny_kernel_new(TINY_WHOLE);
	tiny_kernel_open(w->tiny);
	w->room = calloc(1, sizeof(*w->room));
	w->tasks[0] = (struct blocked_task){.task = {.addr = 0x1000, .pid = 7, .comm = "a"},
					    .has_since = true,
					    .since_ns = 9 * SECOND};
	w->tasks[1] = (struct blocked_task){.task = {.addr = 0x2000, .pid = 8, .comm = "b"},
					    .has_since = true,
					    .since_ns = 9 * SECOND,
					    .lock = 1};
	w->locks[0] = (struct blocked_lock){
		.lock = {.kind = LOCK_RWSEM, .addr = 0x3000, .state = LOCK_HELD},
		.num_waiters = 1,
		.num_behind = 1,
		.owner_index = BLOCKED_NONE,
		.longest_ns = 9 * SECOND};
	w->blocked = (struct blocked){
		.tasks = w->tasks, .num_tasks = 1, .locks = w->locks, .num_locks = 1};
	w->v.trigger = TRIGGER_NMI;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	tiny_kernel_free(w->tiny);
	free(w->room);
	free(w);
	return 0;
}

static struct inquest inquest_of(struct world *w)
{
	return (struct inquest){.k = w->tiny->k,
				.log = &w->log,
				.place = &w->place,
				.site = &w->site,
				.blocked = &w->blocked,
				.cpus = &w->cpus,
				.io = &w->io,
				.memory = &w->memory,
				.room = w->room};
}

static void judge(struct world *w)
{
	const struct inquest q = inquest_of(w);

	hang_find(&q, &w->v);
}

static bool says(const struct world *w, const char *words)
{
	for (size_t i = 0; i < w->v.num_evidence; i++)
		if (strstr(w->v.evidence[i].text, words))
			return true;
	return false;
}

static void a_lock_of_a_task_that_exited_is_orphaned(void **state)
{
	struct world *w = *state;

	w->locks[0].lock.owner = 0x9000;
	w->locks[0].fate = OWNER_GONE;
	judge(w);
	assert_int_equal(w->v.class, CRASH_ORPHANED_LOCK);
	assert_true(says(w, "at 0x9000, and there is no such task: it exited"));
}

static void where_tasks_are_missing_nobody_is_said_to_have_exited(void **state)
{
	struct world *w = *state;

	w->locks[0].lock.owner = 0x9000;
	w->locks[0].fate = OWNER_UNKNOWN;
	judge(w);
	assert_int_equal(w->v.class, CRASH_LOCK_HELD);
	assert_false(says(w, "exited"));
	assert_false(w->v.culprit.is_known);
}

static void a_lock_without_an_owner_is_orphaned_once_it_was_waited_for_long(void **state)
{
	struct world *w = *state;

	w->locks[0].lock.state = LOCK_HELD_NOBODY;
	judge(w);
	assert_int_equal(w->v.class, CRASH_ORPHANED_LOCK);
	assert_true(says(w, "nobody is noted as its owner"));
	assert_false(says(w, "0x0"));
}

static void between_two_owners_a_lock_is_not_orphaned(void **state)
{
	struct world *w = *state;

	w->locks[0].lock.state = LOCK_HELD_NOBODY;
	w->locks[0].longest_ns = SECOND / 10;
	w->tasks[0].since_ns = SECOND / 10;
	judge(w);
	assert_int_equal(w->v.class, CRASH_NMI);
}

/* Task 0 waits for lock 0, which task 1 has, which waits for lock 1, which task 0 has. */
static void make_ring(struct world *w)
{
	w->locks[1] = w->locks[0];
	w->locks[1].lock.addr = 0x4000;
	for (size_t i = 0; i < 2; i++) {
		w->tasks[i].lock = i;
		w->tasks[i].ring = 1;
		w->locks[i].fate = OWNER_BLOCKED;
		w->locks[i].owner = w->tasks[1 - i].task;
		w->locks[i].lock.owner = w->tasks[1 - i].task.addr;
		w->locks[i].owner_index = 1 - i;
	}
	w->blocked.num_tasks = w->blocked.num_locks = 2;
	w->blocked.num_rings = 1;
}

static void a_ring_of_owners_is_certainly_a_deadlock(void **state)
{
	struct world *w = *state;

	make_ring(w);
	judge(w);
	assert_int_equal(w->v.class, CRASH_DEADLOCK);
	assert_int_equal(w->v.confidence, CONFIDENCE_CERTAIN);
	assert_true(says(w, "which is held by b (pid 8)"));
	assert_true(says(w, "which is held by a (pid 7)"));
}

static void a_ring_through_the_last_reader_is_only_likely(void **state)
{
	struct world *w = *state;

	make_ring(w);
	w->locks[1].lock.state = LOCK_HELD_READ;
	judge(w);
	assert_int_equal(w->v.class, CRASH_DEADLOCK);
	assert_int_equal(w->v.confidence, CONFIDENCE_LIKELY);
	assert_true(says(w, "was read last by a (pid 7)"));
}

static void
a_machine_that_nobody_stopped_has_no_owner_to_blame_for_a_short_wait(void **state)
{
	struct world *w = *state;

	w->v.trigger = TRIGGER_NONE;
	w->locks[0].fate = OWNER_SLEEPING;
	w->place.has_cpu = true;
	w->log.num_records = 1;
	judge(w);
	assert_int_equal(w->v.class, CRASH_NONE);
}

static void whoever_ran_when_the_messenger_came_is_not_accused(void **state)
{
	struct world *w = *state;
	struct stack *s = calloc(1, sizeof(*s));
	struct inquest q;

	s->num_frames = 1;
	s->frames[0] = (struct frame){.pc = TINY(0x1310), .has_symbol = true};
	assert_true(kernel_symbol_at(w->tiny->k, TINY(0x1310), &s->frames[0].symbol));
	w->site = (struct crash_site){.stack = s,
				      .trigger = TRIGGER_NMI,
				      .trigger_frame = CRASH_SITE_NONE,
				      .exception_frame = CRASH_SITE_NONE};
	/* The lock's owner, who is to blame, is not known. */
	w->locks[0].fate = OWNER_UNKNOWN;
	q = inquest_of(w);
	judge_find(&q, &w->v);
	assert_int_equal(w->v.class, CRASH_LOCK_HELD);
	assert_false(w->v.culprit.is_known);
	free(s);
}

/* A read that the driver has, and a task that waits for I/O. */
static void put_io(struct world *w, u64 age_ns)
{
	w->blocked.num_locks = 0;
	w->tasks[0].lock = BLOCKED_NONE;
	w->tasks[0].wait.kind = WAIT_IO;
	w->io.num_oldest = w->io.count = 1;
	w->io.oldest[0].request = (struct block_request){
		.state = BLOCK_REQUEST_IN_FLIGHT, .has_age = true, .age_ns = age_ns};
	w->io.oldest[0].driver = TINY(0x1300);
	snprintf(w->io.oldest[0].disk, sizeof(w->io.oldest[0].disk), "sda");
}

static void a_driver_that_has_a_request_for_long_is_blamed(void **state)
{
	struct world *w = *state;

	put_io(w, 9 * SECOND);
	judge(w);
	assert_int_equal(w->v.class, CRASH_STUCK_IO);
	assert_string_equal(w->v.culprit.function, "inner");
	assert_string_equal(w->v.disk, "sda");
}

static void a_driver_that_was_just_asked_is_not(void **state)
{
	struct world *w = *state;

	put_io(w, SECOND);
	judge(w);
	assert_int_equal(w->v.class, CRASH_STUCK_IO);
	assert_false(w->v.culprit.is_known);
	assert_string_equal(w->v.disk, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lock_of_a_task_that_exited_is_orphaned,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			where_tasks_are_missing_nobody_is_said_to_have_exited, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_lock_without_an_owner_is_orphaned_once_it_was_waited_for_long,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(between_two_owners_a_lock_is_not_orphaned,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_ring_of_owners_is_certainly_a_deadlock,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_ring_through_the_last_reader_is_only_likely, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_machine_that_nobody_stopped_has_no_owner_to_blame_for_a_short_wait,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			whoever_ran_when_the_messenger_came_is_not_accused, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_driver_that_has_a_request_for_long_is_blamed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_driver_that_was_just_asked_is_not, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
