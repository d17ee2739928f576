/* sym: names to addresses and back. */
#include "shell/source.h"

#include "base/str.h"

#include <string.h>

#define MAX_INTO_SYMBOL ((u64)64 << 20)

struct listing {
	struct shell *s;
	const char *pattern; /* NULL: all */
	char module[MODULE_NAME_MAX_LEN];
	size_t count;
};

static void print_line(struct shell *s, const struct symbol *sym, vaddr_t addr,
		       bool with_source)
{
	cleanup(buf_deinit) struct buf source = BUF_INIT;
	struct buf *b = shell_out(s);

	buf_printf(b, "%llx (%c) ", (unsigned long long)addr, sym->type);
	shell_text(s, sym->name);
	if (addr != sym->addr)
		buf_printf(b, s->radix == 16 ? "+0x%llx" : "+%llu",
			   (unsigned long long)(addr - sym->addr));
	if (*sym->module) {
		buf_add_str(b, " [");
		shell_text(s, sym->module);
		buf_add_char(b, ']');
	}
	if (with_source && shell_source_text(s, addr, &source))
		buf_printf(b, " %s", buf_text(&source));
	buf_add_char(b, '\n');
}

static void print_symbol(struct shell *s, const struct symbol *sym, vaddr_t addr)
{
	print_line(s, sym, addr, false);
}

static bool print_match(void *ctx, const struct symbol *sym)
{
	struct listing *l = ctx;

	if (l->pattern && !strstr(sym->name, l->pattern))
		return true;
	l->count++;
	print_symbol(l->s, sym, sym->addr);
	return !shell_is_over(l->s);
}

static void list(struct listing *l)
{
	if (symbol_each(l->s->k, print_match, l))
		symbol_each_of_modules(l->s->k, print_match, l);
}

/* In lists by module its name stands in the heading. */
static bool print_of_module(void *ctx, const struct symbol *sym)
{
	struct listing *l = ctx;

	buf_printf(shell_out(l->s), "%llx (%c) ", (unsigned long long)sym->addr, sym->type);
	shell_text(l->s, sym->name);
	buf_add_char(shell_out(l->s), '\n');
	return !shell_is_over(l->s);
}

static void print_bound(struct shell *s, vaddr_t addr, const char *what,
			const struct kernel_module *m)
{
	buf_printf(shell_out(s), "%llx MODULE %s: ", (unsigned long long)addr, what);
	shell_text(s, m->name);
	buf_add_char(shell_out(s), '\n');
}

static struct err *list_modules(struct shell *s, const char *name)
{
	struct listing l = {.s = s};
	size_t count, found = 0;
	const struct kernel_module *modules = kernel_modules(s->k, &count);

	while (count-- > 0) {
		const struct kernel_module *m = &modules[count];

		if (name && !str_eq(name, m->name))
			continue;
		found++;
		print_bound(s, m->base, "START", m);
		if (!symbol_each_of(s->k, m, print_of_module, &l))
			return NULL;
		print_bound(s, m->base + m->size, "END", m);
	}
	return name && !found ? err_new(ERR_ABSENT, "%s: no such module", name) : NULL;
}

static struct err *print_word(struct shell *s, const char *word)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	u64 offset = 0;
	vaddr_t addr;
	struct err *err;

	if (!sym)
		return err_nomem();
	if (symbol_find(s->k, word, sym)) {
		print_line(s, sym, sym->addr, true);
		return NULL;
	}
	err = shell_address(s, word, &addr);
	if (err)
		return err;
	if (!symbol_at(s->k, addr, MAX_INTO_SYMBOL, sym, &offset))
		return err_new(ERR_ABSENT, "invalid address: %s", word);
	print_line(s, sym, addr, true);
	return NULL;
}

/* The neighbours of the symbol that @word names. */
struct neighbours {
	vaddr_t addr;
	struct symbol before, after;
	bool has_before, has_after;
};

static bool find_neighbours(void *ctx, const struct symbol *sym)
{
	struct neighbours *n = ctx;

	if (sym->addr < n->addr) {
		n->before = *sym;
		n->has_before = true;
	} else if (sym->addr > n->addr) {
		n->after = *sym;
		n->has_after = true;
		return false;
	}
	return true;
}

static struct err *print_with_neighbours(struct shell *s, const char *word, bool before,
					 bool after)
{
	cleanup(freep) struct neighbours *n = calloc(1, sizeof(*n));
	struct err *err;

	if (!n)
		return err_nomem();
	err = shell_address(s, word, &n->addr);
	if (err)
		return err;
	symbol_each(s->k, find_neighbours, n);
	if (before && n->has_before)
		print_symbol(s, &n->before, n->before.addr);
	err = print_word(s, word);
	if (!err && after && n->has_after)
		print_symbol(s, &n->after, n->after.addr);
	return err;
}

static struct err *print_words(struct shell *s, const struct shell_words *w, bool before,
			       bool after)
{
	for (size_t i = 0; i < w->num_operands; i++) {
		struct err *err = before || after ? print_with_neighbours(s, w->words[i],
									  before, after)
						  : print_word(s, w->words[i]);

		if (err)
			return err;
	}
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct listing l = {.s = s};
	bool lists = false, modules = false, before = false, after = false;
	const char *module = NULL;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "lMm:q:pn", &option)) && option) {
		lists |= option == 'l' || option == 'q';
		modules |= option == 'M' || option == 'm';
		before |= option == 'p';
		after |= option == 'n';
		if (option == 'm')
			module = w->value;
		if (option == 'q')
			l.pattern = w->value;
	}
	if (!err)
		err = shell_check_operands(w, lists || modules ? 0 : 1,
					   lists || modules ? 0 : SHELL_MAX_WORDS);
	if (err)
		return err;
	if (modules)
		return list_modules(s, module);
	if (!lists)
		return print_words(s, w, before, after);
	list(&l);
	return NULL;
}

const struct shell_command shell_cmd_sym = {
	.name = "sym",
	.synopsis = "[-l] | [-M] | [-m module] | [-q text] | [-p|-n] symbol | address ...",
	.summary = "translate a symbol to its address, or an address to its symbol",
	.help = "Show address, type as nm(1) prints it, and name of each symbol or address.\n"
		"Expressions such as schedule+16 are addresses. Of code with file and line, if\n"
		"a vmlinux was named; modules are without.\n\n"
		"    -l         list all symbols of the kernel and its modules.\n"
		"    -M         list those of the modules.\n"
		"    -m module  list those of one module.\n"
		"    -q text    list those whose name contains the text.\n"
		"    -p, -n     also show the symbol before, or behind.",
	.run = run,
};
