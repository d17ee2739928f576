/* sys: the banner, the system call table, the taint. */
#include "shell/source.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/machine.h"
#include "kernel/taint.h"

#include <string.h>

#define MAX_CALLS 4096

/* How many entries sys_call_table has: what lies before the next symbol. */
static struct err *find_table(struct shell *s, vaddr_t *ret, u64 *ret_count)
{
	struct symbol *at = malloc(sizeof(*at));
	struct err *err = NULL;

	if (!at)
		return err_nomem();
	if (!symbol_find(s->k, "sys_call_table", at))
		err = err_new(ERR_ABSENT,
			      "the crashed kernel has no symbol sys_call_table");
	*ret = at->addr;
	*ret_count = err ? 0 : min_u64(at->size / 8, MAX_CALLS);
	free(at);
	return err;
}

static void print_call(struct shell *s, u64 number, vaddr_t function)
{
	cleanup(buf_deinit) struct buf name = BUF_INIT;

	cleanup(buf_deinit) struct buf source = BUF_INIT;

	if (!shell_symbol_text(s, function, 10, &name))
		buf_printf(&name, "%llx", (unsigned long long)function);
	buf_printf(shell_out(s), s->radix == 16 ? "%3llx  " : "%3llu  ",
		   (unsigned long long)number);
	if (shell_source_text(s, function, &source))
		buf_printf(shell_out(s), "%-26s %s\n", buf_text(&name), buf_text(&source));
	else
		buf_printf(shell_out(s), "%s\n", buf_text(&name));
}

/* A number is that of one call, a word a part of its name. */
static bool is_wanted(struct shell *s, const char *wanted, u64 number, vaddr_t function)
{
	cleanup(buf_deinit) struct buf name = BUF_INIT;
	u64 wanted_number;

	if (!wanted)
		return true;
	if (str_parse_u64(wanted, &wanted_number))
		return number == wanted_number;
	return shell_symbol_text(s, function, 10, &name) && strstr(buf_text(&name), wanted);
}

static struct err *print_calls(struct shell *s, const char *wanted)
{
	vaddr_t table = 0, function;
	u64 count = 0;
	struct err *err = find_table(s, &table, &count);

	if (err)
		return err;
	buf_printf(shell_out(s), "NUM  SYSTEM CALL%s\n",
		   s->options.debuginfo ? "                FILE AND LINE NUMBER" : "");
	for (u64 i = 0; i < count && !shell_is_over(s); i++) {
		err = kernel_read_ptr(s->k, table + i * 8, &function);
		if (err)
			return err;
		if (is_wanted(s, wanted, i, function))
			print_call(s, i, function);
	}
	return NULL;
}

static struct err *print_taint(struct shell *s)
{
	cleanup(freep) struct machine_facts *m = calloc(1, sizeof(*m));
	struct buf *b = shell_out(s);

	if (!m)
		return err_nomem();
	machine_facts_read(s->k, m);
	if (!m->has_taint)
		return err_new(ERR_ABSENT,
			       "the crashed kernel's tainted_mask cannot be read");
	buf_printf(b, "TAINTED_MASK: %llx  ", (unsigned long long)m->taint);
	taint_format(b, m->taint);
	buf_add_char(b, '\n');
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	bool calls = false, taint = false;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "ct", &option)) && option) {
		calls |= option == 'c';
		taint |= option == 't';
	}
	if (!err)
		err = shell_check_operands(w, 0, calls ? 1 : 0);
	if (err)
		return err;
	if (calls)
		return print_calls(s, w->num_operands ? w->words[0] : NULL);
	if (taint)
		return print_taint(s);
	return shell_banner(s, false);
}

const struct shell_command shell_cmd_sys = {
	.name = "sys",
	.synopsis = "[-c [name | number]] [-t]",
	.summary = "system data",
	.help = "Without options, show the banner: release, time, load, tasks, memory, and what\n"
		"the machine panicked for.\n\n"
		"    -c [name|number]  the table of system calls, or those whose name contains\n"
		"                      name. With files and lines, if a vmlinux was\n"
		"                      named.\n"
		"    -t                the kernel's taint, as a number and as letters.",
	.run = run,
};
