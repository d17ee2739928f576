/*
 * What the parsers of configuration files share: places, sentences about them, and setting
 * members of a struct capture_config.
 */
#ifndef FORMAT_CONFIG_PRIV_H
#define FORMAT_CONFIG_PRIV_H

#include "base/buf.h"
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

/* The same without quotes around the word, for sentences that other tools have made known.
 */
must_check struct err *config_known_error(const struct config_place *at, const char *before,
					  const char *word, const char *after);

/* Put "FILE line N: " in front of a sentence that does not say where; NULL stays NULL. */
must_check struct err *config_place_error(const struct config_place *at, struct err *err);

/* Add "FILE line N: …" to the warnings of @c, escaped; dropped when there are too many. */
must_check struct err *config_warn(struct capture_config *c, const struct config_place *at,
				   const char *fmt, ...) printf_like(3, 4);

/* Set the string *@slot of @c. */
must_check struct err *config_set(struct capture_config *c, const char **slot,
				  const char *text, size_t len);

/* Add the words of @text, separated by white space. */
must_check struct err *config_add_words(struct capture_config *c, struct config_words *list,
					const char *text, size_t len);

/* Is the word of @len bytes @name? */
bool config_word_is(const char *word, size_t len, const char *name);

/* The next word at *@pos, *@ret_len long; NULL at the end. */
const char *config_next_word(const char **pos, size_t *ret_len);

/* Append the next word at *@pos without its quotes to @b. */
must_check struct err *config_next_quoted(const struct config_place *at, const char **pos,
					  struct buf *b, bool *ret_found);

/* Values. Errors name the option @name, the value, and what would be right. */
must_check struct err *config_expect(const struct config_place *at, const char *name,
				     const char *text, const char *right);
must_check struct err *config_number(const struct config_place *at, const char *name,
				     const char *text, u64 max, u64 *ret);
must_check struct err *config_flag(const struct config_place *at, const char *name,
				   const char *text, bool *ret);
/* @last: CONFIG_POWEROFF for a final_action, else CONFIG_DUMP_TO_ROOTFS. */
must_check struct err *config_set_action(const struct config_place *at, const char *name,
					 const char *text, enum config_action last,
					 enum config_action *ret);
must_check struct err *config_set_path(struct capture_config *c,
				       const struct config_place *at, const char *name,
				       const char *text, const char **slot);
/* One absolute path of a file. */
must_check struct err *config_set_file(struct capture_config *c,
				       const struct config_place *at, const char *name,
				       const char *text, const char **slot);
must_check struct err *config_set_bins(struct capture_config *c,
				       const struct config_place *at, const char *name,
				       const char *text);
must_check struct err *config_set_modules(struct capture_config *c, const char *text);

/* What a target's word means: anything but raw, nfs, ssh and virtiofs is the type of a file
 * system. */
enum config_target_kind config_target_kind(const char *word);

/* Add a target after looking at its spec's form; its line is that of @at. */
must_check struct err *config_add_target(struct capture_config *c,
					 const struct config_place *at,
					 const struct config_target *target);

/* Look at the options of a line "makedumpfile …". *@ret_streams: its output is a stream, as
 * a raw device or ssh needs it; true also for any other program. */
must_check struct err *config_check_collector(const struct config_place *at,
					      const char *line, bool *ret_streams);

#endif
