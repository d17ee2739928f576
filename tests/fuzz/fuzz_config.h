/* What the fuzz targets of configuration files share. */
#ifndef TESTS_FUZZ_CONFIG_H
#define TESTS_FUZZ_CONFIG_H

#include "format/capture_config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void fuzz_check_words(const struct config_words *list)
{
	assert(list->count <= CONFIG_WORDS_MAX);
	for (size_t i = 0; i < list->count; i++)
		assert(list->words[i]);
}

/* Whatever a file says, what comes of it can be used by who arms. */
static void fuzz_check_config(const struct capture_config *c)
{
	const struct config_words *const lists[] = {
		&c->cmdline.remove, &c->extra_bins, &c->extra_modules,
		&c->kexec_args,	    &c->sysctls,    &c->warnings,
	};
	const char *const files[] = {c->pre, c->post, c->emergency, c->ssh_key, c->initrd};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		fuzz_check_words(lists[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert(!*files[i] || *files[i] == '/');
	assert(c->path[0] == '/' && *c->core_collector && !strstr(c->path, "//"));
	assert(c->num_targets <= CONFIG_TARGETS_MAX);
	for (size_t i = 0; i < c->num_targets; i++) {
		const struct config_target *t = &c->targets[i];

		assert(*t->spec && !strchr(t->spec, ' ') && t->fs_type && t->options);
		assert(t->line >= 1);
		assert(capture_config_path_on(c, t)[0] == '/');
	}
	assert(*config_action_name(c->failure_action));
	assert(c->final_action <= CONFIG_POWEROFF);
}

static int fuzz_config(const uint8_t *data, size_t size, enum config_dialect dialect,
		       struct err *(*parse)(const char *text, const char *file,
					    struct capture_config *c))
{
	struct capture_config c;
	char *text = malloc(size + 1);
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = capture_config_init(&c, dialect);
	if (!err)
		err = parse(text, "FILE", &c);
	if (!err)
		fuzz_check_config(&c);
	else if (err_code(err) == ERR_USAGE)
		assert(strstr(err_message(err), "FILE line ") ||
		       strstr(err_message(err), "more than"));
	err_free(err);
	capture_config_deinit(&c);
	free(text);
	return 0;
}

#endif
