/* struct, union, * and whatis: types, and memory as types. */
#include "shell/command.h"

#include "analyse/type_text.h"
#include "base/str.h"
#include "kernel/page_walk.h"
#include "shell/pointer_text.h"

#include <string.h>

#define MAX_MEMBERS   32
#define MAX_USER_SIZE (1u << 20)

/* What one of these commands was asked. */
struct request {
	char *members[MAX_MEMBERS]; /* paths behind the type's name */
	size_t num_members;
	struct type_ref type;
	bool has_address;
	u64 addr;
	const char *cpus; /* the address is per-CPU: of these */
	char own_cpu[16];
	s64 count;	  /* negative: those in front of the address, and the one there */
	bool is_raw;	  /* -r */
	bool is_user;	  /* -u */
	bool is_followed; /* -p */
	u64 back;	  /* -l: the address is that many bytes into the object */
	struct type_text_options text;
};

static struct err *no_such_type(const char *name)
{
	return err_new(ERR_ABSENT, "invalid data structure reference: %s", name);
}

/* "type.a,b.c" to the type's name and its members, in place. */
static struct err *split_members(char *word, struct request *q)
{
	char *at = strchr(word, '.');

	if (!at)
		return NULL;
	*at++ = '\0';
	for (char *member; (member = strsep(&at, ","));) {
		if (!*member || q->num_members == MAX_MEMBERS)
			return err_new(ERR_USAGE, "invalid format, or more than %d members",
				       MAX_MEMBERS);
		q->members[q->num_members++] = member;
	}
	return NULL;
}

/* A structure by its name, with or without the word in front. */
static struct err *find_type(struct types *t, const char *name, u32 kinds,
			     struct type_ref *ret)
{
	unsigned pointers = 0;
	struct err *err;

	if (types_find(t, name, kinds, ret))
		return NULL;
	err = types_parse(t, name, ret, &pointers);
	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (!err && !pointers && kinds & BTF_BIT(BTF_KIND_STRUCT))
		return NULL;
	err_ignore(err);
	return no_such_type(name);
}

/* "list_head.next" or a number of bytes. */
static struct err *read_back(struct shell *s, struct types *t, char *word, u64 *ret)
{
	char *dot = strchr(word, '.');
	struct type_ref type;
	struct object member;
	struct err *err;

	if (!dot)
		return shell_number(s, word, ret);
	*dot = '\0';
	err = find_type(t, word, BTF_RECORDS, &type);
	if (!err)
		err = type_member(t, type, dot + 1, &member);
	if (!err)
		*ret = member.addr;
	return err;
}

static struct err *read_count(struct shell *s, const char *word, s64 *ret)
{
	bool is_negative = *word == '-';
	u64 count;
	struct err *err = shell_number(s, word + is_negative, &count);

	if (!err && (!count || count > INT64_MAX))
		err = err_new(ERR_REFUSED, "invalid count request: %s", word);
	if (!err)
		*ret = is_negative ? -(s64)count : (s64)count;
	return err;
}

/* The CPUs behind a colon: of nothing, that of the current task. */
static struct err *read_cpus(struct shell *s, const char *list, struct request *q)
{
	const struct task_row *row;
	struct err *err;

	q->cpus = list;
	if (*list)
		return NULL;
	err = shell_context(s, &row);
	if (err)
		return err;
	snprintf(q->own_cpu, sizeof(q->own_cpu), "%u", row->task.cpu);
	q->cpus = q->own_cpu;
	return NULL;
}

static struct err *read_place(struct shell *s, const struct shell_words *w,
			      struct request *q)
{
	char *colon;

	if (w->num_operands == 3) {
		struct err *err = read_count(s, w->words[2], &q->count);

		if (err)
			return err;
	}
	if (w->num_operands < 2)
		return NULL;
	colon = strrchr(w->words[1], ':');
	if (colon) {
		struct err *err = read_cpus(s, colon + 1, q);

		if (err)
			return err;
		*colon = '\0';
	}
	q->has_address = true;
	return shell_address(s, w->words[1], &q->addr);
}

static struct err *read_request(struct shell *s, struct types *t, struct shell_words *w,
				u32 kinds, struct request *q)
{
	char option, *back = NULL;
	struct err *err;

	q->text.hex = s->radix == 16;
	q->count = 1;
	while (!(err = shell_option(w, "oxdl:c:rup", &option)) && option) {
		if (option == 'x' || option == 'd')
			q->text.hex = option == 'x';
		q->text.with_offsets |= option == 'o';
		if (option == 'l')
			back = (char *)w->value;
		if (option == 'c')
			err = read_count(s, w->value, &q->count);
		q->is_raw |= option == 'r';
		q->is_user |= option == 'u';
		q->is_followed |= option == 'p';
		if (err)
			return err;
	}
	if (!err)
		err = shell_check_operands(w, 1, 3);
	if (!err)
		err = split_members(w->words[0], q);
	if (!err)
		err = find_type(t, w->words[0], kinds, &q->type);
	if (!err && back)
		err = read_back(s, t, back, &q->back);
	return err ? err : read_place(s, w, q);
}

/* The declaration, of the whole or of the members asked for. */
static struct err *print_declaration(struct shell *s, struct types *t, struct request *q)
{
	struct err *err = NULL;

	if (!q->num_members)
		type_text_declaration(shell_out(s), t, q->type, &q->text);
	for (size_t i = 0; !err && i < q->num_members; i++)
		err = type_text_member(shell_out(s), t, q->type, q->members[i], &q->text);
	return err;
}

/* -r: as rd shows it, in words of eight bytes, or all of it in a smaller one. */
static struct err *print_raw(struct shell *s, const struct request *q,
			     const struct object *o)
{
	char addr[32], count[32], width[8] = "-64";
	char *words[] = {(char *)"rd", width, addr, count, NULL};
	struct object at = *o;
	struct err *err = NULL;
	u64 size;

	if (q->num_members > 1)
		return err_new(ERR_USAGE, "only one structure member allowed with -r");
	if (q->num_members)
		err = object_member(o, q->members[0], &at);
	if (err)
		return err;
	if (!object_size(&at, &size))
		return err_new(ERR_ABSENT, "the size of it is not known");
	snprintf(addr, sizeof(addr), "%llx", (unsigned long long)at.addr);
	snprintf(count, sizeof(count), "%llu", (unsigned long long)(size + 7) / 8);
	if (size == 1 || size == 2 || size == 4)
		snprintf(width, sizeof(width), "-%u", (unsigned)size * 8);
	return shell_run_words(s, words, 4);
}

static struct err *print_value(struct shell *s, struct types *t, struct request *q,
			       u64 addr)
{
	struct object o = object_at(t, q->type, addr);
	struct err *err = NULL;

	if (q->text.with_offsets) {
		q->text.has_base = true;
		q->text.base = addr;
		return print_declaration(s, t, q);
	}
	if (q->is_raw)
		return print_raw(s, q, &o);
	if (q->is_followed && !q->num_members)
		return pointer_text_object(s, &o, &q->text);
	if (!q->num_members)
		type_text_object(shell_out(s), &o, &q->text);
	for (size_t i = 0; !err && i < q->num_members; i++)
		err = q->is_followed ? pointer_text_member(s, &o, q->members[i], &q->text)
				     : type_text_object_member(shell_out(s), &o,
							       q->members[i], &q->text);
	return err;
}

/* Memory of the current process is read at once, and stands in for the kernel's. */
static struct err *print_user_value(struct shell *s, struct types *t, struct request *q,
				    u64 addr, u64 size)
{
	cleanup(freep) void *data = NULL;
	const struct task_row *row;
	struct err *err = shell_context(s, &row);

	if (err)
		return err;
	if (!size || size > MAX_USER_SIZE || addr >> 63)
		return err_new(ERR_REFUSED, "invalid user virtual address: %llx",
			       (unsigned long long)addr);
	data = malloc(size);
	if (!data)
		return err_nomem();
	err = task_user_read(s->k, &row->task, addr, data, size);
	if (err)
		return err;
	kernel_stand_in(s->k, addr, data, size);
	err = print_value(s, t, q, addr);
	kernel_stand_in(s->k, 0, NULL, 0);
	return err;
}

static struct err *print_values(struct shell *s, struct types *t, struct request *q,
				u64 addr)
{
	struct object o = object_at(t, q->type, addr);
	u64 size = 0, count = (u64)(q->count < 0 ? -q->count : q->count);
	struct err *err = NULL;

	if (!object_size(&o, &size) && q->count != 1)
		return err_new(ERR_ABSENT, "the size of this type is not known");
	addr -= q->back;
	if (q->count < 0)
		addr += (u64)(q->count + 1) * size;
	for (u64 i = 0; !err && i < count && !shell_is_over(s); i++) {
		if (i)
			buf_add_char(shell_out(s), '\n');
		err = q->is_user ? print_user_value(s, t, q, addr + i * size, size)
				 : print_value(s, t, q, addr + i * size);
	}
	return err;
}

static struct err *print_percpu(struct shell *s, struct types *t, struct request *q)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	for (size_t i = 0; !err && i < s->cpus.count && !shell_is_over(s); i++) {
		const struct cpu *cpu = &s->cpus.cpus[i];
		vaddr_t addr;

		if (!cpu->is_present || !shell_has_cpu(q->cpus, cpu->number))
			continue;
		err = kernel_percpu(s->k, q->addr, cpu->number, &addr);
		if (err)
			return err;
		buf_printf(shell_out(s), "[%u]: %llx\n", cpu->number,
			   (unsigned long long)addr);
		err = print_values(s, t, q, addr);
	}
	return err;
}

static struct err *run_kinds(struct shell *s, struct shell_words *w, u32 kinds)
{
	struct request q = {.count = 1};
	struct types *t;
	struct err *err = shell_types(s, &t);

	if (!err)
		err = read_request(s, t, w, kinds, &q);
	if (err)
		return err;
	if (!q.has_address)
		return print_declaration(s, t, &q);
	return q.cpus ? print_percpu(s, t, &q) : print_values(s, t, &q, q.addr);
}

static struct err *run_struct(struct shell *s, struct shell_words *w)
{
	return run_kinds(s, w, BTF_RECORDS);
}

static struct err *run_union(struct shell *s, struct shell_words *w)
{
	return run_kinds(s, w, BTF_BIT(BTF_KIND_UNION));
}

/* ---- whatis ---- */

static struct err *print_variable(struct shell *s, struct types *t, const char *name)
{
	struct object o;
	struct err *err = object_variable(t, name, &o);

	if (err)
		return err;
	type_text_declare_object(shell_out(s), &o, name);
	buf_add_str(shell_out(s), ";\n");
	return NULL;
}

static struct err *print_expression_type(struct shell *s, struct types *t, const char *text)
{
	struct typed_value v;
	struct err *err = typed_expr_eval(t, text, 0, &v);

	if (err)
		return err;
	if (v.kind == VALUE_NUMBER)
		return err_new(ERR_ABSENT, "%s is a number", text);
	if (v.kind == VALUE_POINTER)
		type_text_declare(shell_out(s), t, v.object.type, v.object.pointers + 1,
				  "");
	else
		type_text_declare_object(shell_out(s), &v.object, "");
	buf_add_char(shell_out(s), '\n');
	return NULL;
}

static struct err *run_whatis(struct shell *s, struct shell_words *w)
{
	struct type_text_options text = {.hex = s->radix == 16};
	cleanup(buf_deinit) struct buf name = BUF_INIT;
	struct type_ref type;
	struct types *t;
	unsigned pointers = 0;
	char option;
	struct err *err = shell_types(s, &t);

	while (!err && !(err = shell_option(w, "o", &option)) && option)
		text.with_offsets = true;
	if (!err)
		err = shell_check_operands(w, 1, 3);
	for (size_t i = 0; !err && i < w->num_operands; i++)
		buf_printf(&name, "%s%s", i ? " " : "", w->words[i]);
	if (!err)
		err = buf_check(&name);
	if (err)
		return err;
	err = types_parse(t, buf_text(&name), &type, &pointers);
	if (!err || types_find(t, buf_text(&name), BTF_BIT(BTF_KIND_FUNC), &type)) {
		err_ignore(err);
		type_text_declaration(shell_out(s), t, type, &text);
		return NULL;
	}
	err_ignore(err);
	if (strpbrk(buf_text(&name), ".->[&*("))
		return print_expression_type(s, t, buf_text(&name));
	return print_variable(s, t, buf_text(&name));
}

#define RECORD_SYNOPSIS                                                                    \
	"name[.member[,member]] [-o] [-l offset] [-rupxd]\n[address | symbol][:cpus] "     \
	"[count | -c count]"
#define RECORD_HELP                                                                         \
	"Show the declaration of a type of the kernel or a module, or with an address or\n" \
	"symbol, the memory there as that type. Members are shown alone, also those of\n"   \
	"members (se.load.weight).\n\n"                                                     \
	"    :cpus     the symbol is per-CPU: on these CPUs (a: all; \"0,2-5\"; nothing:\n" \
	"              that of the current task).\n"                                        \
	"    count     so many of them, one behind the other; of a negative one, those\n"   \
	"              up to the one at the address.\n"                                     \
	"    -o        with the offset of each member, or its address.\n"                   \
	"    -l offset the address is that of a member: its offset in bytes, or its name\n" \
	"              (list_head.next).\n"                                                 \
	"    -r        the bytes, as rd shows them.\n"                                      \
	"    -u        the address is one of the current task's user memory.\n"             \
	"    -p        what pointers lead to is shown as well.\n"                           \
	"    -x, -d    numbers in hexadecimal, decimal."

const struct shell_command shell_cmd_struct = {
	.name = "struct",
	.synopsis = RECORD_SYNOPSIS,
	.summary = "structure contents",
	.help = RECORD_HELP,
	.run = run_struct,
};

const struct shell_command shell_cmd_union = {
	.name = "union",
	.synopsis = RECORD_SYNOPSIS,
	.summary = "union contents",
	.help = RECORD_HELP,
	.run = run_union,
};

const struct shell_command shell_cmd_star = {
	.name = "*",
	.synopsis = RECORD_SYNOPSIS,
	.summary = "short for struct and union",
	.help = RECORD_HELP "\n\nThe name of a type alone, as a command, does the same.",
	.run = run_struct,
};

const struct shell_command shell_cmd_whatis = {
	.name = "whatis",
	.synopsis = "[-o] type | function | variable | expression",
	.summary = "show what a name is",
	.help = "Show the declaration of a type, a function, or a variable whose type is known:\n"
		"per-CPU ones, and some hundred others. What type an ordinary variable has is\n"
		"not in the dump, but in the vmlinux, if that was named too.\n\n"
		"    -o  with the offset of each member of a structure.",
	.run = run_whatis,
};
