#include "shell/expr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 512

struct parser {
	const char *at;
	expr_lookup lookup;
	void *ctx;
	unsigned depth;
};

static struct err *parse_binary(struct parser *p, unsigned level, u64 *ret);

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$' || c == '@';
}

/* Is all of @word a number, and which? */
static bool parse_number(const char *word, u64 *ret)
{
	static const char units[] = "kKmMgG";
	size_t len = strlen(word), digits;
	const char *unit;
	bool is_hex = len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	char *end;

	if (!isxdigit((unsigned char)word[0]))
		return false;
	digits = strspn(word, "0123456789");
	if (!is_hex && digits < len && strspn(word, "0123456789abcdefABCDEF") == len)
		is_hex = true;
	*ret = strtoull(word, &end, is_hex ? 16 : 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit && !is_hex) {
		*ret <<= 10 * ((unit - units) / 2 + 1);
		end++;
	}
	return *end == '\0';
}

static struct err *parse_word(struct parser *p, u64 *ret)
{
	char word[MAX_NAME];
	size_t len = 0;

	while (is_name(p->at[len]) && len < sizeof(word) - 1)
		len++;
	if (!len)
		return err_new(ERR_USAGE,
			       *p->at ? "invalid expression at \"%.20s\""
				      : "invalid expression: it ends early%s",
			       p->at);
	memcpy(word, p->at, len);
	word[len] = '\0';
	p->at += len;
	if (parse_number(word, ret) || (p->lookup && p->lookup(p->ctx, word, ret)))
		return NULL;
	return err_new(ERR_USAGE, "invalid expression: %s is neither a number nor a symbol",
		       word);
}

static struct err *parse_unary(struct parser *p, u64 *ret)
{
	char c;
	struct err *err;

	skip_blanks(p);
	c = *p->at;
	if (c != '(' && c != '-' && c != '~' && c != '+')
		return parse_word(p, ret);
	if (++p->depth > EXPR_MAX_DEPTH)
		return err_new(ERR_USAGE, "invalid expression: nested too deeply");
	p->at++;
	err = c == '(' ? parse_binary(p, 0, ret) : parse_unary(p, ret);
	p->depth--;
	if (err)
		return err;
	if (c == '(' && *p->at != ')')
		return err_new(ERR_USAGE, "invalid expression: ) is missing");
	p->at += c == '(';
	if (c == '-')
		*ret = -*ret;
	if (c == '~')
		*ret = ~*ret;
	return NULL;
}

/* Operators from the weakest to the strongest. */
static const char *const levels[][4] = {{"|"},	      {"^"},	  {"&"},
					{"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};

static struct err *apply(char op, u64 *left, u64 right)
{
	switch (op) {
	case '|':
		*left |= right;
		break;
	case '^':
		*left ^= right;
		break;
	case '&':
		*left &= right;
		break;
	case '<':
		*left = right < 64 ? *left << right : 0;
		break;
	case '>':
		*left = right < 64 ? *left >> right : 0;
		break;
	case '+':
		*left += right;
		break;
	case '-':
		*left -= right;
		break;
	case '*':
		*left *= right;
		break;
	default:
		if (!right)
			return err_new(ERR_USAGE, "division by zero");
		*left = op == '/' ? *left / right : *left % right;
	}
	return NULL;
}

/* The operator of @level at the place, NULL if none is there. */
static const char *find_operator(const struct parser *p, unsigned level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels[level]) && levels[level][i]; i++)
		if (strncmp(p->at, levels[level][i], strlen(levels[level][i])) == 0)
			return levels[level][i];
	return NULL;
}

static struct err *parse_binary(struct parser *p, unsigned level, u64 *ret)
{
	const char *op;
	u64 right = 0;
	struct err *err;

	if (level == ARRAY_SIZE(levels))
		return parse_unary(p, ret);
	err = parse_binary(p, level + 1, ret);
	skip_blanks(p);
	while (!err && (op = find_operator(p, level))) {
		p->at += strlen(op);
		err = parse_binary(p, level + 1, &right);
		if (!err)
			err = apply(*op, ret, right);
		skip_blanks(p);
	}
	return err;
}

struct err *expr_eval(const char *text, expr_lookup lookup, void *ctx, u64 *ret)
{
	struct parser p = {.at = text, .lookup = lookup, .ctx = ctx};
	u64 value = 0;
	struct err *err = parse_binary(&p, 0, &value);

	if (err)
		return err;
	if (*p.at)
		return err_new(ERR_USAGE, "invalid expression at \"%.20s\"", p.at);
	*ret = value;
	return NULL;
}
