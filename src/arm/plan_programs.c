/* What runs around and instead of the collector: hooks, and programs taken along. */
#include "arm/plan_priv.h"

#include "base/opts.h"
#include "base/str.h"
#include "format/makedumpfile_words.h"

#include <string.h>

#define COLLECTOR_WORDS_MAX 64

/* Split @line in place at blanks; a word in double quotes is one. */
static size_t split(char *line, char **words, size_t max)
{
	size_t count = 0;
	char *word;

	while (count < max && (word = strsep(&line, " \t")))
		if (*word)
			words[count++] = word;
	return count;
}

static const char *codec_name(enum words_codec codec)
{
	static const char *const names[] = {
		[WORDS_CODEC_NONE] = "none", [WORDS_CODEC_ZLIB] = "zlib",
		[WORDS_CODEC_LZO] = "lzo",   [WORDS_CODEC_SNAPPY] = "snappy",
		[WORDS_CODEC_ZSTD] = "zstd",
	};

	return names[codec];
}

/* The options of makedumpfile, checked here and not first in the capture kernel. */
static struct err *plan_makedumpfile(struct planning *g, char **words, size_t count)
{
	static const struct opts_verb verb = {.name = "core_collector makedumpfile",
					      .options = makedumpfile_options,
					      .max_operands = 0,
					      .takes_abbreviations = true};
	const struct words_defaults defaults = {.dump_level = 0, .codec = WORDS_CODEC_NONE};
	struct manifest_dump *dump = &g->plan->manifest.dump;
	cleanup(opts_deinit) struct opts_result given = {0};
	struct opts_result with_files;
	struct makedumpfile_words read = {0};
	const char *files[] = {"/proc/vmcore", "vmcore"};
	struct err *err = opts_parse(&verb, (int)count, words, 1, &given);

	with_files = given;
	with_files.operands = files;
	with_files.num_operands = opts_has(&given, "flatten") ? 1 : 2;
	if (!err)
		err = makedumpfile_words_read(&with_files, &defaults, &read);
	if (err)
		return err_wrap(err, "core_collector");
	dump->level = read.levels[0];
	dump->compression = codec_name(read.codec);
	dump->compression_level = read.has_codec_level		   ? read.codec_level
				  : read.codec == WORDS_CODEC_ZSTD ? -1
								   : 1;
	return NULL;
}

struct err *plan_collector(struct planning *g)
{
	static const char *const copiers[] = {"cp", "cat", "dd", "scp"};
	struct manifest_collector *c = &g->plan->manifest.collector;
	cleanup(freep) char *line = strdup(g->config->core_collector);
	char *words[COLLECTOR_WORDS_MAX + 1] = {NULL};
	const char *name;
	size_t count;

	if (!line)
		return err_nomem();
	count = split(line, words, COLLECTOR_WORDS_MAX);
	if (!count)
		return err_new(ERR_USAGE, "core_collector is empty");
	c->words = g->config->core_collector;
	name = strrchr(words[0], '/') ? strrchr(words[0], '/') + 1 : words[0];
	c->kind = "program";
	if (str_eq(name, "makedumpfile")) {
		c->kind = "makedumpfile";
		return plan_makedumpfile(g, words, count);
	}
	for (size_t i = 0; i < ARRAY_SIZE(copiers); i++)
		if (str_eq(name, copiers[i]))
			c->kind = copiers[i];
	return NULL;
}

struct err *plan_programs(struct planning *g)
{
	const struct capture_config *c = g->config;

	if (*c->pre || *c->post || *c->emergency || c->extra_bins.count ||
	    str_eq(g->plan->manifest.collector.kind, "program"))
		return err_new(ERR_UNSUPPORTED,
			       "programs of this machine cannot be taken along yet");
	return NULL;
}
