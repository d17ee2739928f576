#include "fuzz.h"

#include "format/shell_assign.h"

#include <assert.h>

/* Values stand where they are said to, and within their limits; what was read once is read
 * again to the same numbers. */
static void check(const struct shell_vars *v, size_t size)
{
	assert(v->count <= SHELL_VARS_MAX);
	for (size_t i = 0; i < v->count; i++) {
		const struct shell_var *var = &v->vars[i];

		assert(*var->name && strlen(var->value) <= SHELL_VALUE_MAX);
		assert(var->value_start <= var->value_end && var->value_end <= size);
		assert(var->line >= 1 && var->line <= size + 1);
		assert(shell_vars_find(v, var->name) == var);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shell_vars strict = {0}, lenient = {.is_lenient = true};
	char *text = malloc(size + 1);
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = shell_vars_read(&strict, text, "f");
	check(&strict, size);
	/* What is right without leniency is so with it, but for names never assigned. */
	if (!err) {
		assert(!shell_vars_read(&lenient, text, "f"));
		assert(lenient.count == strict.count && !lenient.skipped_line);
	} else {
		err_free(shell_vars_read(&lenient, text, "f"));
	}
	check(&lenient, size);
	err_free(err);
	shell_vars_deinit(&strict);
	shell_vars_deinit(&lenient);
	free(text);
	return 0;
}
