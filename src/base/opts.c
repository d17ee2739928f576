#include "base/opts.h"

#include "base/str.h"

#include <string.h>

static const struct opt *find_long(const struct opts_verb *verb, const char *name,
				   size_t len)
{
	for (const struct opt *o = verb->options; o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* Find the row that @name begins. *@ret stays NULL if there is none. */
static struct err *find_beginning(const struct opts_verb *verb, const char *name,
				  size_t len, const struct opt **ret)
{
	for (const struct opt *o = verb->options; o->name; o++) {
		if (o->is_never_short || strncmp(o->name, name, len) != 0)
			continue;
		if (*ret)
			return err_new(ERR_USAGE, "%s: --%.*s may be --%s or --%s",
				       verb->name, (int)len, name, (*ret)->name, o->name);
		*ret = o;
	}
	return NULL;
}

static const struct opt *find_letter(const struct opts_verb *verb, char letter)
{
	for (const struct opt *o = verb->options; o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

/* The words still to be parsed. */
struct words {
	int argc;
	char **argv;
	int next;
};

static struct err *take_value(const struct opts_verb *verb, struct words *w,
			      const char *word, const struct opt *row, const char *attached,
			      const char **ret)
{
	if (row->arg == OPTS_FLAG && attached)
		return err_new(ERR_USAGE, "%s: option %s takes no value", verb->name, word);
	if (row->arg == OPTS_VALUE && !attached) {
		if (w->next >= w->argc)
			return err_new(ERR_USAGE, "%s: option %s needs a value: %s",
				       verb->name, word, row->value_name);
		attached = w->argv[w->next++];
	}
	*ret = attached;
	return NULL;
}

static void give(struct opts_result *r, const struct opt *row, const char *value)
{
	r->given[r->num_given++] = (struct opts_given){.row = row, .value = value};
}

static struct err *parse_long(const struct opts_verb *verb, struct words *w,
			      const char *word, struct opts_result *r)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *row = find_long(verb, name, len);
	const char *value = NULL;
	struct err *err = NULL;

	if (!row && str_eq(name, "help")) {
		r->wants_help = true;
		return NULL;
	}
	if (!row && verb->takes_abbreviations && len)
		err = find_beginning(verb, name, len, &row);
	if (err)
		return err;
	if (!row)
		return err_new(ERR_USAGE, "%s: there is no option %s; see --help",
			       verb->name, word);
	err = take_value(verb, w, word, row, equals ? equals + 1 : NULL, &value);
	if (!err)
		give(r, row, value);
	return err;
}

static struct err *parse_letters(const struct opts_verb *verb, struct words *w,
				 const char *word, struct opts_result *r)
{
	for (const char *p = word + 1; *p; p++) {
		const struct opt *row = find_letter(verb, *p);
		const char *value = NULL;
		struct err *err;

		if (!row && *p == 'h') {
			r->wants_help = true;
			continue;
		}
		if (!row)
			return err_new(ERR_USAGE, "%s: there is no option -%c; see --help",
				       verb->name, *p);
		if (row->arg == OPTS_FLAG || row->arg == OPTS_OPTIONAL) {
			give(r, row, NULL);
			continue;
		}
		err = take_value(verb, w, word, row, p[1] ? p + 1 : NULL, &value);
		if (!err)
			give(r, row, value);
		return err;
	}
	return NULL;
}

static struct err *check_operands(const struct opts_verb *verb, const struct opts_result *r)
{
	if (r->wants_help)
		return NULL;
	if (r->num_operands < verb->min_operands)
		return err_new(ERR_USAGE, "%s: missing operand: %s", verb->name,
			       verb->operands);
	if (r->num_operands > verb->max_operands)
		return err_new(ERR_USAGE, "%s: one word too many: %s", verb->name,
			       r->operands[verb->max_operands]);
	return NULL;
}

/* Each word yields at most as many options as it has letters. */
static size_t count_letters(int argc, char **argv, int first)
{
	size_t n = 1;

	for (int i = first; i < argc; i++)
		n += strlen(argv[i]) + 1;
	return n;
}

struct err *opts_parse(const struct opts_verb *verb, int argc, char **argv, int first,
		       struct opts_result *ret)
{
	struct words w = {.argc = argc, .argv = argv, .next = first};
	bool only_operands = false;

	*ret = (struct opts_result){0};
	ret->given = calloc(count_letters(argc, argv, first), sizeof(*ret->given));
	ret->operands = calloc((size_t)argc + 1, sizeof(*ret->operands));
	if (!ret->given || !ret->operands)
		return err_nomem();
	while (w.next < w.argc) {
		const char *word = w.argv[w.next++];
		struct err *err = NULL;

		if (only_operands || word[0] != '-' || !word[1])
			ret->operands[ret->num_operands++] = word;
		else if (str_eq(word, "--"))
			only_operands = true;
		else if (word[1] == '-')
			err = parse_long(verb, &w, word, ret);
		else
			err = parse_letters(verb, &w, word, ret);
		if (err)
			return err;
	}
	return check_operands(verb, ret);
}

void opts_deinit(struct opts_result *r)
{
	free(r->given);
	free(r->operands);
	*r = (struct opts_result){0};
}

const char *opts_value(const struct opts_result *r, const char *name, const char *otherwise)
{
	for (size_t i = r->num_given; i-- > 0;)
		if (str_eq(r->given[i].row->name, name))
			return r->given[i].value ? r->given[i].value : otherwise;
	return otherwise;
}

bool opts_has(const struct opts_result *r, const char *name)
{
	for (size_t i = 0; i < r->num_given; i++)
		if (str_eq(r->given[i].row->name, name))
			return true;
	return false;
}

static void help_option(struct buf *b, const struct opt *o)
{
	struct buf left = BUF_INIT;

	if (o->letter)
		buf_printf(&left, "-%c, ", o->letter);
	buf_printf(&left, "--%s", o->name);
	if (o->arg == OPTS_VALUE)
		buf_printf(&left, " %s", o->value_name);
	if (o->arg == OPTS_OPTIONAL)
		buf_printf(&left, "[=%s]", o->value_name);
	buf_printf(b, "  %-26s %s\n", buf_text(&left), o->help);
	buf_deinit(&left);
}

void opts_help(struct buf *b, const char *program, const struct opts_verb *verb)
{
	buf_printf(b, "Usage: %s%s%s [options]%s%s\n%s\n\n", program, *program ? " " : "",
		   verb->name, *verb->operands ? " " : "", verb->operands, verb->summary);
	for (const struct opt *o = verb->options; o->name; o++)
		help_option(b, o);
	buf_printf(b, "  %-26s %s\n", "-h, --help", "Print this text.");
}
