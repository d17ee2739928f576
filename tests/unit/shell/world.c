#include "world.h"

struct world *blank_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	setenv("TZ", "UTC", 1);
	return w;
}

struct world *new_world(void)
{
	struct world *w = blank_world();

	gen_session_init(&w->o.g);
	return w;
}

void open_world_to(struct world *w, int fd)
{
	const struct shell_options o = {.stdout_fd = fd, .program = "test"};

	opened_kernel_open(&w->o);
	assert_success(shell_open(w->o.k, &o, &w->s));
}

void open_world(struct world *w)
{
	open_world_to(w, -1);
}

struct world *opened_world_to(int fd)
{
	struct world *w = new_world();

	open_world_to(w, fd);
	return w;
}

struct world *opened_world(void)
{
	return opened_world_to(-1);
}

void free_world(struct world *w)
{
	shell_close(w->s);
	opened_kernel_deinit(&w->o);
	free(w);
}

const char *run(struct shell *s, const char *line, enum shell_outcome expected)
{
	enum shell_outcome outcome;

	assert_success(shell_run(s, line, &outcome));
	if (outcome != expected)
		print_error("%s: %s\n", line, shell_kept(s));
	assert_int_equal(outcome, expected);
	return shell_kept(s);
}

void assert_part(const char *line, const char *out, const char *part)
{
	if (!strstr(out, part))
		print_error("%s: lacks \"%s\":\n%s\n", line, part, out);
	assert_non_null(strstr(out, part));
}

void assert_output(struct shell *s, const char *line, const char *expected)
{
	assert_string_equal(run(s, line, SHELL_DONE), expected);
}

void assert_has(struct shell *s, const char *line, const char *part)
{
	assert_part(line, run(s, line, SHELL_DONE), part);
}

void assert_fails(struct shell *s, const char *line, const char *part)
{
	assert_part(line, run(s, line, SHELL_FAILED), part);
}
