#include "shell/entries.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

struct err *entry_view_add(struct entry_view *v, const char *text, bool as_numbers)
{
	if (v->num_shown == ENTRIES_MAX_SHOWN)
		return err_new(ERR_USAGE, "more than %d structures to show",
			       ENTRIES_MAX_SHOWN);
	v->shown[v->num_shown++] =
		(struct entry_shown){.text = text, .as_numbers = as_numbers};
	return NULL;
}

static struct err *find_record(struct shell *s, struct types *t, const char *name,
			       struct type_ref *ret)
{
	if (types_find(t, name, BTF_RECORDS, ret))
		return NULL;
	return err_new(ERR_ABSENT, "invalid data structure reference: %s", name);
}

struct err *entry_offset(struct shell *s, const char *word, char option, u64 *ret)
{
	const char *dot = strchr(word, '.');
	char name[128];
	struct types *t;
	struct type_ref type;
	struct object member;
	struct err *err;

	if (!dot || isdigit((unsigned char)*word)) {
		err = shell_number(s, word, ret);
	} else {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - word), word);
		err = shell_types(s, &t);
		if (!err)
			err = find_record(s, t, name, &type);
		if (!err)
			err = type_member(t, type, dot + 1, &member);
		if (!err)
			*ret = member.addr;
	}
	return err_wrap(err, "invalid -%c argument: %s", option, word);
}

static struct err *read_number(struct kernel *k, vaddr_t addr, u64 size, u64 *ret)
{
	struct err *err;
	u8 value8 = 0;
	u16 value16 = 0;
	u32 value32 = 0;

	if (size == 8)
		return kernel_read_u64(k, addr, ret);
	if (size == 4)
		err = kernel_read_u32(k, addr, &value32);
	else if (size == 2)
		err = kernel_read_u16(k, addr, &value16);
	else
		err = kernel_read_u8(k, addr, &value8);
	*ret = value32 | value16 | value8;
	return err;
}

/* In hexadecimal it may be the address of a symbol. */
static void print_value(struct shell *s, const struct entry_view *v, const char *member,
			u64 value)
{
	struct buf *b = shell_out(s);
	cleanup(buf_deinit) struct buf name = BUF_INIT;

	buf_printf(b, v->text.hex ? "  %s = 0x%llx" : "  %s = %llu", member,
		   (unsigned long long)value);
	if (v->text.hex && shell_symbol_text(s, value, 16, &name))
		buf_printf(b, " <%s>", buf_text(&name));
	buf_add_char(b, '\n');
}

/* -S: whatever is as long as a number is shown as one, without a sign; all else as -s
 * does. */
static struct err *print_number(struct shell *s, const struct entry_view *v,
				const struct object *o, const char *member)
{
	struct object place;
	u64 value, size;
	struct err *err = object_member(o, member, &place);

	if (err)
		return err;
	if (place.bit_size || !object_size(&place, &size) || !size || size > 8 ||
	    size & (size - 1))
		return type_text_object_member(shell_out(s), o, member, &v->text);
	err = read_number(s->k, place.addr, size, &value);
	if (!err)
		print_value(s, v, member, value);
	return err;
}

static struct err *print_member(struct shell *s, const struct entry_view *v,
				const struct object *o, const char *member, bool as_number)
{
	return as_number ? print_number(s, v, o, member)
			 : type_text_object_member(shell_out(s), o, member, &v->text);
}

static struct err *print_shown(struct shell *s, const struct entry_view *v,
			       const struct entry_shown *shown, u64 addr)
{
	cleanup(freep) char *copy = strdup(shown->text);
	char *members = copy;
	struct type_ref type;
	struct object o;
	struct types *t;
	struct err *err = copy ? shell_types(s, &t) : err_nomem();

	if (!err)
		err = find_record(s, t, strsep(&members, "."), &type);
	if (err)
		return err;
	o = object_at(t, type, addr - v->back);
	if (!members)
		type_text_object(shell_out(s), &o, &v->text);
	for (char *member; !err && (member = strsep(&members, ","));)
		err = print_member(s, v, &o, member, shown->as_numbers);
	return err;
}

struct err *entry_view_print(struct shell *s, const struct entry_view *v, u64 addr)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < v->num_shown; i++)
		err = print_shown(s, v, &v->shown[i], addr);
	return err;
}
