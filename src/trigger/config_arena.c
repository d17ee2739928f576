#include "trigger/config_priv.h"

#include "base/str.h"

#include <stdarg.h>
#include <string.h>

/* Remember @block, which is freed if there is no memory to. */
static void *keep(struct config_arena *a, void *block, size_t len)
{
	if (!block)
		return NULL;
	if (a->num == a->capacity) {
		size_t capacity = a->capacity ? a->capacity * 2 : 64;
		struct config_block *more =
			reallocarray(a->blocks, capacity, sizeof(*more));

		if (!more) {
			free(block);
			return NULL;
		}
		a->blocks = more;
		a->capacity = capacity;
	}
	a->blocks[a->num++] = (struct config_block){block, len};
	return block;
}

void *config_alloc(struct config_arena *a, size_t count, size_t size)
{
	void *block = calloc(count ? count : 1, size);

	return keep(a, block, count * size);
}

char *config_strdup(struct config_arena *a, const char *text)
{
	return keep(a, strdup(text), strlen(text));
}

char *config_printf(struct config_arena *a, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	return keep(a, text, text ? strlen(text) : 0);
}

void config_arena_deinit(struct config_arena *a)
{
	for (size_t i = 0; i < a->num; i++) {
		explicit_bzero(a->blocks[i].start, a->blocks[i].len);
		free(a->blocks[i].start);
	}
	free(a->blocks);
	*a = (struct config_arena){0};
}
