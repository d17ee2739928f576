#include "analyse/panic.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "library/library_priv.h"

#include <inquest/tasks.h>
#include <string.h>

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

static struct err *read_tasks(struct inquest *q)
{
	struct notices *n = dump_notices(q->d);
	struct err *err = NULL;

	if (q->tasks.by_address)
		return NULL;
	if (!q->cpus.cpus)
		err = cpu_table_read(q->k, n, &q->cpus);
	return err ? err : task_table_read(q->k, &q->cpus, n, &q->tasks);
}

static bool tell_task(const struct task_row *row,
		      bool (*each)(void *ctx, const struct inquest_task *t), void *ctx)
{
	const struct task *t = &row->task;
	struct inquest_task task = {.address = t->addr,
				    .pid = t->pid,
				    .tgid = t->tgid,
				    .state = task_state_letter(t),
				    .is_kernel_thread = t->flags & PF_KTHREAD,
				    .has_cpu = t->has_cpu,
				    .cpu = t->cpu,
				    .is_running = t->is_on_cpu,
				    .last_run_ns = row->last_run_ns};

	_Static_assert(sizeof(task.comm) == sizeof(t->comm), "names fit");
	memcpy(task.comm, t->comm, sizeof(task.comm));
	return each(ctx, &task);
}

PUBLIC struct inquest_error *
inquest_task_each(struct inquest *q, bool (*each)(void *ctx, const struct inquest_task *t),
		  void *ctx)
{
	struct err *err = read_tasks(q);

	for (size_t i = 0; !err && i < q->tasks.count; i++)
		if (!tell_task(&q->tasks.rows[i], each, ctx))
			break;
	return to_public(err);
}

static struct err *unwind(struct inquest *q, uint64_t task)
{
	const struct cpu *cpu;

	if (!q->room)
		q->room = malloc(sizeof(*q->room));
	if (!q->room)
		return err_nomem();
	if (!task_table_find(&q->tasks, task))
		return err_new(ERR_ABSENT, "there is no task at 0x%llx",
			       (unsigned long long)task);
	cpu = cpu_find_task(&q->cpus, task);
	if (!cpu)
		stack_unwind_task(q->k, task, q->room);
	else if (!panic_unwind(q->k, cpu, q->room))
		return err_new(ERR_ABSENT, "CPU %u left no registers in this dump",
			       cpu->number);
	return NULL;
}

static bool tell_frame(const struct frame *f,
		       bool (*each)(void *ctx, const struct inquest_frame *f), void *ctx)
{
	static const enum inquest_frame_kind kinds[] = {
		[FRAME_CALL] = INQUEST_FRAME_CALL,
		[FRAME_REGS] = INQUEST_FRAME_EXCEPTION,
		[FRAME_FIRST] = INQUEST_FRAME_FIRST};
	const struct inquest_frame frame = {
		.kind = kinds[f->kind],
		.pc = f->pc,
		.sp = f->sp,
		.function = f->has_symbol ? f->symbol.name : NULL,
		.module = f->has_symbol ? f->symbol.module : "",
		.offset = f->has_symbol ? f->symbol.offset : 0,
	};

	return each(ctx, &frame);
}

PUBLIC struct inquest_error *inquest_stack_each(struct inquest *q, uint64_t task,
						bool (*each)(void *ctx,
							     const struct inquest_frame *f),
						void *ctx, char *why, size_t why_size)
{
	struct err *err = read_tasks(q);

	if (!err)
		err = unwind(q, task);
	if (err)
		return to_public(err);
	if (why && why_size)
		snprintf(why, why_size, "%s",
			 q->room->end == STACK_END_CLEAN ? "" : q->room->why);
	for (size_t i = 0; i < q->room->num_frames; i++)
		if (!tell_frame(&q->room->frames[i], each, ctx))
			break;
	return NULL;
}

/* ---- the log ---- */

PUBLIC struct inquest_error *
inquest_log_each(struct inquest *q,
		 bool (*each)(void *ctx, const struct inquest_log_record *r), void *ctx)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	struct printk_record r;
	struct err *err = printk_source_from_dump(q->d, &src);

	if (!err)
		err = printk_open(&src, &log);
	while (!err && printk_next(log, &r)) {
		const struct inquest_log_record record = {
			.sequence = r.seq,
			.time_ns = r.ts_ns,
			.level = r.has_level ? r.level : -1,
			.is_from_user = r.has_level && r.facility,
			.text = r.text,
			.len = r.len,
		};

		if (!each(ctx, &record))
			break;
	}
	return to_public(err);
}
