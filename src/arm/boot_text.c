#include "arm/boot_text_priv.h"

#include "base/str.h"
#include "format/shell_assign.h"

#include <string.h>

#define PARAMETER "crashkernel="

/* A part of a text in which words may stand. */
struct span {
	const char *start, *end;
};

#define SPANS_MAX 16

/* In the order of the text. */
struct spans {
	struct span spans[SPANS_MAX];
	size_t count;
	size_t preferred; /* where new words go if there are none yet */
};

/* What separates words: of a command line, and of quoted ones in a shell's file. */
static bool is_boundary(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '"' || c == '\'';
}

/* The next word crashkernel=… in @s from @from on; false if there is none. */
static bool find_word(const struct span *s, const char *from, struct span *ret)
{
	size_t len = strlen(PARAMETER);

	for (const char *p = from; (size_t)(s->end - p) >= len && p < s->end; p++) {
		if (memcmp(p, PARAMETER, len) != 0 || (p > s->start && !is_boundary(p[-1])))
			continue;
		ret->start = p;
		for (ret->end = p; ret->end < s->end && !is_boundary(*ret->end);)
			ret->end++;
		return true;
	}
	return false;
}

static bool has_word(const struct span *s)
{
	struct span word;

	return find_word(s, s->start, &word);
}

static void add_span(struct spans *spans, const char *start, const char *end)
{
	if (spans->count < SPANS_MAX)
		spans->spans[spans->count++] = (struct span){start, end};
}

/* The values of lines that start with "options"; the last one is as good as any. */
static void find_option_lines(const char *text, struct spans *ret)
{
	static const char key[] = "options";

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (str_has_prefix(text, key) && (text[7] == ' ' || text[7] == '\t'))
			add_span(ret, text + sizeof(key), text + len);
		ret->preferred = ret->count ? ret->count - 1 : 0;
		text += len + (text[len] == '\n');
	}
}

/* The last assignments of both variables. */
static struct err *find_grub_values(const char *text, struct spans *ret)
{
	static const char *const names[] = {BOOT_TEXT_GRUB_ALL, BOOT_TEXT_GRUB_NORMAL};
	cleanup(shell_vars_deinit) struct shell_vars vars = {.is_lenient = true};
	struct err *err = shell_vars_read(&vars, text, "the boot loader's defaults");

	for (size_t i = 0; !err && i < ARRAY_SIZE(names); i++) {
		const struct shell_var *v = shell_vars_find(&vars, names[i]);

		if (v && v->line && (v->value_end || !v->is_unknown))
			add_span(ret, text + v->value_start, text + v->value_end);
	}
	ret->preferred = ret->count == 2;
	if (ret->count == 2 && ret->spans[0].start > ret->spans[1].start) {
		struct span first = ret->spans[1];

		ret->spans[1] = ret->spans[0];
		ret->spans[0] = first;
		ret->preferred = 0;
	}
	return err;
}

static struct err *find_spans(enum boot_text kind, const char *text, struct spans *ret)
{
	ret->count = ret->preferred = 0;
	switch (kind) {
	case BOOT_TEXT_WORDS:
		add_span(ret, text, text + strlen(text));
		return NULL;
	case BOOT_TEXT_ENTRY:
		find_option_lines(text, ret);
		return NULL;
	case BOOT_TEXT_GRUB:
		return find_grub_values(text, ret);
	}
	return NULL;
}

struct err *boot_text_words(enum boot_text kind, const char *text, struct buf *words)
{
	struct spans spans;
	struct err *err = find_spans(kind, text, &spans);

	for (size_t i = 0; !err && i < spans.count; i++) {
		const char *from = spans.spans[i].start;
		struct span word;

		for (; find_word(&spans.spans[i], from, &word); from = word.end) {
			if (words->len)
				buf_add_char(words, ' ');
			buf_add(words, word.start, (size_t)(word.end - word.start));
		}
	}
	return err ? err : buf_check(words);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Append @s with @words in place of its words; a word that goes takes a blank with it. */
static void replace_in(const struct span *s, const char *words, struct buf *b)
{
	const char *from = s->start;
	struct span word;

	while (find_word(s, from, &word)) {
		size_t kept = (size_t)(word.start - from);
		bool after_blank = kept && is_blank(from[kept - 1]);

		buf_add(b, from, kept - (after_blank && !*words));
		from = word.end;
		if (!*words && !after_blank && from < s->end && is_blank(*from))
			from++;
		buf_add_str(b, words);
		words = "";
	}
	buf_add(b, from, (size_t)(s->end - from));
}

/* Append @s, which has no such word, with @words behind its own. */
static struct err *append_to(enum boot_text kind, const struct span *s, const char *words,
			     struct buf *b)
{
	const char *end = s->end;
	char quote = end > s->start ? end[-1] : '\0';
	bool is_bare = kind != BOOT_TEXT_GRUB || (quote != '"' && quote != '\'');
	bool is_empty;

	if (kind == BOOT_TEXT_GRUB && !is_bare && end - s->start >= 2)
		end--;
	while (end > s->start && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n'))
		end--;
	is_empty = end == s->start || (!is_bare && end == s->start + 1);
	if (kind == BOOT_TEXT_GRUB && is_bare) {
		/* A value without quotes has no blanks; it gets quotes for ours. */
		for (const char *p = s->start; p < end; p++)
			if (strchr("\\\"'", *p))
				return err_new(
					ERR_UNSUPPORTED,
					"it has a value that is quoted in the middle; change it by hand");
		buf_add_char(b, '"');
	}
	buf_add(b, s->start, (size_t)(end - s->start));
	if (!is_empty)
		buf_add_char(b, ' ');
	buf_add_str(b, words);
	if (kind == BOOT_TEXT_GRUB && is_bare)
		buf_add_char(b, '"');
	buf_add(b, end, (size_t)(s->end - end));
	return NULL;
}

/* Where the words go: to the first span that has one already. */
static size_t choose(const struct spans *spans)
{
	for (size_t i = 0; i < spans->count; i++)
		if (has_word(&spans->spans[i]))
			return i;
	return spans->preferred;
}

static struct err *add_line(enum boot_text kind, const char *text, const char *words,
			    struct buf *b)
{
	buf_add_str(b, text);
	if (!*words)
		return NULL;
	if (*text && !str_has_suffix(text, "\n"))
		buf_add_char(b, '\n');
	if (kind == BOOT_TEXT_GRUB)
		buf_printf(b, BOOT_TEXT_GRUB_NORMAL "=\"%s\"\n", words);
	else
		buf_printf(b, "options %s\n", words);
	return NULL;
}

static struct err *replace(enum boot_text kind, const char *text, const char *words,
			   struct buf *b)
{
	const char *from = text;
	struct spans spans;
	struct err *err = find_spans(kind, text, &spans);
	size_t chosen;

	if (err)
		return err;
	if (!spans.count)
		return add_line(kind, text, words, b);
	chosen = choose(&spans);
	for (size_t i = 0; !err && i < spans.count; i++) {
		const struct span *s = &spans.spans[i];

		buf_add(b, from, (size_t)(s->start - from));
		if (i == chosen && *words && !has_word(s))
			err = append_to(kind, s, words, b);
		else
			replace_in(s, i == chosen ? words : "", b);
		from = s->end;
	}
	buf_add_str(b, from);
	return err ? err : buf_check(b);
}

struct err *boot_text_replace(enum boot_text kind, const char *text, const char *words,
			      struct buf *b)
{
	cleanup(buf_deinit) struct buf found = BUF_INIT;
	struct err *err = replace(kind, text, words, b);

	/* Read back: in a file that a shell would refuse, ours may stand in a quote. */
	if (!err)
		err = boot_text_words(kind, buf_text(b), &found);
	if (!err && !str_eq(buf_text(&found), words))
		err = err_new(
			ERR_UNSUPPORTED,
			"it is written in a way in which crashkernel= cannot be changed "
			"safely; change it by hand");
	return err;
}
