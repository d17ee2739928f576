/* Commands about tasks, the log and memory, on a machine with tasks of every kind. */
#include "world.h"

#define HEADING                                                                            \
	"      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n"

static void ps_has_crashs_columns(void **state)
{
	struct world *w = opened_world();

	assert_output(
		w->s, "ps",
		HEADING
		"        0       0   0  ffffffff80001000  RU   0.0        0        0  [swapper/0]\n"
		">       0       0   1  ffffffff80001100  RU   0.0        0        0  [swapper/1]\n"
		">       1       0   0  ffffffff80001200  RU   0.0      400      100  init\n"
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  [kthreadd]\n"
		"       10       1   1  ffffffff80001400  UN   0.0      400      100  worker\n"
		"       11       1   1  ffffffff80001500  ID   0.0      400      100  worker\n"
		"       12       2   1  ffffffff80001600  IN   0.0        0        0  "
		"[\\x1b[31mred\\x0a]\n");
	free_world(w);
}

static void ps_takes_filters_and_names(void **state)
{
	struct world *w = opened_world();

	assert_output(
		w->s, "ps -u -G 1 worker",
		HEADING
		">       1       0   0  ffffffff80001200  RU   0.0      400      100  init\n"
		"       10       1   1  ffffffff80001400  UN   0.0      400      100  worker\n");
	assert_output(
		w->s, "ps -kH 2",
		"        2       0   0  ffffffff80001300  IN   0.0        0        0  [kthreadd]\n");
	assert_output(
		w->s, "ps -AH ffffffff80001200",
		">       1       0   0  ffffffff80001200  RU   0.0      400      100  init\n");
	assert_output(w->s, "ps nobody", HEADING);
	assert_output(w->s, "ps -S", "  RU: 3\n  IN: 2\n  UN: 1\n  ID: 1\n");
	free_world(w);
}

static void ps_shows_when_tasks_ran(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "ps -l 1 2 10",
		      "[9000000000] [RU]  PID: 1        TASK: ffffffff80001200  CPU: 0    "
		      "COMMAND: \"init\"\n"
		      "[5500000000] [IN]  PID: 2        TASK: ffffffff80001300  CPU: 0    "
		      "COMMAND: \"kthreadd\"\n"
		      "[       700] [UN]  PID: 10       TASK: ffffffff80001400  CPU: 1    "
		      "COMMAND: \"worker\"\n");
	assert_has(w->s, "ps -m 2", "[0 00:00:04.000] [IN]  PID: 2 ");
	free_world(w);
}

static void ps_shows_relations(void **state)
{
	struct world *w = opened_world();

	assert_output(
		w->s, "ps -p 12",
		"PID: 0        TASK: ffffffff80001000  CPU: 0    COMMAND: \"swapper/0\"\n"
		" PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"  PID: 12       TASK: ffffffff80001600  CPU: 1    COMMAND: "
		"\"\\x1b[31mred\\x0a\"\n\n");
	assert_output(
		w->s, "ps -c 2",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"  PID: 12       TASK: ffffffff80001600  CPU: 1    COMMAND: "
		"\"\\x1b[31mred\\x0a\"\n\n");
	assert_has(w->s, "ps -g 10", "  PID: 11 ");
	assert_has(w->s, "ps -g 1", "  (no threads)\n");
	free_world(w);
}

static void parents_that_are_each_others_children_end(void **state)
{
	struct world *w = new_world();
	size_t lines = 0;

	gen_put64(&w->o.g, GEN_SESSION_TASK(GEN_TASK_INIT) + GEN_TASK_PARENT,
		  GEN_SESSION_IMAGE + GEN_SESSION_TASK(GEN_TASK_WORKER));
	open_world(w);
	for (const char *at = run(w->s, "ps -p 10", SHELL_DONE); *at; at++)
		lines += *at == '\n';
	assert_true(lines < 10000);
	free_world(w);
}

static void ps_shows_arguments_that_are_in_the_dump(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "ps -a 1",
		      "PID: 1        TASK: ffffffff80001200  CPU: 0    COMMAND: \"init\"\n"
		      "ARG: prog --flag\nENV: HOME=/\n\n");
	assert_has(w->s, "ps -a 2", "ps: no user stack\n");
	free_world(w);
}

static void the_context_is_the_task_that_panicked(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "set",
		      "    PID: 1\nCOMMAND: \"init\"\n   TASK: ffffffff80001200  "
		      "[THREAD_INFO: ffffffff80001200]\n    CPU: 0\n"
		      "  STATE: TASK_RUNNING (PANIC)\n");
	assert_has(w->s, "set 12", "COMMAND: \"\\x1b[31mred\\x0a\"\n");
	assert_has(w->s, "set", "    PID: 12\n");
	assert_has(w->s, "set -c 1", "   TASK: ffffffff80001100  (2 of 2)  [THREAD_INFO: ");
	assert_has(w->s, "set -p", "    PID: 1\n");
	assert_fails(w->s, "set nobody", "set: invalid task or pid value: nobody\n");
	assert_fails(w->s, "set -c 7", "7");
	free_world(w);
}

static void foreach_chooses_by_state_name_and_kind(void **state)
{
	struct world *w = opened_world();

	assert_has(w->s, "foreach UN ID user ps -H", "       10 ");
	assert_has(w->s, "foreach UN ID user ps -H", "       11 ");
	assert_output(w->s, "foreach UN kernel ps -H", "");
	assert_output(
		w->s, "foreach active gleader ps -H",
		">       1       0   0  ffffffff80001200  RU   0.0      400      100  init\n");
	assert_has(w->s, "for worker set", "    PID: 11\n");
	assert_has(w->s, "foreach 1 vtop 400000", "  PAGE: 20000\n");
	assert_fails(w->s, "foreach zzz bt", "foreach: unknown argument: \"zzz\"\n");
	assert_fails(w->s, "foreach UN", "no keywords specified");
	assert_fails(w->s, "foreach bt -Z", "invalid option -- 'Z'");
	free_world(w);
}

static void a_task_without_registers_or_stack_says_so(void **state)
{
	struct world *w = opened_world();

	assert_has(w->s, "bt 10", "bt: the backtrace ends here: ");
	assert_fails(w->s, "bt 99", "bt: invalid task or pid value: 99\n");
	assert_has(w->s, "bt -a", "PID: 0        TASK: ffffffff80001100  CPU: 1 ");
	assert_fails(w->s, "bt -c 5", "invalid cpu specification: 5");
	free_world(w);
}

static void sys_is_the_banner(void **state)
{
	struct world *w = opened_world();

	assert_has(w->s, "sys", "    NODENAME: gen-host\n     RELEASE: 6.1.0-gen\n");
	assert_has(w->s, "sys", "       TASKS: 7\n");
	assert_has(w->s, "sys",
		   "       PANIC: \"Kernel panic - not syncing: gen\\x1b[0m\"\n");
	assert_has(w->s, "sys", "        DATE: Tue Nov 14 22:13:20 UTC 2023\n");
	assert_null(strstr(run(w->s, "sys", SHELL_DONE), "COMMAND"));
	assert_output(w->s, "sys -t", "TAINTED_MASK: 1000  O\n");
	free_world(w);
}

static void the_banner_ends_with_the_context(void **state)
{
	struct world *w = opened_world();

	assert_success(shell_print_banner(w->s));
	assert_non_null(strstr(shell_kept(w->s),
			       "         PID: 1\n     COMMAND: \"init\"\n        TASK: "));
	assert_non_null(strstr(shell_kept(w->s), "       STATE: TASK_RUNNING (PANIC)\n\n"));
	free_world(w);
}

static void the_log_comes_in_several_dresses(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "log",
		      "[    0.000000] Linux version 6.1.0-gen\n"
		      "[    1.500000] two\n               lines\n"
		      "[    2.000000] Kernel panic - not syncing: gen\\x1b[0m\n");
	assert_output(w->s, "log -t",
		      "Linux version 6.1.0-gen\ntwo\nlines\n"
		      "Kernel panic - not syncing: gen\\x1b[0m\n");
	assert_has(w->s, "log -m", "[    1.500000] <6>two\n");
	assert_has(w->s, "log -d", "               SUBSYSTEM=pci\n");
	assert_has(w->s, "log -c", "[    1.500000] [    C1] two\n");
	assert_output(w->s, "dmesg -a", "log: kernel audit log is empty\n");
	free_world(w);
}

static void memory_is_read_in_every_width(void **state)
{
	struct world *w = opened_world();

	assert_output(
		w->s, "rd linux_banner 2",
		"ffffffff80021800:  65762078756e694c 2e36206e6f697372   Linux version 6.\n");
	assert_output(w->s, "rd linux_banner",
		      "ffffffff80021800:  65762078756e694c                    Linux ve\n");
	assert_output(w->s, "rd -x linux_banner", "ffffffff80021800:  65762078756e694c \n");
	assert_output(
		w->s, "rd -8 linux_banner 3",
		"ffffffff80021800:  4c 69 6e                                          Lin\n");
	assert_output(
		w->s, "rd -16 linux_banner 2",
		"ffffffff80021800:  694c 756e                                 Linu\n");
	assert_output(w->s, "rd -32 ffffffff80021800 1",
		      "ffffffff80021800:  756e694c                              Linu\n");
	assert_output(w->s, "rd -d panic_cpu", "ffffffff80005070:                0 \n");
	assert_output(w->s, "rd -a linux_banner",
		      "ffffffff80021800:  Linux version 6.1.0-gen (gen)\n");
	assert_output(w->s, "rd -a linux_banner 5", "ffffffff80021800:  Linux\n");
	assert_output(w->s, "rd -o 16 -e ffffffff80021818 linux_banner",
		      "ffffffff80021810:  206e65672d302e31                    1.0-gen \n");
	assert_output(w->s, "rd -p 21800",
		      "           21800:  65762078756e694c                    Linux ve\n");
	free_world(w);
}

static void user_memory_is_that_of_the_context(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "rd -u -a 400100", "          400100:  prog\n");
	run(w->s, "set 2", SHELL_DONE);
	assert_fails(w->s, "rd -u 400100", "rd: task 2 has no memory of its own\n");
	assert_fails(w->s, "rd -u linux_banner", "rd: invalid user virtual address: ");
	free_world(w);
}

static void what_cannot_be_read_is_a_sentence(void **state)
{
	struct world *w = opened_world();

	assert_fails(w->s, "rd ffffc90000000000", "rd: virtual address 0xffffc90000000000");
	assert_fails(w->s, "rd nothing", "rd: symbol not found: nothing\n");
	assert_fails(w->s, "rd linux_banner 0", "invalid count request: 0\n");
	assert_fails(w->s, "rd -7 linux_banner", "invalid option -- '7'\nUsage:\n  rd ");
	assert_fails(w->s, "rd -15 linux_banner", "widths");
	assert_fails(w->s, "rd", "Usage:\n  rd ");
	assert_fails(w->s, "rd -32 -s linux_banner", "only allowed with 64-bit");
	assert_fails(w->s, "wr linux_banner 0", "wr: not allowed on dumpfiles");
	free_world(w);
}

static void addresses_are_translated(void **state)
{
	struct world *w = opened_world();

	assert_output(
		w->s, "ptov 1000",
		"VIRTUAL           PHYSICAL        \nffff888000001000  1000            \n");
	assert_output(w->s, "ptov 20:a",
		      "PER-CPU OFFSET: 20\n  CPU    VIRTUAL         \n"
		      "  [0]  20\n  [1]  120\n");
	assert_output(w->s, "ptob 1 a", "1: 1000\na: a000\n");
	assert_output(w->s, "btop 12345", "12345: 12\n");
	assert_output(w->s, "pte 8000000000020025",
		      "      PTE         PHYSICAL  FLAGS\n"
		      "8000000000020025     20000  (PRESENT|USER|ACCESSED|NX)\n");
	assert_output(w->s, "vtop 400123",
		      "VIRTUAL     PHYSICAL        \n400123      20123           \n\n"
		      "   PGD: 7000 => 8067\n   PUD: 8000 => 9067\n   PMD: 9010 => a067\n"
		      "   PTE: a000 => 8000000000020025\n  PAGE: 20000\n\n"
		      "      PTE         PHYSICAL  FLAGS\n"
		      "8000000000020025     20000  (PRESENT|USER|ACCESSED|NX)\n\n");
	assert_has(w->s, "vtop linux_banner", "ffffffff80021800  21800           \n");
	assert_has(w->s, "vtop ffffc90000000000", "(not mapped)");
	free_world(w);
}

static void numbers_are_shown_as_crash_does(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "eval 128m",
		      "hexadecimal: 8000000  (128MB)\n    decimal: 134217728  \n"
		      "      octal: 1000000000\n     binary: "
		      "0000000000000000000000000000000000001000000000000000000000000000\n");
	assert_has(w->s, "eval -5", "    decimal: 18446744073709551611  (-5)\n");
	assert_has(w->s, "eval -b (1 | 8)", "   bits set: 3 0 \n");
	assert_fails(w->s, "eval", "Usage:");
	assert_output(w->s, "ascii 62696c2f7273752f 0a",
		      "62696c2f7273752f: /usr/lib\n"
		      "000000000000000a: <LF><NUL><NUL><NUL><NUL><NUL><NUL><NUL>\n");
	assert_has(w->s, "ascii", "  1 | SOH DC1  !   1   A   Q   a   q\n");
	assert_fails(w->s, "ascii zz", "invalid input: \"zz\"");
	assert_output(w->s, "p 0x10 + 5", "$1 = 21\n");
	assert_output(w->s, "px 16", "$2 = 0x10\n");
	assert_output(w->s, "p &linux_banner", "$3 = 0xffffffff80021800\n");
	free_world(w);
}

static void lists_are_followed_both_ways(void **state)
{
	struct world *w = opened_world();

	assert_output(w->s, "list -o 32 -h ffffffff80001000",
		      "ffffffff80001000\nffffffff80001200\nffffffff80001300\n"
		      "ffffffff80001400\nffffffff80001600\n");
	assert_output(w->s, "list 32 -r -H ffffffff80001020",
		      "ffffffff80001600\nffffffff80001400\nffffffff80001300\n"
		      "ffffffff80001200\n");
	assert_output(w->s, "list -H ffffffff80001020 -e ffffffff80001320",
		      "ffffffff80001220\n");
	assert_output(w->s, "list ffffffff80001020 -e ffffffff80001320",
		      "ffffffff80001020\nffffffff80001220\n");
	assert_output(w->s, "list -B -H modules", "");
	/* The head is in a structure that is no entry. */
	assert_output(w->s, "list -o 32 -h ffffffff80001018 -O 8",
		      "ffffffff80001200\nffffffff80001300\n"
		      "ffffffff80001400\nffffffff80001600\n");
	assert_fails(w->s, "list -H modules -O 8", "-O needs -h");
	assert_fails(w->s, "list", "starting address required");
	assert_fails(w->s, "list -h -H modules", "exclude each other");
	assert_fails(w->s, "list -H modules -s nosuch.member -o 8 1 2", "Usage:");
	free_world(w);
}

static void a_list_that_loops_or_breaks_off_ends(void **state)
{
	struct world *w = new_world();
	const char *out;
	size_t lines = 0;

	gen_put64(&w->o.g, GEN_SESSION_TASK(GEN_TASK_HOSTILE) + GEN_TASK_TASKS,
		  GEN_SESSION_IMAGE + GEN_SESSION_TASK(GEN_TASK_KTHREADD) + GEN_TASK_TASKS);
	gen_put64(&w->o.g, GEN_SESSION_TASK(GEN_TASK_THREAD) + GEN_TASK_TASKS, 0xdead);
	open_world(w);
	out = run(w->s, "list -o 32 -h ffffffff80001000", SHELL_FAILED);
	assert_non_null(strstr(out, "list: duplicate list entry: ffffffff80001"));
	for (; *out; out++)
		lines += *out == '\n';
	assert_true(lines < 20);
	assert_fails(w->s, "list 32 ffffffff80001500", "ffffffff80001500\ndead\nlist: ");
	free_world(w);
}

enum {
	RB_ROOT = 0x22000, /* in a page that is else empty */
	RB_NODES = 0x22100,
};

static void put_rb_node(struct gen *g, u32 i, u32 parent, u32 left, u32 right)
{
	const u32 links[] = {parent, right, left};

	for (u32 n = 0; n < 3; n++)
		gen_put64(g, RB_NODES + 0x20 * i + 8 * n,
			  links[n] ? GEN_SESSION_IMAGE + RB_NODES + 0x20 * links[n] : 0);
}

static struct world *new_world_with_tree(void)
{
	struct world *w = new_world();

	buf_add_str(&w->o.g.vmcoreinfo,
		    "OFFSET(rb_root.rb_node)=0\nOFFSET(rb_node.__rb_parent_color)=0\n"
		    "OFFSET(rb_node.rb_right)=8\nOFFSET(rb_node.rb_left)=16\n");
	gen_put64(&w->o.g, RB_ROOT, GEN_SESSION_IMAGE + RB_NODES + 0x20);
	put_rb_node(&w->o.g, 1, 0, 2, 3);
	put_rb_node(&w->o.g, 2, 1, 0, 0);
	put_rb_node(&w->o.g, 3, 1, 4, 0);
	put_rb_node(&w->o.g, 4, 3, 0, 0);
	return w;
}

static void trees_are_shown_top_down_or_sorted(void **state)
{
	struct world *w = new_world_with_tree();

	open_world(w);
	assert_output(w->s, "tree ffffffff80022000",
		      "ffffffff80022120\nffffffff80022140\nffffffff80022160\n"
		      "ffffffff80022180\n");
	assert_output(w->s, "tree -t rb -l -o 16 ffffffff80022000",
		      "ffffffff80022130\nffffffff80022110\nffffffff80022170\n"
		      "ffffffff80022150\n");
	assert_output(w->s, "tree -r 0x1000 ffffffff80021000 -p",
		      "ffffffff80022120\n  position: root\n"
		      "ffffffff80022140\n  position: root/l\n"
		      "ffffffff80022160\n  position: root/r\n"
		      "ffffffff80022180\n  position: root/r/l\n");
	assert_output(w->s, "tree -N ffffffff80022160",
		      "ffffffff80022160\nffffffff80022180\n");
	free_world(w);
}

static void what_is_broken_in_a_tree_is_told_behind_the_rest(void **state)
{
	struct world *w = new_world_with_tree();

	put_rb_node(&w->o.g, 2, 3, 0, 0);
	open_world(w);
	assert_fails(w->s, "tree ffffffff80022000",
		     "ffffffff80022120\nffffffff80022160\nffffffff80022180\ntree: ");
	assert_fails(w->s, "tree ffffffff80022000", "rb_node at 0xffffffff80022140");
	free_world(w);
}

static void tree_says_what_it_does_not_take(void **state)
{
	struct world *w = opened_world();

	assert_fails(w->s, "tree", "a starting address is required");
	assert_fails(w->s, "tree -t bogus 1000", "invalid tree type: bogus");
	assert_fails(w->s, "tree -t r 1000", "invalid tree type: r");
	assert_fails(w->s, "tree 0", "invalid start argument: 0");
	assert_fails(w->s, "tree -t x -l 1000", "-l option is not applicable");
	assert_fails(w->s, "tree -t maple -o 8 1000", "-o option is not applicable");
	assert_fails(w->s, "tree -v 1000", "-v option is applicable to maple trees only");
	assert_fails(w->s, "tree -t ra ffffffff80022000", "xa_node");
	assert_fails(w->s, "tree -t m ffffffff80022000", "maple_tree");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ps_has_crashs_columns),
		cmocka_unit_test(ps_takes_filters_and_names),
		cmocka_unit_test(ps_shows_when_tasks_ran),
		cmocka_unit_test(ps_shows_relations),
		cmocka_unit_test(parents_that_are_each_others_children_end),
		cmocka_unit_test(ps_shows_arguments_that_are_in_the_dump),
		cmocka_unit_test(the_context_is_the_task_that_panicked),
		cmocka_unit_test(foreach_chooses_by_state_name_and_kind),
		cmocka_unit_test(a_task_without_registers_or_stack_says_so),
		cmocka_unit_test(sys_is_the_banner),
		cmocka_unit_test(the_banner_ends_with_the_context),
		cmocka_unit_test(the_log_comes_in_several_dresses),
		cmocka_unit_test(memory_is_read_in_every_width),
		cmocka_unit_test(user_memory_is_that_of_the_context),
		cmocka_unit_test(what_cannot_be_read_is_a_sentence),
		cmocka_unit_test(addresses_are_translated),
		cmocka_unit_test(numbers_are_shown_as_crash_does),
		cmocka_unit_test(lists_are_followed_both_ways),
		cmocka_unit_test(a_list_that_loops_or_breaks_off_ends),
		cmocka_unit_test(trees_are_shown_top_down_or_sorted),
		cmocka_unit_test(what_is_broken_in_a_tree_is_told_behind_the_rest),
		cmocka_unit_test(tree_says_what_it_does_not_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
