#include "fuzz.h"

#include "format/makedumpfile_words.h"

#include <assert.h>

#define WORDS_MAX 64

static const struct opts_verb verb = {
	.name = "makedumpfile",
	.operands = "",
	.options = makedumpfile_options,
	.max_operands = SIZE_MAX,
	.takes_abbreviations = true,
};

/* What was accepted can be done: levels that exist, files that were given. */
static void check_words(const struct makedumpfile_words *w, const struct opts_result *given)
{
	assert(w->num_levels >= 1 && w->num_levels <= WORDS_LEVELS_MAX);
	for (size_t i = 0; i < w->num_levels; i++)
		assert(w->levels[i] <= 31);
	assert(w->message_level <= WORDS_SHOW_MAX && w->num_threads <= WORDS_THREADS_MAX);
	assert(w->num_sources + w->num_targets <= given->num_operands);
	if (w->job == WORDS_COLLECT) {
		assert(w->num_sources);
		assert(w->is_flattened == !w->num_targets);
		assert(!w->is_split || (w->num_targets > 1 && !w->is_elf));
		assert(!w->is_elf || w->codec == WORDS_CODEC_NONE);
	}
	for (size_t i = 0; i < given->num_given; i++)
		assert(!strstr(given->given[i].row->help, "Refused"));
}

/* The input is a command line, one word per line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words_defaults defaults = {.takes_many_sources = size & 1};
	struct notices notices = {0};
	struct makedumpfile_words words;
	struct opts_result given;
	char *argv[WORDS_MAX], *text = malloc(size + 1);
	int argc = 0;
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *p = text; p && argc < WORDS_MAX;)
		argv[argc++] = strsep(&p, "\n");
	err = opts_parse(&verb, argc, argv, 0, &given);
	if (!err) {
		makedumpfile_words_ignored(&given, &notices);
		err = makedumpfile_words_read(&given, &defaults, &words);
	}
	if (!err)
		check_words(&words, &given);
	else
		assert(err_code(err) == ERR_USAGE || err_code(err) == ERR_UNSUPPORTED);
	err_free(err);
	notices_deinit(&notices);
	opts_deinit(&given);
	free(text);
	return 0;
}
