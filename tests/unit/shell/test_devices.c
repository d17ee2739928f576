/* Commands about files, mounts, devices and I/O. */
#include "world.h"

#include "gen_files.h"
#include "gen_io.h"
#include "gen_net.h"
#include "kernel/xa_node_btf.h"

static struct world *opened_devices(void)
{
	struct world *w = new_world();

	gen_io_add(&w->o.g);
	gen_files_add(&w->o.g);
	gen_net_add(&w->o.g);
	put_xa_node_btf(&w->o.g);
	open_world(w);
	return w;
}

#define WORKER                                                                             \
	"PID: 10       TASK: ffffffff80001400  CPU: 1    COMMAND: \"worker\"\n"            \
	"ROOT: /    CWD: /data"
#define HEADING " FD       FILE            DENTRY           INODE       TYPE PATH\n"
#define FILE_ROW                                                                           \
	"  0 ffffffff80024e00 ffffffff800242c0 ffffffff80024460 REG  /data/file\\x1b[m\n"
#define PIPE_ROW "  2 ffffffff80024e40 ffffffff80024300 ffffffff80024480 FIFO \n"
#define SOCKET_ROW                                                                         \
	" 65 ffffffff80024e80 ffffffff80024340 ffffffff800244a0 SOCK INET-DGRAM\n"

static void files_has_crashs_columns(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "files 10",
		      WORKER "\n" HEADING FILE_ROW PIPE_ROW SOCKET_ROW "\n");
	assert_output(w->s, "files 2",
		      "PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: "
		      "\"kthreadd\"\nROOT:     CWD: \nNo open files\n");
	free_world(w);
}

static void files_counts_pages_of_the_cache(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "files -c 10",
		      WORKER
		      "\n"
		      " FD      INODE          I_MAPPING     NRPAGES TYPE PATH\n"
		      "  0 ffffffff80024460 ffffffff80024470       3 REG  "
		      "/data/file\\x1b[m\n"
		      "  2 ffffffff80024480 ffffffff80024490       4 FIFO \n"
		      " 65 ffffffff800244a0 ffffffff800244b0       5 SOCK INET-DGRAM\n\n");
	free_world(w);
}

static void files_finds_references(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "foreach files -R data/f", WORKER " \n" HEADING FILE_ROW "\n");
	assert_output(w->s, "files -R 2 10", WORKER " \n" HEADING PIPE_ROW "\n");
	assert_output(w->s, "files -R ffffffff80024340 10",
		      WORKER " \n" HEADING SOCKET_ROW "\n");
	assert_output(w->s, "foreach files -R nothing", "");
	free_world(w);
}

static void files_shows_a_dentry_by_itself(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "files -d ffffffff800242c0",
		      "     DENTRY           INODE           SUPERBLK     TYPE PATH\n"
		      "ffffffff800242c0 ffffffff80024460 ffffffff80024680 REG  "
		      "/data/file\\x1b[m\n");
	assert_fails(w->s, "files -d 10", "files: ");
	assert_fails(w->s, "files nobody", "invalid task or pid value: nobody");
	free_world(w);
}

#define MOUNTS "     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME\n"
#define ROOT   "ffffffff80024000 ffffffff80024600 rootfs rootfs    /         \n"
#define DATA   "ffffffff80024080 ffffffff80024680 ext4   /dev/sda1 /data     \n"

static void mount_has_crashs_columns(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "mount", MOUNTS ROOT DATA);
	assert_output(w->s, "mount -n 10", MOUNTS ROOT DATA);
	free_world(w);
}

static void mount_takes_all_that_names_one(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "mount /data", MOUNTS DATA);
	assert_output(w->s, "mount /dev/sda1", MOUNTS DATA);
	assert_output(w->s, "mount ffffffff80024000", MOUNTS ROOT);
	assert_output(w->s, "mount ffffffff80024680", MOUNTS DATA); /* super_block */
	assert_output(w->s, "mount ffffffff800242c0", MOUNTS DATA); /* dentry */
	assert_output(w->s, "mount ffffffff80024460", MOUNTS DATA); /* inode */
	assert_fails(w->s, "mount /nowhere", "nothing is mounted that /nowhere names");
	assert_fails(w->s, "mount -f", "-f: kernels since 3.13");
	assert_fails(w->s, "mount -n 99", "invalid task or pid value: 99");
	free_world(w);
}

static void dev_shows_numbers_and_drivers(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "dev",
		      "CHRDEV    NAME                 CDEV        OPERATIONS      \n"
		      "   4      tty            ffffffff80027200  ffffffff80021000\n"
		      "   4      ttyS           ffffffff80027220  ffffffff80021000\n"
		      " 260      none                (none)     \n"
		      "\nBLKDEV    NAME                GENDISK      OPERATIONS      \n"
		      "   8      sd             ffffffff80022800  ffffffff80021000\n");
	free_world(w);
}

static void dev_counts_what_is_in_flight(void **state)
{
	static const char heading[] = "MAJOR GENDISK            NAME       REQUEST_QUEUE   "
				      "   TOTAL  READ WRITE \n";
	static const char sda[] = "    8 ffffffff80022800   sda        ffffffff80022c00    "
				  "   3     2     1 \n";
	struct world *w = opened_devices();
	char expected[512];

	snprintf(
		expected, sizeof(expected), "%s%s%s", heading, sda,
		"  253 ffffffff80022900   dm-0\\x1b[m ffffffff80022c80       0     0     0 \n");
	assert_output(w->s, "dev -d", expected);
	snprintf(expected, sizeof(expected), "%s%s", heading, sda);
	assert_output(w->s, "dev -D", expected);
	free_world(w);
}

static void dev_shows_ports_and_memory(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "dev -i",
		      "    RESOURCE        RANGE    NAME\n"
		      "ffffffff80028000  0000-ffff  PCI IO\n"
		      "ffffffff80028040  0020-003f  bus\n"
		      "ffffffff80028080  0020-0021  pic\\x0a\n"
		      "ffffffff800280c0  0040-0043  timer\n"
		      "\n    RESOURCE            RANGE        NAME\n"
		      "ffffffff80028200  00000000-ffffffffff  PCI mem\n");
	free_world(w);
}

static void irq_shows_who_handles_what(void **state)
{
	static const char heading[] = " IRQ   IRQ_DESC/_DATA      IRQACTION      NAME\n";
	static const char zero[] =
		"  0   ffffffff80029100  ffffffff80029240  \"timer\"\n"
		"                         ffffffff80029280  \"other\\x1b\"\n";
	struct world *w = opened_devices();
	char expected[512];

	snprintf(expected, sizeof(expected), "%s%s%s", heading, zero,
		 "  1       (unused)          (unused)      \n"
		 "  2       (unused)          (unused)      \n");
	assert_output(w->s, "irq", expected);
	snprintf(expected, sizeof(expected), "%s%s", heading, zero);
	assert_output(w->s, "irq -u", expected);
	assert_output(w->s, "irq 0", expected);
	assert_fails(w->s, "irq 3", "invalid IRQ value: 3  (2 max)");
	assert_fails(w->s, "irq -a 3", "Usage:");
	free_world(w);
}

static void irq_counts_by_cpu(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "irq -s",
		      "           CPU0       CPU1 \n"
		      "  0:        140          7  IO-APIC-edge     timer,other\\x1b\n");
	assert_output(w->s, "irq -s -c 1",
		      "           CPU1 \n"
		      "  0:          7  IO-APIC-edge     timer,other\\x1b\n");
	assert_output(w->s, "irq -a",
		      "IRQ NAME                 AFFINITY\n"
		      "  0 timer,other\\x1b      0-1\n");
	free_world(w);
}

static void irq_shows_softirqs_and_gates(void **state)
{
	struct world *w = opened_devices();
	const char *out;

	assert_output(w->s, "irq -b",
		      "SOFTIRQ_VEC      ACTION     \n"
		      "    [0]     ffffffff80021000  <>\n");
	out = run(w->s, "irq -d", SHELL_DONE);
	assert_non_null(strstr(out, "\n  [1] ffffffff80021000\n"));
	free_world(w);
}

#define INTERFACES                                                                         \
	"   NET_DEVICE     NAME       IP ADDRESS(ES)\n"                                    \
	"ffffffff8002c100  lo         127.0.0.1, ::1\n"                                    \
	"ffffffff8002c200  eth0       \n"

static void net_shows_interfaces_and_neighbours(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "net", INTERFACES);
	assert_output(w->s, "net -n 10", INTERFACES);
	assert_output(w->s, "net -a",
		      "NEIGHBOUR        IP ADDRESS      HW TYPE    HW ADDRESS         "
		      "DEVICE  STATE\n"
		      "ffffffff8002c500 10.0.0.2        ETHER      50:51:52:53:54:55  "
		      "eth0    STALE\n");
	assert_output(w->s, "net -N 1041236234", "10.1.16.62\n");
	free_world(w);
}

static void net_shows_sockets(void **state)
{
	static const char task[] = "PID: 10       TASK: ffffffff80001400  CPU: 1    "
				   "COMMAND: \"worker\"\n";
	static const char row[] =
		"FD      SOCKET            SOCK       FAMILY:TYPE SOURCE-PORT "
		"DESTINATION-PORT\n"
		"65 ffffffff80024f00 ffffffff80024f40 INET:DGRAM         10.0.0.1-5353 "
		"        10.0.0.2-53   \n";
	struct world *w = opened_devices();
	char expected[512];

	snprintf(expected, sizeof(expected), "%s%s", task, row);
	assert_output(w->s, "net -s 10", expected);
	snprintf(expected, sizeof(expected), "%s%s\n", task, row);
	assert_output(w->s, "foreach net -s -R 65", expected);
	assert_output(w->s, "foreach net -s -R 66", "");
	assert_output(w->s, "net -s 2",
		      "PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: "
		      "\"kthreadd\"\nNo open sockets.\n");
	assert_fails(w->s, "foreach net", "-s or -S is required");
	free_world(w);
}

#define PROGRAM                                                                            \
	" ID     BPF_PROG       BPF_PROG_AUX   BPF_PROG_TYPE       TAG        USED_MAPS\n" \
	"  0 ffffffff8002c600 ffffffff8002c640       2       08192a3b4c5d6e7f     0    \n"
#define MAP                                                                                \
	" ID     BPF_MAP       BPF_MAP_TYPE   MAP_FLAGS\n"                                 \
	"  0 ffffffff8002c700        1         00000012\n"

static void bpf_shows_programs_and_maps(void **state)
{
	struct world *w = opened_devices();

	assert_output(w->s, "bpf", PROGRAM "\n" MAP);
	assert_output(w->s, "bpf -p 0",
		      PROGRAM
		      "     XLATED: 296  JITED: 229  MEMLOCK: 4096\n"
		      "     LOAD_TIME: 5.000000001 seconds after boot\n"
		      "     GPL_COMPATIBLE: yes  NAME: \"probe\\x1b\"  UID: 1000\n");
	assert_output(w->s, "bpf -M",
		      MAP "     KEY_SIZE: 4  VALUE_SIZE: 8  MAX_ENTRIES: 10000\n"
			  "     NAME: \"counts\"\n");
	assert_fails(w->s, "bpf -p 1", "invalid program ID: 1");
	assert_fails(w->s, "bpf -m 7", "invalid map ID: 7");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_has_crashs_columns),
		cmocka_unit_test(files_counts_pages_of_the_cache),
		cmocka_unit_test(files_finds_references),
		cmocka_unit_test(files_shows_a_dentry_by_itself),
		cmocka_unit_test(mount_has_crashs_columns),
		cmocka_unit_test(mount_takes_all_that_names_one),
		cmocka_unit_test(dev_shows_numbers_and_drivers),
		cmocka_unit_test(dev_counts_what_is_in_flight),
		cmocka_unit_test(dev_shows_ports_and_memory),
		cmocka_unit_test(irq_shows_who_handles_what),
		cmocka_unit_test(irq_counts_by_cpu),
		cmocka_unit_test(irq_shows_softirqs_and_gates),
		cmocka_unit_test(net_shows_interfaces_and_neighbours),
		cmocka_unit_test(net_shows_sockets),
		cmocka_unit_test(bpf_shows_programs_and_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
