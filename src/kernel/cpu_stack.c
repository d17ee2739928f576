#include "kernel/cpu_stack.h"

#include "kernel/field.h"

#define WORD 8

static const struct {
	const char *name;
	const char *member; /* of struct cea_exception_stacks; NULL: not among them */
} kinds[CPU_STACK_NUM_KINDS] = {
	[CPU_STACK_IRQ] = {"IRQ", NULL},
	[CPU_STACK_DOUBLE_FAULT] = {"DOUBLEFAULT", "DF_stack"},
	[CPU_STACK_NMI] = {"NMI", "NMI_stack"},
	[CPU_STACK_DEBUG] = {"DEBUG", "DB_stack"},
	[CPU_STACK_MCE] = {"MCE", "MCE_stack"},
};

const char *cpu_stack_name(enum cpu_stack_kind kind)
{
	return kinds[kind].name;
}

/* The kernel keeps the address of its topmost word: in a variable of its own, between
 * e57ef2ed97c1 ("x86: Put hot per CPU variables into a struct") and 2025 in a struct. */
static struct err *find_irq_stack(struct kernel *k, unsigned cpu, struct cpu_stack *ret)
{
	struct field hot = field_find(k, "pcpu_hot", "hardirq_stack_ptr");
	vaddr_t at, top;
	u64 size;
	struct err *err = kernel_percpu_symbol(
		k, hot.present ? "pcpu_hot" : "hardirq_stack_ptr", cpu, &at);

	if (!err)
		err = kernel_read_ptr(k, at + hot.offset, &top);
	if (err)
		return err;
	if (!type_size_find(k, "irq_stack", &size))
		return err_new(ERR_ABSENT, "the size of struct irq_stack is not known");
	*ret = (struct cpu_stack){.start = top + WORD - size, .size = size};
	return NULL;
}

static struct err *find_exception_stack(struct kernel *k, unsigned cpu, const char *member,
					struct cpu_stack *ret)
{
	struct field field;
	vaddr_t at, stacks;
	struct err *err = field_get(k, "cea_exception_stacks", member, &field);

	if (!err)
		err = kernel_percpu_symbol(k, "cea_exception_stacks", cpu, &at);
	if (!err)
		err = kernel_read_ptr(k, at, &stacks);
	if (!err)
		*ret = (struct cpu_stack){.start = stacks + field.offset,
					  .size = field.size};
	return err;
}

struct err *cpu_stack_find(struct kernel *k, unsigned cpu, enum cpu_stack_kind kind,
			   struct cpu_stack *ret)
{
	struct cpu_stack s;
	struct err *err = kinds[kind].member
				  ? find_exception_stack(k, cpu, kinds[kind].member, &s)
				  : find_irq_stack(k, cpu, &s);

	if (err)
		return err;
	if (!s.size || s.size > CPU_STACK_MAX_SIZE)
		return err_new(ERR_BAD_DATA, "a stack of %llu bytes is none",
			       (unsigned long long)s.size);
	*ret = s;
	return NULL;
}
