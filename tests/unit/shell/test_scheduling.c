/* Commands about what tasks use, run on and wait for. */
#include "testing.h"

#include "gen_session.h"
#include "kernel/run_queue.h"
#include "kernel/timer_queue.h"
#include "kernel/typed_kernel.h"
#include "shell/shell.h"

#define IMAGE	 GEN_SESSION_IMAGE
#define TASK(n)	 (IMAGE + GEN_SESSION_TASK(n))
#define RUNQUEUE 0x4000 /* of CPU 0; that of CPU 1 is 0x100 further */
#define FREE	 0xb000 /* memory from here on is nobody's */

/* Members of task_struct behind those that every session knows. */
enum {
	TASK_START = 128,
	TASK_UTIME = 136,
	TASK_STIME = 144,
	TASK_POLICY = 152,
	TASK_SP = 160,
	TASK_PRIO = 168,
	TASK_ON_RQ = 176,
	TASK_SE = 184, /* struct sched_entity: its node, and the queue of a group */
	TASK_RT = 216, /* struct sched_rt_entity: its list */
};

/* Members of a run queue, and of a cfs_rq in it. */
enum {
	RQ_RT = 32,
	RQ_FAIR = 64,
	FAIR_CURR = 0,
	FAIR_TREE = 8,
	FAIR_GROUP = 16,
	FAIR_THROTTLED = 24,
	NODE_RIGHT = 8,
	NODE_LEFT = 16,
	ENTITY_QUEUE = 24,
};

#define RLIM 0x9000 /* in signal_struct: behind them all */

static const char members[] =
	"OFFSET(task_struct.start_time)=128\nOFFSET(task_struct.utime)=136\n"
	"OFFSET(task_struct.stime)=144\nOFFSET(task_struct.policy)=152\n"
	"OFFSET(task_struct.thread.sp)=160\nOFFSET(signal_struct.rlim)=36864\n"
	"OFFSET(rlimit.rlim_cur)=0\nOFFSET(rlimit.rlim_max)=8\nSIZE(rlimit)=16\n"
	"SIZE(thread_union)=4096\nOFFSET(thread_info.cpu)=80\n"
	"SYMBOL(hardirq_stack_ptr)=ffffffff80005800\nSIZE(irq_stack)=4096\n"
	/* Run queues: members of struct rq behind those that sessions know. */
	"OFFSET(rq.nr_running)=24\nOFFSET(rq.rt.active)=32\nOFFSET(rq.cfs)=64\n"
	"OFFSET(cfs_rq.curr)=0\nOFFSET(cfs_rq.tasks_timeline)=8\nOFFSET(cfs_rq.tg)=16\n"
	"OFFSET(cfs_rq.throttled)=24\nOFFSET(rt_prio_array.queue)=0\n"
	"OFFSET(sched_entity.run_node)=0\nOFFSET(sched_entity.my_q)=24\n"
	"OFFSET(sched_rt_entity.run_list)=0\nSIZE(list_head)=16\n"
	"OFFSET(rb_root.rb_node)=0\nOFFSET(rb_node.__rb_parent_color)=0\n"
	"OFFSET(rb_node.rb_right)=8\nOFFSET(rb_node.rb_left)=16\nSIZE(rb_node)=24\n"
	"OFFSET(task_struct.prio)=168\nOFFSET(task_struct.on_rq)=176\n"
	"OFFSET(task_struct.se)=184\nOFFSET(task_struct.rt)=216\n"
	"OFFSET(task_group.css.cgroup)=0\nOFFSET(cgroup.kn)=0\nOFFSET(kernfs_node.name)=0\n"
	"SYMBOL(root_task_group)=ffffffff8000c000\n"
	"OFFSET(rq.stop)=152\nOFFSET(rq.dl.root)=160\nOFFSET(task_struct.dl)=77824\n"
	"OFFSET(sched_dl_entity.rb_node)=0\nOFFSET(sched_dl_entity.dl_server)=24\n"
	"OFFSET(sched_entity.sched_delayed)=81920\n"
	/* Signals: of sessions, sighand_struct and signal_struct are where they are free.
	 */
	"OFFSET(task_struct.sighand)=232\nOFFSET(task_struct.blocked)=240\n"
	"OFFSET(task_struct.pending)=65536\nOFFSET(signal_struct.shared_pending)=65536\n"
	"OFFSET(signal_struct.nr_threads)=65560\nOFFSET(sigpending.list)=0\n"
	"OFFSET(sigpending.signal)=16\nOFFSET(sigqueue.list)=0\nOFFSET(sigqueue.info)=16\n"
	"OFFSET(sighand_struct.action)=8\nSIZE(k_sigaction)=32\n"
	"OFFSET(k_sigaction.sa.sa_handler)=0\nOFFSET(k_sigaction.sa.sa_flags)=8\n"
	"OFFSET(k_sigaction.sa.sa_mask)=24\nOFFSET(thread_info.flags)=248\n"
	/* Timers: one list to a wheel, one clock. */
	"OFFSET(timer_base.vectors)=8\nOFFSET(timer_list.entry)=0\n"
	"OFFSET(timer_list.expires)=16\nOFFSET(timer_list.function)=24\n"
	"OFFSET(hlist_node.next)=0\nSYMBOL(hrtimer_bases)=ffffffff80005900\n"
	"OFFSET(hrtimer_cpu_base.clock_base)=16\nSIZE(hrtimer_clock_base)=48\n"
	"OFFSET(hrtimer_clock_base.active)=0\nOFFSET(hrtimer_clock_base.get_time)=16\n"
	"OFFSET(hrtimer_clock_base.offset)=24\nOFFSET(hrtimer.node)=0\n"
	"OFFSET(timerqueue_node.node)=0\nOFFSET(timerqueue_node.expires)=24\n"
	"OFFSET(hrtimer._softexpires)=32\nOFFSET(hrtimer.function)=40\n"
	/* Wait queues, namespaces. */
	"SYMBOL(some_wait)=ffffffff80005a80\nOFFSET(wait_queue_head.head)=8\n"
	"OFFSET(wait_queue_entry.entry)=16\nOFFSET(wait_queue_entry.private)=0\n"
	"OFFSET(wait_queue_entry.func)=8\nOFFSET(task_struct.nsproxy)=131072\n";

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
	struct shell *s;
};

static void put(struct world *w, u64 at, u64 value)
{
	gen_put64(&w->g, at, value);
}

static void put_task(struct world *w, unsigned n, u64 member, u64 value)
{
	put(w, GEN_SESSION_TASK(n) + member, value);
}

/* A machine that can still be changed. */
static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	setenv("TZ", "UTC", 1);
	gen_session_init(&w->g);
	buf_add_str(&w->g.vmcoreinfo, members);
	return w;
}

static void open_world(struct world *w)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	const struct shell_options o = {.stdout_fd = -1, .program = "test"};

	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "dump");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_success(kernel_open(w->d, &w->k));
	assert_success(shell_open(w->k, &o, &w->s));
}

static void free_world(struct world *w)
{
	shell_close(w->s);
	kernel_close(w->k);
	dump_close(w->d);
	buf_deinit(&w->file);
	gen_deinit(&w->g);
	free(w);
}

static const char *run(struct world *w, const char *line, enum shell_outcome expected)
{
	enum shell_outcome outcome;

	assert_success(shell_run(w->s, line, &outcome));
	if (outcome != expected)
		print_error("%s: %s\n", line, shell_kept(w->s));
	assert_int_equal(outcome, expected);
	return shell_kept(w->s);
}

static void assert_output(struct world *w, const char *line, const char *expected)
{
	assert_string_equal(run(w, line, SHELL_DONE), expected);
}

static void assert_fails(struct world *w, const char *line, const char *part)
{
	const char *out = run(w, line, SHELL_FAILED);

	if (!strstr(out, part))
		print_error("%s: lacks \"%s\":\n%s\n", line, part, out);
	assert_non_null(strstr(out, part));
}

/* ---- ps ---- */

static void ps_shows_stack_pointers_of_what_does_not_run(void **state)
{
	struct world *w = new_world();

	put_task(w, GEN_TASK_KTHREADD, TASK_SP, 0xffff888000012345);
	open_world(w);
	assert_output(
		w, "ps -s 1 2",
		"      PID    PPID  CPU      KSTACKP      ST  %MEM      VSZ      RSS  COMM\n"
		">       1       0   0         --         RU   0.0      400      100  init\n"
		"        2       0   0  ffff888000012345  IN   0.0        0        0  "
		"[kthreadd]\n");
	free_world(w);
}

static void ps_shows_times_by_start(void **state)
{
	struct world *w = new_world();

	put_task(w, GEN_TASK_INIT, TASK_START, 2000000000);
	put_task(w, GEN_TASK_KTHREADD, TASK_START, 1000000000);
	put_task(w, GEN_TASK_KTHREADD, TASK_UTIME, 5);
	put_task(w, GEN_TASK_KTHREADD, TASK_STIME, 6);
	put(w, 0x5410, 0xfffedb08ULL + 250 * (2 * 86400 + 3661)); /* jiffies */
	put(w, 0x5420, 4000000);				  /* tick_nsec */
	open_world(w);
	assert_output(
		w, "ps -t 1 2",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"    RUN TIME: 2 days, 01:01:00\n  START TIME: 1000000000\n"
		"       UTIME: 5\n       STIME: 6\n\n"
		"PID: 1        TASK: ffffffff80001200  CPU: 0    COMMAND: \"init\"\n"
		"    RUN TIME: 2 days, 01:00:59\n  START TIME: 2000000000\n"
		"       UTIME: 0\n       STIME: 0\n\n");
	free_world(w);
}

static void ps_shows_limits(void **state)
{
	struct world *w = new_world();
	u64 signal = GEN_SESSION_SIGNAL(GEN_TASK_KTHREADD);

	put(w, signal + RLIM, 8388608);
	put(w, signal + RLIM + 8, UINT64_MAX);
	open_world(w);
	assert_output(
		w, "ps -r 2",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"      RLIMIT     CURRENT       MAXIMUM  \n"
		"         CPU     8388608     (unlimited)\n\n");
	free_world(w);
}

#define HEADING                                                                            \
	"      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n"

static void ps_filters_by_policy_and_pattern(void **state)
{
	struct world *w = new_world();

	put_task(w, GEN_TASK_KTHREADD, TASK_POLICY, 1);
	put_task(w, GEN_TASK_WORKER, TASK_POLICY, 6);
	put_task(w, GEN_TASK_INIT, TASK_POLICY, 77);
	open_world(w);
	assert_output(
		w, "ps -H -y fifo,6",
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  "
		"[kthreadd]\n"
		"       10       1   1  ffffffff80001400  UN   0.0      400      100  worker\n");
	assert_output(
		w, "ps -H '^k.*d$'",
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  "
		"[kthreadd]\n");
	assert_output(w, "ps \\2", HEADING);
	assert_fails(w, "ps -y 7", "ps: 7: invalid scheduling policy\n");
	assert_fails(w, "ps -y NORMAL,", "invalid scheduling policy\n");
	free_world(w);
}

static void ps_shows_blocks_of_cpus(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_output(w, "ps -l -C all 1 2 10",
		      "CPU: 0\n"
		      "[9000000000] [RU]  PID: 1        TASK: ffffffff80001200  CPU: 0    "
		      "COMMAND: \"init\"\n"
		      "[5500000000] [IN]  PID: 2        TASK: ffffffff80001300  CPU: 0    "
		      "COMMAND: \"kthreadd\"\n\n"
		      "CPU: 1\n"
		      "[       700] [UN]  PID: 10       TASK: ffffffff80001400  CPU: 1    "
		      "COMMAND: \"worker\"\n");
	assert_fails(w, "ps -l -C 9", "ps: invalid cpu specification: 9\n");
	assert_fails(w, "ps -C 0", "ps: -C option is only applicable with -l and -m\n");
	assert_fails(w, "ps -l -t", "exclude each other");
	free_world(w);
}

/* ---- bt ---- */

#define STACK	  FREE /* one page */
#define END_MAGIC 0x57ac6e9d

static void give_stacks(struct world *w)
{
	for (unsigned n = 0; n < GEN_NUM_TASKS; n++)
		put_task(w, n, GEN_TASK_STACK, IMAGE + STACK);
	put(w, STACK, END_MAGIC);
}

static void a_stack_that_kept_its_end_did_not_overflow(void **state)
{
	struct world *w = new_world();

	give_stacks(w);
	open_world(w);
	assert_output(w, "bt -v", "No stack overflows detected\n");
	free_world(w);
}

static void a_stack_that_lost_its_end_overflowed(void **state)
{
	struct world *w = new_world();

	give_stacks(w);
	put_task(w, GEN_TASK_WORKER, GEN_TASK_STACK, IMAGE + STACK + 0x1000);
	put(w, STACK + 0x1000, 0xbad);
	put_task(w, GEN_TASK_THREAD, GEN_TASK_CPU, 7000);
	open_world(w);
	assert_output(
		w, "bt -v",
		"PID: 10       TASK: ffffffff80001400  CPU: 1    COMMAND: \"worker\"\n"
		"possible stack overflow: bad != STACK_END_MAGIC\n"
		"PID: 11       TASK: ffffffff80001500  CPU: 7000  COMMAND: \"worker\"\n"
		"possible stack overflow: thread_info.cpu: 7000 is no CPU\n");
	free_world(w);
}

static void a_raw_stack_is_all_its_words(void **state)
{
	struct world *w = new_world();
	const char *out;
	size_t lines = 0;

	give_stacks(w);
	put(w, STACK + 0x18, 0x1234);
	open_world(w);
	out = run(w, "bt -r 2", SHELL_DONE);
	assert_non_null(strstr(out,
			       "COMMAND: \"kthreadd\"\n"
			       "ffffffff8000b000:  0000000057ac6e9d 0000000000000000 \n"
			       "ffffffff8000b010:  0000000000000000 0000000000001234 \n"));
	for (; *out; out++)
		lines += *out == '\n';
	assert_int_equal(lines, 1 + 4096 / 16);
	free_world(w);
}

/* What an interrupt saves, at @at. */
static void put_registers(struct world *w, u64 at, u64 rip, u64 cs, u64 flags, u64 ss)
{
	put(w, at + 128, rip);
	put(w, at + 136, cs);
	put(w, at + 144, flags);
	put(w, at + 152, cs == 0x33 ? 0x7000 : IMAGE + STACK);
	put(w, at + 160, ss);
}

static void exception_frames_are_searched_on_the_stacks_of_cpus(void **state)
{
	struct world *w = new_world();
	const char *out;

	put(w, 0x5800, IMAGE + STACK + 0xff8);
	put_registers(w, STACK + 0x100, IMAGE + GEN_SESSION_TEXT + 9, 0x10, 0x246, 0x18);
	put_registers(w, STACK + 0x200, IMAGE + FREE, 0x10, 0x246, 0x18);
	put_registers(w, STACK + 0x300, 0x4000, 0x33, 0x202, 0x2b);
	open_world(w);
	out = run(w, "bt -E -c 0", SHELL_DONE);
	assert_non_null(strstr(out,
			       "CPU 0 IRQ STACK:\n\n"
			       "  KERNEL-MODE EXCEPTION FRAME AT: ffffffff8000b100\n"));
	assert_null(strstr(out, "8000b200\n"));
	assert_non_null(strstr(out, "  USER-MODE EXCEPTION FRAME AT: ffffffff8000b300\n"));
	assert_non_null(strstr(out, "CPU 0 NMI EXCEPTION STACK:\nbt: "));
	assert_null(strstr(out, "CPU 1"));
	free_world(w);
}

static void where_to_begin_is_checked(void **state)
{
	struct world *w = new_world();

	give_stacks(w);
	put(w, STACK + 0x100, IMAGE + GEN_SESSION_TEXT + 9);
	open_world(w);
	assert_fails(w, "bt -S 1000 2", "bt: invalid stack address for this task: 1000\n");
	assert_fails(w, "bt -I 1000 -S ffffffff8000b100 2",
		     "bt: invalid text address: 1000\n");
	assert_non_null(strstr(run(w, "bt -S ffffffff8000b0f0 2", SHELL_DONE),
			       " #0 [ffffffff8000b100] (unknown) at ffffffff80021009\n"));
	assert_fails(w, "bt -n busy", "-n takes \"idle\"");
	assert_non_null(strstr(run(w, "bt -O", SHELL_DONE), "crash's old method"));
	free_world(w);
}

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
	struct world *w = new_world();
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
		w, "runq",
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
		w, "runq -g -c 0",
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
	assert_output(w, "runq -d",
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
		w, "runq -t",
		" CPU 0: 9500000000\n"
		"        9000000000  PID: 1      TASK: ffffffff80001200  COMMAND: \"init\"\n"
		" CPU 1: 7250000000\n"
		"        0000000000  PID: 0      TASK: ffffffff80001100  COMMAND: "
		"\"swapper/1\"\n");
	assert_output(w, "runq -T", "  CPU 0: 0.00 secs\n  CPU 1: 2.25 secs\n");
	assert_output(w, "runq -m -c 0",
		      " CPU 0: [0 00:00:00.500]  PID: 1      TASK: ffffffff80001200  "
		      "COMMAND: \"init\"\n");
	assert_fails(w, "runq -t -m", "exclude each other");
	assert_fails(w, "runq -c 5", "invalid cpu specification: 5");
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
	assert_success(run_queue_read(w->k, 0, &q));
	assert_success(run_queue_each(w->k, &q, RUN_QUEUE_STOP, note_queued, &told));
	assert_success(run_queue_each(w->k, &q, RUN_QUEUE_DEADLINE, note_queued, &told));
	assert_int_equal(told.count, 2);
	assert_int_equal(told.tasks[0], TASK(GEN_TASK_THREAD));
	assert_int_equal(told.tasks[1], TASK(GEN_TASK_INIT));
	assert_success(run_queue_each(w->k, &q, RUN_QUEUE_FAIR, note_queued, &told));
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
	out = run(w, "runq -g -c 0", SHELL_DONE);
	assert_non_null(strstr(out, "groups in each other"));
	for (; *out; out++)
		lines += *out == '\n';
	assert_true(lines < 100);
	assert_non_null(
		strstr(run(w, "runq -c 0", SHELL_DONE), "more than 65536 entities"));
	free_world(w);
}

/* ---- sig ---- */

/* The pending signals of a task and of its process, where no other test has anything. */
static u64 own_pending(unsigned task)
{
	return GEN_SESSION_TASK(task) + 65536;
}

static u64 shared_pending(unsigned task)
{
	return GEN_SESSION_SIGNAL(task) + 65536;
}

static void empty_list(struct world *w, u64 head)
{
	put(w, head, IMAGE + head);
	put(w, head + 8, IMAGE + head);
}

static struct world *new_signals(void)
{
	struct world *w = new_world();
	u64 own = own_pending(GEN_TASK_KTHREADD), queued = FREE + 0x40;

	empty_list(w, own);
	empty_list(w, shared_pending(GEN_TASK_KTHREADD));
	put(w, own, IMAGE + queued); /* one signal is queued */
	put(w, queued, IMAGE + own);
	put(w, queued + 16, 12);
	put(w, own + 16, 0x800);
	put(w, shared_pending(GEN_TASK_KTHREADD) + 24, 3);
	put_task(w, GEN_TASK_KTHREADD, 232, IMAGE + FREE + 0x100); /* sighand */
	put_task(w, GEN_TASK_KTHREADD, 240, 0x201);		   /* blocked */
	put_task(w, GEN_TASK_KTHREADD, 248, 4);			   /* TIF_SIGPENDING */
	put(w, FREE + 0x108, 1);				   /* SIGHUP is ignored */
	put(w, FREE + 0x128, 0x45a070); /* SIGINT has a handler */
	put(w, FREE + 0x130, 0x1c000004);
	put(w, FREE + 0x140, 0xf);
	return w;
}

static void sig_shows_handlers_and_what_waits(void **state)
{
	struct world *w = new_signals();
	const char *out;

	open_world(w);
	out = run(w, "sig 2", SHELL_DONE);
	assert_non_null(strstr(
		out, "COMMAND: \"kthreadd\"\n"
		     "SIGNAL_STRUCT: ffffffff80002030  NR_THREADS: 3\n"
		     " SIG    SIGACTION        HANDLER       MASK       FLAGS           \n"
		     " [1] ffffffff8000b108    SIG_IGN 0000000000000000 0 \n"
		     " [2] ffffffff8000b128     45a070 000000000000000f 1c000004 "
		     "(SA_RESTORER|SA_SIGINFO|SA_ONSTACK|SA_RESTART)\n"
		     " [3] ffffffff8000b148    SIG_DFL 0000000000000000 0 \n"));
	assert_non_null(strstr(out, "[64] ffffffff8000b8e8    SIG_DFL 0000000000000000 0 \n"
				    "SIGPENDING: yes\n   BLOCKED: 0000000000000201\n"
				    "PRIVATE_PENDING\n    SIGNAL: 0000000000000800\n"
				    "  SIGQUEUE:  SIG  SIGINFO\n"
				    "              12  ffffffff8000b050\n"
				    "SHARED_PENDING\n    SIGNAL: 0000000000000000\n"
				    "  SIGQUEUE: (empty)\n\n"));
	free_world(w);
}

static void a_queue_of_signals_that_loops_ends(void **state)
{
	struct world *w = new_signals();

	put(w, FREE + 0x40, IMAGE + FREE + 0x40);
	open_world(w);
	assert_non_null(strstr(run(w, "sig 2", SHELL_DONE), "more than 4096 signals"));
	free_world(w);
}

static void sig_knows_the_names_of_signals(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_output(w, "sig -s 800A000000000201",
		      "SIGHUP SIGUSR1 SIGRTMAX-14 SIGRTMAX-12 SIGRTMAX\n");
	assert_output(w, "sig -s 0", "(none)\n");
	assert_fails(w, "sig -s zz", "invalid sigset: zz");
	assert_non_null(
		strstr(run(w, "sig -l", SHELL_DONE), " [9] SIGKILL\n[10] SIGUSR1\n"));
	assert_fails(w, "sig nobody", "sig: invalid task or pid value: nobody\n");
	free_world(w);
}

/* ---- waitq ---- */

#define SOME_WAIT 0x5a80

static void waitq_shows_tasks_and_what_has_none(void **state)
{
	struct world *w = new_world();
	u64 head = SOME_WAIT + 8, first = FREE, second = FREE + 0x40;

	put(w, head, IMAGE + first + 16);
	put(w, first, TASK(GEN_TASK_KTHREADD));
	put(w, first + 16, IMAGE + second + 16);
	put(w, second + 8, 0x1234); /* its function; it has no task */
	put(w, second + 16, IMAGE + head);
	open_world(w);
	assert_output(
		w, "waitq some_wait",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"WAITER: ffffffff8000b040  FUNCTION: 1234  (no task)\n");
	assert_fails(w, "waitq zzz", "waitq: cannot resolve \"zzz\"\n");
	assert_fails(w, "waitq task_struct.wait_chldexit",
		     "must supply an address for task_struct\n");
	assert_fails(w, "waitq", "Usage:");
	free_world(w);
}

static void an_empty_queue_and_one_that_loops_are_told(void **state)
{
	struct world *w = new_world();

	empty_list(w, SOME_WAIT + 8);
	put(w, FREE + 8, IMAGE + FREE + 0x100 + 16); /* a queue that never comes back */
	put(w, FREE + 0x100 + 16, IMAGE + FREE + 0x100 + 16);
	open_world(w);
	assert_output(w, "waitq some_wait",
		      "wait queue \"some_wait\" (ffffffff80005a80) is empty\n");
	assert_fails(w, "waitq ffffffff8000b000", "has more than 65536 waiters");
	assert_fails(w, "waitq ffffffff8000b800",
		     "there is no wait queue at 0xffffffff8000b800");
	free_world(w);
}

/* ---- ipcs ---- */

static const char ipc_members[] =
	"SYMBOL(init_ipc_ns)=ffffffff8000e000\n"
	"OFFSET(ipc_namespace.ids)=0\nSIZE(ipc_ids)=32\nOFFSET(ipc_ids.ipcs_idr)=0\n"
	"OFFSET(shmid_kernel.shm_perm)=0\nOFFSET(sem_array.sem_perm)=0\n"
	"OFFSET(msg_queue.q_perm)=0\nOFFSET(kern_ipc_perm.id)=0\n"
	"OFFSET(kern_ipc_perm.key)=8\nOFFSET(kern_ipc_perm.uid)=16\n"
	"OFFSET(kern_ipc_perm.mode)=24\nOFFSET(shmid_kernel.shm_segsz)=32\n"
	"OFFSET(shmid_kernel.shm_nattch)=40\nOFFSET(shmid_kernel.shm_file)=48\n"
	"OFFSET(sem_array.sem_nsems)=32\nOFFSET(msg_queue.q_cbytes)=32\n"
	"OFFSET(msg_queue.q_qnum)=40\nOFFSET(file.f_inode)=0\nOFFSET(inode.i_mapping)=0\n"
	"OFFSET(address_space.nrpages)=0\nOFFSET(shmem_inode_info.vfs_inode)=32\n"
	"OFFSET(shmem_inode_info.swapped)=0\n";

/* In a kernel that has the types of an IDR. */
enum {
	IPC_NS = TINY_STACK + 0x1000,
	IPC_OBJECTS = TINY_STACK + 0x1100,
	IPC_FILE = TINY_STACK + 0x1400,
	IPC_INODE = TINY_STACK + 0x1500,
	IPC_MAPPING = TINY_STACK + 0x1600,
};

/* The one object of a kind, in its IDR as such. */
static u32 put_ipc(struct typed_kernel *t, u32 kind, u64 id, u64 mode, u64 size, u64 count)
{
	u32 at = IPC_OBJECTS + kind * 0x100;

	tiny_put64(t->tiny, IPC_NS + kind * 32 + 8, TINY(at));
	tiny_put64(t->tiny, at, id);
	tiny_put64(t->tiny, at + 8, 0x79d7);
	tiny_put64(t->tiny, at + 16, 1000);
	tiny_put64(t->tiny, at + 24, mode);
	tiny_put64(t->tiny, at + 32, size);
	tiny_put64(t->tiny, at + 40, count);
	return at;
}

/* The types of an IDR, which is an XArray: nodes of 16 slots. */
static void add_xarray_types(struct btf_bytes *b)
{
	u32 byte, word, slots;

	byte = btf_bytes_int(b, "u8", 1);
	word = btf_bytes_int(b, "u64", 8);
	slots = btf_bytes_array(b, word, 16);
	btf_bytes_type(b, "xa_node", BTF_STRUCT, 4, 0, 168);
	btf_bytes_member(b, "shift", byte, 0);
	btf_bytes_member(b, "offset", byte, 8);
	btf_bytes_member(b, "parent", word, 64);
	btf_bytes_member(b, "slots", slots, 320);
	btf_bytes_type(b, "xarray", BTF_STRUCT, 1, 0, 16);
	btf_bytes_member(b, "xa_head", word, 64);
}

static void ipcs_shows_objects_of_each_kind(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	const struct shell_options o = {.stdout_fd = -1, .program = "test"};
	struct world w = {.d = NULL};
	u32 memory;

	buf_add_str(&t->tiny->g.vmcoreinfo, ipc_members);
	put_ipc(t, 0, 32769, 0600, 4, 0);
	memory = put_ipc(t, 2, 7, 03666, 90000, 1);
	tiny_put64(t->tiny, memory + 48, TINY(IPC_FILE));
	tiny_put64(t->tiny, IPC_FILE, TINY(IPC_INODE));
	tiny_put64(t->tiny, IPC_INODE, TINY(IPC_MAPPING));
	tiny_put64(t->tiny, IPC_INODE - 32, 3); /* swapped */
	tiny_put64(t->tiny, IPC_MAPPING, 19);
	add_xarray_types(&t->base);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	assert_success(shell_open(t->tiny->k, &o, &w.s));
	assert_output(
		&w, "ipcs",
		"SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n"
		"ffffffff8000e300 000079d7 7          1000  666   90000      1      "
		"dest locked\n\n"
		"SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n"
		"ffffffff8000e100 000079d7 32769      1000  600   4         \n\n"
		"MSG_QUEUE        KEY      MSQID      UID   PERMS USED-BYTES   MESSAGES    \n"
		"(none allocated)\n\n");
	assert_output(
		&w, "ipcs -M 7",
		"SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n"
		"ffffffff8000e300 000079d7 7          1000  666   90000      1      "
		"dest locked\n"
		"PAGES ALLOCATED/RESIDENT/SWAPPED: 22/19/3\nINODE: ffffffff8000e500\n\n");
	assert_output(&w, "ipcs ffffffff8000e100",
		      "SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n"
		      "ffffffff8000e100 000079d7 32769      1000  600   4         \n\n");
	assert_fails(&w, "ipcs 8", "invalid id or address: 8\n");
	assert_fails(&w, "ipcs zz", "not a valid number: zz");
	shell_close(w.s);
}

static void ipcs_looks_into_the_namespace_of_a_task(void **state)
{
	struct world *w = new_world();

	put_task(w, GEN_TASK_INIT, 131072, 0);
	open_world(w);
	assert_fails(w, "ipcs -n 1", "has no namespaces any more");
	assert_fails(w, "ipcs -n nobody", "invalid task or pid value: nobody");
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
	struct world *w = new_world();
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
		w, "timer -r",
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
	assert_fails(w, "timer -r -C 7", "timer: invalid cpu specification: 7\n");
	free_world(w);
}

static void timers_of_a_wheel_are_told_in_order(void **state)
{
	struct world *w = new_world();
	struct timer_queue q;

	put(w, FREE + 8, IMAGE + FREE + 0x100); /* the list of a wheel at FREE */
	put(w, FREE + 0x100, IMAGE + FREE + 0x200);
	put(w, FREE + 0x110, 900);
	put(w, FREE + 0x210, 700);
	put(w, FREE + 0x218, 0x1234);
	open_world(w);
	assert_success(timer_wheel_read(w->k, IMAGE + FREE, &q));
	assert_int_equal(q.count, 2);
	assert_int_equal(q.timers[0].expires, 700);
	assert_int_equal(q.timers[0].function, 0x1234);
	assert_int_equal(q.timers[1].addr, IMAGE + FREE + 0x100);
	timer_queue_deinit(&q);
	free_world(w);
}

static void a_wheel_that_loops_is_cut(void **state)
{
	struct world *w = new_world();
	struct timer_queue q;

	put(w, FREE + 8, IMAGE + FREE + 0x100);
	put(w, FREE + 0x100, IMAGE + FREE + 0x100);
	open_world(w);
	assert_failure(timer_wheel_read(w->k, IMAGE + FREE, &q), ERR_INCOMPLETE,
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
		cmocka_unit_test(sig_shows_handlers_and_what_waits),
		cmocka_unit_test(a_queue_of_signals_that_loops_ends),
		cmocka_unit_test(sig_knows_the_names_of_signals),
		cmocka_unit_test(waitq_shows_tasks_and_what_has_none),
		cmocka_unit_test(an_empty_queue_and_one_that_loops_are_told),
		cmocka_unit_test(ipcs_shows_objects_of_each_kind),
		cmocka_unit_test(ipcs_looks_into_the_namespace_of_a_task),
		cmocka_unit_test(timers_of_high_resolution_are_shown_by_clock),
		cmocka_unit_test(timers_of_a_wheel_are_told_in_order),
		cmocka_unit_test(a_wheel_that_loops_is_cut),
		cmocka_unit_test(a_stack_that_kept_its_end_did_not_overflow),
		cmocka_unit_test(a_stack_that_lost_its_end_overflowed),
		cmocka_unit_test(a_raw_stack_is_all_its_words),
		cmocka_unit_test(exception_frames_are_searched_on_the_stacks_of_cpus),
		cmocka_unit_test(where_to_begin_is_checked),
		cmocka_unit_test(ps_shows_stack_pointers_of_what_does_not_run),
		cmocka_unit_test(ps_shows_times_by_start),
		cmocka_unit_test(ps_shows_limits),
		cmocka_unit_test(ps_filters_by_policy_and_pattern),
		cmocka_unit_test(ps_shows_blocks_of_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
