#include "cmd/shell_input.h"

#include "base/str.h"
#include "cmd/ending.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#ifdef HAVE_LIBEDIT
#	include <histedit.h>
#endif

#define HISTORY_LINES 1000
#define MAX_CHOICES   200
#define WORD_BREAKS   " \t\n\"'()&*+-/<>|!,"

struct shell_input {
	struct shell *shell;
	const char *prompt; /* NULL: lines come from a file */
	FILE *file;
	bool owns_file;
	const char *name;
	char *line; /* of getline() */
	size_t capacity;
	struct buf history_path;
#ifdef HAVE_LIBEDIT
	EditLine *edit;
	History *history;
#endif
};

static char *without_end(char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* ---- a file ---- */

struct err *shell_input_open_file(const char *path, struct shell_input **ret)
{
	struct shell_input *in = calloc(1, sizeof(*in));

	if (!in)
		return err_nomem();
	in->name = path ? path : "standard input";
	in->owns_file = path != NULL;
	in->file = path ? fopen(path, "re") : stdin;
	if (!in->file) {
		struct err *err = err_os(errno, "cannot read %s", path);

		free(in);
		return err;
	}
	*ret = in;
	return NULL;
}

static struct err *next_of_file(struct shell_input *in, const char **ret)
{
	ssize_t len;

	errno = 0;
	len = getline(&in->line, &in->capacity, in->file);
	*ret = len < 0 ? NULL : without_end(in->line);
	if (len < 0 && ferror(in->file) && errno != EINTR)
		return err_os(errno, "cannot read %s", in->name);
	return NULL;
}

/* ---- a terminal ---- */

#ifdef HAVE_LIBEDIT

/* $XDG_STATE_HOME/inquest/history, the folders made where they are missing. */
static void find_history_path(struct buf *b)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		buf_printf(b, "%s/inquest/history", state);
	else if (home && *home == '/')
		buf_printf(b, "%s/.local/state/inquest/history", home);
	for (size_t i = 1; i < b->len; i++) {
		if (b->data[i] != '/')
			continue;
		b->data[i] = '\0';
		mkdir(b->data, 0700);
		b->data[i] = '/';
	}
}

static struct shell_input *input_of(EditLine *edit)
{
	void *in = NULL;

	el_get(edit, EL_CLIENTDATA, &in);
	return in;
}

static char *prompt_of(EditLine *edit)
{
	return (char *)input_of(edit)->prompt;
}

/* What the choices have in common, and the choices themselves. */
struct choices {
	struct buf common;
	struct buf list; /* one a line, escaped */
	size_t count;
};

static void add_choice(void *ctx, const char *word)
{
	struct choices *c = ctx;
	size_t same = 0;

	while (c->count && same < c->common.len && word[same] == c->common.data[same])
		same++;
	if (!c->count)
		buf_add_str(&c->common, word);
	else
		c->common.len = same;
	c->count++;
	str_escape(&c->list, word, strlen(word), false);
	buf_add_char(&c->list, '\n');
}

static void show_choices(struct shell_input *in, const struct choices *c)
{
	fprintf(in->file, "\n%s", buf_text(&c->list));
	if (c->count == MAX_CHOICES)
		fputs("...\n", in->file);
	fflush(in->file);
}

/* Is everything in front of @word blank? */
static bool is_first_word(const char *line, const char *word)
{
	while (line < word && (*line == ' ' || *line == '\t'))
		line++;
	return line == word;
}

static unsigned char complete(EditLine *edit, int key)
{
	struct shell_input *in = input_of(edit);
	const LineInfo *line = el_line(edit);
	const char *start = line->cursor;
	cleanup(buf_deinit) struct buf word = BUF_INIT;
	struct choices c = {.count = 0};
	unsigned char result = CC_ERROR;

	while (start > line->buffer && !strchr(WORD_BREAKS, start[-1]))
		start--;
	buf_add(&word, start, (size_t)(line->cursor - start));
	shell_complete(in->shell, buf_text(&word), is_first_word(line->buffer, start),
		       MAX_CHOICES, add_choice, &c);
	if (c.count && c.common.len >= word.len && !c.common.failed) {
		c.common.data[c.common.len] = '\0';
		if (c.common.len > word.len || c.count == 1) {
			el_insertstr(edit, c.common.data + word.len);
			if (c.count == 1)
				el_insertstr(edit, " ");
			result = CC_REFRESH;
		} else {
			show_choices(in, &c);
			result = CC_REDISPLAY;
		}
	}
	buf_deinit(&c.common);
	buf_deinit(&c.list);
	return result;
}

static struct err *open_editor(struct shell_input *in)
{
	HistEvent event;

	in->edit = el_init("inquest", stdin, stdout, stderr);
	in->history = history_init();
	if (!in->edit || !in->history)
		return err_nomem();
	el_set(in->edit, EL_CLIENTDATA, in);
	el_set(in->edit, EL_PROMPT, prompt_of);
	el_set(in->edit, EL_EDITOR, "emacs");
	el_set(in->edit, EL_ADDFN, "inquest-complete", "Complete a word", complete);
	el_set(in->edit, EL_BIND, "^I", "inquest-complete", NULL);
	el_set(in->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_set(in->edit, EL_HIST, history, in->history);
	history(in->history, &event, H_SETSIZE, HISTORY_LINES);
	history(in->history, &event, H_SETUNIQUE, 1);
	find_history_path(&in->history_path);
	if (in->history_path.len)
		history(in->history, &event, H_LOAD, in->history_path.data);
	el_source(in->edit, NULL);
	return NULL;
}

static void close_editor(struct shell_input *in)
{
	HistEvent event;

	if (in->history && in->history_path.len) {
		mode_t before = umask(077);

		history(in->history, &event, H_SAVE, in->history_path.data);
		umask(before);
	}
	if (in->edit)
		el_end(in->edit);
	if (in->history)
		history_end(in->history);
}

static struct err *next_of_person(struct shell_input *in, const char **ret)
{
	HistEvent event;
	int count = 0;
	const char *line;

	errno = 0;
	line = el_gets(in->edit, &count);
	if (!line || count <= 0) {
		*ret = ending_signal() ? "" : NULL;
		fputc('\n', in->file);
		return NULL;
	}
	free(in->line);
	in->line = strdup(line);
	if (!in->line)
		return err_nomem();
	*ret = without_end(in->line);
	if (**ret)
		history(in->history, &event, H_ENTER, in->line);
	return NULL;
}

#else

static struct err *open_editor(struct shell_input *in)
{
	return NULL;
}

static void close_editor(struct shell_input *in) {}

static struct err *next_of_person(struct shell_input *in, const char **ret)
{
	struct err *err;

	fputs(in->prompt, stdout);
	fflush(stdout);
	in->file = stdin;
	err = next_of_file(in, ret);
	if (!err && !*ret && ending_signal()) {
		clearerr(stdin);
		*ret = "";
	}
	return err;
}

#endif

struct err *shell_input_open_terminal(struct shell *s, const char *prompt,
				      struct shell_input **ret)
{
	cleanup(shell_input_closep) struct shell_input *in = calloc(1, sizeof(*in));
	struct err *err;

	if (!in)
		return err_nomem();
	in->shell = s;
	in->prompt = prompt;
	in->file = stdout;
	in->name = "the terminal";
	err = open_editor(in);
	if (err)
		return err;
	*ret = steal(in);
	return NULL;
}

void shell_input_close(struct shell_input *in)
{
	if (!in)
		return;
	if (in->prompt)
		close_editor(in);
	if (in->owns_file)
		fclose(in->file);
	buf_deinit(&in->history_path);
	free(in->line);
	free(in);
}

struct err *shell_input_next(struct shell_input *in, const char **ret)
{
	return in->prompt ? next_of_person(in, ret) : next_of_file(in, ret);
}
