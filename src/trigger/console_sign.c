#include "trigger/console_sign.h"

#include <string.h>

#include "base/str.h"
#include "format/console_line.h"

static bool has(const char *line, size_t len, const char *words)
{
	return memmem(line, len, words, strlen(words)) != NULL;
}

static void copy_value(const struct console_line *l, const char *key, char *detail,
		       size_t detail_size)
{
	const char *value = console_line_find(l, key);

	if (value && detail_size)
		snprintf(detail, detail_size, "%s", value);
}

/* A fact told by inquest-capture (docs/console.md). */
static enum console_sign sign_of_fact(const struct console_line *l, char *detail,
				      size_t detail_size)
{
	const char *role = console_line_find(l, "role");
	const char *outcome = console_line_find(l, "outcome");

	if (!role || !str_eq(role, "capture"))
		return CONSOLE_NOTHING;
	if (str_eq(l->event, "start"))
		return CONSOLE_CAPTURE_STARTS;
	if (!str_eq(l->event, "end") || !outcome)
		return CONSOLE_NOTHING;
	if (str_eq(outcome, "complete")) {
		copy_value(l, "directory", detail, detail_size);
		return CONSOLE_SAVED;
	}
	copy_value(l, "reason", detail, detail_size);
	return CONSOLE_NOT_SAVED;
}

/* What the shell tools of Debian and Fedora print; and ours in their dialects. */
static enum console_sign sign_of_tools(const char *line, size_t len)
{
	static const struct {
		const char *words;
		enum console_sign sign;
	} known[] = {
		{"kdump-tools: saved vmcore in", CONSOLE_SAVED},
		{"kdump: saving vmcore complete", CONSOLE_SAVED},
		{"kdump-tools: failed to save vmcore", CONSOLE_NOT_SAVED},
		{"kdump: saving vmcore failed", CONSOLE_NOT_SAVED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (has(line, len, known[i].words))
			return known[i].sign;
	return CONSOLE_NOTHING;
}

enum console_sign console_sign_of(const char *line, size_t len, char *detail,
				  size_t detail_size)
{
	struct console_line fact;
	const char *text;
	size_t skipped, text_len;
	bool has_time;
	u64 time_us;

	if (detail_size)
		detail[0] = 0;
	if (console_text_parse(line, len, &text, &text_len))
		return CONSOLE_NOTHING; /* quotes the crashed kernel's own log */
	if (console_line_parse(line, len, &fact))
		return sign_of_fact(&fact, detail, detail_size);
	skipped = console_skip_prefix(line, len, &has_time, &time_us);
	line += skipped;
	len -= skipped;
	if (has(line, len, "Kernel panic - not syncing"))
		return CONSOLE_PANIC;
	if (has(line, len, "Dazed and confused, but trying to continue"))
		return CONSOLE_IGNORED_NMI;
	if (len >= 14 && memcmp(line, "Linux version ", 14) == 0)
		return CONSOLE_BANNER;
	if ((len >= 13 && memcmp(line, "Command line:", 13) == 0) ||
	    (len >= 20 && memcmp(line, "Kernel command line:", 20) == 0))
		return has(line, len, "elfcorehdr=") ? CONSOLE_CAPTURE_CMDLINE
						     : CONSOLE_OTHER_CMDLINE;
	return sign_of_tools(line, len);
}
