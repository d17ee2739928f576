#include "fuzz.h"

#include "shell/expr.h"

static bool lookup(void *ctx, const char *name, u64 *ret)
{
	*ret = strlen(name);
	return name[0] == 's';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	u64 value;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err_ignore(expr_eval(text, lookup, NULL, &value));
	free(text);
	return 0;
}
