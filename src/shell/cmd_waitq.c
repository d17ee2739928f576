/* waitq: the tasks on a wait queue. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/object.h"
#include "kernel/wait_queue.h"

#include <string.h>

#define MAX_TYPE 128

struct listing {
	struct shell *s;
	size_t count;
};

static bool print_waiter(void *ctx, const struct queue_waiter *w)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);
	const struct task_row *row = task_table_find(&l->s->tasks, w->task);

	l->count++;
	if (row) {
		shell_task_header(l->s, &row->task);
	} else {
		buf_printf(b, "WAITER: %llx  FUNCTION: ", (unsigned long long)w->addr);
		if (!shell_symbol_text(l->s, w->function, l->s->radix, b))
			buf_printf(b, "%llx", (unsigned long long)w->function);
		buf_add_str(b, "  (no task)\n");
	}
	shell_flush(l->s);
	return !shell_is_over(l->s);
}

static struct err *print_queue(struct shell *s, const char *name, enum wait_queue_kind kind,
			       vaddr_t addr)
{
	struct listing l = {.s = s};
	struct err *err = wait_queue_each(s->k, kind, addr, print_waiter, &l);

	if (!err && !l.count) {
		buf_add_str(shell_out(s), "wait queue \"");
		shell_text(s, name);
		buf_printf(shell_out(s), "\" (%llx) is empty\n", (unsigned long long)addr);
	}
	return err;
}

/* The kind of queue that @o is, by the name of its type. */
static enum wait_queue_kind kind_of(struct types *t, const struct object *o)
{
	struct type_ref simple;

	return types_find(t, "swait_queue_head", BTF_BIT(BTF_KIND_STRUCT), &simple) &&
			       simple.btf == o->type.btf && simple.id == o->type.id
		       ? WAIT_QUEUE_SIMPLE
		       : WAIT_QUEUE_ORDINARY;
}

/* "struct.member" and the address of such a struct. */
static struct err *print_member(struct shell *s, const char *path, const char *word)
{
	const char *dot = strchr(path, '.');
	char name[MAX_TYPE];
	struct types *types;
	struct type_ref type;
	struct object member;
	u64 addr;
	struct err *err;

	snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
	if (!word)
		return err_new(ERR_ABSENT, "must supply an address for %s", name);
	err = shell_types(s, &types);
	if (!err)
		err = shell_address(s, word, &addr);
	if (err)
		return err;
	if (!types_find(types, name, BTF_BIT(BTF_KIND_STRUCT) | BTF_BIT(BTF_KIND_UNION),
			&type))
		return err_new(ERR_ABSENT, "invalid data structure reference: %s", name);
	err = type_member(types, type, dot + 1, &member);
	if (err)
		return err;
	return print_queue(s, path, kind_of(types, &member), addr + member.addr);
}

/* A symbol, whose type may be known, or an address. */
static struct err *print_named(struct shell *s, const char *word)
{
	enum wait_queue_kind kind = WAIT_QUEUE_ORDINARY;
	struct types *types;
	struct object o;
	u64 addr;
	struct err *err = shell_address(s, word, &addr);

	if (err) {
		err_free(err);
		return err_new(ERR_ABSENT, "cannot resolve \"%s\"", word);
	}
	err = shell_types(s, &types);
	if (!err)
		err = object_variable(types, word, &o);
	if (!err)
		kind = kind_of(types, &o);
	err_ignore(err);
	return print_queue(s, word, kind, addr);
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	const struct task_table *tasks;
	char option;
	struct err *err = shell_option(w, "", &option);

	if (!err)
		err = shell_check_operands(w, 1, 2);
	if (!err)
		err = shell_tasks(s, &tasks);
	if (err)
		return err;
	if (strchr(w->words[0], '.'))
		return print_member(s, w->words[0],
				    w->num_operands > 1 ? w->words[1] : NULL);
	return w->num_operands > 1 ? shell_usage() : print_named(s, w->words[0]);
}

const struct shell_command shell_cmd_waitq = {
	.name = "waitq",
	.synopsis = "symbol | struct.member address | address",
	.summary = "list tasks queued on a wait queue",
	.help = "Show the tasks that wait on a queue: that of a symbol, of a member of a struct\n"
		"at an address, or at an address. A waiter without a task, as epoll has them, is\n"
		"shown with the function that wakes it up.",
	.run = run,
};
