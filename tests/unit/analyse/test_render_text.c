#include "testing.h"

#include "analyse/render_text.h"

static const char tree[] =
	"{'schema': 'inquest.report', 'version': 1, 'verdict': 'It died',"
	" 'dump': {'partial': true, 'incomplete': true},"
	" 'banner': {'dumpfile': '/x', 'cpus': 4, 'cpus_offline': 1, 'date_s': 1562328518,"
	"  'uptime_s': 90061, 'load_average': ['0.00', '0.01', '0.05'], 'tasks': 104,"
	"  'nodename': 'n', 'release': 'r', 'kernel_version': 'v', 'machine': 'x86_64',"
	"  'mhz': 2500, 'memory': '7.9 GB', 'panic': 'why', 'pid': 0, 'command': 'swapper/0',"
	"  'task': '0xffffffff82013480', 'thread_info': '0xffffffff82013480', 'task_index': 1,"
	"  'task_same_pid': 2, 'cpu': 0, 'state': 'TASK_RUNNING (PANIC)',"
	"  'command_line': 'ro crashkernel=128M'},"
	" 'panic': {'panicked': true, 'cpu': 0, 'task': {'pid': 0, 'address': '0x10',"
	"  'comm': 'swapper/0'}, 'backtrace': {'end': 'cleanly, at user mode', 'frames': ["
	"   {'sp': '0x1000', 'pc': '0x2000', 'kind': 'first', 'function': 'f', 'offset': 16},"
	"   {'sp': '0x1008', 'pc': '0x3000', 'kind': 'exception', 'function': 'g', 'offset': 1,"
	"    'module': 'ext4', 'registers': {'rip': '0x3000', 'rflags': '0x246', 'cs': '0x10'}}]}},"
	" 'log_tail': [{'ts_ns': 1500000000, 'text': 'two\\nlines'}], 'health': ['a gap']}";

static const char expected[] =
	"It died\n\n"
	"    DUMPFILE: /x  [PARTIAL DUMP]  [INCOMPLETE]\n"
	"        CPUS: 4 [OFFLINE: 1]\n"
	"        DATE: Fri Jul  5 12:08:38 UTC 2019\n"
	"      UPTIME: 1 days, 01:01:01\n"
	"LOAD AVERAGE: 0.00, 0.01, 0.05\n"
	"       TASKS: 104\n"
	"    NODENAME: n\n"
	"     RELEASE: r\n"
	"     VERSION: v\n"
	"     MACHINE: x86_64  (2500 Mhz)\n"
	"      MEMORY: 7.9 GB\n"
	"       PANIC: \"why\"\n"
	"         PID: 0\n"
	"     COMMAND: \"swapper/0\"\n"
	"        TASK: ffffffff82013480  (1 of 2)  [THREAD_INFO: ffffffff82013480]\n"
	"         CPU: 0\n"
	"       STATE: TASK_RUNNING (PANIC)\n"
	"\nBacktrace of the task that panicked:\n"
	"PID: 0        TASK: 0x0000000000000010  CPU: 0    COMMAND: \"swapper/0\"\n"
	" #0 [0x0000000000001000] f+0x10 at 0x0000000000002000\n"
	"    [exception RIP: g+0x1]\n"
	"    RIP: 0000000000003000  RFLAGS: 00000246\n"
	"    CS: 0010\n"
	"--- <exception> ---\n"
	" #1 [0x0000000000001008] g+0x1 at 0x0000000000003000 [ext4]\n"
	"    ends cleanly, at user mode\n"
	"\nCommand line:\n  ro crashkernel=128M\n"
	"\nModules (0):\n"
	"\nEnd of the kernel log:\n"
	"[    1.500000] two\n"
	"               lines\n"
	"\nDump health:\n"
	"  a gap\n";

static void assert_rendered(const char *text, const char *wanted)
{
	struct buf b = BUF_INIT, quoted = BUF_INIT;
	json_error_t error;
	json_t *j;

	for (const char *p = text; *p; p++)
		buf_add_char(&quoted, *p == '\'' ? '"' : *p);
	j = json_loads(buf_text(&quoted), 0, &error);
	assert_non_null(j);
	report_render_text(&b, j);
	assert_string_equal(buf_text(&b), wanted);
	json_decref(j);
	buf_deinit(&b);
	buf_deinit(&quoted);
}

static void the_banner_has_the_layout_of_crash(void **state)
{
	setenv("TZ", "UTC", 1);
	assert_rendered(tree, expected);
}

static void a_tree_with_nothing_in_it_still_renders(void **state)
{
	assert_rendered("{}", "\n\n    DUMPFILE: \n\nModules (0):\n\nDump health:\n"
			      "  nothing that this report needed was missing\n");
}

static void values_of_the_wrong_kind_do_no_harm(void **state)
{
	assert_rendered(
		"{'verdict': 3, 'banner': [], 'panic': {'cpu': 'x', 'backtrace': 7},"
		" 'cpus': {}, 'log_tail': [1], 'health': [2], 'modules': [null]}",
		"\n\n    DUMPFILE: \n\nBacktrace:\nCPU: 0, its task is not known\n"
		"    ends \n\nModules (1):\n"
		"                           0x0000000000000000          0\n"
		"\nEnd of the kernel log:\n[    0.000000] \n\nDump health:\n  \n");
}

static void block_io_is_told_the_oldest_first(void **state)
{
	assert_rendered(
		"{'block_io': {'requests': 3, 'oldest': [{'device': 'sda', 'operation': 'write',"
		" 'state': 'in flight', 'sector': 2048, 'bytes': 4096, 'age_ms': 40001,"
		" 'address': '0x10'}, {'device': 'sda', 'operation': 'flush', 'state': 'waiting',"
		" 'bytes': 0, 'address': '0x20'}]}}",
		"\n\n    DUMPFILE: \n"
		"\nBlock I/O under way (3), the oldest first:\n"
		"  sda          write        sector 2048             4096 bytes      40.001 s  "
		"in flight, 0x10\n"
		"  sda          flush                                            waiting, 0x20\n"
		"  … and 1 more\n"
		"\nModules (0):\n\nDump health:\n"
		"  nothing that this report needed was missing\n");
}

static void run_queues_name_who_waits_for_a_cpu(void **state)
{
	assert_rendered(
		"{'cpus': [{'cpu': 0, 'run_queue': {'waiting': []}}, {'cpu': 1, 'task': {'pid': 9,"
		" 'comm': 'busy'}, 'run_queue': {'running_ms': 9578, 'waiting': [{'pid': 22,"
		" 'comm': 'kworker', 'class': 'fair', 'priority': 120, 'waiting_ms': 8059},"
		" {'pid': 5, 'comm': 'rt', 'class': 'real-time', 'priority': 1}],"
		" 'waiting_left_out': 3}}]}",
		"\n\n    DUMPFILE: \n"
		"\nRun queues:\n"
		"  CPU 1 runs PID 9 busy for 9.578 s; ready and waiting:\n"
		"    PID 22      kworker          for 8.059 s, fair, priority 120\n"
		"    PID 5       rt              , real-time, priority 1\n"
		"    … and 3 more\n"
		"\nModules (0):\n\nDump health:\n"
		"  nothing that this report needed was missing\n");
	assert_rendered("{'cpus': [{'cpu': 0, 'run_queue': {'waiting': []}}]}",
			"\n\n    DUMPFILE: \n"
			"\nRun queues: nobody waits for a CPU\n"
			"\nModules (0):\n\nDump health:\n"
			"  nothing that this report needed was missing\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_banner_has_the_layout_of_crash),
		cmocka_unit_test(a_tree_with_nothing_in_it_still_renders),
		cmocka_unit_test(block_io_is_told_the_oldest_first),
		cmocka_unit_test(run_queues_name_who_waits_for_a_cpu),
		cmocka_unit_test(values_of_the_wrong_kind_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
