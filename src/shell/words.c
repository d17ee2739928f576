/* The words of a command: options, numbers, addresses. */
#include "shell/command.h"

#include "base/str.h"
#include "shell/expr.h"

#include <ctype.h>
#include <string.h>

/* Take the word at w->next out, leaving the operands in front together. */
static void drop_word(struct shell_words *w)
{
	memmove(&w->words[w->next], &w->words[w->next + 1],
		(w->count - w->next) * sizeof(*w->words));
	w->count--;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Stand on the next cluster of options. False if there is none. */
static bool find_cluster(struct shell_words *w)
{
	for (; w->next < w->count; w->next++) {
		const char *word = w->words[w->next];

		if (!is_option(word))
			continue;
		drop_word(w);
		if (str_eq(word, "--")) {
			w->next = w->count;
			return false;
		}
		w->cluster = word + 1;
		return true;
	}
	return false;
}

struct err *shell_option(struct shell_words *w, const char *letters, char *ret)
{
	const char *known;
	char letter;

	*ret = '\0';
	if (!(w->cluster && *w->cluster) && !find_cluster(w)) {
		w->num_operands = w->count;
		return NULL;
	}
	letter = *w->cluster++;
	known = letter == ':' ? NULL : strchr(letters, letter);
	if (!known)
		return err_new(ERR_USAGE, "invalid option -- '%c'", letter);
	if (known[1] == ':') {
		w->value = w->cluster;
		w->cluster = NULL;
		if (!*w->value && w->next < w->count) {
			w->value = w->words[w->next];
			drop_word(w);
		} else if (!*w->value) {
			return err_new(ERR_USAGE, "option requires an argument -- '%c'",
				       letter);
		}
	}
	*ret = letter;
	return NULL;
}

struct err *shell_usage(void)
{
	return err_new(ERR_USAGE, "%s", "");
}

struct err *shell_check_operands(const struct shell_words *w, size_t min, size_t max)
{
	return w->num_operands < min || w->num_operands > max ? shell_usage() : NULL;
}

struct err *shell_no_symbol(const char *word)
{
	return err_new(ERR_ABSENT, "symbol not found: %s", word);
}

static bool lookup_symbol(void *ctx, const char *name, u64 *ret)
{
	struct shell *s = ctx;
	struct symbol *found = malloc(sizeof(*found));
	bool is_found = found && symbol_find(s->k, name, found);

	if (is_found)
		*ret = found->addr;
	free(found);
	return is_found;
}

/* Is all of @word a hexadecimal number, with or without 0x? */
static bool parse_hex(const char *word, u64 *ret)
{
	size_t skip = word[0] == '0' && (word[1] == 'x' || word[1] == 'X') ? 2 : 0;
	size_t len = strlen(word + skip);

	if (!len || len > 16 || strspn(word + skip, "0123456789abcdefABCDEF") != len)
		return false;
	*ret = strtoull(word + skip, NULL, 16);
	return true;
}

/* Is it worth more than a symbol's name? */
static bool is_expression(const char *word)
{
	return strpbrk(word, "+-*/%()<>&|^~") != NULL;
}

struct err *shell_address(struct shell *s, const char *word, u64 *ret)
{
	if (parse_hex(word, ret) || lookup_symbol(s, word, ret))
		return NULL;
	if (!is_expression(word))
		return shell_no_symbol(word);
	return expr_eval(word, lookup_symbol, s, ret);
}

struct err *shell_number(struct shell *s, const char *word, u64 *ret)
{
	return expr_eval(word, lookup_symbol, s, ret);
}

bool shell_has_cpu(const char *list, unsigned cpu)
{
	if (str_eq(list, "a") || str_eq(list, "all"))
		return true;
	while (isdigit((unsigned char)*list)) {
		char *end;
		unsigned long low = strtoul(list, &end, 10), high = low;

		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		if (cpu >= low && cpu <= high)
			return true;
		list = end + (*end == ',');
	}
	return false;
}

bool shell_symbol_text(struct shell *s, vaddr_t addr, unsigned radix, struct buf *b)
{
	struct symbol *at = malloc(sizeof(*at));
	u64 offset;
	bool is_found = at && symbol_at(s->k, addr, UINT64_MAX, at, &offset);

	if (is_found) {
		str_escape(b, at->name, strlen(at->name), false);
		if (offset)
			buf_printf(b, radix == 16 ? "+0x%llx" : "+%llu",
				   (unsigned long long)offset);
	}
	free(at);
	return is_found;
}
