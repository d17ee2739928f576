#include "format/config_priv.h"

#include "base/buf.h"
#include "base/str.h"
#include "format/makedumpfile_words.h"

#include <string.h>

bool config_word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

const char *config_next_word(const char **pos, size_t *ret_len)
{
	const char *word = *pos, *end;

	while (config_is_blank(*word))
		word++;
	for (end = word; *end && !config_is_blank(*end);)
		end++;
	*pos = end;
	*ret_len = (size_t)(end - word);
	return end == word ? NULL : word;
}

struct err *config_next_quoted(const struct config_place *at, const char **pos,
			       struct buf *b, bool *ret_found)
{
	const char *p = *pos;
	char quote = 0;

	while (config_is_blank(*p))
		p++;
	*ret_found = *p != '\0';
	*pos = p;
	for (; *p && (quote || !config_is_blank(*p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else
			buf_add_char(b, *p);
	}
	if (quote)
		return config_error(at, "a quote is not closed in", *pos, strlen(*pos), "");
	*pos = p;
	return buf_check(b);
}

struct err *config_number(const struct config_place *at, const char *name, const char *text,
			  u64 max, u64 *ret)
{
	u64 value;

	if (str_parse_u64(text, &value) && value <= max) {
		*ret = value;
		return NULL;
	}
	return err_wrap(config_error(at, "not a number:", text, strlen(text),
				     "; write a decimal one"),
			"%s", name);
}

struct err *config_flag(const struct config_place *at, const char *name, const char *text,
			bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"no", false},  {"1", true},
		     {"0", false},  {"true", true}, {"false", false}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (str_eq(text, words[i].word)) {
			*ret = words[i].value;
			return NULL;
		}
	}
	return config_expect(at, name, text, "yes or no");
}

struct err *config_expect(const struct config_place *at, const char *name, const char *text,
			  const char *right)
{
	cleanup(buf_deinit) struct buf before = BUF_INIT, after = BUF_INIT;

	buf_printf(&before, "Invalid value of %s:", name);
	buf_printf(&after, "; write %s", right);
	return config_error(at, buf_text(&before), text, strlen(text), buf_text(&after));
}

struct err *config_set_action(const struct config_place *at, const char *name,
			      const char *text, enum config_action last,
			      enum config_action *ret)
{
	for (enum config_action i = CONFIG_REBOOT; i <= last; i++) {
		if (str_eq(text, config_action_name(i))) {
			*ret = i;
			return NULL;
		}
	}
	return config_expect(at, name, text,
			     last == CONFIG_POWEROFF
				     ? "{reboot|halt|poweroff}"
				     : "{reboot|halt|poweroff|shell|dump_to_rootfs}");
}

/* Without doubled and trailing slashes, with one in front. */
struct err *config_set_path(struct capture_config *c, const struct config_place *at,
			    const char *name, const char *text, const char **slot)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *p = text;
	struct err *err;

	while (*p) {
		size_t len = strcspn(p, "/");

		if (config_word_is(p, len, ".."))
			return config_expect(at, name, text, "a path without \"..\"");
		if (len && !config_word_is(p, len, ".")) {
			buf_add_char(&b, '/');
			buf_add(&b, p, len);
		}
		p += len + (p[len] == '/');
	}
	if (!b.len)
		buf_add_char(&b, '/');
	err = buf_check(&b);
	return err ? err : config_set(c, slot, b.data, b.len);
}

struct err *config_set_file(struct capture_config *c, const struct config_place *at,
			    const char *name, const char *text, const char **slot)
{
	if (*text != '/' || text[strcspn(text, " \t")])
		return config_expect(at, name, text,
				     "one absolute path, such as /usr/local/bin/program");
	return config_set(c, slot, text, strlen(text));
}

struct err *config_set_bins(struct capture_config *c, const struct config_place *at,
			    const char *name, const char *text)
{
	const char *word, *pos = text;
	struct err *err = NULL;
	size_t len;

	while (!err && (word = config_next_word(&pos, &len)))
		err = *word == '/'
			      ? capture_config_add_word(c, &c->extra_bins, word, len)
			      : config_expect(at, name, word,
					      "absolute paths, such as /usr/bin/lspci");
	return err;
}

/* "vga16fb" and "vga16fb.ko" are the same module. */
struct err *config_set_modules(struct capture_config *c, const char *text)
{
	const char *word, *pos = text;
	struct err *err = NULL;
	size_t len;

	while (!err && (word = config_next_word(&pos, &len))) {
		if (len > 3 && memcmp(word + len - 3, ".ko", 3) == 0)
			len -= 3;
		err = capture_config_add_word(c, &c->extra_modules, word, len);
	}
	return err;
}

static bool is_device(const char *spec)
{
	static const char *const prefixes[] = {
		"/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_has_prefix(spec, prefixes[i]) && spec[strlen(prefixes[i])])
			return true;
	return false;
}

/* HOST:/EXPORT; a numeric IPv6 host stands in brackets. */
static bool is_export(const char *spec)
{
	const char *colon = *spec == '[' ? strstr(spec, "]:") : strchr(spec, ':');

	if (!colon || colon == spec || colon == spec + 1 - (*spec != '['))
		return false;
	return colon[*spec == '[' ? 2 : 1] == '/';
}

static bool is_user_at_host(const char *spec)
{
	const char *at = strrchr(spec, '@');

	return at && at != spec && at[1] && *spec != '-' && at[1] != '-';
}

enum config_target_kind config_target_kind(const char *word)
{
	static const struct {
		const char *word;
		enum config_target_kind kind;
	} kinds[] = {{"raw", CONFIG_TARGET_RAW},
		     {"nfs", CONFIG_TARGET_NFS},
		     {"ssh", CONFIG_TARGET_SSH},
		     {"virtiofs", CONFIG_TARGET_VIRTIOFS}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(word, kinds[i].word))
			return kinds[i].kind;
	return CONFIG_TARGET_FS;
}

struct err *config_add_target(struct capture_config *c, const struct config_place *at,
			      const struct config_target *target)
{
	struct config_target t = *target;
	const char *right = NULL;

	t.line = at->line;
	if (!*t.spec || t.spec[strcspn(t.spec, " \t\"'")])
		right = "one word for the target";
	else if (t.kind == CONFIG_TARGET_NFS && !is_export(t.spec))
		right = "HOST:/EXPORT, or [ADDRESS]:/EXPORT for IPv6";
	else if (t.kind == CONFIG_TARGET_SSH && !is_user_at_host(t.spec))
		right = "USER@HOST";
	else if ((t.kind == CONFIG_TARGET_FS || t.kind == CONFIG_TARGET_RAW) &&
		 !is_device(t.spec))
		right = "a device: /dev/…, UUID=…, LABEL=…, PARTUUID=… or PARTLABEL=…";
	if (right)
		return config_expect(at, "the dump target", t.spec, right);
	return capture_config_add_target(c, &t);
}

/* The words of a line behind the first, as argv; *ret_count of at most @max. */
static void split(char *text, char **argv, size_t max, size_t *ret_count)
{
	char *state = NULL;

	*ret_count = 0;
	for (char *word = strtok_r(text, " \t", &state); word && *ret_count < max;
	     word = strtok_r(NULL, " \t", &state))
		argv[(*ret_count)++] = word;
}

#define COLLECTOR_WORDS_MAX 64

/* Read the words of a makedumpfile line as that program would, with the files that the
 * capture gives it. */
static struct err *read_collector(char **argv, size_t count, bool *ret_streams)
{
	static const struct opts_verb verb = {.name = "makedumpfile",
					      .operands = "",
					      .summary = "",
					      .options = makedumpfile_options,
					      .max_operands = 2,
					      .takes_abbreviations = true};
	static const struct words_defaults defaults = {.codec = WORDS_CODEC_NONE};
	struct opts_result given = {0};
	struct makedumpfile_words words = {0};
	struct err *err = opts_parse(&verb, (int)count, argv, 1, &given);
	const char *files[] = {"/proc/vmcore", "vmcore"};

	if (!err && given.num_operands)
		err = err_new(ERR_USAGE, "\"%s\" is one word too many: options only",
			      given.operands[0]);
	if (!err) {
		*ret_streams = opts_has(&given, "flatten");
		free(given.operands);
		given.operands = files;
		given.num_operands = *ret_streams ? 1 : 2;
		err = makedumpfile_words_read(&given, &defaults, &words);
		given.operands = NULL;
	}
	if (!err && (words.job != WORDS_COLLECT || words.is_dry_run || words.is_split))
		err = err_new(ERR_USAGE, "these options do not make one dump");
	opts_deinit(&given);
	return err;
}

struct err *config_check_collector(const struct config_place *at, const char *line,
				   bool *ret_streams)
{
	char *argv[COLLECTOR_WORDS_MAX + 1] = {NULL};
	cleanup(freep) char *copy = strdup(line);
	size_t count;

	*ret_streams = true;
	if (!copy)
		return err_nomem();
	split(copy, argv, COLLECTOR_WORDS_MAX, &count);
	if (!count || !str_eq(argv[0], "makedumpfile"))
		return NULL;
	return err_wrap(read_collector(argv, count, ret_streams),
			"%s line %llu: the options of \"%s\"", at->file,
			(unsigned long long)at->line, line);
}
