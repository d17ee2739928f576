#include "format/crashkernel.h"

#include "base/str.h"
#include "format/kernel_cmdline.h"

#include <stdio.h>
#include <string.h>

/* A position in the text, for sentences that name the word. */
struct cursor {
	const char *at;
};

static struct err *bad_word(const struct cursor *c, const char *what)
{
	struct buf word = BUF_INIT;
	size_t comma = *c->at == ',';
	size_t len = comma + strcspn(c->at + comma, ",");
	struct err *err;

	if (!*c->at)
		return err_new(ERR_USAGE, "crashkernel: %s at the end", what);
	str_escape(&word, c->at, len > 40 ? 40 : len, false);
	err = err_new(ERR_USAGE, "crashkernel: %s at \"%s\"", what, buf_text(&word));
	buf_deinit(&word);
	return err;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As memparse(): digits and one letter of KMGTPE. Only decimal, as nobody writes 0x here.
 */
static struct err *parse_memory(struct cursor *c, u64 *ret)
{
	static const char suffixes[] = "KMGTPE";
	const char *p = c->at;
	const char *suffix;
	u64 value = 0;

	if (!is_digit(*p))
		return bad_word(c, "a size such as 128M is missing");
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (u64)(*p - '0'), &value))
			return bad_word(c, "a size is too large");
	}
	suffix = *p ? strchr(suffixes, *p & ~0x20) : NULL;
	if (suffix && *p >= 'A') {
		unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);

		if (value >> (64 - shift))
			return bad_word(c, "a size is too large");
		value <<= shift;
		p++;
	}
	if (*p && !strchr(",-:@", *p))
		return bad_word(c, "unknown unit, not one of K M G T P E");
	c->at = p;
	*ret = value;
	return NULL;
}

static struct err *parse_size(struct cursor *c, u64 *ret)
{
	const struct cursor start = *c;
	struct err *err = parse_memory(c, ret);

	if (!err && *ret == 0)
		return bad_word(&start, "a size of 0 reserves nothing");
	return err;
}

/* START-[END]:SIZE; the cursor stands behind START. */
static struct err *parse_range(struct cursor *c, u64 start, struct crashkernel *ck)
{
	const struct cursor word = *c;
	struct crashkernel_range r = {.start_bytes = start, .end_bytes = ~0ULL};
	struct err *err;

	if (ck->num_ranges == CRASHKERNEL_RANGES_MAX)
		return bad_word(&word, "too many ranges");
	c->at++;
	if (*c->at != ':') {
		err = parse_memory(c, &r.end_bytes);
		if (err)
			return err;
	}
	if (r.end_bytes <= start)
		return bad_word(&word, "a range ends before it starts");
	if (*c->at != ':')
		return bad_word(c, "a range lacks its \":SIZE\"");
	c->at++;
	err = parse_size(c, &r.size_bytes);
	if (err)
		return err;
	ck->ranges[ck->num_ranges++] = r;
	return NULL;
}

static struct err *parse_ranges(struct cursor *c, u64 first_start, struct crashkernel *ck)
{
	u64 start = first_start;

	for (;;) {
		struct err *err = parse_range(c, start, ck);

		if (err)
			return err;
		if (*c->at != ',')
			return NULL;
		c->at++;
		err = parse_memory(c, &start);
		if (err)
			return err;
		if (*c->at != '-')
			return bad_word(c, "a range such as 2G-4G:128M is missing");
	}
}

static struct err *parse_kind(struct cursor *c, enum crashkernel_kind *ret)
{
	static const char *const names[] = {
		[CRASHKERNEL_HIGH] = ",high",
		[CRASHKERNEL_LOW] = ",low",
		[CRASHKERNEL_CMA] = ",cma",
	};

	for (size_t i = CRASHKERNEL_HIGH; i < ARRAY_SIZE(names); i++) {
		if (str_eq(c->at, names[i])) {
			c->at += strlen(names[i]);
			*ret = (enum crashkernel_kind)i;
			return NULL;
		}
	}
	return NULL;
}

struct err *crashkernel_parse(const char *text, struct crashkernel *ret)
{
	struct crashkernel ck = {.kind = CRASHKERNEL_PLAIN};
	struct cursor c = {.at = text};
	struct err *err;
	u64 first = 0;

	if (str_eq(text, "auto"))
		return err_new(ERR_USAGE,
			       "crashkernel: \"auto\" is known only to the kernels "
			       "of RHEL 8 and older; others reserve nothing for it");
	err = parse_memory(&c, &first);
	if (err)
		return err;
	if (*c.at == '-') {
		err = parse_ranges(&c, first, &ck);
	} else if (first == 0) {
		c.at = text;
		err = bad_word(&c, "a size of 0 reserves nothing");
	} else {
		ck.ranges[0] =
			(struct crashkernel_range){.end_bytes = ~0ULL, .size_bytes = first};
		ck.num_ranges = 1;
		err = parse_kind(&c, &ck.kind);
	}
	if (!err && *c.at == '@') {
		c.at++;
		ck.has_offset = true;
		err = parse_memory(&c, &ck.offset_bytes);
	}
	if (!err && *c.at)
		err = bad_word(&c, "cannot be read");
	if (!err)
		*ret = ck;
	return err;
}

u64 crashkernel_evaluate(const struct crashkernel *c, u64 ram_bytes)
{
	u64 ram = align_up(ram_bytes, 128ULL << 20);

	for (size_t i = 0; i < c->num_ranges; i++) {
		const struct crashkernel_range *r = &c->ranges[i];

		if (ram >= r->start_bytes && ram < r->end_bytes)
			return r->size_bytes;
	}
	return 0;
}

/* What is reserved below 4 GiB for ",high" without ",low" (DEFAULT_CRASH_KERNEL_LOW_SIZE).
 */
#define LOW_DEFAULT_BYTES (256ULL << 20)

/* The last words of each kind; text "" where there is none. */
struct last_words {
	struct buf plain, high, low, cma;
};

static void keep_last(struct last_words *last, const char *text, size_t len)
{
	struct buf *slot = &last->plain;
	struct buf *const slots[] = {&last->high, &last->low, &last->cma};
	static const char *const suffixes[] = {",high", ",low", ",cma"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (len >= suffix && memcmp(text + len - suffix, suffixes[i], suffix) == 0)
			slot = slots[i];
	}
	slot->len = 0;
	buf_add(slot, text, len);
}

/* The size of one word; 0, and @why set, if it reserves nothing. */
static u64 size_of(const struct buf *word, u64 ram_bytes, char why[256])
{
	char size[STR_SIZE_TEXT_LEN];
	struct crashkernel c;
	struct err *err = crashkernel_parse(buf_text(word), &c);
	u64 bytes = 0;

	if (!err)
		bytes = crashkernel_evaluate(&c, ram_bytes);
	if (err)
		snprintf(why, 256, "%s", err_message(err));
	else if (!bytes)
		snprintf(why, 256,
			 "crashkernel: no range of \"%.100s\" holds for the %s of memory "
			 "of this machine",
			 buf_text(word), str_format_size(size, ram_bytes));
	err_free(err);
	return bytes;
}

static void reserve(const struct last_words *last, u64 ram_bytes,
		    struct crashkernel_reservation *ret)
{
	char ignored[256];

	if (last->plain.len) {
		ret->bytes = size_of(&last->plain, ram_bytes, ret->why);
	} else if (last->high.len) {
		ret->bytes = size_of(&last->high, ram_bytes, ret->why);
		/* "0,low" is an error to the parser, and means none at all. */
		ret->low_bytes = !ret->bytes	 ? 0
				 : last->low.len ? size_of(&last->low, ram_bytes, ignored)
						 : LOW_DEFAULT_BYTES;
	} else {
		snprintf(ret->why, sizeof(ret->why),
			 "crashkernel: \",low\" and \",cma\" only add to a reservation, "
			 "and there is none, such as 128M or 512M,high");
	}
	if (ret->bytes && last->cma.len)
		ret->cma_bytes = size_of(&last->cma, ram_bytes, ignored);
}

void crashkernel_reserved(const char *cmdline, u64 ram_bytes,
			  struct crashkernel_reservation *ret)
{
	static const char name[] = "crashkernel=";
	struct last_words last = {{0}};
	const char *word;
	size_t len;

	*ret = (struct crashkernel_reservation){.is_given = false};
	while ((word = kernel_cmdline_next(&cmdline, &len))) {
		if (len < strlen(name) || memcmp(word, name, strlen(name)) != 0)
			continue;
		ret->is_given = true;
		keep_last(&last, word + strlen(name), len - strlen(name));
	}
	if (ret->is_given)
		reserve(&last, ram_bytes, ret);
	else
		snprintf(ret->why, sizeof(ret->why),
			 "there is no crashkernel= on the kernel's command line");
	buf_deinit(&last.plain);
	buf_deinit(&last.high);
	buf_deinit(&last.low);
	buf_deinit(&last.cma);
}
