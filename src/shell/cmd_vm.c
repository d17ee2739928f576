/* vm: what a process has mapped. */
#include "shell/command.h"

#include "analyse/type_text.h"
#include "base/str.h"
#include "kernel/field.h"
#include "kernel/memory_page.h"
#include "kernel/page_walk.h"
#include "kernel/task_memory.h"
#include "kernel/vma.h"

#include <ctype.h>
#include <string.h>

#define MAX_PAGES (1u << 22) /* of one area that are told one by one */

struct request {
	struct type_text_options text;
	char what;    /* 'm', 'v', 'p'; 0: the list */
	bool has_vma; /* -P: only this one */
	vaddr_t vma;
};

/* One process being shown. */
struct view {
	struct shell *s;
	const struct request *q;
	const struct task *task;
	bool has_heading;
	struct err *err;
};

/* @text in the middle of @width columns, rather to the left. */
static void add_centered(struct buf *b, const char *text, size_t width)
{
	size_t rest = width - min_u64(width, strlen(text));

	buf_printf(b, "%*s%s%*s", (int)(rest / 2), "", text, (int)(rest - rest / 2), "");
}

static void print_summary(struct shell *s, const struct task *t)
{
	u64 kb = dump_page_size(s->d) / 1024, pgd = 0;
	struct buf *b = shell_out(s);
	struct task_memory m;
	char text[4][24];

	task_memory_read(s->k, &s->cpus, &s->tasks, t, &m);
	if (t->mm)
		err_ignore(field_read_by_name(s->k, t->mm, "mm_struct", "pgd", &pgd));
	snprintf(text[0], sizeof(text[0]), "%llx", (unsigned long long)t->mm);
	snprintf(text[1], sizeof(text[1]), "%llx", (unsigned long long)pgd);
	snprintf(text[2], sizeof(text[2]), "%lluk",
		 (unsigned long long)(m.resident_pages * kb));
	snprintf(text[3], sizeof(text[3]), "%lluk",
		 (unsigned long long)(m.mapped_pages * kb));
	buf_add_str(b, "       MM               PGD          RSS    TOTAL_VM\n");
	add_centered(b, text[0], 16);
	buf_add_str(b, "  ");
	add_centered(b, text[1], 16);
	buf_add_str(b, "  ");
	add_centered(b, text[2], 6);
	buf_add_str(b, "  ");
	add_centered(b, text[3], 8);
	buf_add_char(b, '\n');
}

/* ---- areas ---- */

static void print_heading(struct view *v)
{
	if (!v->has_heading || v->q->what == 'p')
		buf_add_str(shell_out(v->s),
			    "      VMA           START       END     FLAGS FILE\n");
	v->has_heading = true;
}

static void print_row(struct view *v, const struct vma *a)
{
	buf_printf(shell_out(v->s), "%16llx %10llx %10llx %llx ",
		   (unsigned long long)a->addr, (unsigned long long)a->start,
		   (unsigned long long)a->end, (unsigned long long)a->flags);
	if (a->file)
		shell_file_path(v->s, a->file);
	buf_add_char(shell_out(v->s), '\n');
}

/* What a page that is not there would come from. */
static void print_absent(struct view *v, const struct vma *a, u64 addr, u64 entry)
{
	struct buf *b = shell_out(v->s);
	u64 offset = (a->page_offset << dump_page_shift(v->s->d)) + (addr - a->start);

	if (entry) {
		buf_printf(b, " SWAP: entry %llx\n", (unsigned long long)entry);
	} else if (a->file) {
		buf_add_str(b, "FILE: ");
		shell_file_path(v->s, a->file);
		buf_printf(b, "  OFFSET: %llx\n", (unsigned long long)offset);
	} else {
		buf_add_str(b, "(not mapped)\n");
	}
}

static void print_pages(struct view *v, const struct vma *a)
{
	u64 page = dump_page_size(v->s->d);
	unsigned left = MAX_PAGES;

	buf_add_str(shell_out(v->s), "VIRTUAL     PHYSICAL\n");
	for (u64 addr = a->start; addr < a->end && left-- && !shell_is_over(v->s);
	     addr += page) {
		struct page_walk walk;
		struct err *err = page_walk_task(v->s->k, v->task, addr, &walk);

		if (err) {
			v->err = err;
			return;
		}
		buf_printf(shell_out(v->s), "%-10llx  ", (unsigned long long)addr);
		if (walk.is_mapped)
			buf_printf(shell_out(v->s), "%8llx\n",
				   (unsigned long long)walk.paddr);
		else
			print_absent(v, a, addr,
				     walk.num_steps == PAGE_WALK_MAX_STEPS
					     ? walk.steps[walk.num_steps - 1].entry
					     : 0);
	}
}

static void print_struct(struct view *v, const char *name, vaddr_t addr)
{
	struct types *t;
	struct type_ref type;
	struct object o;
	struct err *err = shell_types(v->s, &t);

	if (!err && !types_find(t, name, BTF_BIT(BTF_KIND_STRUCT), &type))
		err = err_new(ERR_ABSENT, "the dump does not tell of struct %s", name);
	if (err) {
		v->err = err;
		return;
	}
	o = object_at(t, type, addr);
	type_text_object(shell_out(v->s), &o, &v->q->text);
}

static bool show_area(void *ctx, const struct vma *a)
{
	struct view *v = ctx;

	if (v->q->has_vma && a->addr != v->q->vma)
		return true;
	if (v->q->what == 'v') {
		print_struct(v, "vm_area_struct", a->addr);
	} else {
		print_heading(v);
		print_row(v, a);
		if (v->q->what == 'p')
			print_pages(v, a);
	}
	return !v->err && !shell_is_over(v->s);
}

static struct err *show_areas(struct view *v)
{
	struct err *err = vma_each(v->s->k, v->task->mm, show_area, v);

	/* Of areas that cannot be read, the others have been shown. */
	if (err && v->err) {
		err_ignore(err);
		return v->err;
	}
	if (err)
		shell_tell(v->s, "vm", err);
	if (!v->err && v->q->has_vma && !v->has_heading)
		buf_add_str(shell_out(v->s), "(not found)\n");
	return v->err;
}

static struct err *show(struct shell *s, const struct request *q, const struct task *t)
{
	struct view v = {.s = s, .q = q, .task = t};

	shell_task_header(s, t);
	if (q->what == 'm' && t->mm)
		print_struct(&v, "mm_struct", t->mm);
	if (q->what == 'm')
		return v.err;
	if (!q->what || (q->what == 'p' && !q->has_vma))
		print_summary(s, t);
	return t->mm ? show_areas(&v) : NULL;
}

/* ---- words ---- */

/* "8000075: (READ|EXEC|…)", with the kernel's own names. */
static struct err *print_flags(struct shell *s, u64 flags)
{
	cleanup(buf_deinit) struct buf names = BUF_INIT;
	struct buf *b = shell_out(s);

	memory_flag_names(s->k, "vmaflag_names", flags, &names);
	if (flags && !names.len)
		return err_new(ERR_ABSENT, "the kernel's table vmaflag_names cannot be "
					   "had");
	buf_printf(b, "%llx: (", (unsigned long long)flags);
	for (size_t i = 0; i < names.len; i++) {
		char c = buf_text(&names)[i];

		buf_add_char(b, c == ',' ? '|' : (char)toupper((unsigned char)c));
	}
	buf_add_str(b, ")\n");
	return NULL;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct request *q,
				bool *has_flags, u64 *flags)
{
	char option;
	struct err *err;

	q->text.hex = s->radix == 16;
	while (!(err = shell_option(w, "pmvxdP:f:", &option)) && option) {
		if (option == 'x' || option == 'd') {
			q->text.hex = option == 'x';
		} else if (option == 'f') {
			*has_flags = true;
			err = shell_address(s, w->value, flags);
		} else if (q->what) {
			err = err_new(ERR_USAGE, "-p, -P, -m and -v exclude each other");
		} else {
			q->what = option == 'P' ? 'p' : option;
			q->has_vma = option == 'P';
			if (q->has_vma)
				err = shell_address(s, w->value, &q->vma);
		}
		if (err)
			return err;
	}
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.what = 0};
	const struct task_row *row;
	bool has_flags = false;
	u64 flags = 0;
	struct err *err = read_options(s, w, &q, &has_flags, &flags);

	if (!err && has_flags)
		return print_flags(s, flags);
	if (!err)
		err = shell_context(s, &row);
	if (!err && !w->num_operands)
		err = show(s, &q, &row->task);
	for (size_t i = 0; !err && i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		err = row ? show(s, &q, &row->task)
			  : err_new(ERR_ABSENT, "invalid task or pid value: %s",
				    w->words[i]);
	}
	return err;
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct request q = {.what = 0};
	bool has_flags = false;
	u64 flags;
	struct err *err = read_options(s, w, &q, &has_flags, &flags);

	if (!err)
		err = has_flags ? shell_usage() : shell_check_operands(w, 0, 0);
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++) {
		if (i)
			buf_add_char(shell_out(s), '\n');
		err = show(s, &q, &rows[i]->task);
	}
	return err;
}

const struct shell_command shell_cmd_vm = {
	.name = "vm",
	.synopsis = "[-p | -P vma | -m | -v] [-x|-d] [pid | task ...] | -f vm_flags",
	.summary = "virtual memory",
	.help = "Show what the tasks, or the current one, have mapped: the mm_struct, the top\n"
		"page table, resident and mapped memory, and each area with the file that it\n"
		"shows.\n\n"
		"    -p        where each page is: its physical address, else the file that it\n"
		"              is read from, or what the page table has in its place.\n"
		"    -P vma    the same, of this area.\n"
		"    -m        the mm_struct.\n"
		"    -v        each vm_area_struct.\n"
		"    -x, -d    numbers in hexadecimal, decimal.\n"
		"    -f flags  the names of an area's flags.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
