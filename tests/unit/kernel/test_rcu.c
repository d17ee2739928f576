/* What RCU waits for, over a crashed kernel that VMCOREINFO alone describes: two leaves
 * with two CPUs each. */
#include "opened_kernel.h"

#include "gen.h"
#include "kernel/rcu.h"

#define IMAGE	  0xffffffff80000000ULL
#define NUM_PAGES 32

enum {
	PERCPU = 0x11000,
	DATA = 0x14000, /* of CPU 0; 0x100 bytes each */
	NODES = 0x15000,
	TASKS = 0x16000,
	SIZE = 0x100,
	/* of rcu_data */
	MY_NODE = 0,
	BIT = 8,
	/* of rcu_node */
	WAITS_FOR = 0,
	READERS = 8,
	STUCK = 24,
	/* of task_struct */
	ENTRY = 32,
};

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80000000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
	"SYMBOL(__per_cpu_offset)=ffffffff80011000\nSYMBOL(rcu_data)=ffffffff80014000\n"
	"OFFSET(rcu_data.mynode)=0\nOFFSET(rcu_data.grpmask)=8\nOFFSET(rcu_node.qsmask)=0\n"
	"OFFSET(rcu_node.blkd_tasks)=8\nOFFSET(rcu_node.gp_tasks)=24\n"
	"OFFSET(task_struct.rcu_node_entry)=32\nOFFSET(list_head.next)=0\n";

struct world {
	struct opened_kernel o;
	struct cpu cpus[4];
	struct rcu_wait wait;
};

static vaddr_t node(unsigned n)
{
	return IMAGE + NODES + n * SIZE;
}

static vaddr_t entry(unsigned task)
{
	return IMAGE + TASKS + task * SIZE + ENTRY;
}

static void put(struct world *w, vaddr_t addr, u64 value)
{
	gen_put64(&w->o.g, addr - IMAGE, value);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->o.g, 12, 2 * NUM_PAGES);
	gen_ram(&w->o.g, 0, NUM_PAGES, GEN_PRESENT);
	buf_add_str(&w->o.g.vmcoreinfo, vmcoreinfo);
	for (unsigned n = 0; n < 4; n++) {
		w->cpus[n].number = n;
		put(w, IMAGE + PERCPU + 8 * n, n * SIZE);
		put(w, IMAGE + DATA + n * SIZE + MY_NODE, node(n / 2));
		put(w, IMAGE + DATA + n * SIZE + BIT, 1u << n % 2);
	}
	for (unsigned n = 0; n < 2; n++)
		put(w, node(n) + READERS, node(n) + READERS);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	opened_kernel_deinit(&w->o);
	free(w);
	return 0;
}

static struct err *read_wait(struct world *w)
{
	const struct cpu_table cpus = {.cpus = w->cpus, .count = 4};

	opened_kernel_open(&w->o);
	return rcu_wait_read(w->o.k, &cpus, &w->wait);
}

static void it_waits_for_the_cpus_whose_bits_are_set(void **state)
{
	struct world *w = *state;

	put(w, node(0) + WAITS_FOR, 2);
	put(w, node(1) + WAITS_FOR, 1);
	assert_success(read_wait(w));
	assert_int_equal(w->wait.num_cpus, 2);
	assert_int_equal(w->wait.cpus[0].number, 1);
	assert_int_equal(w->wait.cpus[0].node, node(0));
	assert_int_equal(w->wait.cpus[1].number, 2);
	assert_int_equal(w->wait.num_tasks, 0);
	assert_false(w->wait.is_cut);
}

static void it_waits_for_readers_from_the_marked_one_on(void **state)
{
	struct world *w = *state;

	/* The first began after the grace period did. */
	put(w, node(1) + READERS, entry(0));
	put(w, entry(0), entry(1));
	put(w, entry(1), entry(2));
	put(w, entry(2), node(1) + READERS);
	put(w, node(1) + STUCK, entry(1));
	assert_success(read_wait(w));
	assert_int_equal(w->wait.num_cpus, 0);
	assert_int_equal(w->wait.num_tasks, 2);
	assert_int_equal(w->wait.tasks[0], IMAGE + TASKS + SIZE);
	assert_int_equal(w->wait.tasks[1], IMAGE + TASKS + 2 * SIZE);
	assert_false(w->wait.is_cut);
}

static void a_list_of_readers_that_never_ends_is_cut(void **state)
{
	struct world *w = *state;

	put(w, entry(1), entry(2));
	put(w, entry(2), entry(1));
	put(w, node(0) + STUCK, entry(1));
	put(w, node(1) + WAITS_FOR, 2);
	assert_success(read_wait(w));
	assert_true(w->wait.is_cut);
	assert_int_equal(w->wait.num_cpus, 1);
	assert_int_equal(w->wait.cpus[0].number, 3);
}

static void a_leaf_that_cannot_be_read_leaves_the_others(void **state)
{
	struct world *w = *state;

	put(w, IMAGE + DATA + MY_NODE, IMAGE + 0x40000);
	put(w, node(0) + WAITS_FOR, 3);
	assert_success(read_wait(w));
	assert_true(w->wait.is_cut);
	assert_int_equal(w->wait.num_cpus, 1);
	assert_int_equal(w->wait.cpus[0].number, 1);
}

static void without_the_types_it_says_which_one_lacks(void **state)
{
	struct world *w = *state;

	buf_deinit(&w->o.g.vmcoreinfo);
	w->o.g.vmcoreinfo = BUF_INIT;
	buf_add_str(&w->o.g.vmcoreinfo, "OSRELEASE=6.1.0-gen\nPAGESIZE=4096\n");
	assert_failure(read_wait(w), ERR_ABSENT, "rcu_data");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_waits_for_the_cpus_whose_bits_are_set,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_waits_for_readers_from_the_marked_one_on,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_list_of_readers_that_never_ends_is_cut,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_leaf_that_cannot_be_read_leaves_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_the_types_it_says_which_one_lacks,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
