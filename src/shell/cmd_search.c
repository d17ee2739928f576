/* search: where in memory a value or a text is. */
#include "shell/command.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/memory_range.h"
#include "kernel/page_walk.h"
#include "kernel/stack_check.h"
#include "kernel/vma.h"

#include <ctype.h>
#include <string.h>

#define CHUNK	   (64 << 10)
#define MAX_TEXT   256 /* that is searched for */
#define SHOWN_TEXT 56
#define LINE_BYTES 16
/* Pages that cannot be read: past this many, what is being looked through is no memory. */
#define MAX_GAPS    (1u << 22)
#define MAX_CONTEXT 1024

enum space { SPACE_KERNEL, SPACE_PHYSICAL, SPACE_USER, SPACE_STACKS, SPACE_ACTIVE };

struct wanted {
	u64 value;
	const char *word; /* as it was typed, if it is no plain number; or the text */
};

struct search {
	struct shell *s;
	enum space space;
	u32 ranges;	/* of kernel memory */
	unsigned width; /* bytes of a value, 0: text */
	u64 mask;	/* bits that matter */
	u64 context;	/* values shown in front and behind */
	bool has_start, has_end, has_len;
	u64 start, end, len;

	struct wanted wanted[SHELL_MAX_WORDS];
	size_t num_wanted;
	size_t longest; /* text */

	const struct task *task; /* whose memory is looked through, for its header */
	bool is_told;
	size_t num_told;
	unsigned gaps;
	struct err *err; /* of a walk that calls back */
	u8 *chunk;	 /* CHUNK + MAX_TEXT + SHOWN_TEXT bytes */
};

/* ---- reading ---- */

/* As many bytes of the space as can be had from @addr on; what is missing is no error. */
static size_t read_some(struct search *q, u64 addr, void *data, size_t len)
{
	bool is_physical = q->space == SPACE_PHYSICAL;
	u64 page = dump_page_size(q->s->d);
	size_t done = 0;
	struct err *why = NULL;

	if (q->space != SPACE_USER) {
		dump_read_some(q->s->d, is_physical ? ADDR_PHYSICAL : ADDR_VIRTUAL, addr,
			       data, len, &done, &why);
		err_ignore(why);
		return done;
	}
	while (!why && done < len) {
		size_t part = (size_t)min_u64(len - done, page - (addr + done) % page);

		why = task_user_read(q->s->k, q->task, addr + done, (u8 *)data + done,
				     part);
		done += why ? 0 : part;
	}
	err_ignore(why);
	return done;
}

/* ---- telling ---- */

static void tell_task(struct search *q)
{
	if (!q->task || q->space == SPACE_USER || q->is_told)
		return;
	if (q->num_told++)
		buf_add_char(shell_out(q->s), '\n');
	shell_task_header(q->s, q->task);
	q->is_told = true;
}

static u64 get_value(const struct search *q, const u8 *at)
{
	return q->width == 8 ? get_le64(at) : q->width == 4 ? get_le32(at) : get_le16(at);
}

/* Values as `rd` shows them, with their bytes as characters. */
static void print_line(struct search *q, u64 addr, const u8 *bytes, size_t len)
{
	struct buf *b = shell_out(q->s);

	buf_printf(b, "%16llx:  ", (unsigned long long)addr);
	for (size_t i = 0; i < len; i += q->width)
		buf_printf(b, "%0*llx ", (int)q->width * 2,
			   (unsigned long long)get_value(q, bytes + i));
	buf_printf(b, "%*s  ", (int)((LINE_BYTES - len) / q->width * (q->width * 2 + 1)),
		   "");
	for (size_t i = 0; i < len; i++)
		buf_add_char(b, isprint(bytes[i]) ? (char)bytes[i] : '.');
	buf_add_char(b, '\n');
}

/* The values in front of a hit, or behind it. */
static void print_context(struct search *q, u64 addr)
{
	u8 bytes[LINE_BYTES];
	u64 len = q->context * q->width, part;

	for (u64 done = 0; done < len; done += part) {
		part = min_u64(len - done, LINE_BYTES);
		if (read_some(q, addr + done, bytes, part) < part)
			return;
		print_line(q, addr + done, bytes, part);
	}
}

static void tell_value(struct search *q, u64 addr, u64 value, const struct wanted *w)
{
	struct buf *b = shell_out(q->s);

	tell_task(q);
	if (q->context)
		print_context(q, addr - q->context * q->width);
	buf_printf(b, q->context ? "%llx:  %llx " : "%llx: %llx ", (unsigned long long)addr,
		   (unsigned long long)value);
	/* With bits that do not matter, it is not that very value. */
	if (w->word && q->mask == UINT64_MAX)
		buf_printf(b, w->word[0] == '(' ? "%s" : "(%s)", w->word);
	buf_add_char(b, '\n');
	if (!q->context)
		return;
	print_context(q, addr + q->width);
	buf_add_char(b, '\n');
}

static void tell_text(struct search *q, u64 addr, const u8 *at, size_t len)
{
	struct buf *b = shell_out(q->s);

	tell_task(q);
	buf_printf(b, "%llx: ", (unsigned long long)addr);
	for (size_t i = 0; i < len && i < SHOWN_TEXT; i++)
		buf_add_char(b, isprint(at[i]) ? (char)at[i] : '.');
	buf_add_char(b, '\n');
}

/* ---- looking ---- */

static void look_for_values(struct search *q, u64 addr, size_t len)
{
	for (size_t i = 0; i + q->width <= len; i += q->width) {
		u64 value = get_value(q, q->chunk + i);

		for (size_t n = 0; n < q->num_wanted; n++)
			if ((value & q->mask) == (q->wanted[n].value & q->mask))
				tell_value(q, addr + i, value, &q->wanted[n]);
	}
}

/* Texts that begin in the first @num of @len bytes. */
static void look_for_texts(struct search *q, u64 addr, size_t num, size_t len)
{
	for (size_t i = 0; i < num; i++)
		for (size_t n = 0; n < q->num_wanted; n++) {
			size_t wanted = strlen(q->wanted[n].word);

			if (q->chunk[i] == (u8)q->wanted[n].word[0] && wanted <= len - i &&
			    memcmp(q->chunk + i, q->wanted[n].word, wanted) == 0)
				tell_text(q, addr + i, q->chunk + i, len - i);
		}
}

/* Look through [start, end), leaving out what cannot be read page by page. */
static struct err *look_through(struct search *q, u64 start, u64 end)
{
	size_t more = q->width ? 0 : q->longest + SHOWN_TEXT;
	u64 page = dump_page_size(q->s->d), num;

	if (q->width)
		start = align_up(start, q->width);
	for (u64 at = start; at < end && at >= start && !shell_is_over(q->s); at += num) {
		size_t wanted = (size_t)min_u64(end - at, CHUNK + more);
		size_t len = read_some(q, at, q->chunk, wanted);

		num = min_u64(len, CHUNK);
		if (q->width)
			look_for_values(q, at, num);
		else
			look_for_texts(q, at, num, len);
		if (len == wanted || len >= CHUNK)
			continue;
		if (++q->gaps == MAX_GAPS)
			return err_new(ERR_INCOMPLETE,
				       "the search ends at %llx: too many "
				       "pages cannot be read",
				       (unsigned long long)at);
		num = page - (at + len) % page + len;
	}
	return NULL;
}

/* The same, of the part that was asked for. */
static struct err *look_through_part(struct search *q, u64 start, u64 end)
{
	if (q->has_start)
		start = max_u64(start, q->start);
	if (q->has_end)
		end = min_u64(end, q->end);
	return start < end ? look_through(q, start, end) : NULL;
}

/* RAM from @base on, but for the runs of pages that the dump does not have. */
static struct err *search_ram(struct search *q, u64 base, paddr_t start, paddr_t end)
{
	unsigned shift = dump_page_shift(q->s->d);
	pfn_t last = end >> shift, next;
	struct err *err = NULL;

	for (pfn_t pfn = start >> shift; !err && pfn < last && !shell_is_over(q->s);
	     pfn = next) {
		if (dump_pfn_run(q->s->d, pfn, &next) != PFN_PRESENT)
			continue;
		next = min_u64(next, last);
		err = look_through_part(q, base + (pfn << shift), base + (next << shift));
	}
	return err;
}

static struct err *search_kernel(struct search *q)
{
	struct memory_ranges ranges = {.count = 0};
	vaddr_t base = 0;
	struct err *err = memory_ranges_read(q->s->k, q->ranges, &q->s->notices, &ranges);

	dump_direct_map(q->s->d, &base);
	for (size_t i = 0; !err && i < ranges.count && !shell_is_over(q->s); i++) {
		const struct memory_range *r = &ranges.ranges[i];

		if (r->kind == MEMORY_RANGE_DIRECT)
			err = search_ram(q, base, r->start - base,
					 r->start - base + r->len);
		else
			err = look_through_part(q, r->start, r->start + r->len);
	}
	memory_ranges_deinit(&ranges);
	return err;
}

static struct err *search_physical(struct search *q)
{
	size_t count;
	const struct ram_range *ram = dump_ram(q->s->d, &count);
	struct err *err = NULL;

	for (size_t i = 0; !err && i < count && !shell_is_over(q->s); i++)
		err = search_ram(q, 0, ram[i].start, ram[i].start + ram[i].len);
	return err;
}

static struct err *search_stacks(struct search *q)
{
	const struct task_table *tasks;
	u64 len = stack_size(q->s->k);
	struct err *err = shell_tasks(q->s, &tasks);

	for (size_t i = 0; !err && i < tasks->count && !shell_is_over(q->s); i++) {
		q->task = &tasks->rows[i].task;
		q->is_told = false;
		if (!q->task->stack ||
		    (q->space == SPACE_ACTIVE && !shell_is_active(q->s, q->task)))
			continue;
		err = look_through(q, q->task->stack, q->task->stack + len);
	}
	return err;
}

static bool search_area(void *ctx, const struct vma *v)
{
	struct search *q = ctx;

	q->err = look_through_part(q, v->start, v->end);
	return !q->err && !shell_is_over(q->s);
}

static struct err *search_user(struct search *q)
{
	const struct task_row *row;
	struct err *err = shell_context(q->s, &row);

	if (!err && !row->task.mm)
		err = err_new(ERR_REFUSED, "current context has no user address space");
	if (err)
		return err;
	q->task = &row->task;
	err = vma_each(q->s->k, row->task.mm, search_area, q);
	if (!q->err)
		return err;
	err_ignore(err);
	return q->err;
}

static struct err *search(struct search *q)
{
	switch (q->space) {
	case SPACE_PHYSICAL:
		return search_physical(q);
	case SPACE_STACKS:
	case SPACE_ACTIVE:
		return search_stacks(q);
	case SPACE_KERNEL:
		return search_kernel(q);
	default:
		return search_user(q);
	}
}

/* ---- words ---- */

#define ALL_RANGES ((1u << MEMORY_NUM_RANGES) - 1)
#define UNITY	   (1u << MEMORY_RANGE_DIRECT | 1u << MEMORY_RANGE_IMAGE)

static void choose_space(struct search *q, char option)
{
	switch (option) {
	case 'p':
		q->space = SPACE_PHYSICAL;
		break;
	case 'u':
		q->space = SPACE_USER;
		break;
	case 't':
		q->space = SPACE_STACKS;
		break;
	case 'T':
		q->space = SPACE_ACTIVE;
		break;
	case 'K':
		q->ranges = UNITY;
		break;
	case 'V':
		q->ranges = ALL_RANGES & ~UNITY;
		break;
	default:
		q->ranges = ALL_RANGES;
	}
}

static struct err *take_option(struct search *q, char option, const char *value)
{
	struct err *err = NULL;

	switch (option) {
	case 's':
		q->has_start = true;
		return shell_address(q->s, value, &q->start);
	case 'e':
		q->has_end = true;
		return shell_address(q->s, value, &q->end);
	case 'l':
		q->has_len = true;
		return shell_number(q->s, value, &q->len);
	case 'm':
		err = shell_address(q->s, value, &q->mask);
		q->mask = ~q->mask;
		return err;
	case 'x':
		return shell_number(q->s, value, &q->context);
	case 'c':
		q->width = 0;
		return NULL;
	case 'w':
		q->width = 4;
		return NULL;
	case 'h':
		q->width = 2;
		return NULL;
	default:
		choose_space(q, option);
		return NULL;
	}
}

static bool is_plain(const char *word)
{
	return strspn(word, "0123456789abcdefABCDEFxX") == strlen(word);
}

static struct err *take_word(struct search *q, const char *word)
{
	struct wanted *w = &q->wanted[q->num_wanted++];
	struct err *err;

	*w = (struct wanted){.word = word};
	if (!q->width) {
		size_t len = strlen(word);

		if (!len || len > MAX_TEXT)
			return err_new(ERR_USAGE, "a text has 1 to %d bytes", MAX_TEXT);
		q->longest = len > q->longest ? len : q->longest;
		return NULL;
	}
	err = shell_address(q->s, word, &w->value);
	if (err) {
		err_free(err);
		return err_new(ERR_USAGE, "invalid input: \"%s\"", word);
	}
	if (is_plain(word))
		w->word = NULL;
	if (q->width < 8 && w->value >> (q->width * 8))
		return err_new(ERR_REFUSED, "value too large for -%c option: %llx",
			       q->width == 4 ? 'w' : 'h', (unsigned long long)w->value);
	return NULL;
}

static struct err *check(struct search *q)
{
	bool has_part = q->has_start || q->has_end || q->has_len;

	if (q->has_end && q->has_len)
		return err_new(ERR_USAGE, "-e and -l exclude each other");
	if (has_part && (q->space == SPACE_STACKS || q->space == SPACE_ACTIVE))
		return err_new(ERR_USAGE, "stacks are searched as a whole");
	if (q->has_start && q->space == SPACE_KERNEL && !(q->start >> 63))
		return err_new(ERR_USAGE, "invalid kernel virtual address: %llx",
			       (unsigned long long)q->start);
	if (q->has_len) {
		q->has_end = true;
		q->end = q->start + min_u64(q->len, UINT64_MAX - q->start);
	}
	if (q->has_end && q->end <= q->start)
		return err_new(ERR_USAGE, "the end, %llx, is not behind %llx",
			       (unsigned long long)q->end, (unsigned long long)q->start);
	if (q->context && !q->width)
		return err_new(ERR_USAGE, "-x is not for text");
	q->context = min_u64(q->context, MAX_CONTEXT);
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct search q = {.s = s, .width = 8, .mask = UINT64_MAX, .ranges = ALL_RANGES};
	char option;
	struct err *err;

	while (!(err = shell_option(w, "s:e:l:m:x:kKVuptTcwh", &option)) && option) {
		err = take_option(&q, option, w->value);
		if (err)
			return err;
	}
	if (!err)
		err = shell_check_operands(w, 1, SHELL_MAX_WORDS);
	for (size_t i = 0; !err && i < w->num_operands; i++)
		err = take_word(&q, w->words[i]);
	if (!err)
		err = check(&q);
	if (err)
		return err;
	q.chunk = malloc(CHUNK + MAX_TEXT + SHOWN_TEXT);
	err = q.chunk ? search(&q) : err_nomem();
	free(q.chunk);
	return err;
}

const struct shell_command shell_cmd_search = {
	.name = "search",
	.synopsis =
		"[-s start] [-[kKV] | -u | -p | -t | -T] [-e end | -l length] [-m mask]\n"
		"[-x count] -[cwh] [value | (expression) | symbol | string] ...",
	.summary = "search memory",
	.help = "Show where in memory values or texts are. Values are hexadecimal numbers,\n"
		"symbols or expressions in parentheses, and lie at multiples of their size.\n\n"
		"    -k        all of the kernel's memory that the dump has: the map of RAM,\n"
		"              vmalloc areas with modules and stacks, the structs of pages, and\n"
		"              the kernel's image. Without any of these, it is this.\n"
		"    -K        only the map of RAM and the image.\n"
		"    -V        only the others.\n"
		"    -p        physical memory.\n"
		"    -u        the memory of the current task's process.\n"
		"    -t, -T    the kernel stacks of all tasks, of those running on a CPU.\n"
		"    -s start  from this address on.\n"
		"    -e end    up to this address.\n"
		"    -l length so many bytes from start on.\n"
		"    -m mask   do not look at the bits that are set in it.\n"
		"    -w, -h    values of 32 bits, of 16 bits; otherwise 64.\n"
		"    -c        texts, as bytes; those with blanks in double quotes.\n"
		"    -x count  also show so many values in front of a hit and behind it.",
	.run = run,
};
