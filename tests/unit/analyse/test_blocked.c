/* What became of the owners of locks, in the dump of a deadlock whose memory is changed. */
#include "testing.h"

#include "seed_dump.h"

#include "analyse/blocked.h"
#include "base/bytes.h"
#include "kernel/field.h"

#define SECOND	 1000000000ull
#define MAP_LOCK 0xffffffffc03571c0 /* ingestd and queryd wait for it, compactd has it */
#define INGESTD	 0xff374a0f1099c200
#define COMPACTD 0xff374a0f1093c200
#define QUERYD	 0xff374a0f02890000 /* waits for the lock of the map the longest */

struct world {
	struct seed_dump dump;
	struct cpu_table cpus;
	struct notices notices;
	struct stack *room;
	struct blocked blocked;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	seed_dump_open(&w->dump, "deadlock-6.1");
	w->room = calloc(1, sizeof(*w->room));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	blocked_deinit(&w->blocked);
	cpu_table_deinit(&w->cpus);
	notices_deinit(&w->notices);
	free(w->room);
	seed_dump_close(&w->dump);
	free(w);
	return 0;
}

static u8 *member_at(struct world *w, vaddr_t task, const char *member)
{
	struct field f;

	assert_success(field_get(w->dump.k, "task_struct", member, &f));
	return seed_dump_at(&w->dump, task + f.offset);
}

/* Of the owner of the lock of the map. */
static enum owner_fate fate(struct world *w)
{
	assert_success(cpu_table_read(w->dump.k, &w->notices, &w->cpus));
	assert_success(
		blocked_read(w->dump.k, &w->cpus, &w->notices, w->room, &w->blocked));
	for (size_t i = 0; i < w->blocked.num_locks; i++)
		if (w->blocked.locks[i].lock.addr == MAP_LOCK)
			return w->blocked.locks[i].fate;
	fail_msg("the lock is not there");
	return OWNER_NONE;
}

static void owners_that_wait_make_a_ring(void **state)
{
	struct world *w = *state;

	assert_int_equal(fate(w), OWNER_BLOCKED);
	assert_int_equal(w->blocked.num_rings, 1);
	assert_string_equal(w->blocked.locks[0].what, "tsr_map_lock");
}

static void an_owner_that_is_none_of_the_tasks_is_gone(void **state)
{
	struct world *w = *state;

	put_le64(seed_dump_at(&w->dump, MAP_LOCK), COMPACTD + 64);
	assert_int_equal(fate(w), OWNER_GONE);
	assert_int_equal(w->blocked.num_rings, 0);
}

static void where_tasks_are_missing_it_may_be_one_of_them(void **state)
{
	struct world *w = *state;

	put_le64(seed_dump_at(&w->dump, MAP_LOCK), COMPACTD + 64);
	put_le64(member_at(w, INGESTD, "tasks"), 0);
	assert_int_equal(fate(w), OWNER_UNKNOWN);
}

/* Let compactd begin @after nanoseconds after the first began to wait for its lock. */
static void begin_after(struct world *w, u64 after)
{
	u64 waits_since = get_le64(member_at(w, QUERYD, "sched_info.last_arrival"));

	put_le64(member_at(w, COMPACTD, "start_time"), waits_since + after);
}

static void an_owner_that_began_long_after_its_waiter_is_another(void **state)
{
	struct world *w = *state;

	begin_after(w, 2 * SECOND);
	assert_int_equal(fate(w), OWNER_REUSED);
	assert_int_equal(w->blocked.num_rings, 0);
}

static void clocks_that_differ_a_little_prove_nothing(void **state)
{
	struct world *w = *state;

	begin_after(w, SECOND / 2);
	assert_int_equal(fate(w), OWNER_BLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(owners_that_wait_make_a_ring, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_owner_that_is_none_of_the_tasks_is_gone,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			where_tasks_are_missing_it_may_be_one_of_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_owner_that_began_long_after_its_waiter_is_another, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(clocks_that_differ_a_little_prove_nothing,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
