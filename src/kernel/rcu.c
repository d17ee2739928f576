#include "kernel/rcu.h"

#include "kernel/field.h"

#define MAX_READERS 4096 /* of one node, that were preempted */

struct walk {
	struct kernel *k;
	struct field my_node, bit;		/* of rcu_data */
	struct field waits_for, readers, stuck; /* of rcu_node */
	struct field entry;			/* of task_struct */
	struct rcu_wait *wait;
};

static void take_cpu(struct walk *w, unsigned cpu, vaddr_t node)
{
	struct rcu_wait *r = w->wait;

	if (r->num_cpus < RCU_MAX_TASKS) {
		r->cpus[r->num_cpus].number = cpu;
		r->cpus[r->num_cpus].node = node;
	} else {
		r->is_cut = true;
	}
	r->num_cpus++;
}

static void take_task(struct walk *w, vaddr_t task)
{
	struct rcu_wait *r = w->wait;

	if (r->num_tasks < RCU_MAX_TASKS)
		r->tasks[r->num_tasks] = task;
	else
		r->is_cut = true;
	r->num_tasks++;
}

/* Readers are put in at the head of the list; from `gp_tasks` on to its end they are those
 * that the grace period waits for. Without CONFIG_PREEMPT_RCU there are none. */
static struct err *take_readers(struct walk *w, vaddr_t node)
{
	vaddr_t head = node + w->readers.offset, at;
	struct err *err;

	if (!w->readers.present || !w->stuck.present || !w->entry.present)
		return NULL;
	err = field_read(w->k, node, &w->stuck, &at);
	for (unsigned i = 0; !err && at && at != head; i++) {
		if (i == MAX_READERS)
			return err_new(ERR_BAD_DATA,
				       "the list of readers of the rcu_node at 0x%llx does "
				       "not end",
				       (unsigned long long)node);
		take_task(w, at - w->entry.offset);
		err = kernel_read_ptr(w->k, at, &at);
	}
	return err;
}

static bool is_known(const vaddr_t *nodes, size_t count, vaddr_t node)
{
	for (size_t i = 0; i < count; i++)
		if (nodes[i] == node)
			return true;
	return false;
}

/* The leaf of the tree that @cpu reports to. */
static struct err *read_cpu(struct walk *w, unsigned cpu, vaddr_t *ret_node)
{
	u64 bit = 0, waits_for = 0;
	vaddr_t data, node = 0;
	struct err *err = kernel_percpu_symbol(w->k, "rcu_data", cpu, &data);

	if (!err)
		err = field_read(w->k, data, &w->my_node, &node);
	if (!err)
		err = field_read(w->k, data, &w->bit, &bit);
	if (!err)
		err = field_read(w->k, node, &w->waits_for, &waits_for);
	if (err)
		return err;
	if (waits_for & bit)
		take_cpu(w, cpu, node);
	*ret_node = node;
	return NULL;
}

static struct err *find_fields(struct walk *w)
{
	struct err *err = field_get(w->k, "rcu_data", "mynode", &w->my_node);

	if (!err)
		err = field_get(w->k, "rcu_data", "grpmask", &w->bit);
	if (!err)
		err = field_get(w->k, "rcu_node", "qsmask", &w->waits_for);
	if (err)
		return err;
	w->readers = field_find(w->k, "rcu_node", "blkd_tasks");
	w->stuck = field_find(w->k, "rcu_node", "gp_tasks");
	w->entry = field_find(w->k, "task_struct", "rcu_node_entry");
	return NULL;
}

struct err *rcu_wait_read(struct kernel *k, const struct cpu_table *cpus,
			  struct rcu_wait *ret)
{
	cleanup(freep) vaddr_t *nodes = calloc(cpus->count + 1, sizeof(*nodes));
	struct rcu_wait wait = {0};
	struct walk w = {.k = k, .wait = &wait};
	size_t num_nodes = 0;
	struct err *err = nodes ? find_fields(&w) : err_nomem();

	if (err)
		return err_wrap(err, "what RCU waits for");
	for (size_t i = 0; i < cpus->count; i++) {
		vaddr_t node;

		err = read_cpu(&w, cpus->cpus[i].number, &node);
		if (!err && !is_known(nodes, num_nodes, node)) {
			nodes[num_nodes++] = node;
			err = take_readers(&w, node);
		}
		wait.is_cut |= err != NULL;
		err_ignore(err);
	}
	*ret = wait;
	return NULL;
}
