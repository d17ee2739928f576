/* Tables of tasks, what memory processes have, and how it is mapped. */
#include "opened_kernel.h"

#include "gen_session.h"
#include "kernel/page_walk.h"
#include "kernel/task_memory.h"

struct world {
	struct opened_kernel o;
	struct task_table tasks;
};

static void read_world(struct world *w)
{
	opened_kernel_open_cpus(&w->o);
	assert_success(task_table_read(w->o.k, &w->o.cpus, &w->o.notices, &w->tasks));
}

static void free_world(struct world *w)
{
	task_table_deinit(&w->tasks);
	opened_kernel_deinit(&w->o);
}

static vaddr_t task(unsigned n)
{
	return GEN_SESSION_IMAGE + GEN_SESSION_TASK(n);
}

static void tasks_come_in_the_order_of_ps(void **state)
{
	static const u32 pids[] = {0, 0, 1, 2, 10, 11, 12};
	struct world w = {0};

	gen_session_init(&w.o.g);
	read_world(&w);
	assert_int_equal(w.tasks.count, ARRAY_SIZE(pids));
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(w.tasks.rows[i].task.pid, pids[i]);
	assert_int_equal(w.tasks.rows[0].task.cpu, 0);
	assert_int_equal(w.tasks.rows[1].task.cpu, 1);
	free_world(&w);
}

static void a_task_is_found_by_address_and_by_pid(void **state)
{
	struct world w = {0};

	gen_session_init(&w.o.g);
	read_world(&w);
	for (unsigned n = 0; n < GEN_NUM_TASKS; n++)
		assert_int_equal(task_table_find(&w.tasks, task(n))->task.addr, task(n));
	assert_null(task_table_find(&w.tasks, task(0) + 8));
	assert_null(task_table_find(&w.tasks, 0));
	assert_int_equal(task_table_find_pid(&w.tasks, 11)->task.addr,
			 task(GEN_TASK_THREAD));
	assert_null(task_table_find_pid(&w.tasks, 3));
	assert_null(task_table_find_pid(&w.tasks, UINT32_MAX));
	free_world(&w);
}

static void a_row_knows_its_parent_and_when_it_ran(void **state)
{
	struct world w = {0};
	const struct task_row *row;

	gen_session_init(&w.o.g);
	read_world(&w);
	row = task_table_find_pid(&w.tasks, 12);
	assert_int_equal(row->ppid, 2);
	assert_int_equal(row->parent, task(GEN_TASK_KTHREADD));
	assert_int_equal(row->last_run_ns, 5);
	free_world(&w);
}

static void a_parent_that_is_no_task_has_no_pid(void **state)
{
	struct world w = {0};

	gen_session_init(&w.o.g);
	gen_put64(&w.o.g, GEN_SESSION_TASK(GEN_TASK_WORKER) + GEN_TASK_PARENT, 0xdead);
	read_world(&w);
	assert_int_equal(task_table_find_pid(&w.tasks, 10)->ppid, 0);
	free_world(&w);
}

static void memory_is_counted_in_pages(void **state)
{
	struct world w = {0};
	struct task_memory m;

	gen_session_init(&w.o.g);
	read_world(&w);
	task_memory_read(w.o.k, &w.o.cpus, &w.tasks,
			 &task_table_find_pid(&w.tasks, 1)->task, &m);
	assert_int_equal(m.mapped_pages, 100);
	assert_int_equal(m.resident_pages, 25);
	free_world(&w);
}

static void a_kernel_thread_has_no_memory(void **state)
{
	struct world w = {0};
	struct task_memory m;

	gen_session_init(&w.o.g);
	read_world(&w);
	task_memory_read(w.o.k, &w.o.cpus, &w.tasks,
			 &task_table_find_pid(&w.tasks, 2)->task, &m);
	assert_int_equal(m.mapped_pages | m.resident_pages, 0);
	free_world(&w);
}

static void more_freed_than_counted_is_none(void **state)
{
	struct world w = {0};
	struct task_memory m;

	gen_session_init(&w.o.g);
	gen_put64(&w.o.g, GEN_SESSION_MM + 16, (u64)-3);
	read_world(&w);
	task_memory_read(w.o.k, &w.o.cpus, &w.tasks,
			 &task_table_find_pid(&w.tasks, 1)->task, &m);
	assert_int_equal(m.resident_pages, 0);
	free_world(&w);
}

static void a_walk_shows_every_table(void **state)
{
	static const char *const names[] = {"PGD", "PUD", "PMD", "PTE"};
	struct world w = {0};
	struct page_walk walk;

	gen_session_init(&w.o.g);
	read_world(&w);
	assert_success(page_walk_task(w.o.k, &task_table_find_pid(&w.tasks, 1)->task,
				      GEN_SESSION_USER + 0x123, &walk));
	assert_true(walk.is_mapped);
	assert_int_equal(walk.num_steps, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(walk.steps[i].table, names[i]);
	assert_int_equal(walk.steps[2].at, 0x9010);
	assert_int_equal(walk.steps[3].entry, GEN_SESSION_USER_PAGE | 0x8000000000000025);
	assert_int_equal(walk.paddr, GEN_SESSION_USER_PAGE + 0x123);
	assert_int_equal(walk.page_len, 4096);
	free_world(&w);
}

static void a_large_page_is_mapped_as_a_whole(void **state)
{
	struct world w = {0};
	struct page_walk walk;

	gen_session_init(&w.o.g);
	gen_put64(&w.o.g, 0x9000 + 3 * 8, 0x4000000 | 0xe7);
	read_world(&w);
	assert_success(page_walk_task(w.o.k, &task_table_find_pid(&w.tasks, 1)->task,
				      0x600000 + 0x161900, &walk));
	assert_int_equal(walk.num_steps, 3);
	assert_int_equal(walk.page_len, 2 << 20);
	assert_int_equal(walk.paddr, 0x4000000 + 0x161900);
	free_world(&w);
}

static void a_walk_ends_where_nothing_is_mapped(void **state)
{
	struct world w = {0};
	struct page_walk walk;

	gen_session_init(&w.o.g);
	read_world(&w);
	assert_success(page_walk_task(w.o.k, &task_table_find_pid(&w.tasks, 1)->task,
				      GEN_SESSION_USER + 0x1000, &walk));
	assert_false(walk.is_mapped);
	assert_int_equal(walk.num_steps, 4);
	assert_non_null(strstr(walk.why, "0x401000"));
	assert_success(page_walk_kernel(w.o.k, 0xffffc90000000000, &walk));
	assert_false(walk.is_mapped);
	assert_int_equal(walk.num_steps, 1);
	free_world(&w);
}

static void a_table_that_leads_to_itself_ends(void **state)
{
	struct world w = {0};
	struct page_walk walk;

	gen_session_init(&w.o.g);
	gen_put64(&w.o.g, 0x7000, 0x7067);
	read_world(&w);
	assert_success(
		page_walk_task(w.o.k, &task_table_find_pid(&w.tasks, 1)->task, 0, &walk));
	assert_true(walk.num_steps <= PAGE_WALK_MAX_STEPS);
	free_world(&w);
}

static void user_memory_is_read_through_the_tables(void **state)
{
	struct world w = {0};
	const struct task *t;
	char text[5];

	gen_session_init(&w.o.g);
	read_world(&w);
	t = &task_table_find_pid(&w.tasks, 10)->task;
	assert_success(task_user_read(w.o.k, t, GEN_SESSION_USER + 0x100, text, 5));
	assert_string_equal(text, "prog");
	assert_failure(task_user_read(w.o.k, t, GEN_SESSION_USER + 0xffe, text, 5),
		       ERR_FAULT, "0x401000");
	assert_failure(task_user_read(w.o.k, &task_table_find_pid(&w.tasks, 2)->task,
				      GEN_SESSION_USER, text, 5),
		       ERR_ABSENT, "no memory of its own");
	free_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_come_in_the_order_of_ps),
		cmocka_unit_test(a_task_is_found_by_address_and_by_pid),
		cmocka_unit_test(a_row_knows_its_parent_and_when_it_ran),
		cmocka_unit_test(a_parent_that_is_no_task_has_no_pid),
		cmocka_unit_test(memory_is_counted_in_pages),
		cmocka_unit_test(a_kernel_thread_has_no_memory),
		cmocka_unit_test(more_freed_than_counted_is_none),
		cmocka_unit_test(a_walk_shows_every_table),
		cmocka_unit_test(a_large_page_is_mapped_as_a_whole),
		cmocka_unit_test(a_walk_ends_where_nothing_is_mapped),
		cmocka_unit_test(a_table_that_leads_to_itself_ends),
		cmocka_unit_test(user_memory_is_read_through_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
