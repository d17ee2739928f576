#include "kernel/page_walk.h"

#include "base/bytes.h"
#include "kernel/field.h"
#include "kernel/kernel_priv.h"

static const char *const table_names[] = {"PGD", "P4D", "PUD", "PMD", "PTE"};

struct walking {
	struct kernel *k;
	unsigned levels;
	struct page_walk *ret;
};

/* The walk reads one entry per level: note them. */
static struct err *read_entry(void *ctx, paddr_t addr, u64 *ret)
{
	struct walking *w = ctx;
	struct page_walk *r = w->ret;
	size_t name = r->num_steps;
	u8 bytes[8];
	struct err *err = dump_read(w->k->dump, ADDR_PHYSICAL, addr, bytes, sizeof(bytes));

	if (err)
		return err;
	*ret = w->k->arch->is_big_endian ? get_be64(bytes) : get_le64(bytes);
	/* With fewer levels the second is missing: P4D. */
	if (name && w->levels < ARRAY_SIZE(table_names))
		name += ARRAY_SIZE(table_names) - w->levels;
	if (r->num_steps < PAGE_WALK_MAX_STEPS && name < ARRAY_SIZE(table_names))
		r->steps[r->num_steps++] =
			(struct page_step){table_names[name], addr, *ret};
	return NULL;
}

static struct err *find_paging(struct kernel *k, struct arch_paging *ret)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(k->dump);

	if (!vi)
		return err_new(ERR_ABSENT, "page tables cannot be found: the dump has no "
					   "VMCOREINFO");
	return k->arch->init_paging(vi, dump_page_shift(k->dump), ret);
}

/* How much the last entry of a walk maps: each table is a page of entries of 8 bytes. */
static u64 leaf_len(const struct arch_paging *paging, size_t num_steps)
{
	unsigned above =
		num_steps < paging->levels ? paging->levels - (unsigned)num_steps : 0;

	return (u64)1 << (paging->page_shift + above * (paging->page_shift - 3));
}

static struct err *walk(struct kernel *k, const struct arch_paging *paging, vaddr_t addr,
			struct page_walk *ret)
{
	struct walking w = {.k = k, .levels = paging->levels, .ret = ret};
	u64 len = 0;
	struct err *err;

	*ret = (struct page_walk){0};
	err = k->arch->walk(paging, read_entry, &w, addr, &ret->paddr, &len);
	ret->is_mapped = !err;
	if (err) {
		if (err_code(err) == ERR_NOMEM)
			return err;
		snprintf(ret->why, sizeof(ret->why), "%s", err_message(err));
		err_free(err);
	} else {
		ret->page_len = leaf_len(paging, ret->num_steps);
	}
	return NULL;
}

struct err *page_walk_kernel(struct kernel *k, vaddr_t addr, struct page_walk *ret)
{
	struct arch_paging paging;
	struct err *err = find_paging(k, &paging);

	if (!err && !paging.has_root)
		err = err_new(ERR_ABSENT, "the kernel's top page table is not known");
	return err ? err : walk(k, &paging, addr, ret);
}

struct err *page_walk_task(struct kernel *k, const struct task *task, vaddr_t addr,
			   struct page_walk *ret)
{
	struct arch_paging paging;
	u64 pgd = 0;
	struct err *err;

	if (!task->mm)
		return err_new(ERR_ABSENT, "task %u has no memory of its own", task->pid);
	err = find_paging(k, &paging);
	if (!err)
		err = field_read_by_name(k, task->mm, "mm_struct", "pgd", &pgd);
	if (!err)
		err = dump_translate(k->dump, pgd, &paging.root);
	if (err)
		return err;
	paging.has_root = true;
	return walk(k, &paging, addr, ret);
}

struct err *task_user_read(struct kernel *k, const struct task *task, vaddr_t addr,
			   void *data, size_t len)
{
	u64 page_size = dump_page_size(k->dump);
	char *to = data;

	while (len) {
		u64 part = min_u64(len, page_size - (addr & (page_size - 1)));
		struct page_walk w;
		struct err *err = page_walk_task(k, task, addr, &w);

		if (!err && !w.is_mapped)
			err = err_fault(addr, "user %s", w.why);
		if (!err)
			err = dump_read(k->dump, ADDR_PHYSICAL, w.paddr, to, part);
		if (err)
			return err;
		addr += part;
		to += part;
		len -= part;
	}
	return NULL;
}
