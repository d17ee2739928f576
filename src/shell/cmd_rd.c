/* rd: memory as numbers, text or symbols; wr, which is refused. */
#include "shell/command.h"

#include "base/bytes.h"
#include "base/io.h"
#include "base/str.h"
#include "kernel/page_walk.h"
#include "kernel/slab_object.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LINE_BYTES    16
#define TEXT_PER_LINE 60
#define MAX_TEXT      (64 << 10) /* of -a without a count */
#define COPY_LEN      (64 << 10) /* of -r, at once */

enum how { HOW_HEX, HOW_SIGNED, HOW_UNSIGNED, HOW_SYMBOL, HOW_TEXT };
enum memory { MEMORY_KERNEL, MEMORY_PHYSICAL, MEMORY_USER, MEMORY_FILE };

struct request {
	enum how how;
	enum memory memory;
	unsigned width; /* bytes of a value */
	bool no_text;	/* beside hexadecimal values */
	unsigned slabs; /* -S: slab objects as such; -SS: with their addresses */
	bool has_count, has_end;
	bool is_reversed; /* up to the address */
	bool is_network;  /* values have their first byte on top */
	const char *copy; /* the file to write to */
	u64 addr, count, offset, end;
};

/* The dump as a file. */
static struct err *read_file(struct shell *s, u64 offset, void *data, size_t len)
{
	cleanup(closep) int fd = open(dump_path(s->d), O_RDONLY | O_CLOEXEC);
	size_t done;
	struct err *err;

	if (fd < 0)
		return err_os(errno, "%s", dump_path(s->d));
	if (offset > INT64_MAX - len)
		return err_new(ERR_FAULT, "offset 0x%llx is past the end of %s",
			       (unsigned long long)offset, dump_path(s->d));
	err = io_pread_some(fd, data, len, offset, dump_path(s->d), &done);
	if (!err && done < len)
		err = err_new(ERR_FAULT, "offset 0x%llx is past the end of %s",
			      (unsigned long long)(offset + done), dump_path(s->d));
	return err;
}

static struct err *read_bytes(struct shell *s, const struct request *q, u64 addr,
			      void *data, size_t len)
{
	const struct task_row *row;
	struct err *err;

	if (q->memory == MEMORY_FILE)
		return read_file(s, addr, data, len);
	if (q->memory == MEMORY_PHYSICAL)
		return dump_read(s->d, ADDR_PHYSICAL, addr, data, len);
	if (q->memory == MEMORY_KERNEL)
		return dump_read(s->d, ADDR_VIRTUAL, addr, data, len);
	if (addr >> 63)
		return err_new(ERR_REFUSED, "invalid user virtual address: %llx",
			       (unsigned long long)addr);
	err = shell_context(s, &row);
	return err ? err : task_user_read(s->k, &row->task, addr, data, len);
}

static u64 get_value(const struct request *q, const u8 *at)
{
	switch (q->width) {
	case 1:
		return *at;
	case 2:
		return q->is_network ? get_be16(at) : get_le16(at);
	case 4:
		return q->is_network ? get_be32(at) : get_le32(at);
	default:
		return get_le64(at);
	}
}

static void add_decimal(struct buf *b, const struct request *q, u64 value)
{
	bool is_signed = q->how == HOW_SIGNED;

	if (q->width == 8)
		buf_printf(b, is_signed ? "%15lld " : "%20llu ", (long long)value);
	else if (q->width == 4 && is_signed)
		buf_printf(b, "%12d ", (s32)value);
	else
		buf_printf(b, "%*llu ",
			   q->width == 4   ? 12
			   : q->width == 2 ? 5
					   : 3,
			   (unsigned long long)value);
}

/* "[task_struct]" of a value that points into a slab object. */
static bool add_slab(struct shell *s, const struct request *q, u64 value, struct buf *b)
{
	cleanup(freep) struct slab_object *o = malloc(sizeof(*o));

	if (!q->slabs || !o || !slab_object_at(s->k, &s->cpus, value, o))
		return false;
	buf_add_char(b, '[');
	if (q->slabs > 1)
		buf_printf(b, "%llx:", (unsigned long long)value);
	str_escape(b, o->cache.name, strlen(o->cache.name), false);
	buf_add_char(b, ']');
	return true;
}

static void add_symbol(struct shell *s, const struct request *q, u64 value)
{
	cleanup(buf_deinit) struct buf name = BUF_INIT;

	if (shell_symbol_text(s, value, s->radix, &name) || add_slab(s, q, value, &name))
		buf_printf(shell_out(s), "%-16s ", buf_text(&name));
	else
		buf_printf(shell_out(s), "%016llx ", (unsigned long long)value);
}

/* The bytes of a line as characters, behind values that may not fill it. */
static void add_characters(struct buf *b, const struct request *q, const u8 *bytes,
			   size_t len)
{
	size_t missing = (LINE_BYTES - len) / q->width;

	buf_printf(b, "%*s  ", (int)(missing * (q->width * 2 + 1)), "");
	for (size_t i = 0; i < len; i++)
		buf_add_char(b, bytes[i] >= ' ' && bytes[i] < 127 ? (char)bytes[i] : '.');
}

static void add_values(struct shell *s, const struct request *q, const u8 *bytes,
		       size_t len)
{
	struct buf *b = shell_out(s);

	for (size_t i = 0; i < len; i += q->width) {
		u64 value = get_value(q, bytes + i);

		if (q->how == HOW_SYMBOL)
			add_symbol(s, q, value);
		else if (q->how == HOW_HEX)
			buf_printf(b, "%0*llx ", (int)q->width * 2,
				   (unsigned long long)value);
		else
			add_decimal(b, q, value);
	}
	if (q->how == HOW_HEX && !q->no_text)
		add_characters(b, q, bytes, len);
}

static void add_address(struct shell *s, u64 addr)
{
	buf_printf(shell_out(s), "%16llx:  ", (unsigned long long)addr);
}

static struct err *print_values(struct shell *s, const struct request *q)
{
	for (u64 done = 0; done < q->count && !shell_is_over(s);) {
		u64 num = min_u64(q->count - done, LINE_BYTES / q->width);
		u64 addr = q->addr + done * q->width;
		u8 bytes[LINE_BYTES];
		struct err *err = read_bytes(s, q, addr, bytes, num * q->width);

		if (err)
			return err;
		add_address(s, addr);
		add_values(s, q, bytes, num * q->width);
		buf_add_char(shell_out(s), '\n');
		done += num;
	}
	return NULL;
}

/* Characters up to the first that is none, or as many as were asked for. */
static struct err *print_text(struct shell *s, const struct request *q)
{
	u64 max = q->has_count || q->has_end ? q->count : MAX_TEXT;
	u64 done = 0;

	for (; done < max && !shell_is_over(s); done++) {
		char c;
		struct err *err = read_bytes(s, q, q->addr + done, &c, 1);

		if (err)
			return err;
		if (!isprint((unsigned char)c) && !q->has_count && !q->has_end)
			break;
		if (done % TEXT_PER_LINE == 0) {
			if (done)
				buf_add_char(shell_out(s), '\n');
			add_address(s, q->addr + done);
		}
		buf_add_char(shell_out(s), isprint((unsigned char)c) ? c : '.');
	}
	if (done)
		buf_add_char(shell_out(s), '\n');
	return NULL;
}

/* -r: as many bytes as were asked for, into a file. */
static struct err *copy_bytes(struct shell *s, const struct request *q)
{
	struct sink out = sink_to_memory();
	u8 *bytes = malloc(COPY_LEN);
	u64 done = 0;
	struct err *err = bytes ? sink_open_file(&out, q->copy, false) : err_nomem(), *why;

	while (!err && done < q->count && !shell_is_over(s)) {
		size_t len = (size_t)min_u64(q->count - done, COPY_LEN);

		err = read_bytes(s, q, q->addr + done, bytes, len);
		if (!err)
			buf_add(&out.b, bytes, len);
		sink_flush_some(&out);
		done += err ? 0 : len;
	}
	free(bytes);
	why = sink_close(&out);
	if (err) {
		err_ignore(why);
		return err;
	}
	if (!why)
		buf_printf(shell_out(s), "%llu bytes copied from 0x%llx to %s\n",
			   (unsigned long long)done, (unsigned long long)q->addr, q->copy);
	return why;
}

static struct err *bad_width(void)
{
	return err_new(ERR_USAGE, "the widths are -8, -16, -32 and -64");
}

static struct err *take_width(struct request *q, char first, const char *second)
{
	if (first == '8' || str_eq(second, first == '1' ? "6" : first == '3' ? "2" : "4")) {
		q->width = first == '8' ? 1 : first == '1' ? 2 : first == '3' ? 4 : 8;
		return NULL;
	}
	return bad_width();
}

static struct err *take_option(struct shell *s, struct request *q, char option,
			       const char *value)
{
	switch (option) {
	case 'd':
		q->how = HOW_SIGNED;
		return NULL;
	case 'D':
		q->how = HOW_UNSIGNED;
		return NULL;
	case 'S':
		q->slabs++;
		q->how = HOW_SYMBOL;
		return NULL;
	case 's':
		q->how = HOW_SYMBOL;
		return NULL;
	case 'a':
		q->how = HOW_TEXT;
		return NULL;
	case 'x':
		q->no_text = true;
		return NULL;
	case 'p':
		q->memory = MEMORY_PHYSICAL;
		return NULL;
	case 'u':
		q->memory = MEMORY_USER;
		return NULL;
	case 'f':
		q->memory = MEMORY_FILE;
		return NULL;
	case 'R':
		q->is_reversed = true;
		return NULL;
	case 'N':
		q->is_network = true;
		return NULL;
	case 'r':
		q->copy = value;
		return NULL;
	case 'm':
		return err_new(ERR_REFUSED, "-m is for addresses of Xen's, which this is "
					    "no dump of");
	case 'o':
		return shell_number(s, value, &q->offset);
	case 'e':
		q->has_end = true;
		return shell_address(s, value, &q->end);
	default:
		return take_width(q, option, value);
	}
}

static struct err *take_operands(struct shell *s, const struct shell_words *w,
				 struct request *q)
{
	unsigned width = q->how == HOW_TEXT || q->copy ? 1 : q->width;
	struct err *err = shell_check_operands(w, 1, 2);

	if (!err)
		err = shell_address(s, w->words[0], &q->addr);
	if (!err && w->num_operands == 2) {
		q->has_count = true;
		err = shell_number(s, w->words[1], &q->count);
	}
	if (err)
		return err;
	q->addr += q->offset;
	if (q->has_count && !q->count)
		return err_new(ERR_REFUSED, "invalid count request: 0");
	if (q->has_end && q->end <= q->addr)
		return err_new(ERR_USAGE, "the end, %llx, is not behind %llx",
			       (unsigned long long)q->end, (unsigned long long)q->addr);
	if (q->has_end && !q->has_count)
		q->count = (q->end - q->addr + width - 1) / width;
	if (q->copy && !q->has_count && !q->has_end)
		return err_new(ERR_REFUSED, "-r option requires either a count argument or "
					    "the -e option");
	if (q->is_reversed)
		q->addr -= (q->count - 1) * width;
	if (q->how == HOW_SYMBOL && q->width != 8)
		return err_new(ERR_USAGE, "-s option is only allowed with 64-bit display");
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.how = HOW_HEX, .width = 8, .count = 1};
	const struct task_table *tasks;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "adDsSxpufRNmr:o:e:81:3:6:", &option)) && option) {
		err = take_option(s, &q, option, w->value);
		if (err)
			return err;
	}
	if (!err)
		err = take_operands(s, w, &q);
	/* Free objects may be on the lists of CPUs. */
	if (!err && q.slabs)
		err = shell_tasks(s, &tasks);
	if (err)
		return err;
	if (q.copy)
		return copy_bytes(s, &q);
	return q.how == HOW_TEXT ? print_text(s, &q) : print_values(s, &q);
}

static struct err *run_wr(struct shell *s, struct shell_words *w)
{
	return err_new(ERR_REFUSED, "not allowed on dumpfiles: a dump is evidence, and is "
				    "never written to");
}

const struct shell_command shell_cmd_rd = {
	.name = "rd",
	.synopsis = "[-adDsSxpufRN] [-8|-16|-32|-64] [-o offset] [-e end] [-r file]\n"
		    "address|symbol [count]",
	.summary = "read memory",
	.help = "Show count (1) values at an address, which is a hexadecimal number, a symbol,\n"
		"or an expression of both. Counts and offsets are decimal, or hexadecimal\n"
		"with 0x.\n\n"
		"    -8, -16, -32, -64  the width of a value in bits (64).\n"
		"    -d, -D             decimal: signed, unsigned.\n"
		"    -s                 values that are addresses of symbols as such.\n"
		"    -S                 the same, and the slab cache of those that point to its\n"
		"                       objects; -SS with the address.\n"
		"    -a                 as text, up to the first byte that is none.\n"
		"    -x                 without the characters beside the values.\n"
		"    -p                 the address is physical.\n"
		"    -u                 it is one of the current task's user memory.\n"
		"    -f                 it is an offset in the dump's file.\n"
		"    -N                 16 and 32 bit values in network byte order.\n"
		"    -R                 what is in front of the address, and up to it.\n"
		"    -r file            copy count bytes to a file.\n"
		"    -o offset          is added to the address.\n"
		"    -e end             read up to this address.",
	.run = run,
};

const struct shell_command shell_cmd_wr = {
	.name = "wr",
	.synopsis = "[-ukp] [-8|-16|-32|-64] address|symbol value",
	.summary = "write memory: refused",
	.help = "In crash, this writes to the memory of a running kernel. A dump is never\n"
		"written to.",
	.run = run_wr,
};
