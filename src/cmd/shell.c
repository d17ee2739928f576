/* An interactive session on a dump, also under the name crash. */
#include "shell/shell.h"
#include "base/io.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/debug_file.h"
#include "cmd/ending.h"
#include "cmd/open.h"
#include "cmd/shell_input.h"

#include <signal.h>
#include <string.h>

#define PROMPT_MAX 16

static const struct opt options[] = {
	{.name = "input",
	 .letter = 'i',
	 .arg = OPTS_VALUE,
	 .value_name = "FILE",
	 .help = "Run the lines of FILE first."},
	{.name = "command",
	 .letter = 'c',
	 .arg = OPTS_VALUE,
	 .value_name = "LINE",
	 .help = "Run this line, and end after the last of them."},
	{.name = "debuginfo",
	 .arg = OPTS_VALUE,
	 .value_name = "VMLINUX",
	 .help = "The same as to name VMLINUX beside the dump."},
	{.name = "silent",
	 .letter = 's',
	 .help = "Print neither the banner nor, in batch, the lines that are run."},
	{.name = "no_scroll", .help = "Do not show output through a pager."},
	{.name = "hex", .help = "Print numbers in hexadecimal: set radix 16."},
	{.name = "dec", .help = "Print numbers in decimal: set radix 10 (the default)."},
	{.name = "extensions", .letter = 'x', .help = "Ignored: there are no extensions."},
	{.name = "minimal", .help = "Ignored: what cannot be read is left out anyway."},
	{.name = "zero_excluded",
	 .help = "Ignored: excluded pages are never read as zero."},
	{.name = "no_modules", .help = "Ignored: symbols of modules come from the dump."},
	{.name = "no_kmem_cache", .help = "Ignored: slab caches are not read beforehand."},
	{.name = "version", .help = "Print the version of this program."},
	OPTS_END,
};

static const char *const ignored[] = {"extensions", "minimal", "zero_excluded",
				      "no_modules", "no_kmem_cache"};

struct session {
	struct shell *shell;
	struct debug_file debug;
	const char *program;
	char prompt[PROMPT_MAX];
	bool is_silent;
	bool has_terminal; /* a person types */
	bool has_failed;   /* a command of a batch did */
	bool is_over;
};

static bool should_stop(void *ctx)
{
	return ending_signal() != 0;
}

static void tell_ignored(const struct opts_result *given, const char *program)
{
	for (size_t i = 0; i < given->num_given; i++)
		for (size_t n = 0; n < ARRAY_SIZE(ignored); n++)
			if (str_eq(given->given[i].row->name, ignored[n]))
				fprintf(stderr, "%s: --%s: %s\n", program, ignored[n],
					given->given[i].row->help);
}

/* A line of a batch: shown as if it had been typed, then run. */
static struct err *run_line(struct session *s, const char *line, bool is_batch)
{
	enum shell_outcome outcome = SHELL_DONE;
	struct err *err = NULL;

	if (is_batch && !s->is_silent) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		buf_printf(&b, "%s%s\n", s->prompt, line);
		err = cmd_print(&b);
	}
	if (!err)
		err = shell_run(s->shell, line, &outcome);
	s->has_failed |= is_batch && outcome == SHELL_FAILED;
	s->is_over |= outcome == SHELL_EXIT;
	return err;
}

static struct err *run_input(struct session *s, struct shell_input *in, bool is_batch)
{
	while (!s->is_over) {
		const char *line;
		struct err *err = shell_input_next(in, &line);

		if (err)
			return err;
		if (!line)
			return NULL;
		err = run_line(s, line, is_batch);
		if (err)
			return err;
		/* Ctrl-C stops what runs; what else asks us to end ends us. */
		if (!is_batch && ending_signal() == SIGINT)
			ending_forget();
		s->is_over |= ending_signal() != 0;
	}
	return NULL;
}

static struct err *run_file(struct session *s, const char *path)
{
	cleanup(shell_input_closep) struct shell_input *in = NULL;
	struct err *err = shell_input_open_file(path, &in);

	return err ? err : run_input(s, in, true);
}

static struct err *run_terminal(struct session *s)
{
	cleanup(shell_input_closep) struct shell_input *in = NULL;
	struct err *err = shell_input_open_terminal(s->shell, s->prompt, &in);

	return err ? err : run_input(s, in, false);
}

/* -i and -c in their order, then, as crash does, what standard input says. */
static struct err *run_session(struct session *s, const struct opts_result *given)
{
	struct err *err = s->is_silent ? NULL : shell_print_banner(s->shell);

	for (size_t i = 0; !err && i < given->num_given && !s->is_over; i++) {
		const char *name = given->given[i].row->name;

		if (str_eq(name, "input"))
			err = run_file(s, given->given[i].value);
		else if (str_eq(name, "command"))
			err = run_line(s, given->given[i].value, true);
	}
	if (err || s->is_over || opts_has(given, "command"))
		return err;
	return s->has_terminal ? run_terminal(s) : run_file(s, NULL);
}

static struct err *set_radix(struct session *s, const struct opts_result *given)
{
	enum shell_outcome outcome;
	char line[] = "set radix 16 > /dev/null";

	if (!opts_has(given, "hex"))
		return NULL;
	return shell_run(s->shell, line, &outcome);
}

static struct err *open_session(struct session *s, const struct opts_result *given,
				struct kernel *k, const struct shell_files *files)
{
	cleanup(buf_deinit) struct buf remarks = BUF_INIT;
	struct err *err = debug_file_open(files, k, &remarks, &s->debug);
	struct shell_options o = {
		.stdout_fd = STDOUT_FILENO,
		.has_terminal = isatty(STDOUT_FILENO) && !opts_has(given, "no_scroll"),
		.program = s->program,
		.vmlinux = files->vmlinux,
		.debuginfo = debug_file_info(&s->debug),
		.should_stop = should_stop,
	};

	if (!err)
		err = buf_check(&remarks);
	if (!err)
		err = shell_open(k, &o, &s->shell);
	if (err)
		return err;
	if (remarks.len && !s->is_silent)
		debug_file_tell(&remarks, s->program);
	return set_radix(s, given);
}

static struct err *run_files(struct session *s, const struct opts_result *given)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	const char *debuginfo = opts_value(given, "debuginfo", NULL);
	struct shell_files files;
	struct err *err = shell_files_sort(given->operands, given->num_operands, &files);

	if (!err && debuginfo && files.vmlinux)
		err = err_new(ERR_USAGE, "%s and %s: one vmlinux is enough", files.vmlinux,
			      debuginfo);
	if (!err && debuginfo)
		files.vmlinux = debuginfo;
	if (!err)
		err = cmd_open_dump(files.dump, &d);
	if (!err)
		err = kernel_open(d, &k);
	if (!err)
		err = open_session(s, given, k, &files);
	if (!err) {
		/* A pager that is left must not end us. */
		signal(SIGPIPE, SIG_IGN);
		if (s->has_terminal)
			ending_catch();
		else
			ending_catch_first();
		err = run_session(s, given);
	}
	shell_close(s->shell);
	debug_file_close(&s->debug);
	return err;
}

static struct err *run_as(const char *program, const struct opts_result *given,
			  enum exit_status *status)
{
	struct session s = {
		.program = program,
		.is_silent = opts_has(given, "silent"),
		.has_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.debug = DEBUG_FILE_NONE,
	};
	struct err *err;

	if (opts_has(given, "version")) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		buf_add_str(&b, "inquest " INQUEST_VERSION "\n");
		return cmd_print(&b);
	}
	snprintf(s.prompt, sizeof(s.prompt), "%s> ", program);
	tell_ignored(given, program);
	err = run_files(&s, given);
	if (!err && s.has_failed)
		*status = EXIT_FAILED;
	return err;
}

static struct err *run_shell(const struct opts_result *given, enum exit_status *status)
{
	return run_as("inquest", given, status);
}

static struct err *run_crash(const struct opts_result *given, enum exit_status *status)
{
	return run_as("crash", given, status);
}

#define SHELL_OPTS(verb)                                                                   \
	{                                                                                  \
		.name = verb, .operands = "VMCORE [VMLINUX]",                              \
		.summary = "Look around in a dump, with the commands of crash.",           \
		.options = options, .max_operands = 2                                      \
	}

const struct cmd cmd_shell = {.opts = SHELL_OPTS("shell"), .run = run_shell};
const struct cmd cmd_crash = {.opts = SHELL_OPTS("crash"), .run = run_crash};
