/* Commands about what tasks use, run on and wait for. */
#include "testing.h"

#include "gen_session.h"
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
};

#define RLIM 0x9000 /* in signal_struct: behind them all */

static const char members[] =
	"OFFSET(task_struct.start_time)=128\nOFFSET(task_struct.utime)=136\n"
	"OFFSET(task_struct.stime)=144\nOFFSET(task_struct.policy)=152\n"
	"OFFSET(task_struct.thread.sp)=160\nOFFSET(signal_struct.rlim)=36864\n"
	"OFFSET(rlimit.rlim_cur)=0\nOFFSET(rlimit.rlim_max)=8\nSIZE(rlimit)=16\n";

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ps_shows_stack_pointers_of_what_does_not_run),
		cmocka_unit_test(ps_shows_times_by_start),
		cmocka_unit_test(ps_shows_limits),
		cmocka_unit_test(ps_filters_by_policy_and_pattern),
		cmocka_unit_test(ps_shows_blocks_of_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
