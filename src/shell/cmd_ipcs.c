/* ipcs: objects of System V IPC. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/ipc.h"

#include <string.h>

#define MODE_BITS  0777
#define SHM_DEST   01000 /* goes away with its last user */
#define SHM_LOCKED 02000

struct how {
	bool semaphores, memory, messages;
	bool details; /* -M */
	bool has_filter;
	u64 id, addr; /* of the one that is asked for */
};

struct listing {
	struct shell *s;
	const struct how *how;
	enum ipc_kind kind;
	size_t count;
};

static void print_heading(struct shell *s, enum ipc_kind kind)
{
	static const char *const headings[] = {
		[IPC_SEMAPHORES] =
			"SEM_ARRAY        KEY      SEMID      UID   PERMS NSEMS     \n",
		[IPC_MESSAGES] = "MSG_QUEUE        KEY      MSQID      UID   PERMS "
				 "USED-BYTES   MESSAGES    \n",
		[IPC_SHARED_MEMORY] = "SHMID_KERNEL     KEY      SHMID      UID   PERMS "
				      "BYTES      NATTCH STATUS\n",
	};

	buf_add_str(shell_out(s), headings[kind]);
}

static void print_memory(struct shell *s, const struct how *how, const struct ipc_object *o)
{
	struct buf *b = shell_out(s);
	unsigned shift = dump_page_shift(s->d);

	buf_printf(b, "%-10llu %-6llu %s%s\n", (unsigned long long)o->size,
		   (unsigned long long)o->count, o->mode & SHM_DEST ? "dest " : "",
		   o->mode & SHM_LOCKED ? "locked" : "");
	if (!how->details)
		return;
	buf_printf(b, "PAGES ALLOCATED/RESIDENT/SWAPPED: %llu/%llu/%llu\nINODE: %llx\n",
		   (unsigned long long)((o->size >> shift) +
					((o->size & (dump_page_size(s->d) - 1)) != 0)),
		   (unsigned long long)o->resident_pages,
		   (unsigned long long)o->swapped_pages, (unsigned long long)o->inode);
}

static bool print_object(void *ctx, const struct ipc_object *o)
{
	struct listing *l = ctx;
	struct shell *s = l->s;
	struct buf *b = shell_out(s);

	if (l->how->has_filter && l->how->addr != o->addr && l->how->id != (u64)o->id)
		return true;
	/* With details each has a block of its own. */
	if (!l->count++ || (l->how->details && l->kind == IPC_SHARED_MEMORY)) {
		buf_add_str(b, l->count > 1 ? "\n" : "");
		print_heading(s, l->kind);
	}
	buf_printf(b, "%-16llx %08x %-10d %-5u %-5o ", (unsigned long long)o->addr, o->key,
		   o->id, o->uid, o->mode & MODE_BITS);
	if (l->kind == IPC_SHARED_MEMORY)
		print_memory(s, l->how, o);
	else if (l->kind == IPC_SEMAPHORES)
		buf_printf(b, "%-10llu\n", (unsigned long long)o->size);
	else
		buf_printf(b, "%-12llu %-12llu\n", (unsigned long long)o->size,
			   (unsigned long long)o->count);
	shell_flush(s);
	return !shell_is_over(s);
}

/* *@found: how many there were. */
static struct err *print_kind(struct shell *s, const struct how *how, vaddr_t ns,
			      enum ipc_kind kind, size_t *found)
{
	struct listing l = {.s = s, .how = how, .kind = kind};
	struct err *err = ipc_each(s->k, ns, kind, print_object, &l);

	if (!l.count && !how->has_filter) {
		print_heading(s, kind);
		buf_add_str(shell_out(s), err ? "" : "(none allocated)\n");
	}
	*found += l.count;
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "ipcs", err);
		err = NULL;
	}
	if (l.count || !how->has_filter)
		buf_add_char(shell_out(s), '\n');
	return err;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how,
				const struct task_row **ret_row)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "smMqn:", &option)) && option) {
		how->semaphores |= option == 's';
		how->memory |= option == 'm' || option == 'M';
		how->details |= option == 'M';
		how->messages |= option == 'q';
		if (option != 'n')
			continue;
		*ret_row = shell_find_task(s, w->value);
		if (!*ret_row)
			return err_new(ERR_ABSENT, "invalid task or pid value: %s",
				       w->value);
	}
	if (!err)
		err = shell_check_operands(w, 0, 1);
	if (!how->semaphores && !how->memory && !how->messages)
		how->semaphores = how->memory = how->messages = true;
	return err;
}

/* An id is decimal, an address is not: a word may be either. */
static struct err *read_filter(const char *word, struct how *how)
{
	char *end, *hex_end;

	how->has_filter = true;
	how->id = strtoull(word, &end, 10);
	how->addr = strtoull(word, &hex_end, 16);
	if (*end)
		how->id = UINT64_MAX;
	return *hex_end ? err_new(ERR_USAGE, "not a valid number: %s", word) : NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.details = false};
	const struct task_row *row = NULL;
	vaddr_t ns;
	size_t found = 0;
	struct err *err = read_options(s, w, &how, &row);

	if (!err && w->num_operands)
		err = read_filter(w->words[0], &how);
	if (!err)
		err = ipc_namespace_find(s->k, row ? &row->task : NULL, &ns);
	if (!err && how.memory)
		err = print_kind(s, &how, ns, IPC_SHARED_MEMORY, &found);
	if (!err && how.semaphores)
		err = print_kind(s, &how, ns, IPC_SEMAPHORES, &found);
	if (!err && how.messages)
		err = print_kind(s, &how, ns, IPC_MESSAGES, &found);
	if (!err && how.has_filter && !found)
		err = err_new(ERR_ABSENT, "invalid id or address: %s", w->words[0]);
	return err;
}

const struct shell_command shell_cmd_ipcs = {
	.name = "ipcs",
	.synopsis = "[-smMq] [-n pid|task] [id | address]",
	.summary = "System V IPC facilities",
	.help = "Show objects of System V IPC: shared memory, semaphores, message queues, all of\n"
		"them or the one with that id or address.\n\n"
		"    -s       semaphore arrays.\n"
		"    -m       shared memory segments.\n"
		"    -M       the same with pages and inode.\n"
		"    -q       message queues.\n"
		"    -n task  in the namespace of this task, not in the first one.",
	.run = run,
};
