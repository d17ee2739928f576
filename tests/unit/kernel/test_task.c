/* Lists of tasks and tables of CPUs, healthy and hostile, over a crashed kernel that
 * VMCOREINFO alone describes. */
#include "kernel/xa_node_btf.h"
#include "opened_kernel.h"

#include "gen.h"
#include "kernel/task.h"

#define IMAGE	  0xffffffff80000000ULL
#define NUM_PAGES 32
#define ABSENT	  (IMAGE + 0x40000) /* no page there */

/* Members of the types, all of 8 bytes. */
enum {
	PID = 0,
	COMM = 8,
	STATE = 24,
	TASKS = 32,
	THREAD_NODE = 48,
	SIGNAL = 64,
	ON_CPU = 72,
	PID_LINKS = 80
};

/* Where things lie in the image. Task n has its task_struct and its signal_struct. */
enum {
	INIT = 0x1000,
	SIGNALS = 0x8000,
	RUNQUEUES = 0x10000,
	PERCPU = 0x11000,
	MASKS = 0x12000,
	NOTES = 0x13000,
	PIDS = 0x14000,
	TASK_SIZE = 0x100,
};

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80000000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
	"SYMBOL(init_task)=ffffffff80001000\nSYMBOL(runqueues)=ffffffff80010000\n"
	"SYMBOL(__per_cpu_offset)=ffffffff80011000\nSYMBOL(nr_cpu_ids)=ffffffff80012000\n"
	"SYMBOL(__cpu_possible_mask)=ffffffff80012100\n"
	"SYMBOL(__cpu_present_mask)=ffffffff80012200\nSYMBOL(__cpu_online_mask)=ffffffff80012300\n"
	"SYMBOL(panic_cpu)=ffffffff80012400\nSYMBOL(crash_notes)=ffffffff80012500\n"
	"OFFSET(rq.curr)=0\nOFFSET(rq.idle)=8\nOFFSET(task_struct.pid)=0\n"
	"OFFSET(task_struct.comm)=8\nOFFSET(task_struct.__state)=24\n"
	"OFFSET(task_struct.tasks)=32\nOFFSET(task_struct.thread_node)=48\n"
	"OFFSET(task_struct.signal)=64\nOFFSET(task_struct.on_cpu)=72\n"
	"OFFSET(signal_struct.thread_head)=0\nOFFSET(list_head.next)=0\n"
	"OFFSET(list_head.prev)=8\n";

struct world {
	struct opened_kernel o;
	struct task_count count;
	struct buf names; /* of the tasks seen, each with a blank behind it */
};

static vaddr_t task(unsigned n)
{
	return IMAGE + INIT + n * TASK_SIZE;
}

static vaddr_t signal_of(unsigned n)
{
	return IMAGE + SIGNALS + n * 16;
}

static void put(struct world *w, vaddr_t addr, u64 value)
{
	gen_put64(&w->o.g, addr - IMAGE, value);
}

/* Make @next follow @node, both list_heads. */
static void link_nodes(struct world *w, vaddr_t node, vaddr_t next)
{
	put(w, node, next);
	put(w, next + 8, node);
}

static void put_task(struct world *w, unsigned n, unsigned leader)
{
	put(w, task(n) + PID, n);
	put(w, task(n) + COMM, 't' | (u64)('0' + n) << 8);
	put(w, task(n) + SIGNAL, signal_of(leader));
	if (n == leader) {
		link_nodes(w, signal_of(n), task(n) + THREAD_NODE);
		link_nodes(w, task(n) + THREAD_NODE, signal_of(n));
	}
}

/* init_task (t0), processes t1 to t4, and t5, t6 as threads of t2. One CPU, whose idle task
 * is init_task. */
static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->o.g, 12, 2 * NUM_PAGES);
	gen_ram(&w->o.g, 0, NUM_PAGES, GEN_PRESENT);
	buf_add_str(&w->o.g.vmcoreinfo, vmcoreinfo);
	for (unsigned n = 0; n < 5; n++)
		put_task(w, n, n);
	for (unsigned n = 0; n < 5; n++)
		link_nodes(w, task(n) + TASKS, task((n + 1) % 5) + TASKS);
	put_task(w, 5, 2);
	put_task(w, 6, 2);
	link_nodes(w, task(2) + THREAD_NODE, task(5) + THREAD_NODE);
	link_nodes(w, task(5) + THREAD_NODE, task(6) + THREAD_NODE);
	link_nodes(w, task(6) + THREAD_NODE, signal_of(2));
	put(w, IMAGE + MASKS, 1);
	put(w, IMAGE + MASKS + 0x100, 1);
	put(w, IMAGE + MASKS + 0x200, 1);
	put(w, IMAGE + MASKS + 0x300, 1);
	put(w, IMAGE + RUNQUEUES, task(3));
	put(w, IMAGE + RUNQUEUES + 8, task(0));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	opened_kernel_deinit(&w->o);
	buf_deinit(&w->names);
	free(w);
	return 0;
}

static void open_world(struct world *w)
{
	opened_kernel_open_cpus(&w->o);
}

static void take_name(void *ctx, const struct task *t)
{
	struct world *w = ctx;

	buf_printf(&w->names, "%s ", t->comm);
}

static void walk(struct world *w)
{
	open_world(w);
	assert_success(
		task_each(w->o.k, &w->o.cpus, &w->o.notices, take_name, w, &w->count));
}

static void processes_threads_and_idle_tasks_are_each_seen_once(void **state)
{
	struct world *w = *state;

	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t2 t5 t6 t3 t4 ");
	assert_int_equal(w->count.count, 7);
	assert_int_equal(w->count.num_idle, 1);
	assert_int_equal(w->count.num_breaks, 0);
	assert_int_equal(w->count.num_unreadable, 0);
}

static void a_list_that_loops_ends_and_is_walked_from_its_other_end(void **state)
{
	struct world *w = *state;

	put(w, task(2) + TASKS, task(1) + TASKS);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t2 t5 t6 t4 t3 ");
	assert_int_equal(w->count.num_breaks, 1);
	assert_true(opened_kernel_has_notice(&w->o, "loops"));
}

/* The IDs of one thread: an IDR with one entry has no nodes. */
static void put_pid(struct world *w, vaddr_t task)
{
	put(w, IMAGE + PIDS, IMAGE + PIDS + 16); /* idr.xa_head */
	put(w, IMAGE + PIDS + 16 + 8, task + PID_LINKS);
	buf_add_str(&w->o.g.vmcoreinfo,
		    "SYMBOL(init_pid_ns)=ffffffff80014000\nOFFSET(pid_namespace.idr)=0\n"
		    "OFFSET(xarray.xa_head)=0\nOFFSET(pid.tasks)=8\n"
		    "OFFSET(task_struct.pid_links)=80\n");
	gen_ram(&w->o.g, XA_NODE_BTF >> 12, 1, GEN_PRESENT);
	put_xa_node_btf(&w->o.g);
}

static void who_is_between_two_breaks_is_found_by_the_process_ids(void **state)
{
	struct world *w = *state;

	put(w, task(1) + TASKS, ABSENT + TASKS);
	put(w, task(4) + TASKS + 8, ABSENT + TASKS);
	put_pid(w, task(3));
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t4 t3 ");
	assert_true(w->count.num_breaks >= 1);
	assert_true(opened_kernel_has_notice(
		&w->o, "1 more were found through their process IDs"));
}

static void process_ids_are_not_asked_where_the_list_is_whole(void **state)
{
	struct world *w = *state;

	put_pid(w, ABSENT);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t2 t5 t6 t3 t4 ");
	assert_int_equal(w->count.num_unreadable, 0);
}

static void a_list_that_leads_nowhere_is_walked_from_its_other_end(void **state)
{
	struct world *w = *state;

	put(w, task(1) + TASKS, ABSENT + TASKS);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t4 t3 t2 t5 t6 ");
	assert_true(w->count.num_breaks >= 1);
	assert_int_equal(w->count.num_unreadable, 1);
}

static void threads_that_loop_end(void **state)
{
	struct world *w = *state;

	put(w, task(6) + THREAD_NODE, task(5) + THREAD_NODE);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t2 t5 t6 t3 t4 ");
	assert_int_equal(w->count.num_breaks, 1);
}

static void threads_that_lead_to_their_process_again_end(void **state)
{
	struct world *w = *state;

	put(w, task(6) + THREAD_NODE, task(2) + THREAD_NODE);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 t1 t2 t5 t6 t3 t4 ");
	assert_int_equal(w->count.num_breaks, 1);
}

static void an_empty_list_is_whole(void **state)
{
	struct world *w = *state;

	link_nodes(w, task(0) + TASKS, task(0) + TASKS);
	walk(w);
	assert_string_equal(buf_text(&w->names), "t0 ");
	assert_int_equal(w->count.num_breaks, 0);
}

static void the_panic_cpu_and_its_task_are_known(void **state)
{
	struct world *w = *state;

	open_world(w);
	assert_int_equal(w->o.cpus.count, 1);
	assert_true(w->o.cpus.has_panic_cpu);
	assert_int_equal(w->o.cpus.panic_cpu, 0);
	assert_int_equal(w->o.cpus.cpus[0].curr, task(3));
	assert_ptr_equal(cpu_find_task(&w->o.cpus, task(3)), &w->o.cpus.cpus[0]);
}

static void without_a_panic_there_is_no_panic_cpu(void **state)
{
	struct world *w = *state;

	put(w, IMAGE + MASKS + 0x400, UINT32_MAX);
	open_world(w);
	assert_false(w->o.cpus.has_panic_cpu);
}

static void an_absurd_number_of_cpus_is_not_believed(void **state)
{
	struct world *w = *state;

	put(w, IMAGE + MASKS, UINT32_MAX);
	memset(w->o.g.memory + MASKS + 0x100, 0xff, 0x300);
	open_world(w);
	assert_int_equal(w->o.cpus.count, 64);
	assert_true(
		opened_kernel_has_notice(&w->o, "CPU 1, 2, 3, 4, 5, 6, 7, 8 and 55 more"));
	assert_true(w->o.notices.count < 5);
}

/* Four CPUs that are plugged in, of which number 2 is offline. */
static void put_four_cpus(struct world *w)
{
	put(w, IMAGE + MASKS, 8);
	put(w, IMAGE + MASKS + 0x100, 0xff);
	put(w, IMAGE + MASKS + 0x200, 0x0f);
	put(w, IMAGE + MASKS + 0x300, 0x0b);
	for (unsigned n = 0; n < 4; n++)
		put(w, IMAGE + PERCPU + n * 8, n * 0x400);
}

static u64 rip_of(struct world *w, unsigned cpu)
{
	const struct cpu *c = cpu_find(&w->o.cpus, cpu);
	u64 rip = 0;

	assert_non_null(c);
	assert_true(c->has_regs);
	assert_true(regs_get(&c->regs, X86_64_RIP, &rip));
	return rip;
}

static void notes_of_a_hypervisor_are_those_of_all_cpus_plugged_in(void **state)
{
	struct world *w = *state;

	put_four_cpus(w);
	w->o.g.num_cpus = 4;
	open_world(w);
	assert_int_equal(w->o.cpus.count, 8);
	assert_int_equal(w->o.cpus.num_present, 4);
	assert_int_equal(w->o.cpus.num_online, 3);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(rip_of(w, n), GEN_RIP + n);
}

static void notes_of_a_kernel_are_those_of_the_cpus_online(void **state)
{
	struct world *w = *state;

	put_four_cpus(w);
	w->o.g.num_cpus = 3;
	open_world(w);
	assert_int_equal(rip_of(w, 0), GEN_RIP);
	assert_int_equal(rip_of(w, 1), GEN_RIP + 1);
	assert_int_equal(rip_of(w, 3), GEN_RIP + 2);
	assert_false(cpu_find(&w->o.cpus, 2)->has_regs);
}

/* The note that @cpu wrote when it was stopped, with @rip. */
static void put_crash_note(struct world *w, unsigned cpu, u64 rip)
{
	paddr_t at = NOTES + cpu * 0x400;

	gen_put32(&w->o.g, at, 5);
	gen_put32(&w->o.g, at + 4, 336);
	gen_put32(&w->o.g, at + 8, 1);
	memcpy(w->o.g.memory + at + 12, "CORE", 5);
	gen_put64(&w->o.g, at + 20 + 112 + 16 * 8, rip);
}

static void a_cpu_that_left_no_note_does_not_shift_the_others(void **state)
{
	struct world *w = *state;

	put_four_cpus(w);
	w->o.g.num_cpus = 2;
	put(w, IMAGE + MASKS + 0x500, IMAGE + NOTES);
	put_crash_note(w, 1, 0xffffffff80001234);
	put_crash_note(w, 3, 0xffffffff80005678);
	open_world(w);
	assert_int_equal(rip_of(w, 1), 0xffffffff80001234);
	assert_int_equal(rip_of(w, 3), 0xffffffff80005678);
	assert_false(cpu_find(&w->o.cpus, 0)->has_regs);
	assert_true(
		opened_kernel_has_notice(&w->o, "did not answer when told to stop: CPU 0"));
	assert_false(opened_kernel_has_notice(&w->o, "stop: CPU 0, 2"));
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(processes_threads_and_idle_tasks_are_each_seen_once),
		WORLD_TEST(a_list_that_loops_ends_and_is_walked_from_its_other_end),
		WORLD_TEST(a_list_that_leads_nowhere_is_walked_from_its_other_end),
		WORLD_TEST(who_is_between_two_breaks_is_found_by_the_process_ids),
		WORLD_TEST(process_ids_are_not_asked_where_the_list_is_whole),
		WORLD_TEST(threads_that_loop_end),
		WORLD_TEST(threads_that_lead_to_their_process_again_end),
		WORLD_TEST(an_empty_list_is_whole),
		WORLD_TEST(the_panic_cpu_and_its_task_are_known),
		WORLD_TEST(without_a_panic_there_is_no_panic_cpu),
		WORLD_TEST(an_absurd_number_of_cpus_is_not_believed),
		WORLD_TEST(notes_of_a_hypervisor_are_those_of_all_cpus_plugged_in),
		WORLD_TEST(notes_of_a_kernel_are_those_of_the_cpus_online),
		WORLD_TEST(a_cpu_that_left_no_note_does_not_shift_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
