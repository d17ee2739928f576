#include "kernel/stack_check.h"

#include "kernel/field.h"

#define STACK_END_MAGIC 0x57ac6e9dull
#define DEFAULT_SIZE	((u64)16 << 10)
#define MAX_SIZE	((u64)256 << 10)

u64 stack_size(struct kernel *k)
{
	u64 size;

	if (type_size_find(k, "thread_union", &size) && size >= 4096 && size <= MAX_SIZE)
		return size;
	return DEFAULT_SIZE;
}

/* Without thread_info in the task_struct it lies at the end of the stack, and the magic
 * behind it. */
static vaddr_t end_of_stack(struct kernel *k, const struct task *t)
{
	u64 size;

	if (field_find(k, "task_struct", "thread_info").present ||
	    !type_size_find(k, "thread_info", &size))
		return t->stack;
	return t->stack + size;
}

void stack_check_read(struct kernel *k, const struct cpu_table *cpus, const struct task *t,
		      struct stack_check *ret)
{
	struct field cpu = field_find(k, "thread_info", "cpu");
	struct stack_check c = {.is_end_whole = true, .is_cpu_valid = true};
	struct err *err = NULL;

	if (t->stack)
		err = kernel_read_u64(k, end_of_stack(k, t), &c.end);
	c.has_end = t->stack && !err;
	err_ignore(err);
	if (c.has_end)
		c.is_end_whole = c.end == STACK_END_MAGIC;
	if (cpu.present) {
		err = field_read(k, task_thread_info(k, t), &cpu, &c.cpu);
		c.has_cpu = !err;
		err_ignore(err);
	}
	if (c.has_cpu)
		c.is_cpu_valid = c.cpu <= UINT32_MAX && cpu_find(cpus, (unsigned)c.cpu);
	*ret = c;
}
