/* Lines: aliases, pipes, files, help, the end. */
#include "testing.h"

#include "base/io.h"
#include "gen_session.h"
#include "shell/command.h"

#include <fcntl.h>
#include <signal.h>

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
	struct shell *s;
	int fd; /* standard output of the session, -1: kept */
};

static struct world *new_world(int fd)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	const struct shell_options o = {.stdout_fd = fd, .program = "test"};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	gen_session_init(&w->g);
	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "dump");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_success(kernel_open(w->d, &w->k));
	assert_success(shell_open(w->k, &o, &w->s));
	w->fd = fd;
	return w;
}

static void free_world(struct world *w)
{
	shell_close(w->s);
	kernel_close(w->k);
	dump_close(w->d);
	buf_deinit(&w->file);
	gen_deinit(&w->g);
	free(w);
}

static enum shell_outcome run(struct world *w, const char *line)
{
	enum shell_outcome outcome;

	assert_success(shell_run(w->s, line, &outcome));
	return outcome;
}

static bool says(struct world *w, const char *part)
{
	bool found = strstr(shell_kept(w->s), part) != NULL;

	if (!found)
		print_error("lacks \"%s\":\n%s\n", part, shell_kept(w->s));
	return found;
}

static void every_command_has_help(void **state)
{
	struct world *w = new_world(-1);

	for (size_t i = 0; shell_commands[i]; i++) {
		const struct shell_command *c = shell_commands[i];
		char line[64];

		if (i)
			assert_true(strcmp(shell_commands[i - 1]->name, c->name) < 0);
		snprintf(line, sizeof(line), "help %s", c->name);
		assert_int_equal(run(w, line), SHELL_DONE);
		assert_true(says(w, "\nNAME\n  "));
		assert_true(says(w, c->summary));
		assert_true(strlen(c->help) > 20);
		assert_int_equal(run(w, "help"), SHELL_DONE);
		assert_true(says(w, c->name));
		for (const char *at = c->help; *at; at += strcspn(at, "\n") + 1) {
			assert_true(strcspn(at, "\n") <= 80);
			if (!at[strcspn(at, "\n")])
				break;
		}
	}
	free_world(w);
}

static void help_knows_aliases_and_what_is_not_there(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "man dmesg"), SHELL_DONE);
	assert_true(says(w, "  log - "));
	assert_int_equal(run(w, "help nosuch"), SHELL_FAILED);
	assert_true(says(w, "there is no command nosuch"));
	free_world(w);
}

static void an_unknown_command_is_a_failure(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "nosuch -a"), SHELL_FAILED);
	assert_string_equal(shell_kept(w->s), "test: command not found: nosuch\n");
	assert_int_equal(run(w, "bt 'x"), SHELL_FAILED);
	assert_true(says(w, "test: a quote"));
	assert_int_equal(run(w, "# nosuch"), SHELL_DONE);
	free_world(w);
}

static void the_session_ends_by_any_of_its_words(void **state)
{
	static const char *const words[] = {"exit", "quit", "q"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct world *w = new_world(-1);

		assert_int_equal(run(w, words[i]), SHELL_EXIT);
		free_world(w);
	}
}

static void an_alias_stands_for_a_command_and_its_words(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "alias text rd -a"), SHELL_DONE);
	assert_int_equal(run(w, "text linux_banner 5"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "ffffffff80021800:  Linux\n");
	assert_int_equal(run(w, "alias"), SHELL_DONE);
	assert_true(says(w, "runtime  text     rd -a\n"));
	assert_int_equal(run(w, "alias text \"\""), SHELL_DONE);
	assert_int_equal(run(w, "text linux_banner"), SHELL_FAILED);
	assert_int_equal(run(w, "alias ps rd"), SHELL_FAILED);
	assert_true(says(w, "cannot alias existing command name: ps"));
	assert_int_equal(run(w, "alias text \"\""), SHELL_FAILED);
	free_world(w);
}

static void aliases_of_each_other_end(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "alias a b 1"), SHELL_DONE);
	assert_int_equal(run(w, "alias b a 2"), SHELL_DONE);
	assert_int_equal(run(w, "a"), SHELL_FAILED);
	assert_true(says(w, "command not found"));
	assert_int_equal(run(w, "alias self self x"), SHELL_DONE);
	assert_int_equal(run(w, "self"), SHELL_FAILED);
	free_world(w);
}

static void words_of_an_alias_keep_their_quotes(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "alias e eval \"(1 | 8)\" + 1"), SHELL_DONE);
	assert_int_equal(run(w, "e"), SHELL_DONE);
	assert_true(says(w, "decimal: 10 "));
	free_world(w);
}

static void repeat_runs_once_where_nobody_watches(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "repeat -1 ptob 1"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "1: 1000\n");
	assert_int_equal(run(w, "repeat"), SHELL_FAILED);
	assert_int_equal(run(w, "repeat repeat ptob 1"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "1: 1000\n");
	free_world(w);
}

static void the_radix_is_of_the_session(void **state)
{
	struct world *w = new_world(-1);

	assert_int_equal(run(w, "hex"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "output radix: 16 (hex)\n");
	assert_int_equal(run(w, "p 16"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "$1 = 0x10\n");
	assert_int_equal(run(w, "set radix 8"), SHELL_FAILED);
	assert_int_equal(run(w, "dec"), SHELL_DONE);
	assert_int_equal(run(w, "p 16"), SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "$2 = 16\n");
	free_world(w);
}

/* What a session wrote to its standard output, which is a file without a name. */
static char *written(int fd)
{
	char path[64], *text = NULL;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_success(io_read_file(path, 1 << 20, &text, NULL));
	return text;
}

static int open_output(void)
{
	int fd;

	assert_success(io_open_nameless(io_temp_dir("/tmp"), &fd));
	return fd;
}

static void a_pipe_gets_the_output(void **state)
{
	int fd = open_output();
	struct world *w = new_world(fd);
	char *text;

	assert_int_equal(run(w, "ptob 1 2 3 | sed -n 2p | tr 0 x"), SHELL_DONE);
	assert_int_equal(run(w, "ptob 4"), SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "2: 2xxx\n4: 4000\n");
	free(text);
	free_world(w);
	close(fd);
}

static void a_reader_that_leaves_is_no_failure(void **state)
{
	int fd = open_output();
	struct world *w = new_world(fd);

	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(run(w, "rd -8 ffffffff80000000 100000 | true"),
				 SHELL_DONE);
	free_world(w);
	close(fd);
}

static void an_escape_runs_a_shell_command(void **state)
{
	int fd = open_output();
	struct world *w = new_world(fd);
	char *text;

	assert_int_equal(run(w, "! echo a b | tr a c"), SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "c b\n");
	free(text);
	free_world(w);
	close(fd);
}

static void a_file_gets_the_output_and_more(void **state)
{
	int fd = open_output();
	struct world *w = new_world(-1);
	char line[64], *text;

	snprintf(line, sizeof(line), "ptob 1 > /proc/self/fd/%d", fd);
	assert_int_equal(run(w, line), SHELL_DONE);
	snprintf(line, sizeof(line), "ptob 2 >> /proc/self/fd/%d", fd);
	assert_int_equal(run(w, line), SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "1: 1000\n2: 2000\n");
	free(text);
	assert_int_equal(run(w, "ptob 1 > /nonexistent/x"), SHELL_FAILED);
	assert_int_equal(run(w, "ptob 1 1 1 > /dev/full"), SHELL_FAILED);
	free_world(w);
	close(fd);
}

static void standard_output_that_fails_ends_the_session(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct world *w = new_world(fd);
	enum shell_outcome outcome;

	assert_failure(shell_run(w->s, "ptob 1", &outcome), ERR_OS, "standard output");
	free_world(w);
	close(fd);
}

static void add_word(void *ctx, const char *word)
{
	buf_printf(ctx, "%s ", word);
}

static void completion_offers_what_begins_so(void **state)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	struct world *w = new_world(-1);

	shell_complete(w->s, "pt", true, 10, add_word, &words);
	assert_string_equal(buf_text(&words), "pte ptob ptov ");
	words.len = 0;
	shell_complete(w->s, "", true, 2, add_word, &words);
	assert_string_equal(buf_text(&words), "* alias ");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_help),
		cmocka_unit_test(help_knows_aliases_and_what_is_not_there),
		cmocka_unit_test(an_unknown_command_is_a_failure),
		cmocka_unit_test(the_session_ends_by_any_of_its_words),
		cmocka_unit_test(an_alias_stands_for_a_command_and_its_words),
		cmocka_unit_test(aliases_of_each_other_end),
		cmocka_unit_test(words_of_an_alias_keep_their_quotes),
		cmocka_unit_test(repeat_runs_once_where_nobody_watches),
		cmocka_unit_test(the_radix_is_of_the_session),
		cmocka_unit_test(a_pipe_gets_the_output),
		cmocka_unit_test(a_reader_that_leaves_is_no_failure),
		cmocka_unit_test(an_escape_runs_a_shell_command),
		cmocka_unit_test(a_file_gets_the_output_and_more),
		cmocka_unit_test(standard_output_that_fails_ends_the_session),
		cmocka_unit_test(completion_offers_what_begins_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
