/* Commands about what tasks use, and their stacks. */
#include "task_world.h"

/* ---- ps ---- */

static void ps_shows_stack_pointers_of_what_does_not_run(void **state)
{
	struct world *w = new_task_world();

	put_task(w, GEN_TASK_KTHREADD, TASK_SP, 0xffff888000012345);
	open_world(w);
	assert_output(
		w->s, "ps -s 1 2",
		"      PID    PPID  CPU      KSTACKP      ST  %MEM      VSZ      RSS  COMM\n"
		">       1       0   0         --         RU   0.0      400      100  init\n"
		"        2       0   0  ffff888000012345  IN   0.0        0        0  "
		"[kthreadd]\n");
	free_world(w);
}

static void ps_shows_times_by_start(void **state)
{
	struct world *w = new_task_world();

	put_task(w, GEN_TASK_INIT, TASK_START, 2000000000);
	put_task(w, GEN_TASK_KTHREADD, TASK_START, 1000000000);
	put_task(w, GEN_TASK_KTHREADD, TASK_UTIME, 5);
	put_task(w, GEN_TASK_KTHREADD, TASK_STIME, 6);
	put(w, 0x5410, 0xfffedb08ULL + 250 * (2 * 86400 + 3661)); /* jiffies */
	put(w, 0x5420, 4000000);				  /* tick_nsec */
	open_world(w);
	assert_output(
		w->s, "ps -t 1 2",
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
	struct world *w = new_task_world();
	u64 signal = GEN_SESSION_SIGNAL(GEN_TASK_KTHREADD);

	put(w, signal + RLIM, 8388608);
	put(w, signal + RLIM + 8, UINT64_MAX);
	open_world(w);
	assert_output(
		w->s, "ps -r 2",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"      RLIMIT     CURRENT       MAXIMUM  \n"
		"         CPU     8388608     (unlimited)\n\n");
	free_world(w);
}

#define HEADING                                                                            \
	"      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n"

static void ps_filters_by_policy_and_pattern(void **state)
{
	struct world *w = new_task_world();

	put_task(w, GEN_TASK_KTHREADD, TASK_POLICY, 1);
	put_task(w, GEN_TASK_WORKER, TASK_POLICY, 6);
	put_task(w, GEN_TASK_INIT, TASK_POLICY, 77);
	open_world(w);
	assert_output(
		w->s, "ps -H -y fifo,6",
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  "
		"[kthreadd]\n"
		"       10       1   1  ffffffff80001400  UN   0.0      400      100  worker\n");
	assert_output(
		w->s, "ps -H '^k.*d$'",
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  "
		"[kthreadd]\n");
	assert_output(w->s, "ps \\2", HEADING);
	assert_fails(w->s, "ps -y 7", "ps: 7: invalid scheduling policy\n");
	assert_fails(w->s, "ps -y NORMAL,", "invalid scheduling policy\n");
	free_world(w);
}

static void ps_shows_blocks_of_cpus(void **state)
{
	struct world *w = new_task_world();

	open_world(w);
	assert_output(w->s, "ps -l -C all 1 2 10",
		      "CPU: 0\n"
		      "[9000000000] [RU]  PID: 1        TASK: ffffffff80001200  CPU: 0    "
		      "COMMAND: \"init\"\n"
		      "[5500000000] [IN]  PID: 2        TASK: ffffffff80001300  CPU: 0    "
		      "COMMAND: \"kthreadd\"\n\n"
		      "CPU: 1\n"
		      "[       700] [UN]  PID: 10       TASK: ffffffff80001400  CPU: 1    "
		      "COMMAND: \"worker\"\n");
	assert_fails(w->s, "ps -l -C 9", "ps: invalid cpu specification: 9\n");
	assert_fails(w->s, "ps -C 0", "ps: -C option is only applicable with -l and -m\n");
	assert_fails(w->s, "ps -l -t", "exclude each other");
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
	struct world *w = new_task_world();

	give_stacks(w);
	open_world(w);
	assert_output(w->s, "bt -v", "No stack overflows detected\n");
	free_world(w);
}

static void a_stack_that_lost_its_end_overflowed(void **state)
{
	struct world *w = new_task_world();

	give_stacks(w);
	put_task(w, GEN_TASK_WORKER, GEN_TASK_STACK, IMAGE + STACK + 0x1000);
	put(w, STACK + 0x1000, 0xbad);
	put_task(w, GEN_TASK_THREAD, GEN_TASK_CPU, 7000);
	open_world(w);
	assert_output(
		w->s, "bt -v",
		"PID: 10       TASK: ffffffff80001400  CPU: 1    COMMAND: \"worker\"\n"
		"possible stack overflow: bad != STACK_END_MAGIC\n"
		"PID: 11       TASK: ffffffff80001500  CPU: 7000  COMMAND: \"worker\"\n"
		"possible stack overflow: thread_info.cpu: 7000 is no CPU\n");
	free_world(w);
}

static void a_raw_stack_is_all_its_words(void **state)
{
	struct world *w = new_task_world();
	const char *out;
	size_t lines = 0;

	give_stacks(w);
	put(w, STACK + 0x18, 0x1234);
	open_world(w);
	out = run(w->s, "bt -r 2", SHELL_DONE);
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
	struct world *w = new_task_world();
	const char *out;

	put(w, 0x5800, IMAGE + STACK + 0xff8);
	put_registers(w, STACK + 0x100, IMAGE + GEN_SESSION_TEXT + 9, 0x10, 0x246, 0x18);
	put_registers(w, STACK + 0x200, IMAGE + FREE, 0x10, 0x246, 0x18);
	put_registers(w, STACK + 0x300, 0x4000, 0x33, 0x202, 0x2b);
	open_world(w);
	out = run(w->s, "bt -E -c 0", SHELL_DONE);
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
	struct world *w = new_task_world();

	give_stacks(w);
	put(w, STACK + 0x100, IMAGE + GEN_SESSION_TEXT + 9);
	open_world(w);
	assert_fails(w->s, "bt -S 1000 2",
		     "bt: invalid stack address for this task: 1000\n");
	assert_fails(w->s, "bt -I 1000 -S ffffffff8000b100 2",
		     "bt: invalid text address: 1000\n");
	assert_non_null(strstr(run(w->s, "bt -S ffffffff8000b0f0 2", SHELL_DONE),
			       " #0 [ffffffff8000b100] (unknown) at ffffffff80021009\n"));
	assert_fails(w->s, "bt -n busy", "-n takes \"idle\"");
	assert_non_null(strstr(run(w->s, "bt -O", SHELL_DONE), "crash's old method"));
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ps_shows_stack_pointers_of_what_does_not_run),
		cmocka_unit_test(ps_shows_times_by_start),
		cmocka_unit_test(ps_shows_limits),
		cmocka_unit_test(ps_filters_by_policy_and_pattern),
		cmocka_unit_test(ps_shows_blocks_of_cpus),
		cmocka_unit_test(a_stack_that_kept_its_end_did_not_overflow),
		cmocka_unit_test(a_stack_that_lost_its_end_overflowed),
		cmocka_unit_test(a_raw_stack_is_all_its_words),
		cmocka_unit_test(exception_frames_are_searched_on_the_stacks_of_cpus),
		cmocka_unit_test(where_to_begin_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
