/* Signals, wait queues, System V IPC. */
#include "task_world.h"

#include "kernel/typed_kernel.h"

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

static struct world *new_signals(void)
{
	struct world *w = new_task_world();
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
	out = run(w->s, "sig 2", SHELL_DONE);
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
	assert_non_null(strstr(run(w->s, "sig 2", SHELL_DONE), "more than 4096 signals"));
	free_world(w);
}

static void sig_knows_the_names_of_signals(void **state)
{
	struct world *w = new_task_world();

	open_world(w);
	assert_output(w->s, "sig -s 800A000000000201",
		      "SIGHUP SIGUSR1 SIGRTMAX-14 SIGRTMAX-12 SIGRTMAX\n");
	assert_output(w->s, "sig -s 0", "(none)\n");
	assert_fails(w->s, "sig -s zz", "invalid sigset: zz");
	assert_non_null(
		strstr(run(w->s, "sig -l", SHELL_DONE), " [9] SIGKILL\n[10] SIGUSR1\n"));
	assert_fails(w->s, "sig nobody", "sig: invalid task or pid value: nobody\n");
	free_world(w);
}

/* ---- waitq ---- */

#define SOME_WAIT 0x5a80

static void waitq_shows_tasks_and_what_has_none(void **state)
{
	struct world *w = new_task_world();
	u64 head = SOME_WAIT + 8, first = FREE, second = FREE + 0x40;

	put(w, head, IMAGE + first + 16);
	put(w, first, TASK(GEN_TASK_KTHREADD));
	put(w, first + 16, IMAGE + second + 16);
	put(w, second + 8, 0x1234); /* its function; it has no task */
	put(w, second + 16, IMAGE + head);
	open_world(w);
	assert_output(
		w->s, "waitq some_wait",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"WAITER: ffffffff8000b040  FUNCTION: 1234  (no task)\n");
	assert_fails(w->s, "waitq zzz", "waitq: cannot resolve \"zzz\"\n");
	assert_fails(w->s, "waitq task_struct.wait_chldexit",
		     "must supply an address for task_struct\n");
	assert_fails(w->s, "waitq", "Usage:");
	free_world(w);
}

static void an_empty_queue_and_one_that_loops_are_told(void **state)
{
	struct world *w = new_task_world();

	empty_list(w, SOME_WAIT + 8);
	put(w, FREE + 8, IMAGE + FREE + 0x100 + 16); /* a queue that never comes back */
	put(w, FREE + 0x100 + 16, IMAGE + FREE + 0x100 + 16);
	open_world(w);
	assert_output(w->s, "waitq some_wait",
		      "wait queue \"some_wait\" (ffffffff80005a80) is empty\n");
	assert_fails(w->s, "waitq ffffffff8000b000", "has more than 65536 waiters");
	assert_fails(w->s, "waitq ffffffff8000b800",
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
	struct shell *s;
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
	assert_success(shell_open(t->tiny->k, &o, &s));
	assert_output(
		s, "ipcs",
		"SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n"
		"ffffffff8000e300 000079d7 7          1000  666   90000      1      "
		"dest locked\n\n"
		"SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n"
		"ffffffff8000e100 000079d7 32769      1000  600   4         \n\n"
		"MSG_QUEUE        KEY      MSQID      UID   PERMS USED-BYTES   MESSAGES    \n"
		"(none allocated)\n\n");
	assert_output(
		s, "ipcs -M 7",
		"SHMID_KERNEL     KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n"
		"ffffffff8000e300 000079d7 7          1000  666   90000      1      "
		"dest locked\n"
		"PAGES ALLOCATED/RESIDENT/SWAPPED: 22/19/3\nINODE: ffffffff8000e500\n\n");
	assert_output(s, "ipcs ffffffff8000e100",
		      "SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n"
		      "ffffffff8000e100 000079d7 32769      1000  600   4         \n\n");
	assert_fails(s, "ipcs 8", "invalid id or address: 8\n");
	assert_fails(s, "ipcs zz", "not a valid number: zz");
	shell_close(s);
}

static void ipcs_looks_into_the_namespace_of_a_task(void **state)
{
	struct world *w = new_task_world();

	put_task(w, GEN_TASK_INIT, 131072, 0);
	open_world(w);
	assert_fails(w->s, "ipcs -n 1", "has no namespaces any more");
	assert_fails(w->s, "ipcs -n nobody", "invalid task or pid value: nobody");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sig_shows_handlers_and_what_waits),
		cmocka_unit_test(a_queue_of_signals_that_loops_ends),
		cmocka_unit_test(sig_knows_the_names_of_signals),
		cmocka_unit_test(waitq_shows_tasks_and_what_has_none),
		cmocka_unit_test(an_empty_queue_and_one_that_loops_are_told),
		cmocka_unit_test(ipcs_shows_objects_of_each_kind),
		cmocka_unit_test(ipcs_looks_into_the_namespace_of_a_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
