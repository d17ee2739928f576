/* vtop, ptov, ptob, btop, pte: addresses and page tables. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/page_walk.h"

#include <ctype.h>
#include <string.h>

#define WIDTH 16

static void print_columns(struct shell *s, const char *a, const char *b)
{
	buf_printf(shell_out(s), "%-*s  %-*s\n", WIDTH, a, WIDTH, b);
}

static void print_addresses(struct shell *s, u64 a, u64 b)
{
	char first[24], second[24];

	snprintf(first, sizeof(first), "%llx", (unsigned long long)a);
	snprintf(second, sizeof(second), "%llx", (unsigned long long)b);
	print_columns(s, first, second);
}

/* ---- pte ---- */

static void add_flags(struct shell *s, u64 entry)
{
	const struct arch_page_flag *flags = dump_arch(s->d)->page_flags;
	const char *separator = "";

	buf_add_char(shell_out(s), '(');
	for (; flags->name; flags++) {
		if (!(entry & flags->bit))
			continue;
		buf_printf(shell_out(s), "%s%s", separator, flags->name);
		separator = "|";
	}
	buf_add_str(shell_out(s), *separator ? ")\n" : "no mapping)\n");
}

/* @text in the middle of @width columns. */
static void add_centered(struct buf *b, const char *text, size_t width)
{
	size_t len = strlen(text), left = len < width ? (width - len) / 2 : 0;

	buf_printf(b, "%*s%s%*s", (int)left, "", text,
		   len < width ? (int)(width - len - left) : 0, "");
}

static void print_entry(struct shell *s, u64 entry, paddr_t paddr)
{
	struct buf *b = shell_out(s);
	char value[24], physical[24];
	size_t value_width, physical_width;

	snprintf(value, sizeof(value), "%llx", (unsigned long long)entry);
	snprintf(physical, sizeof(physical), "%llx", (unsigned long long)paddr);
	value_width = strlen(value) > 3 ? strlen(value) : 3;
	physical_width = strlen(physical) > 8 ? strlen(physical) : 8;
	add_centered(b, "PTE", value_width);
	buf_add_str(b, "  ");
	add_centered(b, "PHYSICAL", physical_width);
	buf_add_str(b, "  FLAGS\n");
	add_centered(b, value, value_width);
	/* Numbers stand to the right, but for 0. */
	if (paddr)
		buf_printf(b, "  %*s  ", (int)physical_width, physical);
	else {
		buf_add_str(b, "  ");
		add_centered(b, physical, physical_width);
		buf_add_str(b, "  ");
	}
	add_flags(s, entry);
}

static struct err *run_pte(struct shell *s, struct shell_words *w)
{
	u64 entry;

	if (!w->count)
		return shell_usage();
	for (size_t i = 0; i < w->count; i++) {
		struct err *err = shell_address(s, w->words[i], &entry);

		if (err)
			return err;
		print_entry(s, entry, entry & dump_arch(s->d)->page_address_mask);
	}
	return NULL;
}

/* ---- vtop ---- */

static bool is_kernel_address(vaddr_t addr)
{
	return addr >> 63;
}

static void print_steps(struct shell *s, const struct page_walk *walk, bool is_kernel)
{
	struct buf *b = shell_out(s);
	vaddr_t top;

	/* The kernel's top table is told by where it is mapped, and what was found in it.
	 */
	if (is_kernel && (kernel_symbol_find(s->k, "init_top_pgt", &top) ||
			  kernel_symbol_find(s->k, "swapper_pg_dir", &top)))
		buf_printf(b, "PGD DIRECTORY: %llx\nPAGE DIRECTORY: %llx\n",
			   (unsigned long long)top,
			   (unsigned long long)walk->steps[0].entry);
	else
		is_kernel = false;
	for (size_t i = is_kernel; i < walk->num_steps; i++)
		buf_printf(b, "%6s: %llx => %llx\n", walk->steps[i].table,
			   (unsigned long long)walk->steps[i].at,
			   (unsigned long long)walk->steps[i].entry);
	if (!walk->is_mapped) {
		buf_add_char(b, '\n');
		return;
	}
	buf_printf(b, "  PAGE: %llx",
		   (unsigned long long)align_down(walk->paddr, walk->page_len));
	if (walk->page_len >= (u64)1 << 30)
		buf_printf(b, "  (%lluGB)", (unsigned long long)(walk->page_len >> 30));
	else if (walk->page_len >= (u64)1 << 20)
		buf_printf(b, "  (%lluMB)", (unsigned long long)(walk->page_len >> 20));
	buf_add_str(b, "\n\n");
	print_entry(s, walk->steps[walk->num_steps - 1].entry,
		    align_down(walk->paddr, walk->page_len));
	buf_add_char(b, '\n');
}

enum space { SPACE_GUESS, SPACE_USER, SPACE_KERNEL };

/* The kernel image and the direct map are linear, and readable where the tables are lost.
 */
static struct err *translate(struct shell *s, vaddr_t addr, bool is_kernel,
			     const struct task *t, struct page_walk *walk, bool *ret_ok,
			     paddr_t *ret)
{
	struct err *err = is_kernel ? page_walk_kernel(s->k, addr, walk)
				    : page_walk_task(s->k, t, addr, walk);
	struct err *why = NULL;

	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err)
		*walk = (struct page_walk){0};
	err_ignore(err);
	*ret = walk->paddr;
	*ret_ok = walk->is_mapped;
	if (!walk->is_mapped && is_kernel) {
		why = dump_translate(s->d, addr, ret);
		*ret_ok = !why;
		err_ignore(why);
	}
	return NULL;
}

static struct err *print_translation(struct shell *s, vaddr_t addr, enum space space,
				     const struct task *t)
{
	bool is_kernel =
		space == SPACE_KERNEL || (space == SPACE_GUESS && is_kernel_address(addr));
	struct page_walk walk;
	char virtual[24];
	bool is_there = false;
	paddr_t paddr = 0;
	struct err *err = translate(s, addr, is_kernel, t, &walk, &is_there, &paddr);

	if (err)
		return err;
	snprintf(virtual, sizeof(virtual), "%llx", (unsigned long long)addr);
	if (is_kernel)
		print_columns(s, "VIRTUAL", "PHYSICAL");
	else
		buf_printf(shell_out(s), "%-10s  %-16s\n", "VIRTUAL", "PHYSICAL");
	if (is_there)
		buf_printf(shell_out(s), "%-*s  %-16llx\n\n", is_kernel ? WIDTH : 10,
			   virtual, (unsigned long long)paddr);
	else
		buf_printf(shell_out(s), "%-*s  (not %s)\n\n", is_kernel ? WIDTH : 10,
			   virtual, walk.num_steps ? "mapped" : "accessible");
	if (walk.num_steps)
		print_steps(s, &walk, is_kernel);
	return NULL;
}

static struct err *read_vtop(struct shell *s, struct shell_words *w, enum space *space,
			     const struct task_row **row)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "ukc:", &option)) && option) {
		if (option == 'c') {
			*row = shell_find_task(s, w->value);
			if (!*row)
				return err_new(ERR_ABSENT, "invalid task or pid value: %s",
					       w->value);
			continue;
		}
		*space = option == 'u' ? SPACE_USER : SPACE_KERNEL;
	}
	return err ? err : shell_check_operands(w, 1, SHELL_MAX_WORDS);
}

static struct err *run_vtop(struct shell *s, struct shell_words *w)
{
	const struct task_row *row = NULL;
	enum space space = SPACE_GUESS;
	struct err *err = read_vtop(s, w, &space, &row);

	if (!err && !row && space != SPACE_KERNEL) {
		struct err *why = shell_context(s, &row);

		/* Kernel addresses need no task. */
		err_ignore(why);
	}
	for (size_t i = 0; !err && i < w->num_operands; i++) {
		static const struct task nobody;
		vaddr_t addr;

		err = shell_address(s, w->words[i], &addr);
		if (!err)
			err = print_translation(s, addr, space, row ? &row->task : &nobody);
	}
	return err;
}

static struct err *run_vtop_on_tasks(struct shell *s, struct shell_words *w,
				     const struct task_row *const *rows, size_t count)
{
	const struct task_row *row = NULL;
	enum space space = SPACE_GUESS;
	struct err *err = read_vtop(s, w, &space, &row);

	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++) {
		shell_task_header(s, &rows[i]->task);
		for (size_t n = 0; !err && n < w->num_operands; n++) {
			vaddr_t addr;

			err = shell_address(s, w->words[n], &addr);
			if (!err)
				err = print_translation(s, addr, space, &rows[i]->task);
		}
	}
	return err;
}

/* ---- ptov ---- */

/* "0x1000:a": the offset of a per-CPU variable, on all CPUs or those listed. */
static struct err *print_percpu(struct shell *s, u64 offset, const char *cpus)
{
	struct buf *b = shell_out(s);
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	buf_printf(b, "PER-CPU OFFSET: %llx\n  CPU    VIRTUAL         \n",
		   (unsigned long long)offset);
	for (size_t i = 0; i < s->cpus.count; i++) {
		unsigned number = s->cpus.cpus[i].number;
		vaddr_t addr;

		if (!s->cpus.cpus[i].is_present || !shell_has_cpu(cpus, number))
			continue;
		err = kernel_percpu(s->k, offset, number, &addr);
		if (err)
			return err;
		buf_printf(b, "  [%u]  %llx\n", number, (unsigned long long)addr);
	}
	return NULL;
}

static struct err *print_ptov(struct shell *s, char *word)
{
	char *colon = strchr(word, ':');
	vaddr_t base;
	u64 value;
	struct err *err;

	if (colon)
		*colon = '\0';
	err = shell_address(s, word, &value);
	if (err)
		return err;
	if (colon)
		return print_percpu(s, value, colon + 1);
	if (!dump_direct_map(s->d, &base))
		return err_new(ERR_ABSENT, "where the kernel maps all RAM is not known");
	print_columns(s, "VIRTUAL", "PHYSICAL");
	print_addresses(s, base + value, value);
	return NULL;
}

static struct err *run_ptov(struct shell *s, struct shell_words *w)
{
	if (!w->count)
		return shell_usage();
	for (size_t i = 0; i < w->count; i++) {
		struct err *err;

		if (i)
			buf_add_char(shell_out(s), '\n');
		err = print_ptov(s, w->words[i]);
		if (err)
			return err;
	}
	return NULL;
}

/* ---- ptob, btop ---- */

static struct err *print_shifted(struct shell *s, struct shell_words *w, bool left)
{
	unsigned shift = dump_page_shift(s->d);
	u64 value;

	if (!w->count)
		return shell_usage();
	for (size_t i = 0; i < w->count; i++) {
		struct err *err = shell_address(s, w->words[i], &value);

		if (err)
			return err;
		buf_printf(shell_out(s), "%llx: %llx\n", (unsigned long long)value,
			   (unsigned long long)(left ? value << shift : value >> shift));
	}
	return NULL;
}

static struct err *run_ptob(struct shell *s, struct shell_words *w)
{
	return print_shifted(s, w, true);
}

static struct err *run_btop(struct shell *s, struct shell_words *w)
{
	return print_shifted(s, w, false);
}

const struct shell_command shell_cmd_vtop = {
	.name = "vtop",
	.synopsis = "[-u | -k] [-c pid | task] address|symbol ...",
	.summary = "virtual to physical",
	.help = "Translate virtual addresses, with each entry of the page tables on the way:\n"
		"where it lies, and its value. User addresses are those of the current task.\n\n"
		"    -u, -k  the addresses are of user space, or of the kernel (as they look).\n"
		"    -c      of this task.",
	.run = run_vtop,
	.run_on_tasks = run_vtop_on_tasks,
};

const struct shell_command shell_cmd_ptov = {
	.name = "ptov",
	.synopsis = "address | offset:cpu ...",
	.summary = "physical to virtual",
	.help = "Show where the kernel's map of all RAM has each physical address. offset:cpu\n"
		"is a per-CPU offset instead: on that CPU, or on all with `a`.",
	.run = run_ptov,
};

const struct shell_command shell_cmd_ptob = {
	.name = "ptob",
	.synopsis = "page_number ...",
	.summary = "page to bytes",
	.help = "Show the physical address at which each page frame begins. Numbers are\n"
		"hexadecimal.",
	.run = run_ptob,
};

const struct shell_command shell_cmd_btop = {
	.name = "btop",
	.synopsis = "address ...",
	.summary = "bytes to page",
	.help = "Show the page frame in which each physical address lies. Numbers are\n"
		"hexadecimal.",
	.run = run_btop,
};

const struct shell_command shell_cmd_pte = {
	.name = "pte",
	.synopsis = "contents ...",
	.summary = "translate a page table entry",
	.help = "Show the physical address in an entry of a page table, and the bits that are\n"
		"set beside it.",
	.run = run_pte,
};
