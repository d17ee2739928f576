#include "analyse/type_text.h"

#include "analyse/type_text_priv.h"
#include "base/str.h"

#include <string.h>

#define MAX_DEPTH	 16 /* of structs in structs */
#define MAX_NESTING	 4  /* of functions as parameters */
#define MAX_PARAMETERS	 64
#define MAX_SEARCH	 20000 /* members looked at for one name */
#define INDENT		 4
#define ADDRESS_WIDTH	 18 /* "[ffffffff82e1a340]" */
#define MAX_ENUM_IN_LINE 4096

void add_name(struct buf *b, const char *name)
{
	str_escape(b, name, strnlen(name, TYPE_TEXT_MAX_NAME), false);
}

void add_number(struct printer *p, u64 value, bool is_signed, u64 size_bytes)
{
	if (size_bytes < 8 && p->o.hex)
		value &= ((u64)1 << size_bytes * 8) - 1;
	if (p->o.hex)
		buf_printf(p->b, "0x%llx", (unsigned long long)value);
	else if (is_signed)
		buf_printf(p->b, "%lld", (long long)value);
	else
		buf_printf(p->b, "%llu", (unsigned long long)value);
}

/* ---- declarators ---- */

static const char *keyword(const struct btf_type *type)
{
	switch (type->kind) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_FWD:
		return type->is_union ? "union " : "struct ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	default:
		return "";
	}
}

/* The name of what a declarator ends with. */
static void add_base_name(struct buf *b, const struct btf *btf, u32 id)
{
	struct btf_type type;

	if (!btf_get_type(btf, id, &type))
		buf_printf(b, "<type %u, which there is not>", id);
	else if (type.kind == BTF_KIND_VOID)
		buf_add_str(b, "void");
	else if (BTF_BIT(type.kind) & ~(BTF_NAMED | BTF_BIT(BTF_KIND_FWD)))
		buf_add_str(b, "<endless type>");
	else if (!*type.name)
		buf_printf(b, "%s{...}", keyword(&type));
	else {
		buf_add_str(b, keyword(&type));
		add_name(b, types_usual_name(type.name));
	}
}

enum { QUALIFIER_CONST = 1, QUALIFIER_VOLATILE = 2, QUALIFIER_RESTRICT = 4 };

static const char *const qualifier_texts[] = {
	"",	     "const ",		"volatile ",	      "const volatile ",
	"restrict ", "const restrict ", "volatile restrict ", "const volatile restrict "};

/* Put @before in front of what is in @b, and @after behind it. */
static void surround(struct buf *b, const char *before, const char *after)
{
	struct buf whole = BUF_INIT;

	buf_printf(&whole, "%s%s%s", before, buf_text(b), after);
	whole.failed |= b->failed;
	buf_deinit(b);
	*b = whole;
}

static void add_parameters(struct printer *p, const struct btf *btf,
			   const struct btf_type *proto, unsigned depth, struct buf *b)
{
	struct btf_element parameter;

	buf_add_char(b, '(');
	if (proto->num_elements == 0)
		buf_add_str(b, "void");
	for (u32 i = 0; btf_get_parameter(btf, proto, i, &parameter); i++) {
		cleanup(buf_deinit) struct buf declarator = BUF_INIT;
		const char *qualifiers;
		u32 base;

		if (i)
			buf_add_str(b, ", ");
		if (i == MAX_PARAMETERS || depth == MAX_NESTING || !printer_step(p) ||
		    (!parameter.type && !*parameter.name)) {
			buf_add_str(b, "...");
			break;
		}
		base = declarator_make(p, btf, parameter.type, depth + 1, &declarator,
				       &qualifiers);
		buf_add_str(b, qualifiers);
		add_base_name(b, btf, base);
		if (declarator.len)
			buf_printf(b, " %s", buf_text(&declarator));
		b->failed |= declarator.failed;
	}
	buf_add_char(b, ')');
}

/* Arrays and functions bind stronger than the '*' in front of them. */
static void parenthesize(struct buf *declarator)
{
	if (declarator->len && declarator->data[0] == '*')
		surround(declarator, "(", ")");
}

/* "*", or "* const " if a name or another star follows, as gdb has it. */
static void add_pointer(struct buf *declarator, const char *qualifiers)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "* %s", qualifiers);

	if (!*qualifiers || !declarator->len)
		text[len - 1] = '\0';
	surround(declarator, text, "");
}

/* Add what one derived type means to the declarator. False for a type that is none. */
static bool add_derived(struct printer *p, const struct btf *btf,
			const struct btf_type *type, unsigned *qualifiers, unsigned depth,
			struct buf *declarator)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;

	switch (type->kind) {
	case BTF_KIND_CONST:
		*qualifiers |= QUALIFIER_CONST;
		return true;
	case BTF_KIND_VOLATILE:
		*qualifiers |= QUALIFIER_VOLATILE;
		return true;
	case BTF_KIND_RESTRICT:
		*qualifiers |= QUALIFIER_RESTRICT;
		return true;
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_VAR:
	case BTF_KIND_FUNC:
		return true;
	case BTF_KIND_PTR:
		add_pointer(declarator, qualifier_texts[*qualifiers]);
		*qualifiers = 0;
		return true;
	case BTF_KIND_ARRAY:
		parenthesize(declarator);
		/* C has flexible arrays at the end of structs only, the others are of
		 * length 0; BTF has no difference. */
		if (type->count || p->is_within)
			buf_printf(declarator, "[%u]", type->count);
		else
			buf_add_str(declarator, "[]");
		return true;
	case BTF_KIND_FUNC_PROTO:
		parenthesize(declarator);
		add_parameters(p, btf, type, depth, &text);
		buf_add_str(declarator, buf_text(&text));
		declarator->failed |= text.failed;
		return true;
	default:
		return false;
	}
}

u32 declarator_make(struct printer *p, const struct btf *btf, u32 id, unsigned depth,
		    struct buf *declarator, const char **ret_qualifiers)
{
	unsigned qualifiers = 0;
	struct btf_type type;

	for (unsigned i = 0; i < BTF_MAX_DEPTH; i++) {
		if (!printer_step(p) || !btf_get_type(btf, id, &type) ||
		    !add_derived(p, btf, &type, &qualifiers, depth, declarator))
			break;
		id = type.type;
	}
	*ret_qualifiers = qualifier_texts[qualifiers];
	return id;
}

static void add_declaration(struct printer *p, struct type_ref type, unsigned pointers,
			    u64 count, const char *name)
{
	cleanup(buf_deinit) struct buf declarator = BUF_INIT;
	const char *qualifiers;
	u32 base;

	while (pointers-- > 0)
		buf_add_char(&declarator, '*');
	add_name(&declarator, name);
	if (count != 1)
		buf_printf(&declarator, "[%llu]", (unsigned long long)count);
	base = declarator_make(p, type.btf, type.id, 0, &declarator, &qualifiers);
	buf_add_str(p->b, qualifiers);
	add_base_name(p->b, type.btf, base);
	if (declarator.len)
		buf_printf(p->b, " %s", buf_text(&declarator));
	p->b->failed |= declarator.failed;
}

void type_text_declare(struct buf *b, struct types *t, struct type_ref type,
		       unsigned pointers, const char *name)
{
	struct printer p = printer_init(b, t, NULL);

	add_declaration(&p, type, pointers, 1, name);
}

void type_text_declare_object(struct buf *b, const struct object *object, const char *name)
{
	struct printer p = printer_init(b, object->types, NULL);

	add_declaration(&p, object->type, object->pointers, object->count, name);
}

/* ---- structs ---- */

/* A struct being printed with its members. */
struct record {
	struct printer *p;
	const struct btf *btf;
	unsigned width; /* of "[16]" and what is in front; 0: no offsets */
};

static unsigned offset_width(const struct printer *p, u64 size)
{
	char text[32];

	if (!p->o.with_offsets)
		return 0;
	if (p->o.has_base)
		return 2 + ADDRESS_WIDTH;
	return 2 + (unsigned)snprintf(text, sizeof(text), p->o.hex ? "[0x%llx]" : "[%llu]",
				      (unsigned long long)size);
}

/* Begin a line: the offset, if it has one, and the indentation. */
static void begin_line(const struct record *r, bool has_offset, u64 bits, unsigned level)
{
	struct printer *p = r->p;
	u64 offset = bits / 8;
	char text[32];

	if (!r->width) {
		add_spaces(p->b, level);
		return;
	}
	if (!has_offset)
		text[0] = '\0';
	else if (p->o.has_base)
		snprintf(text, sizeof(text), "[%llx]",
			 (unsigned long long)(p->o.base + offset));
	else
		snprintf(text, sizeof(text), p->o.hex ? "[0x%llx]" : "[%llu]",
			 (unsigned long long)offset);
	buf_printf(p->b, "%*s ", (int)r->width, text);
	add_spaces(p->b, level - INDENT);
}

/* {A, B, C = 5}, as a member without a name of its own has it. */
static void add_enumerators(struct printer *p, const struct btf *btf,
			    const struct btf_type *type)
{
	u64 value, expected = 0;
	const char *name;

	buf_add_char(p->b, '{');
	for (u32 i = 0; btf_get_enumerator(btf, type, i, &name, &value); i++) {
		if (i)
			buf_add_str(p->b, ", ");
		if (i == MAX_ENUM_IN_LINE || !printer_step(p)) {
			buf_add_str(p->b, "...");
			break;
		}
		add_name(p->b, name);
		if (value != expected)
			buf_printf(p->b, " = %lld", (long long)value);
		expected = value + 1;
	}
	buf_add_char(p->b, '}');
}

static void add_members(const struct record *r, const struct btf_type *type, u64 base_bits,
			unsigned level, int show);

/* What stands in front of the declarator. @show: how many levels of nameless structs that
 * are members with a name are still shown, as gdb counts them. */
static void add_base(const struct record *r, u32 id, u64 bits, unsigned level, int show)
{
	struct printer *p = r->p;
	struct btf_type type;

	if (!btf_get_type(r->btf, id, &type) || *type.name || show < 0 ||
	    !(btf_is_record(&type) || btf_is_enum(&type))) {
		add_base_name(p->b, r->btf, id);
		return;
	}
	buf_add_str(p->b, keyword(&type));
	if (btf_is_enum(&type)) {
		add_enumerators(p, r->btf, &type);
		return;
	}
	buf_add_str(p->b, "{\n");
	add_members(r, &type, bits, level + INDENT, show);
}

static void add_member(const struct record *r, const struct btf_element *member,
		       u64 base_bits, unsigned level, int show)
{
	cleanup(buf_deinit) struct buf declarator = BUF_INIT;
	struct printer *p = r->p;
	u64 bits = base_bits + member->bits;
	const char *qualifiers;
	struct btf_type type;
	bool is_block;
	u32 base;

	/* One without a name shows all that it has. */
	if (*member->name)
		show--;
	add_name(&declarator, member->name);
	base = declarator_make(p, r->btf, member->type, 0, &declarator, &qualifiers);
	p->is_within = false;
	is_block = btf_get_type(r->btf, base, &type) && btf_is_record(&type) &&
		   !*type.name && show >= 0;
	begin_line(r, !is_block, bits, level);
	buf_add_str(p->b, qualifiers);
	add_base(r, base, bits, level, show);
	if (is_block) {
		begin_line(r, *member->name != '\0', bits, level);
		buf_add_char(p->b, '}');
	}
	if (declarator.len)
		buf_printf(p->b, " %s", buf_text(&declarator));
	if (member->bit_size)
		buf_printf(p->b, " : %u", member->bit_size);
	buf_add_str(p->b, ";\n");
	p->b->failed |= declarator.failed;
}

static void add_members(const struct record *r, const struct btf_type *type, u64 base_bits,
			unsigned level, int show)
{
	struct btf_element member;

	if (level > MAX_DEPTH * INDENT) {
		begin_line(r, false, 0, level);
		buf_add_str(r->p->b, "...\n");
		return;
	}
	for (u32 i = 0; btf_get_member(r->btf, type, i, &member); i++) {
		if (!printer_step(r->p)) {
			begin_line(r, false, 0, level);
			buf_add_str(r->p->b, "...\n");
			return;
		}
		r->p->is_within =
			i + 1 < type->num_elements || type->kind == BTF_KIND_UNION;
		add_member(r, &member, base_bits, level, show);
	}
	if (type->num_elements == 0) {
		begin_line(r, false, 0, level);
		buf_add_str(r->p->b, "<no data fields>\n");
	}
}

/* "struct X {", members, "}". */
static void add_record(struct printer *p, const struct btf *btf,
		       const struct btf_type *type)
{
	const struct record r = {.p = p, .btf = btf, .width = offset_width(p, type->size)};

	buf_add_str(p->b, keyword(type));
	add_name(p->b, type->name);
	buf_add_str(p->b, *type->name ? " {\n" : "{\n");
	if (type->kind == BTF_KIND_FWD)
		buf_add_str(p->b, "    <incomplete type>\n");
	else
		add_members(&r, type, 0, INDENT, 1);
	buf_add_char(p->b, '}');
}

/* ---- whole declarations ---- */

static void add_size(struct printer *p, const struct btf *btf, u32 id)
{
	u64 size;

	if (!btf_type_size(btf, id, &size))
		return;
	buf_add_str(p->b, "SIZE: ");
	add_number(p, size, false, sizeof(size));
	buf_add_char(p->b, '\n');
}

static void add_enum(struct printer *p, const struct btf *btf, const struct btf_type *type)
{
	const char *name;
	u64 value;

	buf_add_str(p->b, "enum ");
	add_name(p->b, type->name);
	buf_add_str(p->b, *type->name ? " {\n" : "{\n");
	for (u32 i = 0; btf_get_enumerator(btf, type, i, &name, &value); i++) {
		buf_add_str(p->b, "  ");
		if (!printer_step(p)) {
			buf_add_str(p->b, "...\n");
			break;
		}
		add_name(p->b, name);
		buf_add_str(p->b, " = ");
		add_number(p, value, type->is_signed, type->size);
		buf_add_char(p->b, '\n');
	}
	buf_add_str(p->b, "};\n");
}

/* typedef: what it stands for, seen through further typedefs, and its name. */
static void add_typedef(struct printer *p, const struct btf *btf,
			const struct btf_type *type)
{
	struct btf_type plain;

	buf_add_str(p->b, "typedef ");
	if (!btf_get_plain_type(btf, type->type, &plain))
		add_base_name(p->b, btf, type->type);
	else if (btf_is_record(&plain) || plain.kind == BTF_KIND_FWD)
		add_record(p, btf, &plain);
	else if (btf_is_enum(&plain)) {
		buf_add_str(p->b, "enum ");
		add_name(p->b, plain.name);
		if (*plain.name)
			buf_add_char(p->b, ' ');
		add_enumerators(p, btf, &plain);
	} else {
		add_declaration(p, (struct type_ref){btf, plain.id}, 0, 1, "");
	}
	buf_add_char(p->b, ' ');
	add_name(p->b, type->name);
	buf_add_str(p->b, ";\n");
	add_size(p, btf, type->id);
}

void type_text_declaration(struct buf *b, struct types *t, struct type_ref ref,
			   const struct type_text_options *o)
{
	struct printer p = printer_init(b, t, o);
	struct btf_type type;

	if (!btf_get_type(ref.btf, ref.id, &type))
		return;
	switch (type.kind) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
		add_record(&p, ref.btf, &type);
		buf_add_char(b, '\n');
		add_size(&p, ref.btf, ref.id);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		add_enum(&p, ref.btf, &type);
		break;
	case BTF_KIND_TYPEDEF:
		add_typedef(&p, ref.btf, &type);
		break;
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
		add_declaration(&p, ref, 0, 1, type.name);
		buf_add_str(b, ";\n");
		break;
	default:
		add_size(&p, ref.btf, ref.id);
		break;
	}
}

/* Look for @name in record @id and those without a name in it. */
static bool find_place(const struct btf *btf, u32 id, const char *name, unsigned depth,
		       u32 *budget, struct member_place *ret)
{
	struct btf_element member;
	struct btf_type type;

	if (depth > MAX_DEPTH || !btf_get_plain_type(btf, id, &type))
		return false;
	for (u32 i = 0; *budget && btf_get_member(btf, &type, i, &member); i++) {
		(*budget)--;
		if (*member.name
			    ? str_eq(member.name, name)
			    : find_place(btf, member.type, name, depth + 1, budget, ret)) {
			if (*member.name)
				*ret = (struct member_place){.is_last = i + 1 ==
									type.num_elements,
							     .depth = depth};
			return true;
		}
	}
	return false;
}

struct member_place find_member_place(const struct object *o, const char *path)
{
	const char *name = path + strcspn(path, ".-[");
	struct member_place place = {0};
	struct object holder = *o;
	char before[TYPE_TEXT_MAX_NAME];
	u32 budget = MAX_SEARCH;

	for (const char *at = name; *at; at++)
		if (strchr(".>]", *at))
			name = at;
	if (*name) {
		int len = (int)(name - path);

		if (*name == '>')
			len--;
		if (*name == ']' || len >= (int)sizeof(before))
			return place;
		snprintf(before, sizeof(before), "%.*s", len, path);
		err_ignore(object_member(o, before, &holder));
		name++;
	} else {
		name = path;
	}
	if (holder.type.btf && !holder.pointers && holder.count == 1)
		find_place(holder.type.btf, holder.type.id, name, 0, &budget, &place);
	return place;
}

struct err *type_text_member(struct buf *b, struct types *t, struct type_ref ref,
			     const char *path, const struct type_text_options *o)
{
	struct printer p = printer_init(b, t, o);
	const char *name = path + strlen(path);
	struct btf_element element = {0};
	struct record r = {.p = &p, .btf = ref.btf};
	struct object member, whole = object_at(t, ref, 0);
	struct btf_type type;
	struct err *err = type_member(t, ref, path, &member);

	if (err)
		return err;
	if (!btf_get_plain_type(ref.btf, ref.id, &type))
		return err_new(ERR_ABSENT, "its type cannot be followed");
	while (name > path && name[-1] != '.')
		name--;
	p.o.with_offsets = true;
	r.width = offset_width(&p, type.size);
	element.name = name;
	element.type = member.type.id;
	element.bits = member.addr * 8 + member.bit_offset;
	element.bit_size = member.bit_size;
	buf_add_str(b, keyword(&type));
	add_name(b, type.name);
	buf_add_str(b, *type.name ? " {\n" : "{\n");
	add_member(&r, &element, 0, INDENT * (1 + find_member_place(&whole, path).depth),
		   1);
	buf_add_str(b, "}\n");
	return NULL;
}
