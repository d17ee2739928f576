/* p: symbols and numbers. */
#include "shell/command.h"

#include "analyse/type_text.h"
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

/* Is it a name and nothing else? Then crash repeats it in front of the value. */
static bool is_plain(const char *text)
{
	return !text[strcspn(text, ".->[&*( +/%<>|^~!")];
}

static void print_result(struct shell *s, struct types *t, bool hex, const char *label,
			 const char *text, const struct typed_value *v)
{
	struct type_text_options o = {.hex = hex, .array_on_new_line = is_plain(text)};

	shell_text(s, label);
	buf_printf(shell_out(s), "$%llu = ", (unsigned long long)++s->num_values);
	type_text_result(shell_out(s), t, v, &o);
	buf_add_char(shell_out(s), '\n');
}

static bool is_percpu_variable(struct types *t, const char *name)
{
	struct object o;
	struct err *err = object_variable(t, name, &o);
	bool is_percpu = !err && o.is_percpu;

	err_ignore(err);
	return is_percpu;
}

/* "runqueues:0,2": the variable of each of these CPUs. */
static struct err *print_of_cpus(struct shell *s, struct types *t, bool hex,
				 const char *name, const char *cpus)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	for (size_t i = 0; !err && i < s->cpus.count && !shell_is_over(s); i++) {
		const struct cpu *cpu = &s->cpus.cpus[i];
		struct typed_value v;
		char label[256];

		if (!cpu->is_present || !shell_has_cpu(cpus, cpu->number))
			continue;
		err = typed_expr_eval(t, name, cpu->number, &v);
		snprintf(label, sizeof(label), "per_cpu(%.200s, %u) = ", name, cpu->number);
		if (!err)
			print_result(s, t, hex, label, name, &v);
	}
	return err;
}

/* A per-CPU variable without a CPU: its type, and where it is on each. */
static bool print_if_percpu(struct shell *s, struct types *t, const char *name,
			    struct err **err)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	struct object o;

	*err = object_variable(t, name, &o);
	if (*err || !o.is_percpu || !sym) {
		err_ignore(*err);
		*err = NULL;
		return false;
	}
	buf_add_str(shell_out(s), "PER-CPU DATA TYPE:\n  ");
	type_text_declare_object(shell_out(s), &o, name);
	buf_add_str(shell_out(s), ";\n");
	sym->addr = o.addr;
	*err = print_percpu(s, sym);
	return true;
}

/* What has no type that is known: a symbol's memory as a number, or a number. */
static struct err *print_untyped(struct shell *s, unsigned radix, const char *text,
				 struct err *why)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	u64 value;
	struct err *err;

	if (!sym) {
		err_free(why);
		return err_nomem();
	}
	if (symbol_find(s->k, *text == '&' ? text + 1 : text, sym)) {
		err_free(why);
		if (*text == '&')
			print_number(s, 16, sym->addr);
		return *text == '&' ? NULL : print_symbol(s, radix, sym);
	}
	err = shell_number(s, text, &value);
	if (err) {
		err_free(err);
		return why;
	}
	err_free(why);
	print_number(s, radix, value);
	return NULL;
}

static struct err *print_text(struct shell *s, unsigned radix, char *text)
{
	char *colon = strrchr(text, ':');
	cleanup(buf_deinit) struct buf label = BUF_INIT;
	struct typed_value v;
	struct types *t;
	struct err *err = shell_types(s, &t);

	if (err)
		return err;
	if (colon) {
		*colon = '\0';
		if (is_percpu_variable(t, text))
			return print_of_cpus(s, t, radix == 16, text, colon + 1);
		buf_printf(shell_out(s), "WARNING: %s is not percpu; cpuspec ignored.\n",
			   text);
	}
	if (print_if_percpu(s, t, text, &err))
		return err;
	err = typed_expr_eval(t, text, 0, &v);
	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err)
		return print_untyped(s, radix, text, err);
	if (v.kind == VALUE_OBJECT && is_plain(text))
		buf_printf(&label, "%s = ", text);
	print_result(s, t, radix == 16, buf_text(&label), text, &v);
	return NULL;
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
	return err ? err : print_text(s, radix, text.data);
}

const struct shell_command shell_cmd_p = {
	.name = "p",
	.synopsis = "[-x|-d] expression[:cpus]",
	.summary = "print the value of an expression",
	.help = "Show the value of an expression as C has it: variables and their members\n"
		"(init_task.comm, modules.next->prev), casts to types of the kernel\n"
		"(((struct page *)0xffffea0000000000)[3]), sizeof, enumerators, numbers.\n\n"
		"Of a per-CPU variable, show its type and where each CPU has it; with :cpus,\n"
		"its value on these CPUs (a: all; \"0,2-5\"). Types are known of per-CPU variables\n"
		"and of some hundred others, with a vmlinux of all; of the rest, the number is\n"
		"shown that a symbol has room for.\n\n"
		"    -x, -d  hexadecimal, decimal.",
	.run = run,
};
