/* dis: code. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/page_walk.h"
#include "shell/disasm.h"
#include "shell/source.h"

#include <string.h>

#define MAX_FUNCTION ((u64)1 << 20)
#define MAX_LINES    ((u64)1 << 20)
#define MAX_PADDING  64

struct request {
	unsigned radix;
	bool backwards; /* -r: from the start of the function to here */
	bool forwards;	/* -f: from here to its end */
	bool is_user;
	bool lines; /* -l */
	vaddr_t from;
	vaddr_t to;   /* 0: as many as `count` says */
	vaddr_t last; /* -r: the instruction that this lies in is the last */
	u64 count;
};

/* The name of an address, as a target or in front of a line. */
struct naming {
	struct shell *s;
	unsigned radix;
};

static void add_name(void *ctx, vaddr_t addr, struct buf *b)
{
	const struct naming *n = ctx;
	cleanup(buf_deinit) struct buf text = BUF_INIT;

	if (shell_symbol_text(n->s, addr, n->radix, &text))
		buf_printf(b, " <%s>", buf_text(&text));
}

/* Read what there is of @len bytes of code. */
static size_t read_code(struct shell *s, const struct request *q, vaddr_t addr, u8 *bytes,
			size_t len, struct err **ret_why)
{
	const struct task_row *row;
	size_t got = 0;

	if (!q->is_user) {
		dump_read_some(s->d, ADDR_VIRTUAL, addr, bytes, len, &got, ret_why);
		return got;
	}
	*ret_why = shell_context(s, &row);
	while (!*ret_why && got < len) {
		*ret_why = task_user_read(s->k, &row->task, addr + got, bytes + got, 1);
		got += !*ret_why;
	}
	return got;
}

/* The five bytes at the start of a function that ftrace can make a call. */
static bool is_ftrace_nop(struct shell *s, vaddr_t addr, const u8 *bytes, size_t len)
{
	static const u8 nop[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	struct symbol_at at;

	return len >= sizeof(nop) && memcmp(bytes, nop, sizeof(nop)) == 0 &&
	       kernel_symbol_at(s->k, addr, &at) && at.offset == 0;
}

/* Print the instruction at @addr. *@ret_len: how long it is. */
static struct err *print_instruction(struct shell *s, struct disasm *d,
				     const struct request *q, vaddr_t addr, size_t *ret_len)
{
	struct naming n = {s, q->radix};
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct buf *b = shell_out(s);
	u8 bytes[DISASM_MAX_LEN];
	struct err *why = NULL;
	size_t got = read_code(s, q, addr, bytes, sizeof(bytes), &why);

	*ret_len = got ? disasm_format(d, addr, bytes, got, add_name, &n, &text) : 0;
	if (is_ftrace_nop(s, addr, bytes, got))
		buf_add_str(&text, " [FTRACE NOP]");
	if (!*ret_len && why)
		return why;
	err_ignore(why);
	if (!*ret_len) {
		*ret_len = 1;
		buf_add_str(&text, "(bad)  ");
	}
	buf_printf(b, "0x%llx", (unsigned long long)addr);
	add_name(&n, addr, b);
	buf_printf(b, ":\t%s\n", buf_text(&text));
	return NULL;
}

static bool has_no_effect(const char *text)
{
	return strstr(text, "nop") || strstr(text, "int3") ||
	       str_eq(text, "xchg   %ax,%ax");
}

/* Is there nothing but instructions without effect from @addr to the end? */
static bool is_padding(struct shell *s, struct disasm *d, const struct request *q,
		       vaddr_t addr)
{
	struct naming n = {s, q->radix};

	if (q->to - addr > MAX_PADDING)
		return false;
	while (addr < q->to) {
		cleanup(buf_deinit) struct buf text = BUF_INIT;
		u8 bytes[DISASM_MAX_LEN];
		struct err *why = NULL;
		size_t got = read_code(s, q, addr, bytes, sizeof(bytes), &why);
		size_t len =
			got ? disasm_format(d, addr, bytes, got, add_name, &n, &text) : 0;

		err_ignore(why);
		if (!len || !has_no_effect(buf_text(&text)))
			return false;
		addr += len;
	}
	return true;
}

/* The line of @addr, if it is another than *@last. */
static void print_line(struct shell *s, vaddr_t addr, struct buf *last)
{
	cleanup(buf_deinit) struct buf line = BUF_INIT;

	if (!shell_source_text(s, addr, &line) || str_eq(buf_text(&line), buf_text(last)))
		return;
	buf_printf(shell_out(s), "%s\n", buf_text(&line));
	last->len = 0;
	buf_add_str(last, buf_text(&line));
}

static struct err *print_code(struct shell *s, const struct request *q)
{
	cleanup(disasm_freep) struct disasm *d = NULL;
	cleanup(buf_deinit) struct buf line = BUF_INIT;
	vaddr_t addr = q->from;
	struct err *err = disasm_open(dump_arch(s->d), &d);

	for (u64 i = 0; !err && i < q->count && !shell_is_over(s); i++) {
		size_t len = 0;

		if ((q->to && addr >= q->to) || (q->last && addr > q->last))
			break;
		/* Functions are aligned: what fills the gap behind one is not its code. */
		if (q->to && is_padding(s, d, q, addr))
			break;
		if (q->lines && !q->is_user)
			print_line(s, addr, &line);
		err = print_instruction(s, d, q, addr, &len);
		addr += len;
	}
	return err;
}

/* Bounds by the function that @addr lies in. */
static struct err *find_function(struct shell *s, struct request *q, vaddr_t addr,
				 const char *word)
{
	cleanup(freep) struct symbol *sym = malloc(sizeof(*sym));
	u64 offset;

	if (!sym)
		return err_nomem();
	if (!symbol_at(s->k, addr, MAX_FUNCTION, sym, &offset))
		return err_new(ERR_ABSENT,
			       "%s: no symbol, and so no function, is known there", word);
	if (q->backwards) {
		q->from = sym->addr;
		q->last = addr;
	} else {
		q->to = sym->size && sym->size <= MAX_FUNCTION ? sym->addr + sym->size
							       : sym->addr + MAX_FUNCTION;
	}
	return NULL;
}

static struct err *read_request(struct shell *s, struct shell_words *w, struct request *q)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "rfluxd", &option)) && option) {
		q->backwards |= option == 'r';
		q->forwards |= option == 'f';
		q->is_user |= option == 'u';
		q->lines |= option == 'l';
		if (option == 'x' || option == 'd')
			q->radix = option == 'x' ? 16 : 10;
	}
	if (!err)
		err = shell_check_operands(w, 1, 2);
	if (!err && q->backwards && q->forwards)
		err = err_new(ERR_USAGE, "-r and -f exclude each other");
	if (!err && w->num_operands == 2)
		err = shell_number(s, w->words[1], &q->count);
	if (!err && !q->count)
		err = err_new(ERR_USAGE, "invalid count request: 0");
	if (!err && q->lines)
		shell_check_source(s, "dis: -l");
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.radix = s->radix, .count = MAX_LINES};
	struct err *err = read_request(s, w, &q);

	if (!err)
		err = shell_address(s, w->words[0], &q.from);
	if (err)
		return err;
	/* A name alone is the whole function, an address alone one instruction. */
	if (w->num_operands == 1 && !q.backwards && !q.forwards) {
		vaddr_t named;

		if (!q.is_user && kernel_symbol_find(s->k, w->words[0], &named))
			q.forwards = true;
		else
			q.count = 1;
	}
	if (!q.is_user && (q.backwards || q.forwards))
		err = find_function(s, &q, q.from, w->words[0]);
	return err ? err : print_code(s, &q);
}

const struct shell_command shell_cmd_dis = {
	.name = "dis",
	.synopsis = "[-r|-f] [-l] [-u] [-x|-d] address|symbol [count]",
	.summary = "disassemble",
	.help = "Show the code of a function, or count instructions from an address on (one, if\n"
		"none is given), as it was in the memory of the crashed kernel.\n\n"
		"    -r      from the start of the function to the address.\n"
		"    -f      from the address to the end of the function.\n"
		"    -u      the address is one of the current task's user memory.\n"
		"    -l      with files and lines, if a vmlinux was named. Modules are without.\n"
		"    -x, -d  the radix of offsets into functions.",
	.run = run,
};
