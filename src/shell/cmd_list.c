/* list: structures that are linked. */
#include "shell/entries.h"

#include <string.h>

#define MAX_ENTRIES (1u << 20)
#define POINTER	    8

struct request {
	u64 start;
	u64 offset;	 /* of the link in a structure */
	u64 end;	 /* -e */
	bool has_head;	 /* -H: start is a list_head outside of the structures */
	bool is_linked;	 /* -h: start is one of the structures */
	bool backwards;	 /* -r */
	u64 head_offset; /* -O: of the head in the structure at start, which is no entry */
	bool has_head_offset;
	struct entry_view view;
};

/* A list that leads to itself is found by a marker that is moved to where we are ever less
 * often (Brent's algorithm): no memory, however long the list. */
struct loop_finder {
	u64 marker, steps, limit;
};

static bool is_loop(struct loop_finder *f, u64 at)
{
	if (f->steps && at == f->marker)
		return true;
	if (f->steps++ >= f->limit) {
		f->marker = at;
		f->limit = f->limit ? 2 * f->limit : 1;
		f->steps = 1;
	}
	return false;
}

static struct err *print_entry(struct shell *s, const struct request *q, u64 addr)
{
	buf_printf(shell_out(s), "%llx\n", (unsigned long long)addr);
	return entry_view_print(s, &q->view, addr);
}

/* The link behind @link, or in front of it. */
static struct err *next_link(struct shell *s, const struct request *q, u64 *link)
{
	return err_wrap(kernel_read_ptr(s->k, *link + (q->backwards ? POINTER : 0), link),
			"the list breaks off");
}

/* Structures linked by a list_head: -h and -H. Links point to links. */
static struct err *walk_list_heads(struct shell *s, const struct request *q)
{
	u64 head = q->has_head ? q->start : q->start + q->offset, link = head;
	struct loop_finder loop = {.steps = 0};
	struct err *err = q->has_head ? next_link(s, q, &link) : NULL;

	for (u64 i = 0; !err && i < MAX_ENTRIES && !shell_is_over(s); i++) {
		if (!link || (link == head && (i || q->has_head)) ||
		    link - q->offset == q->end)
			return NULL;
		if (is_loop(&loop, link))
			return err_new(ERR_BAD_DATA, "duplicate list entry: %llx",
				       (unsigned long long)(link - q->offset));
		err = print_entry(s, q, link - q->offset);
		if (!err)
			err = next_link(s, q, &link);
	}
	return err;
}

/* Structures that hold a pointer to the next, at an offset. */
static struct err *walk_pointers(struct shell *s, const struct request *q)
{
	struct loop_finder loop = {.steps = 0};
	u64 at = q->start;
	struct err *err = NULL;

	for (u64 i = 0; !err && i < MAX_ENTRIES && !shell_is_over(s); i++) {
		if (!at || (i && at == q->start) || at == q->end)
			return NULL;
		if (is_loop(&loop, at))
			return err_new(ERR_BAD_DATA, "duplicate list entry: %llx",
				       (unsigned long long)at);
		err = print_entry(s, q, at);
		at += q->offset;
		if (!err)
			err = next_link(s, q, &at);
	}
	return err;
}

static struct err *take_option(struct shell *s, struct request *q, char option,
			       const char *value)
{
	switch (option) {
	case 'o':
		return entry_offset(s, value, 'o', &q->offset);
	case 'l':
		return entry_offset(s, value, 'l', &q->view.back);
	case 'O':
		q->has_head_offset = true;
		return entry_offset(s, value, 'O', &q->head_offset);
	case 'B': /* loops are not found in another way here */
		return NULL;
	case 'e':
		return shell_address(s, value, &q->end);
	case 's':
	case 'S':
		return entry_view_add(&q->view, value, option == 'S');
	case 'x':
	case 'd':
		q->view.text.hex = option == 'x';
		return NULL;
	case 'r':
		q->backwards = true;
		return NULL;
	case 'H':
		q->has_head = true;
		return NULL;
	default:
		q->is_linked = true;
		return NULL;
	}
}

/* The start, and before or behind it an offset. */
static struct err *take_operands(struct shell *s, const struct shell_words *w,
				 struct request *q)
{
	struct err *err;
	u64 ignored;

	if (!w->num_operands)
		return err_new(ERR_USAGE, "starting address required");
	err = shell_check_operands(w, 1, 2);
	if (err)
		return err;
	if (w->num_operands == 1)
		return shell_address(s, w->words[0], &q->start);
	/* A name with a dot is an offset, wherever it stands; else the first is. */
	if (strchr(w->words[1], '.')) {
		err = entry_offset(s, w->words[1], 'o', &q->offset);
		return err ? err : shell_address(s, w->words[0], &q->start);
	}
	err = shell_address(s, w->words[1], &ignored);
	if (!err)
		q->start = ignored;
	return err ? err : entry_offset(s, w->words[0], 'o', &q->offset);
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.view = {.text = {.hex = s->radix == 16}}};
	char option;
	struct err *err;

	while (!(err = shell_option(w, "o:l:e:s:S:O:BxdrHh", &option)) && option) {
		err = take_option(s, &q, option, w->value);
		if (err)
			return err;
	}
	if (!err)
		err = take_operands(s, w, &q);
	if (!err && q.has_head && q.is_linked)
		err = err_new(ERR_USAGE, "-H and -h exclude each other");
	if (!err && q.has_head_offset && !q.is_linked)
		err = err_new(ERR_USAGE, "-O needs -h");
	if (err)
		return err;
	if (q.has_head_offset) {
		q.start += q.head_offset;
		q.has_head = true;
	}
	return q.has_head || q.is_linked ? walk_list_heads(s, &q) : walk_pointers(s, &q);
}

const struct shell_command shell_cmd_list = {
	.name = "list",
	.synopsis =
		"[[-o] offset] [-e end] [-[s|S] struct[.member[,member]] [-l offset]] [-x|-d]\n"
		"[-r] [-B] [-h [-O head_offset] | -H] start",
	.summary = "linked list",
	.help = "Follow a list from start, an address or symbol, and show the address of each\n"
		"entry. The offset of the link in an entry is a number of bytes, or a member\n"
		"such as module.list. Without -h and -H, an entry holds a pointer to the next.\n\n"
		"    -H         start is a list_head that is not part of an entry.\n"
		"    -h         start is an entry; the links are list_heads.\n"
		"    -O offset  with -h: start is another structure, where the list's head is at\n"
		"               this offset (task_struct.children).\n"
		"    -s struct  also show each entry as this structure, or members of it.\n"
		"    -S struct  the same with members as plain numbers.\n"
		"    -l offset  what is shown as an entry is that far into the structure of -s.\n"
		"    -r         backwards.\n"
		"    -B         find loops by Brent's algorithm, as is always done here.\n"
		"    -e end     stop in front of this entry.\n"
		"    -x, -d     numbers in hexadecimal, decimal.",
	.run = run,
};
