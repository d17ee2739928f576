/* Run queues in the report of a small machine. */
#include "kernel/opened_kernel.h"

#include "analyse/report.h"
#include "gen_session.h"

#define IMAGE	 GEN_SESSION_IMAGE
#define RUNQUEUE 0x4000 /* of CPU 0; that of CPU 1 is 0x100 further */
#define RT	 32	/* the list of the one priority, in it */
#define TASK_RT	 216	/* and its node in a task */

static const char members[] =
	"OFFSET(rq.nr_running)=24\nOFFSET(rq.rt.active)=32\nOFFSET(rq.cfs)=64\n"
	"OFFSET(cfs_rq.curr)=0\nOFFSET(cfs_rq.tasks_timeline)=8\n"
	"OFFSET(rt_prio_array.queue)=0\nOFFSET(sched_entity.run_node)=0\n"
	"OFFSET(sched_rt_entity.run_list)=0\nSIZE(list_head)=16\n"
	"OFFSET(rb_root.rb_node)=0\nOFFSET(rb_node.__rb_parent_color)=0\n"
	"OFFSET(rb_node.rb_right)=8\nOFFSET(rb_node.rb_left)=16\nSIZE(rb_node)=24\n"
	"OFFSET(task_struct.prio)=168\nOFFSET(task_struct.se)=184\n"
	"OFFSET(task_struct.rt)=216\nOFFSET(task_struct.sched_info.last_queued)=232\n";

static void put_task(struct gen *g, unsigned n, u64 member, u64 value)
{
	gen_put64(g, GEN_SESSION_TASK(n) + member, value);
}

/* On CPU 0 init has run for half a second, and kthreadd waits. @loops: it waits for ever in
 * a list that never comes back. */
static json_t *report_of(bool has_members, bool loops)
{
	const struct report_options options = {.log_records = 1};
	u64 head = RUNQUEUE + RT, node = GEN_SESSION_TASK(GEN_TASK_KTHREADD) + TASK_RT;
	struct opened_kernel o = {0};
	json_t *report;

	gen_session_init(&o.g);
	if (has_members)
		buf_add_str(&o.g.vmcoreinfo, members);
	gen_put64(&o.g, head, IMAGE + node);
	gen_put64(&o.g, node, IMAGE + (loops ? node : head));
	gen_put64(&o.g, RUNQUEUE + 0x100 + RT, IMAGE + RUNQUEUE + 0x100 + RT);
	gen_put64(&o.g, RUNQUEUE + 24, 2);
	gen_put64(&o.g, RUNQUEUE + 0x110, 9600000000); /* the later clock of the two */
	put_task(&o.g, GEN_TASK_INIT, 168, 120);
	put_task(&o.g, GEN_TASK_KTHREADD, 168, 98);
	put_task(&o.g, GEN_TASK_KTHREADD, 232, 1600000000);
	opened_kernel_open(&o);
	assert_success(report_build(o.k, &options, &report));
	opened_kernel_deinit(&o);
	return report;
}

static json_t *queue_of(json_t *report, size_t cpu)
{
	return json_object_get(json_array_get(json_object_get(report, "cpus"), cpu),
			       "run_queue");
}

static long long number(json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static bool has_health(json_t *report, const char *words)
{
	json_t *sentence;
	size_t i;

	json_array_foreach(
		json_object_get(report, "health"), i,
		sentence) if (strstr(json_string_value(sentence), words)) return true;
	return false;
}

static void who_runs_and_who_waits_is_told_with_times(void **state)
{
	json_t *report = report_of(true, false), *queue = queue_of(report, 0);
	json_t *waiting = json_object_get(queue, "waiting"),
	       *t = json_array_get(waiting, 0);

	assert_int_equal(number(queue, "tasks"), 2);
	assert_int_equal(number(queue, "priority"), 120);
	assert_int_equal(number(queue, "running_ms"), 600);
	assert_int_equal(json_array_size(waiting), 1);
	assert_int_equal(number(t, "pid"), 2);
	assert_string_equal(json_string_value(json_object_get(t, "class")), "real-time");
	assert_int_equal(number(t, "priority"), 98);
	assert_int_equal(number(t, "waiting_ms"), 8000);
	/* The other CPU is idle: nothing runs there. */
	queue = queue_of(report, 1);
	assert_null(json_object_get(queue, "running_ms"));
	assert_int_equal(json_array_size(json_object_get(queue, "waiting")), 0);
	json_decref(report);
}

static void a_list_that_loops_is_cut_and_told(void **state)
{
	json_t *report = report_of(true, true), *queue = queue_of(report, 0);

	assert_int_equal(json_array_size(json_object_get(queue, "waiting")), 32);
	assert_true(number(queue, "waiting_left_out") > 0);
	assert_true(has_health(report, "run queue of CPU 0, real-time tasks"));
	json_decref(report);
}

static void what_types_do_not_tell_is_told_once(void **state)
{
	json_t *report = report_of(false, false);

	assert_null(queue_of(report, 0));
	assert_true(has_health(report, "the run queue of CPU 0: "));
	assert_true(has_health(report, "run queues of 2 CPUs cannot be read"));
	assert_false(has_health(report, "the run queue of CPU 1"));
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_runs_and_who_waits_is_told_with_times),
		cmocka_unit_test(a_list_that_loops_is_cut_and_told),
		cmocka_unit_test(what_types_do_not_tell_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
