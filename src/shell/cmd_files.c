/* files: what tasks have open. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/open_file.h"
#include "kernel/socket.h"

#include <ctype.h>
#include <string.h>

struct how {
	bool with_pages;       /* -c */
	bool is_foreach;       /* a blank line behind each task */
	const char *reference; /* -R */
};

struct listing {
	struct shell *s;
	const struct how *how;
	const struct task *task;
	const char *root, *cwd;
	bool has_heading;
	char path[PATH_TEXT_SIZE];
};

/* ---- what is known of a file ---- */

/* The path, "" where it cannot be had. */
static void read_path(struct shell *s, const struct path *p, char text[PATH_TEXT_SIZE])
{
	struct err *err = path_format(s->k, p, text);

	if (err)
		text[0] = '\0';
	err_ignore(err);
}

static void name_socket(struct shell *s, const struct open_file *f, char *text, size_t size)
{
	struct socket socket;
	const char *family, *type;
	struct err *err = socket_read(s->k, f->private, &socket);

	text[0] = '\0';
	if (!err) {
		family = socket_family_name(&socket);
		type = socket_type_name(&socket);
		snprintf(text, size, "%s-%s", family ? family : "?", type ? type : "?");
	}
	err_ignore(err);
}

/* i_mapping, and how many pages it has in the cache. */
static void read_mapping(struct shell *s, vaddr_t inode, u64 *ret_mapping, u64 *ret_pages)
{
	struct err *err;

	*ret_mapping = *ret_pages = 0;
	err = field_read_by_name(s->k, inode, "inode", "i_mapping", ret_mapping);
	if (!err)
		err = field_read_by_name(s->k, *ret_mapping, "address_space", "nrpages",
					 ret_pages);
	err_ignore(err);
}

/* ---- printing ---- */

static void print_task(struct listing *l, const char *end)
{
	struct buf *b = shell_out(l->s);

	shell_task_header(l->s, l->task);
	buf_add_str(b, "ROOT: ");
	shell_text(l->s, l->root);
	buf_add_str(b, "    CWD: ");
	shell_text(l->s, l->cwd);
	buf_printf(b, "%s\n", end);
}

static void print_heading(struct listing *l)
{
	if (l->has_heading)
		return;
	l->has_heading = true;
	if (l->how->reference)
		print_task(l, " ");
	buf_add_str(
		shell_out(l->s),
		l->how->with_pages
			? " FD      INODE          I_MAPPING     NRPAGES TYPE PATH\n"
			: " FD       FILE            DENTRY           INODE       TYPE PATH\n");
}

/* A number is a descriptor or an address, all else a part of the path. */
static bool is_meant(const struct listing *l, const struct open_file *f, u64 mapping)
{
	const char *word = l->how->reference;
	char *end;
	u64 number;

	if (isdigit((unsigned char)*word)) {
		number = strtoull(word, &end, 10);
		if (!*end && number == f->fd)
			return true;
	}
	number = strtoull(word, &end, 16);
	if (!*end && number &&
	    (number == f->file || number == f->path.dentry || number == f->inode ||
	     number == mapping))
		return true;
	return strstr(l->path, word) != NULL;
}

static bool print_file(void *ctx, const struct open_file *f)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);
	const char *type = f->inode ? file_type_name(f->mode) : "?";
	u64 mapping, pages;

	if (str_eq(type, "SOCK"))
		name_socket(l->s, f, l->path, sizeof(l->path));
	else
		read_path(l->s, &f->path, l->path);
	read_mapping(l->s, f->inode, &mapping, &pages);
	if (l->how->reference && !is_meant(l, f, mapping))
		return true;
	print_heading(l);
	if (l->how->with_pages)
		buf_printf(b, "%3u %016llx %016llx %7llu %-4s ", f->fd,
			   (unsigned long long)f->inode, (unsigned long long)mapping,
			   (unsigned long long)pages, type);
	else
		buf_printf(b, "%3u %016llx %016llx %016llx %-4s ", f->fd,
			   (unsigned long long)f->file, (unsigned long long)f->path.dentry,
			   (unsigned long long)f->inode, type);
	shell_text(l->s, l->path);
	buf_add_char(b, '\n');
	return !shell_is_over(l->s);
}

static struct err *print_files(struct shell *s, const struct how *how, const struct task *t)
{
	struct path root, cwd;
	char root_text[PATH_TEXT_SIZE] = "", cwd_text[PATH_TEXT_SIZE] = "";
	struct listing l = {
		.s = s, .how = how, .task = t, .root = root_text, .cwd = cwd_text};
	bool has;
	struct err *err = task_directories(s->k, t->addr, &has, &root, &cwd);

	if (err)
		return err;
	if (has) {
		read_path(s, &root, root_text);
		read_path(s, &cwd, cwd_text);
	}
	if (!how->reference)
		print_task(&l, "");
	err = open_file_each(s->k, t->addr, print_file, &l);
	if (!l.has_heading && !how->reference)
		buf_add_str(shell_out(s),
			    how->is_foreach ? "No open files\n\n" : "No open files\n");
	if (l.has_heading)
		buf_add_char(shell_out(s), '\n');
	return err;
}

/* -d: one dentry, whatever task. */
static struct err *print_dentry(struct shell *s, const char *word)
{
	char text[PATH_TEXT_SIZE];
	struct path p = {.mount = 0};
	u64 inode, super_block, mode = 0;
	struct err *err = shell_address(s, word, &p.dentry);

	if (!err)
		err = field_read_by_name(s->k, p.dentry, "dentry", "d_inode", &inode);
	if (!err)
		err = field_read_by_name(s->k, p.dentry, "dentry", "d_sb", &super_block);
	if (!err && inode)
		err = field_read_by_name(s->k, inode, "inode", "i_mode", &mode);
	if (err)
		return err;
	path_find_mount(s->k, &p);
	read_path(s, &p, text);
	buf_printf(shell_out(s),
		   "     DENTRY           INODE           SUPERBLK     TYPE PATH\n"
		   "%016llx %016llx %016llx %-4s ",
		   (unsigned long long)p.dentry, (unsigned long long)inode,
		   (unsigned long long)super_block,
		   inode ? file_type_name((u32)mode) : "N/A");
	shell_text(s, text);
	buf_add_char(shell_out(s), '\n');
	return NULL;
}

/* ---- the command ---- */

static struct err *read_options(struct shell_words *w, struct how *how,
				const char **ret_dentry)
{
	char option;
	struct err *err;

	*ret_dentry = NULL;
	while (!(err = shell_option(w, "cR:d:", &option)) && option) {
		if (option == 'R')
			how->reference = w->value;
		else if (option == 'd')
			*ret_dentry = w->value;
		else
			how->with_pages = true;
	}
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.with_pages = false};
	const struct task_row *row;
	const char *dentry;
	struct err *err = read_options(w, &how, &dentry);

	if (!err && dentry)
		return print_dentry(s, dentry);
	if (!err)
		err = shell_context(s, &row);
	if (!err && !w->num_operands)
		err = print_files(s, &how, &row->task);
	for (size_t i = 0; !err && i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		err = row ? print_files(s, &how, &row->task)
			  : err_new(ERR_ABSENT, "invalid task or pid value: %s",
				    w->words[i]);
	}
	return err;
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct how how = {.is_foreach = true};
	const char *dentry;
	struct err *err = read_options(w, &how, &dentry);

	if (!err && (dentry || w->num_operands))
		err = shell_usage();
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++)
		err = print_files(s, &how, &rows[i]->task);
	return err;
}

const struct shell_command shell_cmd_files = {
	.name = "files",
	.synopsis = "[-d dentry] | [-c] [-R reference] [pid | task] ...",
	.summary = "open files",
	.help = "Show the root and current directory of each task, or of the current one, and\n"
		"of each descriptor: the struct file, its dentry, its inode, the type and the\n"
		"path. What is deleted is shown where it was.\n\n"
		"    -c            instead of file and dentry, the address_space of the inode and\n"
		"                  how many of its pages are in the page cache.\n"
		"    -R reference  only descriptors that are this number, or refer to this path\n"
		"                  (a part of it will do), file, dentry, inode or address_space.\n"
		"    -d dentry     inode, super_block, type and path of this dentry, of no task.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
