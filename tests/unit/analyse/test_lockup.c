/* Who is blamed for an RCU stall, in a dump where another CPU noticed it. */
#include "testing.h"

#include "seed_dump.h"

#include "analyse/brief.h"
#include "base/bytes.h"
#include "kernel/field.h"

#define RCU_NODE 0xffffffffa88ce600 /* the one rcu_node of two CPUs; waits for CPU 1 */

/* CPU 0 noticed, in its idle task, that CPU 1 stalls. */
struct world {
	struct seed_dump dump;
	struct buf brief;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	seed_dump_open(&w->dump, "rcu-stall-other-6.12");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	buf_deinit(&w->brief);
	seed_dump_close(&w->dump);
	free(w);
	return 0;
}

/* Which CPUs the grace period waits for. */
static void set_waited_for(struct world *w, u64 mask)
{
	struct field f;
	u8 *p;

	assert_success(field_get(w->dump.k, "rcu_node", "qsmask", &f));
	p = seed_dump_at(&w->dump, RCU_NODE + f.offset);
	assert_non_null(p);
	assert_int_equal(get_le64(p), 1 << 1);
	put_le64(p, mask);
}

static void assert_first_line(struct world *w, const char *line)
{
	assert_success(brief_format(&w->brief, w->dump.k));
	*strchr(w->brief.data, '\n') = '\0';
	assert_string_equal(w->brief.data, line);
}

static void the_cpu_that_rcu_waits_for_is_blamed_and_not_the_one_that_noticed(void **state)
{
	assert_first_line(*state, "RCU stall in tsr_index_walk [tessera], CPU 1, task "
				  "queryd (pid 147)");
}

static void where_rcu_waits_for_nobody_the_one_that_noticed_is_all_there_is(void **state)
{
	set_waited_for(*state, 0);
	assert_first_line(*state, "RCU stall, CPU 0, task swapper/0 (pid 0)");
}

static void of_two_cpus_the_one_that_is_not_idle_is_blamed(void **state)
{
	set_waited_for(*state, 3);
	assert_first_line(*state, "RCU stall in tsr_index_walk [tessera], CPU 1, task "
				  "queryd (pid 147)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_cpu_that_rcu_waits_for_is_blamed_and_not_the_one_that_noticed,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			where_rcu_waits_for_nobody_the_one_that_noticed_is_all_there_is,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			of_two_cpus_the_one_that_is_not_idle_is_blamed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
