/*
 * What fills the file of the dump, read from the armed manifest: our collector with the
 * options of a makedumpfile line, a plain copy, or a program of the image.
 *
 * The plan owns copies of the words; everything in it stays valid until
 * collector_deinit().
 */
#ifndef CAPTURE_COLLECTOR_H
#define CAPTURE_COLLECTOR_H

#include "capture/names.h"
#include "collect/collect.h"
#include "format/manifest.h"

#define COLLECTOR_WORDS_MAX  64
#define COLLECTOR_LEVELS_MAX 34

enum collector_way { COLLECTOR_FILTER, COLLECTOR_COPY, COLLECTOR_PROGRAM };

/* Layout is public. */
struct collector {
	enum collector_way way;
	struct collect_options options; /* of COLLECTOR_FILTER, but for the level */
	/* To be tried one after the other while the dump does not fit. */
	unsigned levels[COLLECTOR_LEVELS_MAX];
	size_t num_levels;
	bool is_sparse; /* a copy leaves holes for zeros */
	char *text;
	char *words[COLLECTOR_WORDS_MAX + 1]; /* of the line, NULL-terminated */
	size_t num_words;
};

/* ERR_USAGE, ERR_UNSUPPORTED for words that cannot be carried out; *@ret is then what the
 * manifest says without them, and good to be used. Call collector_deinit() in any case. */
must_check struct err *collector_init(const struct manifest *m, struct collector *ret);
void collector_deinit(struct collector *c);

/* What the file will be, for its name. */
enum dump_form collector_form(const struct collector *c, bool is_stream);

#endif
