/* mount: what is mounted where. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/mount.h"

struct request {
	struct shell *s;
	const struct shell_words *w;
	bool has_heading;
};

/* The super_block of the dentry or inode at @addr, 0 if it is none. */
static vaddr_t super_block_of_object(struct shell *s, vaddr_t addr, const char *type,
				     const char *member)
{
	u64 found = 0;
	struct err *err = field_read_by_name(s->k, addr, type, member, &found);

	if (err)
		found = 0;
	err_ignore(err);
	return found;
}

/* Does @word name the mount, its filesystem, or a dentry or inode of that? */
static bool is_meant(struct shell *s, const struct mount *m, const char *word)
{
	struct field mnt = field_find(s->k, "mount", "mnt");
	struct err *err;
	u64 addr;

	if (str_eq(word, m->device) || str_eq(word, m->directory))
		return true;
	if (*word == '/')
		return false;
	err = shell_address(s, word, &addr);
	if (err) {
		err_ignore(err);
		return false;
	}
	return addr == m->addr || (mnt.present && addr == m->addr + mnt.offset) ||
	       addr == m->super_block.addr ||
	       super_block_of_object(s, addr, "dentry", "d_sb") == m->super_block.addr ||
	       super_block_of_object(s, addr, "inode", "i_sb") == m->super_block.addr;
}

static bool is_wanted(const struct request *q, const struct mount *m)
{
	for (size_t i = 0; i < q->w->num_operands; i++)
		if (is_meant(q->s, m, q->w->words[i]))
			return true;
	return !q->w->num_operands;
}

static void print_padded(struct shell *s, const char *raw, size_t width)
{
	struct buf *b = shell_out(s);
	size_t start = b->len;

	shell_text(s, raw);
	while (b->len - start < width && !b->failed)
		buf_add_char(b, ' ');
}

static void print_mount(void *ctx, const struct mount *m)
{
	struct request *q = ctx;
	struct buf *b = shell_out(q->s);

	if (shell_is_over(q->s) || !is_wanted(q, m))
		return;
	if (!q->has_heading)
		buf_add_str(b,
			    "     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME\n");
	q->has_heading = true;
	buf_printf(b, "%016llx %016llx ", (unsigned long long)m->addr,
		   (unsigned long long)m->super_block.addr);
	print_padded(q->s, m->super_block.type, 6);
	buf_add_char(b, ' ');
	print_padded(q->s, m->device, 9);
	buf_add_char(b, ' ');
	print_padded(q->s, m->directory, 10);
	buf_add_char(b, '\n');
}

/* Whose namespace: that of -n, else that of init. */
static struct err *choose_task(struct shell *s, const char *word,
			       const struct task_row **ret)
{
	const struct task_table *tasks;
	const struct task_row *row;
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	row = word ? shell_find_task(s, word) : task_table_find_pid(tasks, 1);
	if (!row && !word)
		row = task_table_find_pid(tasks, 0);
	if (!row)
		return err_new(ERR_ABSENT, "invalid task or pid value: %s",
			       word ? word : "1");
	*ret = row;
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.s = s, .w = w};
	const struct task_row *row = NULL;
	const char *task = NULL;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "fin:", &option)) && option) {
		if (option != 'n')
			return err_new(ERR_UNSUPPORTED,
				       "-%c: kernels since %s do not keep such a list",
				       option, option == 'f' ? "3.13" : "2.6.32");
		task = w->value;
	}
	if (!err)
		err = choose_task(s, task, &row);
	if (!err)
		err = mount_each(s->k, row->task.addr, &s->notices, print_mount, &q);
	if (!err && !q.has_heading && w->num_operands)
		err = err_new(ERR_ABSENT, "nothing is mounted that %s names", w->words[0]);
	return err;
}

const struct shell_command shell_cmd_mount = {
	.name = "mount",
	.synopsis = "[-n pid|task] [mount|vfsmount|superblock|dev|dir|dentry|inode] ...",
	.summary = "mounted filesystem data",
	.help = "Show what is mounted: the struct mount, its super_block, the type of the\n"
		"filesystem, its device and its directory. It is what init sees.\n\n"
		"    -n task  what this task sees, by pid or address.\n\n"
		"Only those are shown that an operand names: a device, a directory, or the\n"
		"address of a mount, super_block, or of a dentry or inode of a filesystem.\n"
		"The lists behind -f and -i of crash are not kept by kernels of today.",
	.run = run,
};
