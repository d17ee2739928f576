#include "task_world.h"

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

void put(struct world *w, u64 at, u64 value)
{
	gen_put64(&w->o.g, at, value);
}

void put_task(struct world *w, unsigned n, u64 member, u64 value)
{
	put(w, GEN_SESSION_TASK(n) + member, value);
}

struct world *new_task_world(void)
{
	struct world *w = new_world();

	buf_add_str(&w->o.g.vmcoreinfo, members);
	return w;
}

void empty_list(struct world *w, u64 head)
{
	put(w, head, IMAGE + head);
	put(w, head + 8, IMAGE + head);
}
