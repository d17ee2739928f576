#include "capture/collector.h"

#include "base/str.h"
#include "format/makedumpfile_words.h"

#include <string.h>

static const struct collect_codec *const codecs[] = {
	[WORDS_CODEC_NONE] = &collect_codec_none,
	[WORDS_CODEC_ZLIB] = &collect_codec_zlib,
	[WORDS_CODEC_LZO] = &collect_codec_lzo,
	/* A C++ library, which is too large for a capture kernel. */
	[WORDS_CODEC_SNAPPY] = NULL,
	[WORDS_CODEC_ZSTD] = &collect_codec_zstd,
};

static const struct opts_verb makedumpfile = {.name = "makedumpfile",
					      .operands = "",
					      .summary = "",
					      .options = makedumpfile_options,
					      .max_operands = 2,
					      .takes_abbreviations = true};

/* Cut the line into words, in place; quotes keep blanks. */
static struct err *split_words(struct collector *c)
{
	char *from = c->text, *to = c->text;

	for (;;) {
		char quote = '\0';

		from += strspn(from, " \t");
		if (!*from)
			return NULL;
		if (c->num_words == COLLECTOR_WORDS_MAX)
			return err_new(ERR_USAGE, "core_collector has more than %d words",
				       COLLECTOR_WORDS_MAX);
		c->words[c->num_words++] = to;
		for (; *from && (quote || !strchr(" \t", *from)); from++) {
			if (*from == quote)
				quote = '\0';
			else if (!quote && (*from == '"' || *from == '\''))
				quote = *from;
			else
				*to++ = *from;
		}
		from += *from != '\0';
		*to++ = '\0';
	}
}

static void add_level(struct collector *c, unsigned level)
{
	if (c->num_levels < COLLECTOR_LEVELS_MAX)
		c->levels[c->num_levels++] = level;
}

/* What the manifest says without the words. */
static void use_defaults(const struct manifest *m, struct collector *c)
{
	const struct manifest_dump *how = &m->dump;

	c->way = COLLECTOR_FILTER;
	c->num_levels = 0;
	add_level(c, (unsigned)how->level);
	c->options = (struct collect_options){
		.codec = str_eq(how->compression, "zlib")  ? &collect_codec_zlib
			 : str_eq(how->compression, "lzo") ? &collect_codec_lzo
							   : &collect_codec_zstd,
		.codec_level = (int)how->compression_level};
	c->options.has_codec_level = collect_codec_default_level(c->options.codec) != 0;
}

/* Read the line with @num_files names of files behind it. What is read points into
 * @given. */
static struct err *read_line(const struct collector *c, int num_files,
			     struct opts_result *given, struct makedumpfile_words *ret)
{
	const struct words_defaults defaults = {.dump_level = 0, .codec = WORDS_CODEC_NONE};
	char *argv[COLLECTOR_WORDS_MAX + 2];
	struct err *err;

	memcpy(argv, c->words, c->num_words * sizeof(*argv));
	argv[c->num_words] = (char *)"/proc/vmcore";
	argv[c->num_words + 1] = (char *)"vmcore";
	err = opts_parse(&makedumpfile, (int)c->num_words + num_files, argv, 1, given);
	return err ? err : makedumpfile_words_read(given, &defaults, ret);
}

/* With two files, or, as with -F, one. */
static struct err *read_either_line(const struct collector *c,
				    struct makedumpfile_words *ret)
{
	cleanup(opts_deinit) struct opts_result given = {0}, flattened = {0};
	cleanup(err_freep) struct err *first = read_line(c, 2, &given, ret);
	struct err *second;

	if (!first)
		return NULL;
	second = read_line(c, 1, &flattened, ret);
	if (!second)
		return NULL;
	err_ignore(second);
	return steal(first);
}

static struct err *use_makedumpfile(struct collector *c)
{
	struct makedumpfile_words words;
	struct err *err = read_either_line(c, &words);

	if (err)
		return err;
	if (words.job != WORDS_COLLECT || words.is_split)
		return err_new(ERR_USAGE, "core_collector: this is no line for a dump");
	if (!codecs[words.codec])
		return err_new(ERR_UNSUPPORTED,
			       "core_collector: snappy is not part of a capture image");
	c->num_levels = 0;
	for (size_t i = 0; i < words.num_levels; i++)
		add_level(c, words.levels[i]);
	c->options = (struct collect_options){.format = words.is_elf ? COLLECT_ELF
								     : COLLECT_KDUMP,
					      .codec = codecs[words.codec],
					      .has_codec_level = words.has_codec_level,
					      .codec_level = words.codec_level,
					      .num_workers = words.num_threads,
					      .is_ordered = words.is_ordered,
					      .keeps_pcp = words.keeps_pcp,
					      .excludes_memmap = words.excludes_memmap};
	return NULL;
}

static bool has_word(const struct collector *c, const char *word)
{
	for (size_t i = 1; i < c->num_words; i++)
		if (str_eq(c->words[i], word))
			return true;
	return false;
}

/* A dump that does not fit is tried with less in it. */
static void add_last_level(struct collector *c)
{
	if (c->num_levels && c->levels[c->num_levels - 1] != COLLECT_MAX_LEVEL)
		add_level(c, COLLECT_MAX_LEVEL);
}

struct err *collector_init(const struct manifest *m, struct collector *ret)
{
	const char *kind = m->collector.kind;
	struct err *err = NULL;

	*ret = (struct collector){.text = strdup(m->collector.words)};
	use_defaults(m, ret);
	if (!ret->text)
		err = err_nomem();
	if (!err)
		err = split_words(ret);
	if (!err && str_eq(kind, "makedumpfile") && ret->num_words > 1)
		err = use_makedumpfile(ret);
	else if (!err && str_eq(kind, "program") && ret->num_words)
		ret->way = COLLECTOR_PROGRAM;
	else if (!err && !str_eq(kind, "makedumpfile"))
		ret->way = COLLECTOR_COPY;
	ret->is_sparse = has_word(ret, "--sparse=always");
	if (ret->way == COLLECTOR_FILTER)
		add_last_level(ret);
	return err;
}

void collector_deinit(struct collector *c)
{
	free(c->text);
}

enum dump_form collector_form(const struct collector *c, bool is_stream)
{
	if (c->way != COLLECTOR_FILTER)
		return DUMP_PLAIN;
	/* Where a file can be written in any order there is no need for -F. */
	return is_stream ? DUMP_FLATTENED : DUMP_KDUMP;
}
