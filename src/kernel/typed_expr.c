#include "kernel/typed_expr.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH    32
#define MAX_NAME_LEN 256

/* What is left of the text, and what it is about. */
struct parser {
	struct types *types;
	unsigned cpu;
	const char *text, *at;
	unsigned depth;
};

static struct err *parse_unary(struct parser *p, struct typed_value *ret);
static struct err *parse_binary(struct parser *p, int min_strength,
				struct typed_value *ret);

static struct err *bad(const struct parser *p)
{
	return err_new(ERR_USAGE, "\"%s\": not an expression from \"%.20s\" on", p->text,
		       p->at);
}

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Is @token next? Then it is taken. */
static bool take(struct parser *p, const char *token)
{
	skip_space(p);
	if (!str_has_prefix(p->at, token))
		return false;
	p->at += strlen(token);
	return true;
}

static bool take_name(struct parser *p, char name[MAX_NAME_LEN])
{
	size_t len = 0;

	skip_space(p);
	if (!isalpha((unsigned char)*p->at) && *p->at != '_')
		return false;
	while (isalnum((unsigned char)p->at[len]) || p->at[len] == '_')
		len++;
	if (len >= MAX_NAME_LEN)
		return false;
	memcpy(name, p->at, len);
	name[len] = '\0';
	p->at += len;
	return true;
}

/* ---- values ---- */

static struct typed_value number_value(u64 number, bool is_unsigned)
{
	return (struct typed_value){
		.kind = VALUE_NUMBER, .number = number, .is_unsigned = is_unsigned};
}

static bool is_signed_object(const struct object *o)
{
	struct btf_type type;

	return !o->pointers && o->count == 1 && o->type.btf &&
	       btf_get_plain_type(o->type.btf, o->type.id, &type) && type.is_signed;
}

/* An object that stands for its address, as arrays do. */
static bool is_array(const struct object *o)
{
	struct btf_type type;

	return o->count != 1 || (!o->pointers && o->type.btf &&
				 btf_get_plain_type(o->type.btf, o->type.id, &type) &&
				 type.kind == BTF_KIND_ARRAY);
}

static struct err *to_number(struct typed_value *v)
{
	u64 number = v->number;
	bool is_unsigned = true;

	if (v->kind == VALUE_NUMBER)
		return NULL;
	if (v->kind == VALUE_OBJECT && is_array(&v->object)) {
		number = v->object.addr;
	} else if (v->kind == VALUE_OBJECT) {
		struct err *err = object_read(&v->object, &number);

		if (err)
			return err;
		is_unsigned = !is_signed_object(&v->object);
	}
	*v = number_value(number, is_unsigned);
	return NULL;
}

static struct err *to_pointed(const struct typed_value *v, struct object *ret)
{
	switch (v->kind) {
	case VALUE_POINTER:
		*ret = v->object;
		ret->addr = v->number;
		return NULL;
	case VALUE_OBJECT:
		if (is_array(&v->object))
			return object_index(&v->object, 0, ret);
		return object_dereference(&v->object, ret);
	default:
		return err_new(ERR_UNSUPPORTED,
			       "0x%llx has no type: say it, as in (struct X *)0x%llx",
			       (unsigned long long)v->number,
			       (unsigned long long)v->number);
	}
}

static struct err *to_address(const struct parser *p, struct typed_value *v)
{
	struct object o = v->object;

	if (v->kind != VALUE_OBJECT || o.bit_size)
		return err_new(ERR_UNSUPPORTED, "\"%s\": & of what has no address",
			       p->text);
	v->kind = VALUE_POINTER;
	v->number = o.addr;
	v->object = object_at(o.types, o.type, 0);
	v->object.pointers = o.pointers;
	return NULL;
}

/* ---- types ---- */

/* Does "(…)" begin here that holds a type? A variable of that name wins. */
static bool take_type(struct parser *p, struct type_ref *ret, unsigned *ret_pointers)
{
	static const char *const keywords[] = {"struct ",   "union ",  "enum ",
					       "unsigned ", "signed ", "const "};
	const char *end = strchr(p->at, ')');
	char text[MAX_NAME_LEN];
	bool has_keyword = false;
	vaddr_t addr;
	size_t len;
	struct err *err;

	if (*p->at != '(' || !end || (size_t)(end - p->at) >= sizeof(text))
		return false;
	len = (size_t)(end - p->at) - 1;
	memcpy(text, p->at + 1, len);
	text[len] = '\0';
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_* ")])
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		has_keyword |= str_has_prefix(text, keywords[i]);
	if (!has_keyword && kernel_symbol_find(types_kernel(p->types), text, &addr))
		return false;
	err = types_parse(p->types, text, ret, ret_pointers);
	if (err) {
		err_free(err);
		return false;
	}
	p->at = end + 1;
	return true;
}

static struct err *cast(const struct parser *p, struct type_ref type, unsigned pointers,
			struct typed_value *v)
{
	struct object o = object_at(p->types, type, 0);
	struct btf_type plain;
	struct err *err = to_number(v);

	if (err)
		return err;
	if (pointers) {
		o.pointers = pointers - 1;
		*v = (struct typed_value){
			.kind = VALUE_POINTER, .object = o, .number = v->number};
		return NULL;
	}
	if (!btf_get_plain_type(type.btf, type.id, &plain))
		return err_new(ERR_UNSUPPORTED, "\"%s\": a cast to no type", p->text);
	if (plain.kind == BTF_KIND_PTR) {
		o.type.id = plain.type;
		*v = (struct typed_value){
			.kind = VALUE_POINTER, .object = o, .number = v->number};
		return NULL;
	}
	if (!plain.size || plain.size > sizeof(u64) || btf_is_record(&plain))
		return err_new(ERR_UNSUPPORTED, "\"%s\": a cast to what is no number",
			       p->text);
	if (plain.size < sizeof(u64)) {
		u64 sign = (u64)1 << (plain.size * 8 - 1);

		v->number &= 2 * sign - 1;
		if (plain.is_signed)
			v->number = (v->number ^ sign) - sign;
	}
	v->is_unsigned = !plain.is_signed;
	return NULL;
}

/* sizeof(type) and sizeof(expression). */
static struct err *parse_sizeof(struct parser *p, struct typed_value *ret)
{
	struct typed_value v;
	struct object o = {.types = p->types, .count = 1};
	u64 size;
	struct err *err = NULL;

	skip_space(p);
	if (!take_type(p, &o.type, &o.pointers)) {
		err = parse_unary(p, &v);
		o = v.object;
		if (!err && v.kind == VALUE_POINTER)
			o.pointers++;
		if (!err && v.kind == VALUE_NUMBER)
			return bad(p);
	}
	if (err)
		return err;
	if (!object_size(&o, &size))
		return err_new(ERR_UNSUPPORTED, "\"%s\": sizeof what has no size", p->text);
	*ret = number_value(size, true);
	return NULL;
}

/* ---- terms ---- */

static struct err *parse_variable(struct parser *p, const char *name,
				  struct typed_value *ret)
{
	struct typed_value v = {.kind = VALUE_OBJECT};
	struct err *err = object_variable(p->types, name, &v.object);

	if (!err)
		err = object_of_cpu(&v.object, p->cpu, &v.object);
	if (!err)
		*ret = v;
	return err;
}

static struct err *parse_name(struct parser *p, struct typed_value *ret)
{
	char name[MAX_NAME_LEN];
	vaddr_t addr;
	u64 value;

	if (!take_name(p, name))
		return bad(p);
	if (str_eq(name, "sizeof"))
		return parse_sizeof(p, ret);
	if (!kernel_symbol_find(types_kernel(p->types), name, &addr))
		for (size_t i = 0; i == 0 || i < types_count(p->types); i++) {
			const struct btf *b = types_btf(p->types, i);

			if (b && btf_find_enumerator(b, name, &value)) {
				*ret = number_value(value, false);
				return NULL;
			}
		}
	return parse_variable(p, name, ret);
}

static struct err *parse_primary(struct parser *p, struct typed_value *ret)
{
	char *end;
	u64 number;
	struct err *err;

	if (take(p, "(")) {
		err = parse_binary(p, 0, ret);
		if (!err && !take(p, ")"))
			err = bad(p);
		return err;
	}
	skip_space(p);
	if (!isdigit((unsigned char)*p->at))
		return parse_name(p, ret);
	number = strtoull(p->at, &end, 0);
	end += strspn(end, "uUlL");
	if (isalnum((unsigned char)*end) || *end == '_')
		return bad(p);
	p->at = end;
	*ret = number_value(number, number >> 63);
	return NULL;
}

static struct err *parse_index(struct parser *p, struct typed_value *v)
{
	struct typed_value index;
	struct object o;
	struct err *err = parse_binary(p, 0, &index);

	if (!err && !take(p, "]"))
		return bad(p);
	if (!err)
		err = to_number(&index);
	if (!err && v->kind == VALUE_OBJECT)
		err = object_index(&v->object, index.number, &v->object);
	else if (!err)
		err = to_pointed(v, &o);
	if (err || v->kind == VALUE_OBJECT)
		return err;
	/* One element is the target of the pointer. */
	*v = (struct typed_value){.kind = VALUE_OBJECT, .object = o};
	if (object_size(&o, &v->number))
		v->object.addr += index.number * v->number;
	return NULL;
}

static struct err *parse_postfix(struct parser *p, struct typed_value *ret)
{
	char name[MAX_NAME_LEN];
	struct err *err = parse_primary(p, ret);

	while (!err) {
		if (take(p, "[")) {
			err = parse_index(p, ret);
		} else if (take(p, "->") || take(p, ".")) {
			if (!take_name(p, name))
				return bad(p);
			if (ret->kind != VALUE_OBJECT)
				err = to_pointed(ret, &ret->object);
			if (err)
				return err;
			ret->kind = VALUE_OBJECT;
			err = object_member(&ret->object, name, &ret->object);
		} else {
			break;
		}
	}
	return err;
}

/* A '-', '~' or '!' that was taken. */
static struct err *parse_negation(struct parser *p, char sign, struct typed_value *ret)
{
	struct err *err = parse_unary(p, ret);

	if (!err)
		err = to_number(ret);
	if (err)
		return err;
	if (sign == '-')
		ret->number = -ret->number;
	else if (sign == '~')
		ret->number = ~ret->number;
	else
		ret->number = !ret->number;
	return NULL;
}

static struct err *parse_operand(struct parser *p, struct typed_value *ret)
{
	struct type_ref type;
	unsigned pointers;
	struct err *err;

	skip_space(p);
	if (take_type(p, &type, &pointers)) {
		err = parse_unary(p, ret);
		return err ? err : cast(p, type, pointers, ret);
	}
	if (take(p, "*")) {
		err = parse_unary(p, ret);
		if (!err)
			err = to_pointed(ret, &ret->object);
		ret->kind = VALUE_OBJECT;
		return err;
	}
	if (take(p, "&")) {
		err = parse_unary(p, ret);
		return err ? err : to_address(p, ret);
	}
	for (const char *c = "-~!"; *c; c++) {
		const char token[2] = {*c, '\0'};

		if (take(p, token))
			return parse_negation(p, *c, ret);
	}
	return parse_postfix(p, ret);
}

static struct err *parse_unary(struct parser *p, struct typed_value *ret)
{
	struct err *err;

	if (p->depth == MAX_DEPTH)
		return err_new(ERR_USAGE, "\"%s\": nested more than %d deep", p->text,
			       MAX_DEPTH);
	p->depth++;
	err = parse_operand(p, ret);
	p->depth--;
	return err;
}

/* ---- operations ---- */

static const struct operation {
	const char *text;
	int strength;
} operations[] = {{"<<", 4}, {">>", 4}, {"|", 1}, {"^", 2}, {"&", 3},
		  {"+", 5},  {"-", 5},	{"*", 6}, {"/", 6}, {"%", 6}};

static struct err *calculate(const struct parser *p, char sign, u64 a, u64 b,
			     bool is_unsigned, u64 *ret)
{
	if ((sign == '/' || sign == '%') && b == 0)
		return err_new(ERR_USAGE, "\"%s\": division by zero", p->text);
	/* The one quotient that does not fit. */
	if (b == (u64)-1 && !is_unsigned && (sign == '/' || sign == '%')) {
		*ret = sign == '/' ? -a : 0;
		return NULL;
	}
	switch (sign) {
	case '|':
		*ret = a | b;
		break;
	case '^':
		*ret = a ^ b;
		break;
	case '&':
		*ret = a & b;
		break;
	case '+':
		*ret = a + b;
		break;
	case '-':
		*ret = a - b;
		break;
	case '*':
		*ret = a * b;
		break;
	case '/':
		*ret = is_unsigned ? a / b : (u64)((s64)a / (s64)b);
		break;
	case '%':
		*ret = is_unsigned ? a % b : (u64)((s64)a % (s64)b);
		break;
	case '<':
		*ret = b < 64 ? a << b : 0;
		break;
	default:
		*ret = b < 64 ? a >> b : 0;
		break;
	}
	return NULL;
}

/* pointer + number counts in elements. */
static bool step_pointer(struct typed_value *v, char sign, u64 count)
{
	struct object o;
	u64 size;
	struct err *err;

	if ((sign != '+' && sign != '-') || v->kind == VALUE_NUMBER)
		return false;
	err = to_pointed(v, &o);
	if (err) {
		err_free(err);
		return false;
	}
	if (!object_size(&o, &size))
		size = 1; /* as gcc and gdb take void */
	v->kind = VALUE_POINTER;
	v->number = sign == '+' ? o.addr + count * size : o.addr - count * size;
	v->object = o;
	return true;
}

static struct err *apply(const struct parser *p, char sign, struct typed_value *left,
			 struct typed_value *right)
{
	bool is_unsigned;
	u64 number = 0;
	struct err *err = to_number(right);

	if (err || step_pointer(left, sign, right->number))
		return err;
	err = to_number(left);
	if (err)
		return err;
	is_unsigned = left->is_unsigned || right->is_unsigned;
	err = calculate(p, sign, left->number, right->number, is_unsigned, &number);
	if (!err)
		*left = number_value(number, is_unsigned);
	return err;
}

static const struct operation *next_operation(struct parser *p)
{
	skip_space(p);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (str_has_prefix(p->at, operations[i].text))
			return &operations[i];
	return NULL;
}

static struct err *parse_binary(struct parser *p, int min_strength, struct typed_value *ret)
{
	const struct operation *o;
	struct typed_value right;
	struct err *err = parse_unary(p, ret);

	while (!err && (o = next_operation(p)) && o->strength > min_strength) {
		p->at += strlen(o->text);
		err = parse_binary(p, o->strength, &right);
		if (!err)
			err = apply(p, o->text[0], ret, &right);
	}
	return err;
}

struct err *typed_expr_eval(struct types *t, const char *text, unsigned cpu,
			    struct typed_value *ret)
{
	struct parser p = {.types = t, .cpu = cpu, .text = text, .at = text};
	struct typed_value v;
	struct err *err = parse_binary(&p, 0, &v);

	skip_space(&p);
	if (!err && *p.at)
		err = bad(&p);
	if (!err)
		*ret = v;
	return err;
}
