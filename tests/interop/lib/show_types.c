/* Types and values of a dump, for comparison with other tools.
 *
 * usage: show_types DUMP
 *
 * Reads a command a line, its words separated by tabs, and answers each with "@" and the
 * command, and its text:
 *	names					structs and unions whose name only one type
 *has globals					the table of variables: name, type, elements
 *	member TYPE PATH			bit offset, bit size, size
 *	declare [-o|-x] TYPE			as `struct TYPE`, `whatis TYPE`
 *	value [-x] TYPE SYMBOL|ADDRESS		as `struct TYPE SYMBOL`
 *	part [-x] TYPE PATH SYMBOL|ADDRESS	as `struct TYPE.PATH SYMBOL`
 *	print EXPRESSION[:CPU]			as `p …`, without "$1 = " */
#include "analyse/type_text.h"
#include "base/str.h"
#include "kernel/known_globals.h"

#include <stdio.h>
#include <string.h>

#define MAX_WORDS 5

static const struct dump_format *const formats[] = {&dump_format_diskdump,
						    &dump_format_elfcore, NULL};

/* Words of a command without its options. */
struct command {
	char *words[MAX_WORDS + 1];
	size_t count;
	struct type_text_options options;
};

static bool print_if_unique(void *ctx, const char *name)
{
	struct types *t = ctx;
	struct type_ref type;

	if (types_find(t, name, BTF_RECORDS, &type) && !*types_module(t, type) &&
	    !types_find_next(t, name, BTF_RECORDS, &type))
		puts(name);
	return true;
}

static void print_globals(void)
{
	const struct known_global *row;

	for (size_t i = 0; (row = known_global_get(i)); i++)
		printf("%s\t%s\t%llu\n", row->name, row->type,
		       (unsigned long long)row->count);
}

static struct err *print_member(struct types *t, const struct command *c)
{
	struct type_ref type;
	struct object member;
	unsigned pointers;
	u64 size = 0;
	struct err *err = types_parse(t, c->words[1], &type, &pointers);

	if (!err)
		err = type_member(t, type, c->words[2], &member);
	if (err)
		return err;
	object_size(&member, &size);
	printf("%llu %u %llu\n", (unsigned long long)member.addr * 8 + member.bit_offset,
	       member.bit_size, (unsigned long long)size);
	return NULL;
}

static struct err *find_place(struct types *t, const char *text, vaddr_t *ret)
{
	if (str_parse_u64(text, ret))
		return NULL;
	return kernel_symbol_get(types_kernel(t), text, ret);
}

static struct err *print_value(struct types *t, const struct command *c, const char *path,
			       const char *place, struct buf *b)
{
	struct type_ref type;
	struct object object;
	unsigned pointers;
	vaddr_t addr;
	struct err *err = types_parse(t, c->words[1], &type, &pointers);

	if (!err)
		err = find_place(t, place, &addr);
	if (err)
		return err;
	object = object_at(t, type, addr);
	if (path)
		return type_text_object_member(b, &object, path, &c->options);
	type_text_object(b, &object, &c->options);
	return NULL;
}

static struct err *print_result(struct types *t, struct command *c, struct buf *b)
{
	char *text = c->words[1], *colon = strchr(text, ':');
	struct typed_value value;
	unsigned long cpu = 0;
	struct err *err;

	if (colon) {
		cpu = strtoul(colon + 1, NULL, 10);
		*colon = '\0';
	}
	/* crash does so where a symbol stands alone. */
	c->options.array_on_new_line = !text[strcspn(text, ".->[&*( ")];
	err = typed_expr_eval(t, text, (unsigned)cpu, &value);
	if (err)
		return err;
	type_text_result(b, t, &value, &c->options);
	buf_add_char(b, '\n');
	return NULL;
}

static struct err *declare(struct types *t, const struct command *c, struct buf *b)
{
	struct type_ref type;
	unsigned pointers;

	if (!types_find(t, c->words[1], BTF_BIT(BTF_KIND_FUNC), &type)) {
		struct err *err = types_parse(t, c->words[1], &type, &pointers);

		if (err)
			return err;
	}
	type_text_declaration(b, t, type, &c->options);
	return NULL;
}

static struct err *answer(struct types *t, struct command *c, struct buf *b)
{
	const char *verb = c->words[0];

	if (str_eq(verb, "names") && c->count == 1)
		types_each_name(t, "", BTF_RECORDS, print_if_unique, t);
	else if (str_eq(verb, "globals") && c->count == 1)
		print_globals();
	else if (str_eq(verb, "member") && c->count == 3)
		return print_member(t, c);
	else if (str_eq(verb, "declare") && c->count == 2)
		return declare(t, c, b);
	else if (str_eq(verb, "value") && c->count == 3)
		return print_value(t, c, NULL, c->words[2], b);
	else if (str_eq(verb, "part") && c->count == 4)
		return print_value(t, c, c->words[2], c->words[3], b);
	else if (str_eq(verb, "print") && c->count == 2)
		return print_result(t, c, b);
	else
		return err_new(ERR_USAGE, "no such command");
	return NULL;
}

static void split(char *line, struct command *c)
{
	*c = (struct command){0};
	for (char *word = strtok(line, "\t"); word; word = strtok(NULL, "\t")) {
		if (str_eq(word, "-x"))
			c->options.hex = true;
		else if (str_eq(word, "-o"))
			c->options.with_offsets = true;
		else if (c->count < MAX_WORDS)
			c->words[c->count++] = word;
	}
}

static void run(struct types *t)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;
		struct command c;
		struct err *err = NULL;

		line[strcspn(line, "\n")] = '\0';
		printf("@%s\n", line);
		split(line, &c);
		if (c.count)
			err = answer(t, &c, &b);
		fputs(buf_text(&b), stdout);
		if (err)
			printf("! %s\n", err_message(err));
		err_free(err);
	}
}

int main(int argc, char **argv)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(types_closep) struct types *t = NULL;
	struct err *err;

	if (argc != 2) {
		fputs("usage: show_types DUMP\n", stderr);
		return 2;
	}
	err = dump_open(argv[1], formats, &d);
	if (!err)
		err = kernel_open(d, &k);
	if (!err)
		err = types_open(k, &t);
	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	run(t);
	return 0;
}
