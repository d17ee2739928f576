/* kmem ADDRESS, -v, -g: what there is at an address. */
#include "shell/kmem_priv.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/stack_check.h"
#include "kernel/vmalloc_area.h"

#include <string.h>

/* ---- vmalloc areas ---- */

struct area_list {
	struct vmalloc_area *areas;
	size_t count, room;
	bool is_short; /* of memory */
	/* Only the area of this address. */
	bool has_addr;
	vaddr_t addr;
};

static void area_list_deinit(struct area_list *l)
{
	free(l->areas);
}

static void take_area(void *ctx, const struct vmalloc_area *a)
{
	struct area_list *l = ctx;

	if (l->has_addr && l->addr - a->start >= a->len)
		return;
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct vmalloc_area *grown =
			reallocarray(l->areas, room, sizeof(*l->areas));

		if (!grown) {
			l->is_short = true;
			return;
		}
		l->areas = grown;
		l->room = room;
	}
	l->areas[l->count++] = *a;
}

static int compare_areas(const void *a, const void *b)
{
	const struct vmalloc_area *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* By address: newer kernels have them on several lists. */
static struct err *print_areas(struct shell *s, struct area_list *l)
{
	struct err *err = vmalloc_area_each(s->k, take_area, l);

	if (!err && l->is_short)
		err = err_nomem();
	if (l->count) {
		qsort(l->areas, l->count, sizeof(*l->areas), compare_areas);
		buf_add_str(shell_out(s), "   VMAP_AREA         VM_STRUCT                 "
					  "ADDRESS RANGE                SIZE\n");
	}
	for (size_t i = 0; i < l->count && !shell_is_over(s); i++) {
		const struct vmalloc_area *a = &l->areas[i];

		buf_printf(shell_out(s), "%16llx  %16llx  %16llx - %16llx  %7llu\n",
			   (unsigned long long)a->addr, (unsigned long long)a->vm,
			   (unsigned long long)a->start,
			   (unsigned long long)(a->start + a->len),
			   (unsigned long long)a->len);
	}
	return err;
}

struct err *kmem_vmalloc(struct shell *s)
{
	cleanup(area_list_deinit) struct area_list l = {.count = 0};

	return print_areas(s, &l);
}

struct err *kmem_vmalloc_at(struct shell *s, vaddr_t addr, bool *ret_is_found)
{
	cleanup(area_list_deinit) struct area_list l = {.has_addr = true, .addr = addr};
	struct err *err = print_areas(s, &l);

	*ret_is_found = l.count != 0;
	return err;
}

/* ---- pages ---- */

static struct err *print_page(struct shell *s, struct memory_pages *pages, pfn_t pfn,
			      vaddr_t at)
{
	cleanup(buf_deinit) struct buf names = BUF_INIT;
	struct buf *b = shell_out(s);
	struct memory_page page;
	struct err *err = memory_page_read(pages, at, pfn, &page);

	if (err)
		return err;
	memory_flag_names(s->k, "pageflag_names", page.flags, &names);
	buf_printf(b,
		   "      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS\n"
		   "%llx %8llx %16llx %8llx %2x %llx%s%s\n",
		   (unsigned long long)page.addr,
		   (unsigned long long)(pfn << dump_page_shift(s->d)),
		   (unsigned long long)page.mapping, (unsigned long long)page.index,
		   page.count, (unsigned long long)page.flags, names.len ? " " : "",
		   buf_text(&names));
	return NULL;
}

/* The page frame that @addr is about: a struct page names it, a kernel address lies in it,
 * any other is physical. *@ret_at: its struct. False if there is none. */
static bool find_pfn(struct shell *s, struct memory_pages *pages, u64 addr,
		     bool is_physical, bool *ret_is_struct, pfn_t *ret, vaddr_t *ret_at)
{
	paddr_t paddr = addr;
	struct err *err = NULL;

	*ret_is_struct = !is_physical && memory_page_find_pfn(pages, addr, ret, ret_at) &&
			 *ret_at == addr;
	if (*ret_is_struct)
		return true;
	if (!is_physical)
		err = dump_translate(s->d, addr, &paddr);
	if (err) {
		err_free(err);
		return false;
	}
	*ret = paddr >> dump_page_shift(s->d);
	return *ret < dump_max_pfn(s->d) && memory_page_find(pages, *ret, ret_at);
}

struct err *kmem_page_at(struct shell *s, u64 addr, bool is_physical)
{
	cleanup(memory_pages_closep) struct memory_pages *pages = NULL;
	struct err *err = memory_pages_open(s->k, &pages);
	bool is_struct;
	vaddr_t at;
	pfn_t pfn;

	if (err)
		return err;
	if (!find_pfn(s, pages, addr, is_physical, &is_struct, &pfn, &at))
		return err_new(ERR_ABSENT, "%llx: %s address not found in mem map",
			       (unsigned long long)addr,
			       is_physical ? "physical" : "kernel virtual");
	return print_page(s, pages, pfn, at);
}

/* ---- flags ---- */

static void print_flag(struct shell *s, const struct btf_type *type, const struct btf *btf,
		       u32 index, bool has_flags, u64 flags)
{
	const char *name;
	u64 bit;

	if (!btf_get_enumerator(btf, type, index, &name, &bit) ||
	    !str_has_prefix(name, "PG_") || bit > 63 || (has_flags && !(flags >> bit & 1)))
		return;
	buf_printf(shell_out(s), "%s%-23.63s %2llu  %07llx\n", has_flags ? "  " : "", name,
		   (unsigned long long)bit, (unsigned long long)1 << bit);
}

struct err *kmem_flags(struct shell *s, bool has_flags, u64 flags)
{
	struct types *t;
	struct type_ref ref;
	struct btf_type type;
	struct err *err = shell_types(s, &t);

	if (!err && (!types_find(t, "pageflags", BTF_ENUMS, &ref) ||
		     !btf_get_type(ref.btf, ref.id, &type)))
		err = err_new(ERR_ABSENT, "the dump does not tell of enum pageflags");
	if (err)
		return err;
	if (has_flags)
		buf_printf(shell_out(s), "FLAGS: %llx\n", (unsigned long long)flags);
	buf_printf(shell_out(s), "%sPAGE-FLAG              BIT  VALUE\n",
		   has_flags ? "  " : "");
	/* Behind the bits of all pages come names that some have for the same ones. */
	for (u32 i = 0; i < type.num_elements; i++)
		print_flag(s, &type, ref.btf, i, has_flags, flags);
	return NULL;
}

/* ---- everything about an address ---- */

static bool is_kernel_address(u64 addr)
{
	return addr >> 63;
}

/* "ffffffff8b052dd0 (T) schedule", "ffffffffc027c100 (t) ext4_x+160 [ext4] ". */
static void print_symbol(struct shell *s, vaddr_t addr)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	struct buf *b = shell_out(s);
	u64 offset;

	if (!sym || !symbol_at(s->k, addr, UINT64_MAX, sym, &offset))
		return;
	buf_printf(b, "%llx (%c) ", (unsigned long long)addr, sym->type);
	shell_text(s, sym->name);
	if (offset)
		buf_printf(b, s->radix == 16 ? "+0x%llx" : "+%llu",
			   (unsigned long long)offset);
	if (sym->module[0]) {
		buf_add_str(b, " [");
		shell_text(s, sym->module);
		buf_add_char(b, ']');
	}
	buf_add_str(b, sym->module[0] ? " \n\n" : "\n\n");
}

/* Is @addr in the task_struct of @t, or on its stack? */
static bool is_part_of(const struct task *t, u64 task_size, u64 stack_len, vaddr_t addr)
{
	return addr - t->addr < task_size || (t->stack && addr - t->stack < stack_len);
}

static struct err *print_task(struct shell *s, vaddr_t addr)
{
	const struct task_table *tasks;
	u64 task_size = 0, stack_len = stack_size(s->k);
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	if (!type_size_find(s->k, "task_struct", &task_size))
		task_size = 1;
	for (size_t i = 0; i < tasks->count; i++) {
		const struct task *t = &tasks->rows[i].task;

		if (!is_part_of(t, task_size, stack_len, addr))
			continue;
		shell_print_context(s, t);
		buf_add_char(shell_out(s), '\n');
		break;
	}
	return NULL;
}

/* What cannot be walked does not hide what else there is. */
static struct err *tell(struct shell *s, struct err *err)
{
	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err)
		shell_tell(s, "kmem", err);
	return NULL;
}

/* The parts of the answer that are about kernel addresses. */
static struct err *print_virtual(struct shell *s, vaddr_t addr, u64 in_slab)
{
	bool is_found = false;
	struct err *err;

	print_symbol(s, addr);
	err = tell(s, kmem_slab_at(s, in_slab, in_slab != addr, &is_found));
	if (is_found)
		buf_add_char(shell_out(s), '\n');
	if (!err)
		err = print_task(s, addr);
	if (!err)
		err = tell(s, kmem_vmalloc_at(s, addr, &is_found));
	if (!err && is_found)
		buf_add_char(shell_out(s), '\n');
	return err;
}

struct err *kmem_address(struct shell *s, u64 addr, bool is_physical)
{
	cleanup(memory_pages_closep) struct memory_pages *pages = NULL;
	struct err *err = memory_pages_open(s->k, &pages);
	bool has_page = false, is_struct = false, is_free = false;
	vaddr_t at = 0, base, memory = addr;
	pfn_t pfn = 0;

	is_physical |= !is_kernel_address(addr);
	if (!err)
		has_page = find_pfn(s, pages, addr, is_physical, &is_struct, &pfn, &at);
	err = tell(s, err);
	/* A struct page is asked about for the memory it describes. */
	if (is_struct && dump_direct_map(s->d, &base))
		memory = base + (pfn << dump_page_shift(s->d));
	if (!err && !is_physical)
		err = print_virtual(s, addr, memory);
	if (!err && has_page)
		err = tell(s, kmem_free_at(s, pages, pfn, addr, &is_free));
	if (is_free)
		buf_add_char(shell_out(s), '\n');
	if (err)
		return err;
	if (!has_page)
		return err_new(ERR_ABSENT, "%llx: %s address not found in mem map",
			       (unsigned long long)addr,
			       is_physical ? "physical" : "kernel virtual");
	return print_page(s, pages, pfn, at);
}
