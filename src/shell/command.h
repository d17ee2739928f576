/*
 * What commands of the shell are made of, and what they share: the session, words, options,
 * expressions, tasks.
 *
 * A command is a const row, found by its name. It appends its output to shell_out() and
 * calls shell_flush() between lines, and stops early where shell_is_over() says so. Its
 * error is told behind its name; ERR_USAGE also shows how to call it.
 */
#ifndef SHELL_COMMAND_H
#define SHELL_COMMAND_H

#include "analyse/panic.h"
#include "kernel/symbols.h"
#include "kernel/task_table.h"
#include "kernel/types.h"
#include "shell/line.h"
#include "shell/shell.h"
#include "shell/sink.h"

/* Words behind the name of a command. Layout public. */
struct shell_words {
	char **words; /* NULL behind the last */
	size_t count;
	/* Where shell_option() stands. */
	size_t next;
	const char *cluster; /* rest of "-abc" */
	const char *value;   /* of the option last found */
	size_t num_operands; /* the first of `words`, once all options were found */
};

struct shell_command {
	const char *name;
	const char *synopsis; /* "[-a] [pid | task]"; lines end in '\n' but the last */
	const char *summary;  /* "backtrace" */
	const char *help;     /* paragraphs, each line of at most 78 bytes */
	struct err *(*run)(struct shell *s, struct shell_words *w);
	/* How `foreach` runs it on @count tasks; NULL: it does not. */
	struct err *(*run_on_tasks)(struct shell *s, struct shell_words *w,
				    const struct task_row *const *rows, size_t count);
};

/* Of files, devices and I/O. */
extern const struct shell_command shell_cmd_bpf, shell_cmd_dev, shell_cmd_files,
	shell_cmd_irq, shell_cmd_mount, shell_cmd_net;

/* The table, by name; NULL behind the last. */
extern const struct shell_command *const shell_commands[];
const struct shell_command *shell_command_find(const char *name);

extern const struct shell_command shell_cmd_star, shell_cmd_alias, shell_cmd_ascii,
	shell_cmd_bt, shell_cmd_btop, shell_cmd_dis, shell_cmd_eval, shell_cmd_exit,
	shell_cmd_foreach, shell_cmd_help, shell_cmd_ipcs, shell_cmd_kmem, shell_cmd_list,
	shell_cmd_log, shell_cmd_mod, shell_cmd_p, shell_cmd_ps, shell_cmd_pte,
	shell_cmd_ptob, shell_cmd_ptov, shell_cmd_q, shell_cmd_rd, shell_cmd_repeat,
	shell_cmd_runq, shell_cmd_search, shell_cmd_set, shell_cmd_sig, shell_cmd_struct,
	shell_cmd_swap, shell_cmd_sym, shell_cmd_sys, shell_cmd_task, shell_cmd_timer,
	shell_cmd_tree, shell_cmd_union, shell_cmd_vm, shell_cmd_vtop, shell_cmd_waitq,
	shell_cmd_whatis, shell_cmd_wr;

struct shell_alias {
	char *name;
	char *command;
	bool is_builtin;
};

struct shell {
	struct kernel *k;
	struct dump *d;
	struct shell_options options;
	struct sink out;
	struct notices notices; /* of what the session reads */

	struct cpu_table cpus;
	struct task_table tasks;
	struct panic_log log;
	struct panic_place panic;
	struct stack *stack; /* room to unwind in */
	struct types *types; /* NULL until asked for */
	size_t num_told;     /* notices shown so far */

	vaddr_t context; /* the task commands are about, 0 if there is none */
	unsigned radix;	 /* 10 or 16 */
	bool scrolls;	 /* output on a terminal goes through a pager */
	bool wants_exit;
	u64 num_values; /* of `p`: "$1" … */

	struct shell_alias *aliases;
	size_t num_aliases;
};

/* ---- output ---- */

static inline struct buf *shell_out(struct shell *s)
{
	return &s->out.b;
}
void shell_flush(struct shell *s);
/* Has the user interrupted, or does nobody read any more? */
bool shell_is_over(struct shell *s);
/* Append text from the dump, escaped. */
void shell_text(struct shell *s, const char *raw);
/* Append "symbol: " and such a line for an error that does not end the command. */
void shell_tell(struct shell *s, const char *command, struct err *err);

/* ---- words ---- */

/* The next option among the words: one of @letters ("ab:c": b takes a value), 0 when there
 * are no more; then the first num_operands words are the operands. Options may stand
 * anywhere. ERR_USAGE for one that is not among them. */
must_check struct err *shell_option(struct shell_words *w, const char *letters, char *ret);
/* "-x" given where "-d" and "-x" choose the radix. */
must_check struct err *shell_check_operands(const struct shell_words *w, size_t min,
					    size_t max);
must_check struct err *shell_usage(void);

/* A number, hexadecimal without 0x as well; a symbol; an expression with either. */
must_check struct err *shell_address(struct shell *s, const char *word, u64 *ret);
/* A count: decimal, or hexadecimal with 0x, or an expression. */
must_check struct err *shell_number(struct shell *s, const char *word, u64 *ret);
/* Is @cpu in a list such as "3", "1,8,9", "1-23"? "a" and "all" are all. */
bool shell_has_cpu(const char *list, unsigned cpu);
/* The types of the dump. */
must_check struct err *shell_types(struct shell *s, struct types **ret);
/* The error of a symbol that is not there, as crash words it. */
must_check struct err *shell_no_symbol(const char *word);

/* Append the path of the struct file at @file, escaped; nothing if it cannot be had. */
void shell_file_path(struct shell *s, vaddr_t file);

/* "<schedule+16>" without the brackets; false if @addr has no symbol. */
bool shell_symbol_text(struct shell *s, vaddr_t addr, unsigned radix, struct buf *b);

/* ---- tasks ---- */

/* The tasks of the machine, read when first asked for. What cannot be read is told once. */
must_check struct err *shell_tasks(struct shell *s, const struct task_table **ret);
/* Where it panicked; *@ret->has_task false if that is not known. */
must_check struct err *shell_panic(struct shell *s, const struct panic_place **ret);
/* The task of the context. ERR_ABSENT if there is none. */
must_check struct err *shell_context(struct shell *s, const struct task_row **ret);
/* The task that @word (a pid, or the address of a task_struct) names, NULL if none. */
const struct task_row *shell_find_task(struct shell *s, const char *word);
/* Is it running on a CPU? */
bool shell_is_active(struct shell *s, const struct task *t);
/* "RU", "IN", "UN" … as crash prints a state. */
const char *shell_task_state(const struct task *t);
/* The state's letters in a word of the user: false if it is none. */
bool shell_is_state(const char *word);
/* "PID: 1        TASK: …  CPU: 0    COMMAND: "init"" and the end of the line. */
void shell_task_header(struct shell *s, const struct task *t);
/* The five lines of `set`. */
void shell_print_context(struct shell *s, const struct task *t);

/* ---- lines ---- */

/* Run @line as if it had been typed, its output going where that of the caller goes. */
must_check struct err *shell_run_words(struct shell *s, char **words, size_t count);
const struct shell_alias *shell_alias_find(const struct shell *s, const char *name);

/* The banner, without the lines of the context for `sys`. */
must_check struct err *shell_banner(struct shell *s, bool with_context);

#endif
