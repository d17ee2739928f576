/* mod: the loaded modules. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/taint.h"

#include <string.h>

#define NAME_WIDTH 4 /* of "NAME" */

static int compare_addresses(const void *a, const void *b)
{
	const struct kernel_module *x = *(const struct kernel_module *const *)a;
	const struct kernel_module *y = *(const struct kernel_module *const *)b;

	return x->base < y->base ? -1 : x->base > y->base;
}

static size_t widest_name(const struct kernel_module *modules, size_t count)
{
	size_t width = NAME_WIDTH;

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(modules[i].name);

		width = len > width ? len : width;
	}
	return width;
}

/* A name of the width of the column. */
static void add_name(struct shell *s, const struct kernel_module *m, size_t width)
{
	struct buf *b = shell_out(s);
	size_t before = b->len;

	shell_text(s, m->name);
	buf_printf(b, "%*s", b->len - before < width ? (int)(width - (b->len - before)) : 0,
		   "");
}

static bool is_named(const struct shell_words *w, const struct kernel_module *m)
{
	for (size_t i = 0; i < w->num_operands; i++)
		if (str_eq(w->words[i], m->name))
			return true;
	return !w->num_operands;
}

/* By address, as crash has them. */
static struct err *print_modules(struct shell *s, const struct kernel_module *modules,
				 size_t count, const struct shell_words *w)
{
	cleanup(freep) const struct kernel_module **sorted = calloc(count, sizeof(*sorted));
	struct buf *b = shell_out(s);
	int width = (int)widest_name(modules, count);

	if (!sorted)
		return err_nomem();
	for (size_t i = 0; i < count; i++)
		sorted[i] = &modules[i];
	qsort(sorted, count, sizeof(*sorted), compare_addresses);
	/* Since ac3b43283923 ("module: replace module_layout with module_memory"), v6.4,
	 * parts lie apart, and the base is that of the text. */
	buf_printf(
		b, "     MODULE       %-*s   %s         SIZE  OBJECT FILE\n", width, "NAME",
		field_find(s->k, "module", "mem").present ? "  TEXT_BASE" : "     BASE ");
	for (size_t i = 0; i < count && !shell_is_over(s); i++) {
		const struct kernel_module *m = sorted[i];

		if (!is_named(w, m))
			continue;
		buf_printf(b, "%16llx  ", (unsigned long long)m->address);
		add_name(s, m, (size_t)width);
		buf_printf(b, "  %16llx %7llu  (not loaded)  [CONFIG_KALLSYMS]\n",
			   (unsigned long long)m->base, (unsigned long long)m->size);
	}
	return NULL;
}

/* Letters of module taints: struct taint_flag of kernel/panic.c. */
static void print_taints(struct shell *s, const struct kernel_module *modules, size_t count)
{
	struct buf *b = shell_out(s);
	size_t tainted = 0;
	int width;

	for (size_t i = 0; i < count; i++)
		tainted += modules[i].taints != 0;
	if (!tainted) {
		buf_add_str(b, "no tainted modules\n");
		return;
	}
	width = (int)widest_name(modules, count);
	buf_printf(b, "%-*s  TAINTS\n", width, "NAME");
	while (count-- > 0) {
		if (!modules[count].taints)
			continue;
		add_name(s, &modules[count], (size_t)width);
		buf_add_str(b, "  ");
		taint_format(b, modules[count].taints);
		buf_add_char(b, '\n');
	}
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	size_t count;
	const struct kernel_module *modules = kernel_modules(s->k, &count);
	bool taints = false;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "tsSdDrRog", &option)) && option) {
		if (option != 't')
			return err_new(
				ERR_UNSUPPORTED,
				"-%c: object files of modules are not loaded: names and "
				"types come from the dump itself",
				option);
		taints = true;
	}
	if (err)
		return err;
	if (!taints && count)
		return print_modules(s, modules, count, w);
	if (!taints)
		return err_new(ERR_ABSENT,
			       "no modules loaded in this kernel, or their list "
			       "cannot be read");
	print_taints(s, modules, count);
	return NULL;
}

const struct shell_command shell_cmd_mod = {
	.name = "mod",
	.synopsis = "[-t | name ...]",
	.summary = "module information",
	.help = "Show each module, or those named: address of its struct module, name, where\n"
		"its text lies, and bytes in all. Symbols of modules come from the dump, so\n"
		"that none needs to be loaded; -s, -S and -d of crash have nothing to do.\n\n"
		"    -t  only modules that taint the kernel, with the letters of why.",
	.run = run,
};
