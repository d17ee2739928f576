/* The tasks of a session: reading them, finding one, and what is printed of one. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/path.h"
#include "kernel/printk.h"

#include <string.h>

/* crash's names of the letters of task_state_letter(). */
static const struct {
	char letter;
	const char *name;
} states[] = {
	{'R', "RU"}, {'S', "IN"}, {'D', "UN"}, {'T', "ST"}, {'t', "TR"}, {'X', "DE"},
	{'Z', "ZO"}, {'P', "PA"}, {'I', "ID"}, {'W', "WA"}, {'N', "NE"}, {'?', "??"},
};

/* States without a letter in ps that crash tells from RU. */
#define TASK_WAKING 0x200
#define TASK_NEW    0x800

static void read_log(struct shell *s)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src;
	struct printk_record r;
	struct err *err = printk_source_from_dump(s->d, &src);

	if (!err)
		err = printk_open(&src, &log);
	while (!err && printk_next(log, &r))
		panic_log_add(&s->log, &r);
	notices_add_err(&s->notices, err);
}

static const struct task_row *first_context(struct shell *s)
{
	const struct task_row *row = NULL;

	if (s->panic.has_task)
		row = task_table_find(&s->tasks, s->panic.task.addr);
	return row ? row : s->tasks.count ? &s->tasks.rows[0] : NULL;
}

struct err *shell_tasks(struct shell *s, const struct task_table **ret)
{
	const struct task_row *row;
	struct err *err = NULL;

	*ret = &s->tasks;
	if (s->tasks.by_address)
		return NULL;
	if (!s->cpus.cpus)
		err = cpu_table_read(s->k, &s->notices, &s->cpus);
	if (!err)
		err = task_table_read(s->k, &s->cpus, &s->notices, &s->tasks);
	if (err)
		return err;
	if (s->tasks.tasks.num_breaks)
		notices_add(
			&s->notices,
			"lists of tasks are broken in %zu places: %zu tasks were found, "
			"more may be lost",
			s->tasks.tasks.num_breaks, s->tasks.count);
	read_log(s);
	panic_place_find(s->k, &s->cpus, &s->notices, s->stack, &s->panic);
	row = first_context(s);
	s->context = row ? row->task.addr : 0;
	return NULL;
}

struct err *shell_panic(struct shell *s, const struct panic_place **ret)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	*ret = &s->panic;
	return err;
}

struct err *shell_context(struct shell *s, const struct task_row **ret)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	*ret = task_table_find(tasks, s->context);
	return *ret ? NULL : err_new(ERR_ABSENT, "no task could be read from this dump");
}

const struct task_row *shell_find_task(struct shell *s, const char *word)
{
	const struct task_table *tasks;
	const struct task_row *row = NULL;
	struct err *err = shell_tasks(s, &tasks);
	char *end;
	u64 number;

	if (err) {
		err_free(err);
		return NULL;
	}
	if (!*word || *word == '-')
		return NULL;
	/* A pid is decimal, but an address is not: both are tried, as crash does. */
	number = strtoull(word, &end, 10);
	if (!*end && number <= UINT32_MAX)
		row = task_table_find_pid(tasks, (u32)number);
	if (row)
		return row;
	number = strtoull(word, &end, 16);
	if (*end)
		return NULL;
	row = task_table_find(tasks, number);
	return row || number > UINT32_MAX ? row : task_table_find_pid(tasks, (u32)number);
}

bool shell_is_active(struct shell *s, const struct task *t)
{
	return cpu_find_task(&s->cpus, t->addr) != NULL;
}

const char *shell_task_state(const struct task *t)
{
	char letter = task_state_letter(t);

	if (t->state == TASK_WAKING || t->state == TASK_NEW)
		letter = t->state == TASK_NEW ? 'N' : 'W';
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (states[i].letter == letter)
			return states[i].name;
	return "??";
}

bool shell_is_state(const char *word)
{
	for (size_t i = 0; i + 1 < ARRAY_SIZE(states); i++)
		if (str_eq(states[i].name, word))
			return true;
	return false;
}

void shell_task_header(struct shell *s, const struct task *t)
{
	struct buf *b = shell_out(s);

	buf_printf(b, "PID: %-7u  TASK: %llx  CPU: %-3u  COMMAND: \"", t->pid,
		   (unsigned long long)t->addr, t->cpu);
	shell_text(s, t->comm);
	buf_add_str(b, "\"\n");
}

/* How many tasks have the pid 0, and which of them @t is, from 1. */
static size_t count_idle(const struct task_table *tasks, const struct task *t,
			 size_t *ret_index)
{
	size_t count = 0;

	for (size_t i = 0; i < tasks->count && tasks->rows[i].task.pid == 0; i++) {
		count++;
		if (tasks->rows[i].task.addr == t->addr)
			*ret_index = count;
	}
	return count;
}

void shell_print_context(struct shell *s, const struct task *t)
{
	struct buf *b = shell_out(s);
	char text[TASK_STATE_TEXT_LEN];
	size_t index = 0, idle = t->pid ? 0 : count_idle(&s->tasks, t, &index);

	buf_printf(b, "    PID: %u\nCOMMAND: \"", t->pid);
	shell_text(s, t->comm);
	buf_printf(b, "\"\n   TASK: %llx  ", (unsigned long long)t->addr);
	if (idle > 1)
		buf_printf(b, "(%zu of %zu)  ", index, idle);
	buf_printf(b, "[THREAD_INFO: %llx]\n    CPU: %u\n  STATE: %s %s\n",
		   (unsigned long long)task_thread_info(s->k, t), t->cpu,
		   task_state_text(t, text),
		   s->panic.is_panic && s->panic.task.addr == t->addr ? "(PANIC)"
		   : shell_is_active(s, t)			      ? "(ACTIVE)"
								      : "");
}

void shell_file_path(struct shell *s, vaddr_t file)
{
	cleanup(freep) char *text = malloc(PATH_TEXT_SIZE);
	struct field place;
	struct path path;
	struct err *err = text ? field_get(s->k, "file", "f_path", &place) : err_nomem();

	if (!err)
		err = path_read(s->k, file + place.offset, &path);
	if (!err)
		err = path_format(s->k, &path, text);
	if (!err)
		shell_text(s, text);
	err_ignore(err);
}
