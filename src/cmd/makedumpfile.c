#include "cmd/makedumpfile.h"

#include "cmd/cmd.h"
#include "cmd/outcome.h"

#include <stdio.h>

#define PROGRAM "makedumpfile"

static const struct words_defaults defaults = {.dump_level = 0, .codec = WORDS_CODEC_NONE};

static const struct opts_verb verb = {
	.name = PROGRAM,
	.operands = "VMCORE DUMPFILE",
	.summary = "Make a small dump of a crashed kernel's memory.",
	.options = makedumpfile_options,
	.max_operands = SIZE_MAX,
	.takes_abbreviations = true,
};

/* What is told of the outcome goes to standard output, unless the dump does. */
static FILE *messages(const struct opts_result *given)
{
	return opts_has(given, "flatten") ? stderr : stdout;
}

/* Its words where nothing went wrong. */
static void add_done(struct buf *b, const struct job *j)
{
	const struct makedumpfile_words *w = j->words;
	const char *what = w->job == WORDS_DUMP_DMESG ? "dmesg log is"
			   : w->num_targets > 1	      ? "dumpfiles are"
						      : "dumpfile is";

	if (w->job == WORDS_COLLECT || w->job == WORDS_REASSEMBLE ||
	    w->job == WORDS_REARRANGE || w->job == WORDS_DUMP_DMESG) {
		buf_printf(b, "\nThe %s saved to ", what);
		if (w->num_targets)
			outcome_add_targets(b, w);
		else
			buf_add_str(b, "STDOUT");
		buf_add_str(b, ".\n");
	}
	buf_add_str(b, "\n" PROGRAM " Completed.\n");
}

static void add_outcome(struct buf *b, const struct job *j)
{
	const struct makedumpfile_words *w = j->words;
	bool makes_dump = w->job == WORDS_COLLECT || w->job == WORDS_REASSEMBLE;

	if (w->job == WORDS_MEM_USAGE)
		outcome_add_mem_usage(b, j);
	if (w->job == WORDS_VERIFY)
		outcome_add_verified(b, j);
	if (makes_dump && w->message_level & WORDS_SHOW_REPORT)
		outcome_add_statistics(b, j);
	if (w->message_level & WORDS_SHOW_COMMON && !j->is_incomplete)
		add_done(b, j);
}

/* What lacks something must not pass for a success, although there is a readable dump. */
static struct err *check_whole(const struct job *j)
{
	if (!j->is_incomplete)
		return NULL;
	if (j->words->job == WORDS_VERIFY)
		return err_new(ERR_INCOMPLETE, "%s is not whole", j->words->sources[0]);
	return err_new(ERR_INCOMPLETE,
		       "the dump is marked incomplete: %llu pages could not be read%s",
		       (unsigned long long)j->stats.pages_unreadable,
		       dump_is_incomplete(j->dump) ? ", and the source is cut short" : "");
}

static struct err *run_job(const struct makedumpfile_words *words, FILE *out)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct meter meter =
		meter_new(words->message_level & WORDS_SHOW_PROGRESS ? METER_MAKEDUMPFILE
								     : METER_NONE);
	cleanup(job_deinit) struct job j = {
		.program = PROGRAM, .words = words, .meter = &meter};
	struct err *err = job_run(&j);

	if (err)
		return err;
	add_outcome(&b, &j);
	err = buf_check(&b);
	if (!err && fputs(buf_text(&b), out) < 0)
		err = err_new(ERR_OS, "cannot write to standard output");
	return err ? err : check_whole(&j);
}

static struct err *run_words(const struct opts_result *given)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct makedumpfile_words words;
	struct err *err = makedumpfile_words_read(given, &defaults, &words);

	if (err)
		return err;
	if (words.job == WORDS_SHOW_VERSION) {
		outcome_add_version(&b);
		return cmd_print(&b);
	}
	outcome_tell_ignored(given, PROGRAM);
	return words.only_checks ? NULL : run_job(&words, messages(given));
}

/* The error is always told; the rest as the tool does, whose own is not. */
static void tell_failure(const struct err *err, const struct opts_result *given)
{
	FILE *out = messages(given);

	fprintf(stderr, PROGRAM ": %s\n", err_message(err));
	if (err_code(err) == ERR_USAGE)
		fprintf(out, "Commandline parameter is invalid.\n"
			     "Try `" PROGRAM " --help' for more information.\n");
	if (!opts_has(given, "check-params"))
		fprintf(out, "\n" PROGRAM " Failed.\n");
}

int makedumpfile_main(int argc, char **argv)
{
	cleanup(opts_deinit) struct opts_result given = {0};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	cleanup(err_freep) struct err *err = opts_parse(&verb, argc, argv, 1, &given);

	if (!err && given.wants_help) {
		opts_help(&b, "", &verb);
		err = cmd_print(&b);
	} else if (!err) {
		err = run_words(&given);
	}
	if (err)
		tell_failure(err, &given);
	return fflush(stdout) == 0 && !err ? 0 : 1;
}
