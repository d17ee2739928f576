#include "kernel/interrupt.h"

#include "kernel/field.h"
#include "kernel/maple_tree.h"
#include "kernel/xarray.h"

/* ---- descriptors ---- */

struct err *interrupt_total(struct kernel *k, u64 *ret)
{
	vaddr_t addr;
	u32 total;
	/* Since "genirq: Make nr_irqs static", v6.11, it has another name. */
	const char *name =
		kernel_symbol_find(k, "total_nr_irqs", &addr) ? "total_nr_irqs" : "nr_irqs";
	struct err *err = kernel_symbol_get(k, name, &addr);

	if (!err)
		err = kernel_read_u32(k, addr, &total);
	if (err)
		return err;
	*ret = min_u64(total, INTERRUPTS_MAX);
	return NULL;
}

static void read_name(struct kernel *k, vaddr_t base, const char *type, const char *member,
		      char text[INTERRUPT_NAME_SIZE])
{
	u64 name = 0;
	struct err *err = field_read_by_name(k, base, type, member, &name);

	text[0] = '\0';
	if (!err && name)
		err = kernel_read_str(k, name, text, INTERRUPT_NAME_SIZE);
	if (err)
		text[0] = '\0';
	err_ignore(err);
}

struct walk {
	struct kernel *k;
	bool (*each)(void *ctx, const struct interrupt *i);
	void *ctx;
	struct err *err; /* the first descriptor that could not be read */
};

static bool take(struct walk *w, u64 number, vaddr_t addr)
{
	struct interrupt i = {.number = (unsigned)number, .addr = addr};
	u64 chip = 0;
	struct err *err;

	if (number >= INTERRUPTS_MAX)
		return false;
	err = field_read_by_name(w->k, addr, "irq_desc", "action", &i.action);
	if (!err)
		err = field_read_by_name(w->k, addr, "irq_desc", "irq_data.chip", &chip);
	if (!err && chip)
		read_name(w->k, chip, "irq_chip", "name", i.chip);
	if (!err)
		read_name(w->k, addr, "irq_desc", "name", i.flow);
	if (err) {
		if (w->err)
			err_free(err);
		else
			w->err =
				err_wrap(err, "interrupt %llu", (unsigned long long)number);
		return true;
	}
	return w->each(w->ctx, &i);
}

static bool take_xarray_entry(void *ctx, const struct xarray_entry *e)
{
	return take(ctx, e->index, e->entry);
}

static bool take_maple_entry(void *ctx, const struct maple_tree_entry *e)
{
	return take(ctx, e->first, e->entry);
}

struct err *interrupt_each(struct kernel *k,
			   bool (*each)(void *ctx, const struct interrupt *i), void *ctx)
{
	struct walk w = {.k = k, .each = each, .ctx = ctx};
	const struct maple_tree_visitor v = {.entry = take_maple_entry, .ctx = &w};
	vaddr_t tree;
	struct err *err;

	if (kernel_symbol_find(k, "sparse_irqs", &tree))
		err = maple_tree_each(k, tree, &v);
	else if (kernel_symbol_find(k, "irq_desc_tree", &tree))
		err = xarray_each(k, tree, take_xarray_entry, &w);
	else
		err = err_new(ERR_ABSENT, "the crashed kernel has neither sparse_irqs nor "
					  "irq_desc_tree, the trees of its interrupts");
	if (!err)
		return w.err;
	err_free(w.err);
	return err;
}

struct err *interrupt_each_action(struct kernel *k, const struct interrupt *i,
				  void (*each)(void *ctx, const struct interrupt_action *a),
				  void *ctx)
{
	vaddr_t at = i->action;

	for (unsigned n = 0; at; n++) {
		struct interrupt_action a = {.addr = at};
		struct err *err;

		if (n == INTERRUPT_MAX_ACTIONS)
			return err_new(ERR_BAD_DATA, "interrupt %u has no end of actions",
				       i->number);
		err = field_read_by_name(k, at, "irqaction", "next", &a.next);
		if (err)
			return err_wrap(err, "interrupt %u", i->number);
		read_name(k, at, "irqaction", "name", a.name);
		each(ctx, &a);
		at = a.next;
	}
	return NULL;
}

/* ---- per CPU ---- */

struct err *interrupt_count(struct kernel *k, const struct interrupt *i, unsigned cpu,
			    u64 *ret)
{
	u64 counters;
	vaddr_t at;
	u32 count;
	struct err *err =
		field_read_by_name(k, i->addr, "irq_desc", "kstat_irqs", &counters);

	/* Since 86d2a2f51fba ("genirq: Convert kstat_irqs to a struct"), v6.10, it points
	 * to a struct, whose first member is the count. */
	if (!err)
		err = kernel_percpu(k, counters, cpu, &at);
	if (!err)
		err = kernel_read_u32(k, at, &count);
	if (!err)
		*ret = count;
	return err;
}

/* A cpumask_var_t is the mask itself or, for kernels of many CPUs, points to it. What is
 * there tells: a mask that looks like an address would be one of CPUs 56 to 63 and not of 0
 * to 2. */
struct err *interrupt_affinity(struct kernel *k, const struct interrupt *i, u8 *mask,
			       size_t len)
{
	struct field affinity;
	vaddr_t at;
	u64 word, size = len;
	struct err *err = field_get(k, "irq_desc", "irq_common_data.affinity", &affinity);

	if (err)
		return err;
	if (!type_size_find(k, "cpumask", &size))
		size = len;
	at = i->addr + affinity.offset;
	err = kernel_read_u64(k, at, &word);
	if (!err && word >> 56 == 0xff && word % 8 == 0)
		at = word;
	__builtin_memset(mask, 0, len);
	return err ? err : kernel_read(k, at, mask, (size_t)min_u64(size, len));
}

/* ---- softirqs and gates ---- */

struct err *interrupt_softirq(struct kernel *k, unsigned n, vaddr_t *ret_addr,
			      vaddr_t *ret_action)
{
	u64 size, count;
	vaddr_t rows;
	struct err *err = kernel_symbol_get(k, "softirq_vec", &rows);

	if (err)
		return err;
	if (!constant_find(k, "NR_SOFTIRQS", &count) ||
	    !type_size_find(k, "softirq_action", &size))
		return err_new(ERR_ABSENT, "how many softirqs there are is not known");
	if (n >= min_u64(count, INTERRUPT_MAX_SOFTIRQS))
		return err_new(ERR_ABSENT, "there is no softirq %u", n);
	err = field_read_by_name(k, rows + n * size, "softirq_action", "action",
				 ret_action);
	if (!err)
		*ret_addr = rows + n * size;
	return err;
}

struct err *interrupt_gate(struct kernel *k, unsigned n, vaddr_t *ret)
{
	u64 size, low, middle, high;
	vaddr_t table;
	struct err *err = kernel_symbol_get(k, "idt_table", &table);

	if (err)
		return err;
	if (!type_size_find(k, "gate_struct", &size))
		return err_new(ERR_ABSENT, "the layout of struct gate_struct is not known");
	table += n * size;
	err = field_read_by_name(k, table, "gate_struct", "offset_low", &low);
	if (!err)
		err = field_read_by_name(k, table, "gate_struct", "offset_middle", &middle);
	if (!err)
		err = field_read_by_name(k, table, "gate_struct", "offset_high", &high);
	if (!err)
		*ret = low | middle << 16 | high << 32;
	return err;
}
