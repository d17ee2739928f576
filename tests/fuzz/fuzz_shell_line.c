#include "fuzz.h"

#include "shell/line.h"

#include <assert.h>

/* Words are strings of the line's own text; what is said of pipe and file fits the kind. */
static void check(const struct shell_line *l)
{
	size_t len = l->text ? strlen(l->text) : 0;

	assert(l->num_words <= SHELL_MAX_WORDS && !l->words[l->num_words]);
	for (size_t i = 0; i < l->num_words; i++)
		assert(l->words[i] >= l->text && strlen(l->words[i]) <= SHELL_LINE_MAX);
	assert((l->kind == SHELL_LINE_COMMAND) == (l->num_words > 0));
	assert(!(l->pipe && l->file));
	if (l->kind == SHELL_LINE_ESCAPE)
		assert(l->pipe && !l->num_words);
	if (l->pipe)
		fuzz_touch(l->pipe, strlen(l->pipe));
	if (l->file)
		assert(*l->file && strlen(l->file) <= SHELL_LINE_MAX);
	assert(len <= SHELL_LINE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(shell_line_deinit) struct shell_line l = {0};
	char *text = malloc(size + 1);
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = shell_line_parse(&l, text);
	if (!err)
		check(&l);
	err_ignore(err);
	free(text);
	return 0;
}
