#include "analyse/type_text_priv.h"

#include "base/str.h"
#include "kernel/symbols.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH	  24
#define MAX_STRING_BYTES  ((u64)64 << 10)
#define STRING_CHUNK	  256
#define MAX_TEXT_SYMBOL	  ((u64)64 << 10)
#define WHOLE_RECORD_SIZE 4096 /* one this large is not readable in parts */

static void add_value(struct printer *p, const struct object *o, unsigned depth);

static u64 max_elements(const struct printer *p)
{
	return p->o.max_elements ? p->o.max_elements : TYPE_TEXT_MAX_ELEMENTS;
}

static void add_fault(struct printer *p, vaddr_t addr)
{
	buf_printf(p->b, "<error: Cannot access memory at address 0x%llx>",
		   (unsigned long long)addr);
}

/* ---- text ---- */

/* One byte as C would write it between @quote characters; what is not ASCII in octal, as is
 * a digit behind such, since it would seem part of it. Returns if it was in octal. */
static bool add_char(struct buf *b, u8 c, char quote, bool was_octal)
{
	static const char letters[] = "\a\b\f\n\r\t\v", names[] = "abfnrtv";
	const char *known = c ? strchr(letters, c) : NULL;

	if (known)
		buf_printf(b, "\\%c", names[known - letters]);
	else if (c == '\\' || c == (u8)quote)
		buf_printf(b, "\\%c", c);
	else if (c < 0x20 || c >= 0x7f || (was_octal && isdigit(c))) {
		buf_printf(b, "\\%03o", c);
		return true;
	} else
		buf_add_char(b, (char)c);
	return false;
}

/* Characters so far, counted as gdb does: equal ones in a row are one. */
struct text_run {
	u64 groups;
	int last;
	bool was_octal;
};

/* Count one more character. False if there are too many already. */
static bool run_takes(const struct printer *p, struct text_run *run, u8 c)
{
	if (c == run->last)
		return true;
	if (run->groups == max_elements(p))
		return false;
	run->groups++;
	run->last = c;
	return true;
}

/* A char array of @len bytes. The last 0 is not shown. */
static void add_char_array(struct printer *p, vaddr_t addr, u64 len)
{
	struct text_run run = {.last = -1};
	u8 chunk[STRING_CHUNK];
	bool is_cut = len > MAX_STRING_BYTES;

	len = min_u64(len, MAX_STRING_BYTES);
	for (u64 done = 0; done < len;) {
		size_t now = min_u64(len - done, sizeof(chunk));
		struct err *err = kernel_read(types_kernel(p->t), addr + done, chunk, now);

		if (err) {
			err_free(err);
			buf_add_str(p->b, done ? "\" " : "");
			add_fault(p, addr + done);
			return;
		}
		if (done == 0)
			buf_add_char(p->b, '"');
		for (size_t i = 0; i < now; i++) {
			if (!is_cut && done + i + 1 == len && chunk[i] == 0)
				break;
			if (!run_takes(p, &run, chunk[i])) {
				buf_add_str(p->b, "\"...");
				return;
			}
			run.was_octal = add_char(p->b, chunk[i], '"', run.was_octal);
		}
		done += now;
	}
	buf_add_str(p->b, is_cut ? "\"..." : "\"");
}

/* What a char pointer points to, up to its 0. */
static void add_string(struct printer *p, vaddr_t addr)
{
	struct text_run run = {.last = -1};
	char text[STRING_CHUNK * 4];
	struct err *err = kernel_read_str(types_kernel(p->t), addr, text, sizeof(text));

	if (err) {
		err_free(err);
		add_fault(p, addr);
		return;
	}
	buf_add_char(p->b, '"');
	for (size_t i = 0; text[i]; i++) {
		if (!run_takes(p, &run, (u8)text[i])) {
			buf_add_str(p->b, "\"...");
			return;
		}
		run.was_octal = add_char(p->b, (u8)text[i], '"', run.was_octal);
	}
	buf_add_str(p->b, strlen(text) == sizeof(text) - 1 ? "\"..." : "\"");
}

/* ---- numbers ---- */

static void add_int(struct printer *p, const struct btf_type *type, u64 value)
{
	if (type->is_bool && value <= 1 && !p->o.hex) {
		buf_add_str(p->b, value ? "true" : "false");
		return;
	}
	add_number(p, value, type->is_signed, type->size);
	if (type->size == 1 && !type->is_bool && !p->o.hex) {
		buf_add_str(p->b, " '");
		(void)add_char(p->b, (u8)value, '\'', false);
		buf_add_char(p->b, '\'');
	}
}

/* Are the enumerators bits, none of which two have? */
static bool is_flag_enum(const struct btf *btf, const struct btf_type *type)
{
	u64 value, seen = 0;
	const char *name;

	for (u32 i = 0; btf_get_enumerator(btf, type, i, &name, &value); i++) {
		if (value & (value - 1) || value & seen)
			return false;
		seen |= value;
	}
	return true;
}

/* (A | B | unknown: 0x8) */
static void add_flags(struct printer *p, const struct btf *btf, const struct btf_type *type,
		      u64 value)
{
	const char *name;
	u64 flag;
	bool is_first = true;

	buf_add_char(p->b, '(');
	for (u32 i = 0; btf_get_enumerator(btf, type, i, &name, &flag); i++) {
		if (!(value & flag) || !printer_step(p))
			continue;
		buf_add_str(p->b, is_first ? "" : " | ");
		add_name(p->b, name);
		value &= ~flag;
		is_first = false;
	}
	if (value)
		buf_printf(p->b, "%sunknown: 0x%llx", is_first ? "" : " | ",
			   (unsigned long long)value);
	buf_add_char(p->b, ')');
}

static void add_enum(struct printer *p, const struct btf *btf, const struct btf_type *type,
		     u64 value)
{
	const char *name = btf_enumerator_name(btf, type, value);

	if (name)
		add_name(p->b, name);
	else if (value == 0 || !is_flag_enum(btf, type))
		add_number(p, value, type->is_signed, type->size);
	else
		add_flags(p, btf, type, value);
}

/* Numbers wider than those of C. */
static void add_wide(struct printer *p, const struct object *o, u64 size)
{
	u8 bytes[32];
	struct err *err = size <= sizeof(bytes)
				  ? kernel_read(types_kernel(p->t), o->addr, bytes, size)
				  : err_nomem();

	if (err) {
		err_free(err);
		add_fault(p, o->addr);
		return;
	}
	buf_add_str(p->b, "0x");
	while (size-- > 0)
		buf_printf(p->b, "%02x", bytes[size]);
}

/* ---- pointers ---- */

/* Is it a char in the widest sense, so that many of them are a text? */
static bool is_text(const struct btf *btf, u32 id)
{
	struct btf_type type;

	return btf_get_plain_type(btf, id, &type) && type.kind == BTF_KIND_INT &&
	       type.size == 1 && !type.is_bool;
}

/* An address, the symbol it lies in, and the text that is there if it points to one. */
static void add_address(struct printer *p, u64 value, bool is_to_text)
{
	struct symbol symbol;
	u64 offset;

	buf_printf(p->b, "0x%llx", (unsigned long long)value);
	if (!value)
		return;
	/* Texts without a name of their own lie together behind some other symbol, since
	 * kallsyms tells no ends. */
	if (symbol_at(types_kernel(p->t), value, UINT64_MAX, &symbol, &offset) &&
	    !(is_to_text && offset && symbol.size > MAX_TEXT_SYMBOL)) {
		buf_add_str(p->b, " <");
		add_name(p->b, symbol.name);
		if (offset)
			buf_printf(p->b, "+%llu", (unsigned long long)offset);
		buf_add_char(p->b, '>');
	}
	if (is_to_text) {
		buf_add_char(p->b, ' ');
		add_string(p, value);
	}
}

/* ---- arrays ---- */

/* How many elements from @index on are the same as this one, byte by byte. */
static u64 count_equal(struct printer *p, const struct object *element, u64 size, u64 index,
		       u64 count)
{
	u8 first[256], other[256];
	u64 equal = 1;

	if (!p->o.repeats || size == 0 || size > sizeof(first))
		return 1;
	for (; index + equal < count && printer_step(p); equal++) {
		struct kernel *k = types_kernel(p->t);
		struct err *err =
			equal == 1 ? kernel_read(k, element->addr, first, size) : NULL;

		if (!err)
			err = kernel_read(k, element->addr + equal * size, other, size);
		if (err || memcmp(first, other, size) != 0) {
			err_ignore(err);
			break;
		}
	}
	return equal;
}

static void add_elements(struct printer *p, struct object element, u64 size, u64 count,
			 unsigned depth)
{
	u64 shown = 0;

	buf_add_char(p->b, '{');
	for (u64 i = 0; i < count; shown++) {
		u64 equal = count_equal(p, &element, size, i, count);

		if (shown == max_elements(p) || !printer_step(p)) {
			buf_add_str(p->b, "...");
			break;
		}
		if (i)
			buf_add_str(p->b, ", ");
		add_value(p, &element, depth + 1);
		if (equal > 1 && equal > p->o.repeats)
			buf_printf(p->b, " <repeats %llu times>",
				   (unsigned long long)equal);
		else
			equal = 1;
		i += equal;
		element.addr += equal * size;
	}
	buf_add_char(p->b, '}');
}

static void add_array(struct printer *p, const struct object *o, u32 element_type,
		      u64 count, unsigned depth)
{
	struct object element = *o;
	bool is_string = !o->pointers && is_text(o->type.btf, element_type);
	u64 size = 0;

	element.type.id = element_type;
	element.count = 1;
	/* A flexible array is shown as the pointer that C makes of it. */
	if (count == 0)
		add_address(p, o->addr, is_string);
	else if (is_string)
		add_char_array(p, o->addr, count);
	else if (!object_size(&element, &size))
		buf_add_str(p->b, "<incomplete type>");
	else
		add_elements(p, element, size, count, depth);
}

/* ---- structs ---- */

/* Neither its first nor its last byte can be read. */
static bool is_unreadable(const struct object *o, u64 size)
{
	struct kernel *k = types_kernel(o->types);
	cleanup(err_freep) struct err *first = NULL, *last = NULL;
	u8 byte;

	if (size == 0 || size > WHOLE_RECORD_SIZE)
		return false;
	first = kernel_read_u8(k, o->addr, &byte);
	if (first)
		last = kernel_read_u8(k, o->addr + size - 1, &byte);
	return last != NULL;
}

static void add_members(struct printer *p, const struct object *o,
			const struct btf_type *type, unsigned depth)
{
	struct btf_element member;
	bool is_first = true;

	for (u32 i = 0; btf_get_member(o->type.btf, type, i, &member); i++) {
		struct object at = *o;

		buf_add_str(p->b, is_first ? "\n" : ",\n");
		is_first = false;
		add_spaces(p->b, 2 * (size_t)depth + 2);
		if (!printer_step(p)) {
			buf_add_str(p->b, "...");
			break;
		}
		at.type.id = member.type;
		at.addr += member.bits / 8;
		at.bit_offset = member.bit_size ? (u32)(member.bits % 8) : 0;
		at.bit_size = member.bit_size;
		if (*member.name) {
			add_name(p->b, member.name);
			buf_add_str(p->b, " = ");
		}
		add_value(p, &at, depth + 1);
	}
	buf_add_char(p->b, '\n');
	add_spaces(p->b, 2 * (size_t)depth);
}

static void add_record(struct printer *p, const struct object *o,
		       const struct btf_type *type, unsigned depth)
{
	if (depth >= MAX_DEPTH) {
		buf_add_str(p->b, "{...}");
		return;
	}
	if (is_unreadable(o, type->size)) {
		add_fault(p, o->addr);
		return;
	}
	buf_add_char(p->b, '{');
	if (type->num_elements == 0)
		buf_add_str(p->b, "<No data fields>");
	else
		add_members(p, o, type, depth);
	buf_add_char(p->b, '}');
}

/* ---- any value ---- */

static void add_scalar(struct printer *p, const struct object *o,
		       const struct btf_type *type)
{
	u64 value;
	struct err *err;

	if (type->kind == BTF_KIND_FLOAT || (type->size > sizeof(value) && !o->bit_size)) {
		add_wide(p, o, type->size);
		return;
	}
	err = object_read(o, &value);
	if (err) {
		if (err_code(err) == ERR_FAULT)
			add_fault(p, o->addr);
		else
			buf_printf(p->b, "<error: %s>", err_message(err));
		err_free(err);
		return;
	}
	if (type->kind == BTF_KIND_PTR)
		add_address(p, value, is_text(o->type.btf, type->type));
	else if (type->kind == BTF_KIND_INT)
		add_int(p, type, value);
	else
		add_enum(p, o->type.btf, type, value);
}

/* What the table of variables adds to a type: a pointer, or an array. */
static void add_table_value(struct printer *p, const struct object *o, unsigned depth)
{
	u64 value;
	struct err *err;

	if (o->count != 1) {
		add_array(p, o, o->type.id, o->count, depth);
		return;
	}
	err = object_read(o, &value);
	if (err) {
		err_free(err);
		add_fault(p, o->addr);
		return;
	}
	add_address(p, value, o->pointers == 1 && is_text(o->type.btf, o->type.id));
}

static void add_value(struct printer *p, const struct object *o, unsigned depth)
{
	struct btf_type type;

	if (o->pointers || o->count != 1) {
		add_table_value(p, o, depth);
		return;
	}
	if (!o->type.btf || !btf_get_plain_type(o->type.btf, o->type.id, &type)) {
		buf_add_str(p->b, "<endless type>");
		return;
	}
	switch (type.kind) {
	case BTF_KIND_INT:
	case BTF_KIND_PTR:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		add_scalar(p, o, &type);
		break;
	case BTF_KIND_ARRAY:
		if (depth >= MAX_DEPTH)
			buf_add_str(p->b, "{...}");
		else
			add_array(p, o, type.type, type.count, depth);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		add_record(p, o, &type, depth);
		break;
	case BTF_KIND_VOID:
		buf_add_str(p->b, "void");
		break;
	default:
		buf_add_str(p->b, "<incomplete type>");
		break;
	}
}

/* ---- entries ---- */

void type_text_value(struct buf *b, const struct object *object,
		     const struct type_text_options *o)
{
	struct printer p = printer_init(b, object->types, o);

	add_value(&p, object, 0);
}

/* The array and pointer that an object is at its outside. */
static bool is_array(const struct object *o, bool *ret_is_text)
{
	struct btf_type type;

	if (o->count != 1) {
		*ret_is_text = !o->pointers && is_text(o->type.btf, o->type.id);
		return true;
	}
	if (o->pointers || !btf_get_plain_type(o->type.btf, o->type.id, &type) ||
	    type.kind != BTF_KIND_ARRAY)
		return false;
	*ret_is_text = is_text(o->type.btf, type.type);
	return true;
}

static bool is_plain_pointer(const struct object *o)
{
	struct btf_type type;

	if (o->count != 1)
		return false;
	if (o->pointers)
		return o->pointers > 1 || !is_text(o->type.btf, o->type.id);
	return btf_get_plain_type(o->type.btf, o->type.id, &type) &&
	       type.kind == BTF_KIND_PTR && !is_text(o->type.btf, type.type);
}

void type_text_print(struct buf *b, const struct object *object,
		     const struct type_text_options *o)
{
	bool is_string;

	if (is_array(object, &is_string)) {
		if (!is_string && o && o->array_on_new_line)
			buf_add_str(b, "\n ");
	} else if (is_plain_pointer(object)) {
		buf_add_char(b, '(');
		type_text_declare_object(b, object, "");
		buf_add_str(b, ") ");
	}
	type_text_value(b, object, o);
}

void type_text_pointer(struct buf *b, struct types *t, struct type_ref type,
		       unsigned pointers, u64 value, const struct type_text_options *o)
{
	struct printer p = printer_init(b, t, o);
	bool is_string = pointers == 1 && is_text(type.btf, type.id);

	if (!is_string) {
		buf_add_char(b, '(');
		type_text_declare(b, t, type, pointers, "");
		buf_add_str(b, ") ");
	}
	add_address(&p, value, is_string);
}

void type_text_result(struct buf *b, struct types *t, const struct typed_value *value,
		      const struct type_text_options *o)
{
	struct printer p = printer_init(b, t, o);

	switch (value->kind) {
	case VALUE_OBJECT:
		type_text_print(b, &value->object, o);
		break;
	case VALUE_POINTER:
		type_text_pointer(b, t, value->object.type, value->object.pointers + 1,
				  value->number, o);
		break;
	case VALUE_NUMBER:
		add_number(&p, value->number, !value->is_unsigned, sizeof(u64));
		break;
	}
}

void type_text_object(struct buf *b, const struct object *object,
		      const struct type_text_options *o)
{
	struct btf_type type;

	/* crash has the keyword in front of a typedef, too. */
	if (!object->pointers && object->count == 1 && object->type.btf &&
	    btf_get_type(object->type.btf, object->type.id, &type) &&
	    type.kind == BTF_KIND_TYPEDEF &&
	    btf_get_plain_type(object->type.btf, type.id, &type) && btf_is_record(&type))
		buf_add_str(b, type.kind == BTF_KIND_UNION ? "union " : "struct ");
	type_text_declare_object(b, object, "");
	buf_add_char(b, ' ');
	type_text_value(b, object, o);
	buf_add_char(b, '\n');
}

struct err *type_text_object_member(struct buf *b, const struct object *object,
				    const char *path, const struct type_text_options *o)
{
	struct printer p = printer_init(b, object->types, o);
	struct object member;
	struct err *err = object_member(object, path, &member);

	if (err)
		return err;
	buf_printf(b, "  %s = ", path);
	add_value(&p, &member, 1);
	buf_add_str(b, find_member_place(object, path).is_last ? "\n" : ",\n");
	return NULL;
}
