/* Lines: aliases, pipes, files, help, the end. */
#include "world.h"

#include "base/io.h"
#include "shell/command.h"

#include <fcntl.h>
#include <signal.h>

static bool says(struct world *w, const char *part)
{
	bool found = strstr(shell_kept(w->s), part) != NULL;

	if (!found)
		print_error("lacks \"%s\":\n%s\n", part, shell_kept(w->s));
	return found;
}

static void every_command_has_help(void **state)
{
	struct world *w = opened_world();

	for (size_t i = 0; shell_commands[i]; i++) {
		const struct shell_command *c = shell_commands[i];
		char line[64];

		if (i)
			assert_true(strcmp(shell_commands[i - 1]->name, c->name) < 0);
		snprintf(line, sizeof(line), "help %s", c->name);
		run(w->s, line, SHELL_DONE);
		assert_true(says(w, "\nNAME\n  "));
		assert_true(says(w, c->summary));
		assert_true(strlen(c->help) > 20);
		run(w->s, "help", SHELL_DONE);
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
	struct world *w = opened_world();

	run(w->s, "man dmesg", SHELL_DONE);
	assert_true(says(w, "  log - "));
	run(w->s, "help nosuch", SHELL_FAILED);
	assert_true(says(w, "there is no command nosuch"));
	free_world(w);
}

static void an_unknown_command_is_a_failure(void **state)
{
	struct world *w = opened_world();

	run(w->s, "nosuch -a", SHELL_FAILED);
	assert_string_equal(shell_kept(w->s), "test: command not found: nosuch\n");
	run(w->s, "bt 'x", SHELL_FAILED);
	assert_true(says(w, "test: a quote"));
	run(w->s, "# nosuch", SHELL_DONE);
	free_world(w);
}

static void the_session_ends_by_any_of_its_words(void **state)
{
	static const char *const words[] = {"exit", "quit", "q"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct world *w = opened_world();

		run(w->s, words[i], SHELL_EXIT);
		free_world(w);
	}
}

static void an_alias_stands_for_a_command_and_its_words(void **state)
{
	struct world *w = opened_world();

	run(w->s, "alias text rd -a", SHELL_DONE);
	run(w->s, "text linux_banner 5", SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "ffffffff80021800:  Linux\n");
	run(w->s, "alias", SHELL_DONE);
	assert_true(says(w, "runtime  text     rd -a\n"));
	run(w->s, "alias text \"\"", SHELL_DONE);
	run(w->s, "text linux_banner", SHELL_FAILED);
	run(w->s, "alias ps rd", SHELL_FAILED);
	assert_true(says(w, "cannot alias existing command name: ps"));
	run(w->s, "alias text \"\"", SHELL_FAILED);
	free_world(w);
}

static void aliases_of_each_other_end(void **state)
{
	struct world *w = opened_world();

	run(w->s, "alias a b 1", SHELL_DONE);
	run(w->s, "alias b a 2", SHELL_DONE);
	run(w->s, "a", SHELL_FAILED);
	assert_true(says(w, "command not found"));
	run(w->s, "alias self self x", SHELL_DONE);
	run(w->s, "self", SHELL_FAILED);
	free_world(w);
}

static void words_of_an_alias_keep_their_quotes(void **state)
{
	struct world *w = opened_world();

	run(w->s, "alias e eval \"(1 | 8)\" + 1", SHELL_DONE);
	run(w->s, "e", SHELL_DONE);
	assert_true(says(w, "decimal: 10 "));
	free_world(w);
}

static void repeat_runs_once_where_nobody_watches(void **state)
{
	struct world *w = opened_world();

	run(w->s, "repeat -1 ptob 1", SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "1: 1000\n");
	run(w->s, "repeat", SHELL_FAILED);
	run(w->s, "repeat repeat ptob 1", SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "1: 1000\n");
	free_world(w);
}

static void the_radix_is_of_the_session(void **state)
{
	struct world *w = opened_world();

	run(w->s, "hex", SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "output radix: 16 (hex)\n");
	run(w->s, "p 16", SHELL_DONE);
	assert_string_equal(shell_kept(w->s), "$1 = 0x10\n");
	run(w->s, "set radix 8", SHELL_FAILED);
	run(w->s, "dec", SHELL_DONE);
	run(w->s, "p 16", SHELL_DONE);
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
	struct world *w = opened_world_to(fd);
	char *text;

	run(w->s, "ptob 1 2 3 | sed -n 2p | tr 0 x", SHELL_DONE);
	run(w->s, "ptob 4", SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "2: 2xxx\n4: 4000\n");
	free(text);
	free_world(w);
	close(fd);
}

static void a_reader_that_leaves_is_no_failure(void **state)
{
	int fd = open_output();
	struct world *w = opened_world_to(fd);

	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < 4; i++)
		run(w->s, "rd -8 ffffffff80000000 100000 | true", SHELL_DONE);
	free_world(w);
	close(fd);
}

static void an_escape_runs_a_shell_command(void **state)
{
	int fd = open_output();
	struct world *w = opened_world_to(fd);
	char *text;

	run(w->s, "! echo a b | tr a c", SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "c b\n");
	free(text);
	free_world(w);
	close(fd);
}

static void a_file_gets_the_output_and_more(void **state)
{
	int fd = open_output();
	struct world *w = opened_world();
	char line[64], *text;

	snprintf(line, sizeof(line), "ptob 1 > /proc/self/fd/%d", fd);
	run(w->s, line, SHELL_DONE);
	snprintf(line, sizeof(line), "ptob 2 >> /proc/self/fd/%d", fd);
	run(w->s, line, SHELL_DONE);
	text = written(fd);
	assert_string_equal(text, "1: 1000\n2: 2000\n");
	free(text);
	run(w->s, "ptob 1 > /nonexistent/x", SHELL_FAILED);
	run(w->s, "ptob 1 1 1 > /dev/full", SHELL_FAILED);
	free_world(w);
	close(fd);
}

static void standard_output_that_fails_ends_the_session(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct world *w = opened_world_to(fd);
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
	struct world *w = opened_world();

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
