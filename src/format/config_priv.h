/*
 * What the parsers of configuration files share: places, sentences about them, and setting
 * members of a struct capture_config.
 */
#ifndef FORMAT_CONFIG_PRIV_H
#define FORMAT_CONFIG_PRIV_H

#include "format/capture_config.h"

/* What kdump.conf without core_collector means (kdump.conf(5)). */
#define CONFIG_KDUMP_COLLECTOR	      "makedumpfile -l --message-level 7 -d 31"
#define CONFIG_KDUMP_STREAM_COLLECTOR "makedumpfile -F -l --message-level 7 -d 31"

struct config_place {
	const char *file;
	u64 line;
};

static inline bool config_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* ERR_USAGE: FILE line N: BEFORE "WORD"AFTER. The word is escaped and cut to one line. */
must_check struct err *config_error(const struct config_place *at, const char *before,
				    const char *word, size_t len, const char *after);

/* Add "FILE line N: …" to the warnings of @c, escaped; dropped when there are too many. */
must_check struct err *config_warn(struct capture_config *c, const struct config_place *at,
				   const char *fmt, ...) printf_like(3, 4);

/* Set the string *@slot of @c. */
must_check struct err *config_set(struct capture_config *c, const char **slot,
				  const char *text, size_t len);

/* Add the words of @text, separated by white space. */
must_check struct err *config_add_words(struct capture_config *c, struct config_words *list,
					const char *text, size_t len);

#endif
