#include "cmd/program.h"

#include "base/io.h"
#include "base/str.h"

struct err *cmd_print(const struct buf *b)
{
	struct err *err = buf_check(b);

	return err ? err : io_write_all(STDOUT_FILENO, b->data, b->len, "standard output");
}

struct err *cmd_print_json(const json_t *tree, size_t flags)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(freep) char *text = json_dumps(tree, flags);

	if (!text)
		return err_nomem();
	buf_add_str(&b, text);
	buf_add_char(&b, '\n');
	return cmd_print(&b);
}

static const struct cmd *find_verb(const struct program *p, const char *name)
{
	for (size_t i = 0; i < p->num_verbs; i++)
		if (str_eq(p->verbs[i]->opts.name, name))
			return p->verbs[i];
	return NULL;
}

static void help(const struct program *p, struct buf *b)
{
	buf_printf(b, "Usage: %s VERB [options] ...\n%s\n\n", p->name, p->summary);
	for (size_t i = 0; i < p->num_verbs; i++)
		buf_printf(b, "  %-18s %s\n", p->verbs[i]->opts.name,
			   p->verbs[i]->opts.summary);
	buf_printf(
		b,
		"\n%s VERB --help tells the options of a verb, %s --version the version.\n",
		p->name, p->name);
}

struct err *program_print_version(const char *name)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_printf(&b, "%s " INQUEST_VERSION "\n", name);
	return cmd_print(&b);
}

struct err *program_run_cmd(const struct cmd *cmd, const char *program, int argc,
			    char **argv, int first, enum exit_status *status)
{
	cleanup(opts_deinit) struct opts_result given = {0};
	struct err *err = opts_parse(&cmd->opts, argc, argv, first, &given);

	if (err)
		return err;
	if (given.wants_help) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		opts_help(&b, program, &cmd->opts);
		return cmd_print(&b);
	}
	return cmd->run(&given, status);
}

/* --help and --version are the program's, not those of the verb that is run otherwise. */
static bool is_about_us(int argc, char **argv)
{
	static const char *const words[] = {"--help", "-h", "--version", "-V"};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(words); i++)
		if (str_eq(argv[1], words[i]))
			return true;
	return false;
}

struct err *program_run(const struct program *p, int argc, char **argv,
			enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const struct cmd *cmd;

	if (p->otherwise && (argc < 2 || argv[1][0] == '-') && !is_about_us(argc, argv))
		return program_run_cmd(p->otherwise, p->name, argc, argv, 1, status);
	if (argc < 2) {
		help(p, &b);
		return err_new(ERR_USAGE, "no verb was given\n\n%s", buf_text(&b));
	}
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h") || str_eq(argv[1], "help")) {
		help(p, &b);
		return cmd_print(&b);
	}
	if (str_eq(argv[1], "--version") || str_eq(argv[1], "-V"))
		return program_print_version(p->name);
	cmd = find_verb(p, argv[1]);
	if (!cmd)
		return err_new(ERR_USAGE, "there is no verb %s; see %s --help", argv[1],
			       p->name);
	return program_run_cmd(cmd, p->name, argc, argv, 2, status);
}

int program_end(const char *name, struct err *err, enum exit_status status)
{
	int end = status;

	if (!err)
		return end;
	fprintf(stderr, "%s: %s\n", name, err_message(err));
	if (status == EXIT_DONE)
		end = exit_status_for(err);
	err_free(err);
	return end;
}
