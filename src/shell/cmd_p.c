/* p: symbols and numbers. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"

#include <string.h>

#define MAX_TEXT 4096

/* A dump's own types tell nothing of variables but where they lie; these are the sizes of
 * values that a symbol's neighbours leave room for. */
static u64 value_size(const struct symbol *sym)
{
	if (sym->size >= 8 || sym->size == 0)
		return 8;
	return sym->size >= 4 ? 4 : sym->size >= 2 ? 2 : 1;
}

static void print_number(struct shell *s, unsigned radix, u64 value)
{
	buf_printf(shell_out(s), radix == 16 ? "$%llu = 0x%llx\n" : "$%llu = %lld\n",
		   (unsigned long long)++s->num_values, (unsigned long long)value);
}

static struct err *read_value(struct shell *s, vaddr_t addr, u64 size, u64 *ret)
{
	struct field f = {.present = true, .size = size};

	return field_read(s->k, addr, &f, ret);
}

/* A per-CPU variable: where each CPU has its own. */
static struct err *print_percpu(struct shell *s, const struct symbol *sym)
{
	struct buf *b = shell_out(s);
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	buf_add_str(b, "PER-CPU ADDRESSES:\n");
	for (size_t i = 0; i < s->cpus.count; i++) {
		const struct cpu *cpu = &s->cpus.cpus[i];
		vaddr_t addr;

		if (!cpu->is_present)
			continue;
		err = kernel_percpu(s->k, sym->addr, cpu->number, &addr);
		if (err)
			return err;
		buf_printf(b, "  [%u]: %llx\n", cpu->number, (unsigned long long)addr);
	}
	return NULL;
}

static bool is_percpu(struct shell *s, const struct symbol *sym)
{
	vaddr_t start, end;

	return kernel_symbol_find(s->k, "__per_cpu_start", &start) &&
	       kernel_symbol_find(s->k, "__per_cpu_end", &end) && !*sym->module &&
	       sym->addr >= start && sym->addr < end;
}

/* Text of the kernel, such as linux_banner. */
static bool print_if_text(struct shell *s, const struct symbol *sym)
{
	char text[MAX_TEXT];
	struct err *err;
	size_t len;

	if (!strchr("rR", sym->type))
		return false;
	err = kernel_read_str(s->k, sym->addr, text, sizeof(text));
	if (err) {
		err_free(err);
		return false;
	}
	len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			return false;
	if (len < 4)
		return false;
	buf_printf(shell_out(s), "%s = $%llu = \"", sym->name,
		   (unsigned long long)++s->num_values);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			buf_add_str(shell_out(s), "\\n");
		else
			buf_add_char(shell_out(s), text[i]);
	}
	buf_add_str(shell_out(s), "\"\n");
	return true;
}

static struct err *print_symbol(struct shell *s, unsigned radix, const struct symbol *sym)
{
	u64 value, size = value_size(sym);
	struct err *err;

	if (is_percpu(s, sym))
		return print_percpu(s, sym);
	if (strchr("tTwW", sym->type)) {
		buf_printf(shell_out(s), "%s = $%llu = {<text variable>} 0x%llx <",
			   sym->name, (unsigned long long)++s->num_values,
			   (unsigned long long)sym->addr);
		shell_text(s, sym->name);
		buf_add_str(shell_out(s), ">\n");
		return NULL;
	}
	if (print_if_text(s, sym))
		return NULL;
	err = read_value(s, sym->addr, size, &value);
	if (err)
		return err;
	shell_text(s, sym->name);
	buf_add_str(shell_out(s), " = ");
	print_number(s, radix, size == 4 && radix == 10 ? (u64)(s64)(s32)value : value);
	return NULL;
}

static struct err *print_word(struct shell *s, unsigned radix, const char *text)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	u64 value;
	struct err *err;

	if (!sym)
		return err_nomem();
	if (*text == '&' && symbol_find(s->k, text + 1, sym)) {
		print_number(s, 16, sym->addr);
		return NULL;
	}
	if (symbol_find(s->k, text, sym))
		return print_symbol(s, radix, sym);
	err = shell_number(s, text, &value);
	if (!err)
		print_number(s, radix, value);
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	unsigned radix = s->radix;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "xdu", &option)) && option)
		radix = option == 'x' ? 16 : 10;
	if (!err)
		err = shell_check_operands(w, 1, SHELL_MAX_WORDS);
	if (err)
		return err;
	for (size_t i = 0; i < w->num_operands; i++)
		buf_printf(&text, "%s%s", i ? " " : "", w->words[i]);
	err = buf_check(&text);
	return err ? err : print_word(s, radix, buf_text(&text));
}

const struct shell_command shell_cmd_p = {
	.name = "p",
	.synopsis = "[-x|-d] symbol | &symbol | expression",
	.summary = "print the value of an expression",
	.help = "Show the value of a variable as a number of the size that it has room for, the\n"
		"address of a symbol (&symbol), or the value of an expression of numbers and\n"
		"addresses. Of a per-CPU variable, show where each CPU has it. What type a\n"
		"variable has is not in the dump.\n\n"
		"    -x, -d  hexadecimal, decimal.",
	.run = run,
};
