/* Run queues and timers. */
#include "task_world.h"

#include "kernel/run_queue.h"
#include "kernel/timer_queue.h"

/* Members of a run queue, and of a cfs_rq in it. */
enum {
	RQ_RT = 32,
	RQ_FAIR = 64,
	FAIR_CURR = 0,
	FAIR_TREE = 8,
	FAIR_GROUP = 16,
	FAIR_THROTTLED = 24,
	ENTITY_QUEUE = 24,
};

/* ---- runq ---- */

#define GROUP_ENTITY (FREE + 0x100) /* stands for a group on CPU 0, */
#define GROUP_QUEUE  (FREE + 0x200) /* which has this queue */
#define GROUP	     (FREE + 0x300)

static u64 entity(unsigned task)
{
	return GEN_SESSION_TASK(task) + TASK_SE;
}

static void set_root(struct world *w, u64 queue, u64 node)
{
	put(w, queue + FAIR_TREE, IMAGE + node);
	put(w, node, 1);
}

static void set_child(struct world *w, u64 parent, u64 side, u64 node)
{
	put(w, parent + side, IMAGE + node);
	put(w, node, IMAGE + parent);
}

static void empty_rt(struct world *w)
{
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		u64 head = RUNQUEUE + cpu * 0x100 + RQ_RT;

		put(w, head, IMAGE + head);
		put(w, head + 8, IMAGE + head);
	}
}

/* CPU 0: init runs in a group, its thread waits there; kthreadd waits beside the group, and
 * the task with the hostile name is of the real-time class. CPU 1 is idle. */
static struct world *new_queues(void)
{
	struct world *w = new_task_world();
	u64 fair = RUNQUEUE + RQ_FAIR, rt = RUNQUEUE + RQ_RT;
	u64 rt_node = GEN_SESSION_TASK(GEN_TASK_HOSTILE) + TASK_RT;

	empty_rt(w);
	put(w, rt, IMAGE + rt_node);
	put(w, rt_node, IMAGE + rt);
	put(w, fair + FAIR_CURR, IMAGE + GROUP_ENTITY);
	put(w, GROUP_ENTITY + ENTITY_QUEUE, IMAGE + GROUP_QUEUE);
	put(w, GROUP_QUEUE + FAIR_CURR, IMAGE + entity(GEN_TASK_INIT));
	put(w, GROUP_QUEUE + FAIR_GROUP, IMAGE + GROUP);
	put(w, GROUP_QUEUE + FAIR_THROTTLED, 1);
	put(w, GROUP, IMAGE + GROUP + 0x10);	    /* css.cgroup */
	put(w, GROUP + 0x10, IMAGE + GROUP + 0x20); /* kn */
	put(w, GROUP + 0x20, IMAGE + GROUP + 0x30); /* name */
	put(w, GROUP + 0x30, 0x65636976726573);	    /* "service" */
	set_root(w, GROUP_QUEUE, entity(GEN_TASK_WORKER));
	set_child(w, entity(GEN_TASK_WORKER), NODE_LEFT, entity(GEN_TASK_THREAD));
	set_root(w, fair, entity(GEN_TASK_KTHREADD));
	put_task(w, GEN_TASK_INIT, TASK_PRIO, 120);
	put_task(w, GEN_TASK_KTHREADD, TASK_PRIO, 100);
	put_task(w, GEN_TASK_WORKER, TASK_PRIO, 139);
	put_task(w, GEN_TASK_THREAD, TASK_PRIO, 120);
	put_task(w, GEN_TASK_THREAD, TASK_ON_RQ, 1);
	return w;
}

static void runq_shows_what_is_ready(void **state)
{
	struct world *w = new_queues();

	open_world(w);
	assert_output(
		w->s, "runq",
		"CPU 0 RUNQUEUE: ffffffff80004000\n"
		"  CURRENT: PID: 1      TASK: ffffffff80001200  COMMAND: \"init\"\n"
		"  RT PRIO_ARRAY: ffffffff80004020\n"
		"     [  0] PID: 12     TASK: ffffffff80001600  COMMAND: "
		"\"\\x1b[31mred\\x0a\"\n"
		"  CFS RB_ROOT: ffffffff80004048\n"
		"     [120] PID: 11     TASK: ffffffff80001500  COMMAND: \"worker\"\n"
		"     [139] PID: 10     TASK: ffffffff80001400  COMMAND: \"worker\"\n"
		"     [100] PID: 2      TASK: ffffffff80001300  COMMAND: \"kthreadd\"\n"
		"\n"
		"CPU 1 RUNQUEUE: ffffffff80004100\n"
		"  CURRENT: PID: 0      TASK: ffffffff80001100  COMMAND: \"swapper/1\"\n"
		"  RT PRIO_ARRAY: ffffffff80004120\n"
		"     [no tasks queued]\n"
		"  CFS RB_ROOT: ffffffff80004148\n"
		"     [no tasks queued]\n");
	free_world(w);
}

static void runq_shows_groups(void **state)
{
	struct world *w = new_queues();

	open_world(w);
	assert_output(
		w->s, "runq -g -c 0",
		"CPU 0\n"
		"  CURRENT: PID: 1      TASK: ffffffff80001200  COMMAND: \"init\"\n"
		"  ROOT_TASK_GROUP: ffffffff8000c000  CFS_RQ: ffffffff80004040\n"
		"     TASK_GROUP: ffffffff8000b300  CFS_RQ: ffffffff8000b200  <service> "
		"(THROTTLED)\n"
		"        [120] PID: 1      TASK: ffffffff80001200  COMMAND: \"init\" "
		"[CURRENT]\n"
		"        [120] PID: 11     TASK: ffffffff80001500  COMMAND: \"worker\"\n"
		"        [139] PID: 10     TASK: ffffffff80001400  COMMAND: \"worker\"\n"
		"     [100] PID: 2      TASK: ffffffff80001300  COMMAND: \"kthreadd\"\n");
	assert_output(w->s, "runq -d",
		      "CPU 1\n     [120] PID: 11     TASK: ffffffff80001500  COMMAND: "
		      "\"worker\"\n\n");
	free_world(w);
}

static void runq_shows_times(void **state)
{
	struct world *w = new_queues();

	put(w, RUNQUEUE + 0x110, 7250000000); /* the clock of CPU 1 */
	open_world(w);
	assert_output(
		w->s, "runq -t",
		" CPU 0: 9500000000\n"
		"        9000000000  PID: 1      TASK: ffffffff80001200  COMMAND: \"init\"\n"
		" CPU 1: 7250000000\n"
		"        0000000000  PID: 0      TASK: ffffffff80001100  COMMAND: "
		"\"swapper/1\"\n");
	assert_output(w->s, "runq -T", "  CPU 0: 0.00 secs\n  CPU 1: 2.25 secs\n");
	assert_output(w->s, "runq -m -c 0",
		      " CPU 0: [0 00:00:00.500]  PID: 1      TASK: ffffffff80001200  "
		      "COMMAND: \"init\"\n");
	assert_fails(w->s, "runq -t -m", "exclude each other");
	assert_fails(w->s, "runq -c 5", "invalid cpu specification: 5");
	free_world(w);
}

struct told {
	vaddr_t tasks[8];
	bool is_delayed[8];
	size_t count;
};

static bool note_queued(void *ctx, const struct queued *e)
{
	struct told *t = ctx;

	assert_true(t->count < ARRAY_SIZE(t->tasks));
	t->is_delayed[t->count] = e->is_delayed;
	t->tasks[t->count++] = e->task;
	return true;
}

static void other_classes_are_walked_and_servers_are_no_tasks(void **state)
{
	struct world *w = new_queues();
	u64 server = FREE + 0x400, task = GEN_SESSION_TASK(GEN_TASK_INIT) + 77824;
	struct run_queue q;
	struct told told = {.count = 0};

	put(w, RUNQUEUE + 152, TASK(GEN_TASK_THREAD)); /* its on_rq is set */
	put(w, RUNQUEUE + 160, IMAGE + server);
	put(w, server, 1);
	put(w, server + 24, 1);
	set_child(w, server, NODE_RIGHT, task);
	put(w, entity(GEN_TASK_KTHREADD) + 81920, 1);
	open_world(w);
	assert_success(run_queue_read(w->o.k, 0, &q));
	assert_success(run_queue_each(w->o.k, &q, RUN_QUEUE_STOP, note_queued, &told));
	assert_success(run_queue_each(w->o.k, &q, RUN_QUEUE_DEADLINE, note_queued, &told));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.tasks[0], TASK(GEN_TASK_THREAD));
	assert_int_equal(told.tasks[1], TASK(GEN_TASK_INIT));
	assert_success(run_queue_each(w->o.k, &q, RUN_QUEUE_FAIR, note_queued, &told));
	assert_int_equal(told.count, 7);
	assert_int_equal(told.tasks[6], TASK(GEN_TASK_KTHREADD));
	assert_true(told.is_delayed[6]);
	assert_false(told.is_delayed[5]);
	free_world(w);
}

static void queues_that_loop_end(void **state)
{
	struct world *w = new_queues();
	u64 rt_node = GEN_SESSION_TASK(GEN_TASK_HOSTILE) + TASK_RT;
	const char *out;
	size_t lines = 0;

	/* A real-time task that follows itself, and a group that is its own member. */
	put(w, rt_node, IMAGE + rt_node);
	put(w, GROUP_QUEUE + FAIR_CURR, IMAGE + GROUP_ENTITY);
	open_world(w);
	out = run(w->s, "runq -g -c 0", SHELL_DONE);
	assert_non_null(strstr(out, "groups in each other"));
	for (; *out; out++)
		lines += *out == '\n';
	assert_true(lines < 100);
	assert_non_null(
		strstr(run(w->s, "runq -c 0", SHELL_DONE), "more than 65536 entities"));
	free_world(w);
}

/* ---- timer ---- */

static void put_hrtimer(struct world *w, u64 at, u64 expires, u64 soft, u64 function)
{
	put(w, at + 24, expires);
	put(w, at + 32, soft);
	put(w, at + 40, function);
}

static void timers_of_high_resolution_are_shown_by_clock(void **state)
{
	struct world *w = new_task_world();
	u64 first = FREE, second = FREE + 0x100;

	put(w, 0x5910, IMAGE + first); /* the tree of CPU 0's clock */
	put(w, 0x5920, IMAGE + GEN_SESSION_TEXT);
	put(w, first, 1);
	put(w, first + NODE_LEFT, IMAGE + second);
	put(w, second, IMAGE + first);
	put_hrtimer(w, first, 20000000000, 20000000000, IMAGE + GEN_SESSION_TEXT);
	put_hrtimer(w, second, 9000000000, 8999000000, IMAGE + GEN_SESSION_TEXT);
	put(w, 0x5410, 0xfffedb08ULL + 250 * 10); /* jiffies: 10 s */
	put(w, 0x5420, 4000000);
	open_world(w);
	assert_output(
		w->s, "timer -r",
		"CPU: 0  HRTIMER_CPU_BASE: ffffffff80005900\n"
		"  CLOCK: 0  HRTIMER_CLOCK_BASE: ffffffff80005910  [ffffffff80021000]\n"
		"    CURRENT  \n"
		"  10000000000\n"
		"  SOFTEXPIRES    EXPIRES        TTE          HRTIMER           FUNCTION    \n"
		"   8999000000   9000000000  -1000000000  ffffffff8000b100  ffffffff80021000\n"
		"  20000000000  20000000000  10000000000  ffffffff8000b000  ffffffff80021000\n"
		"\n"
		"CPU: 1  HRTIMER_CPU_BASE: ffffffff80005a00\n"
		"  CLOCK: 0  HRTIMER_CLOCK_BASE: ffffffff80005a10\n"
		"  (empty)\n");
	assert_fails(w->s, "timer -r -C 7", "timer: invalid cpu specification: 7\n");
	free_world(w);
}

static void timers_of_a_wheel_are_told_in_order(void **state)
{
	struct world *w = new_task_world();
	struct timer_queue q;

	put(w, FREE + 8, IMAGE + FREE + 0x100); /* the list of a wheel at FREE */
	put(w, FREE + 0x100, IMAGE + FREE + 0x200);
	put(w, FREE + 0x110, 900);
	put(w, FREE + 0x210, 700);
	put(w, FREE + 0x218, 0x1234);
	open_world(w);
	assert_success(timer_wheel_read(w->o.k, IMAGE + FREE, &q));
	assert_int_equal(q.count, 2);
	assert_int_equal(q.timers[0].expires, 700);
	assert_int_equal(q.timers[0].function, 0x1234);
	assert_int_equal(q.timers[1].addr, IMAGE + FREE + 0x100);
	timer_queue_deinit(&q);
	free_world(w);
}

static void a_wheel_that_loops_is_cut(void **state)
{
	struct world *w = new_task_world();
	struct timer_queue q;

	put(w, FREE + 8, IMAGE + FREE + 0x100);
	put(w, FREE + 0x100, IMAGE + FREE + 0x100);
	open_world(w);
	assert_failure(timer_wheel_read(w->o.k, IMAGE + FREE, &q), ERR_INCOMPLETE,
		       "more than 65536 timers");
	assert_int_equal(q.count, TIMER_QUEUE_MAX);
	timer_queue_deinit(&q);
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runq_shows_what_is_ready),
		cmocka_unit_test(runq_shows_groups),
		cmocka_unit_test(runq_shows_times),
		cmocka_unit_test(other_classes_are_walked_and_servers_are_no_tasks),
		cmocka_unit_test(queues_that_loop_end),
		cmocka_unit_test(timers_of_high_resolution_are_shown_by_clock),
		cmocka_unit_test(timers_of_a_wheel_are_told_in_order),
		cmocka_unit_test(a_wheel_that_loops_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
