/* eval and ascii: numbers in other clothes. */
#include "shell/command.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define KB ((u64)1 << 10)
#define MB ((u64)1 << 20)
#define GB ((u64)1 << 30)

/* "  (128MB)" where the value is a round size. */
static void add_size(struct buf *b, u64 value)
{
	if (!value || value >> 63 || value % KB)
		return;
	if (value % GB == 0)
		buf_printf(b, "(%lluGB)", (unsigned long long)(value / GB));
	else if (value % MB == 0)
		buf_printf(b, "(%lluMB)", (unsigned long long)(value / MB));
	else
		buf_printf(b, "(%lluKB)", (unsigned long long)(value / KB));
}

static void print_number(struct buf *b, u64 value, bool with_bits)
{
	buf_printf(b, "hexadecimal: %llx  ", (unsigned long long)value);
	add_size(b, value);
	buf_printf(b, "\n    decimal: %llu  ", (unsigned long long)value);
	if (value >> 63)
		buf_printf(b, "(%lld)", (long long)value);
	buf_printf(b, "\n      octal: %llo\n     binary: ", (unsigned long long)value);
	for (int bit = 63; bit >= 0; bit--)
		buf_add_char(b, value >> bit & 1 ? '1' : '0');
	buf_add_char(b, '\n');
	if (!with_bits)
		return;
	buf_add_str(b, "   bits set: ");
	for (int bit = 63; bit >= 0; bit--)
		if (value >> bit & 1)
			buf_printf(b, "%d ", bit);
	buf_add_char(b, '\n');
}

/* -b and -l, alone or together, and nothing else: "-5" is a number. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && strspn(word + 1, "bl") == strlen(word + 1);
}

static struct err *run_eval(struct shell *s, struct shell_words *w)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	bool with_bits = false;
	size_t i = 0;
	u64 value;
	struct err *err;

	for (; i < w->count && is_option(w->words[i]); i++)
		with_bits |= strchr(w->words[i], 'b') != NULL;
	if (i == w->count)
		return shell_usage();
	for (; i < w->count; i++)
		buf_printf(&text, "%s ", w->words[i]);
	err = buf_check(&text);
	if (!err)
		err = shell_number(s, buf_text(&text), &value);
	if (!err)
		print_number(shell_out(s), value, with_bits);
	return err;
}

/* ---- ascii ---- */

static const char *const control_names[] = {
	"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS",  "HT",  "LF",
	"VT",  "FF",  "CR",  "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
	"SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",	 "GS",	"RS",  "US",  "SP",
};

/* In four columns: names to the right, single characters below the third digit. */
static void add_character(struct buf *b, unsigned c, bool is_last)
{
	if (c < ARRAY_SIZE(control_names))
		buf_printf(b, "%4s", control_names[c]);
	else if (c == 127)
		buf_add_str(b, " DEL");
	else
		buf_printf(b, is_last ? "  %c" : "  %c ", (char)c);
}

static void print_table(struct buf *b)
{
	buf_add_str(b, "\n      0    1   2   3   4   5   6   7\n"
		       "    +-------------------------------\n");
	for (unsigned row = 0; row < 16; row++) {
		buf_printf(b, "  %X |", row);
		for (unsigned column = 0; column < 8; column++)
			add_character(b, column * 16 + row, column == 7);
		buf_add_char(b, '\n');
	}
	buf_add_char(b, '\n');
}

/* The bytes of a little-endian word. */
static void print_value(struct buf *b, u64 value)
{
	buf_printf(b, "%016llx: ", (unsigned long long)value);
	for (unsigned i = 0; i < 8; i++) {
		unsigned c = value >> (8 * i) & 0xff;

		if (c > ' ' && c < 127)
			buf_add_char(b, (char)c);
		else if (c == ' ')
			buf_add_char(b, ' ');
		else if (c > 127)
			buf_printf(b, "<%02x>", c);
		else
			buf_printf(b, "<%s>", c == 127 ? "DEL" : control_names[c]);
	}
	buf_add_char(b, '\n');
}

static struct err *run_ascii(struct shell *s, struct shell_words *w)
{
	if (!w->count)
		print_table(shell_out(s));
	for (size_t i = 0; i < w->count; i++) {
		const char *word = w->words[i];
		char *end;
		u64 value = strtoull(word, &end, 16);

		if (*end || !isxdigit((unsigned char)*word))
			return err_new(ERR_ABSENT, "invalid input: \"%s\"", word);
		print_value(shell_out(s), value);
	}
	return NULL;
}

const struct shell_command shell_cmd_eval = {
	.name = "eval",
	.synopsis = "[-b] (expression) | value",
	.summary = "evaluate",
	.help = "Show the value of an expression in hexadecimal, decimal, octal and binary. An\n"
		"expression has numbers (0x…, or with digits above 9, hexadecimal, else\n"
		"decimal; k, m, g at the end multiply by 1024, its square, its cube), symbols,\n"
		"+ - * / % << >> & | ^ ~ and parentheses. Put it in parentheses if it holds >\n"
		"or |, which otherwise redirect the output.\n\n"
		"    -b  also list the bits that are set.",
	.run = run_eval,
};

const struct shell_command shell_cmd_ascii = {
	.name = "ascii",
	.synopsis = "[value ...]",
	.summary = "translate a hexadecimal value to its ASCII characters",
	.help = "Show the characters of each hexadecimal word as they lie in memory, or without\n"
		"arguments the table of characters.",
	.run = run_ascii,
};
