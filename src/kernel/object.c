#include "kernel/object.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/symbols.h"

#include <ctype.h>
#include <string.h>

#define MAX_NAME_LEN  256
#define MAX_STEPS     64
#define MAX_TEXT_LEN  4096
#define POINTER_BYTES 8
#define MAX_ARRAY     ((u64)1 << 32) /* bytes: a wilder extent is not believed */

struct object object_at(struct types *t, struct type_ref type, vaddr_t addr)
{
	return (struct object){.types = t, .type = type, .count = 1, .addr = addr};
}

/* How many elements a variable of unknown count has room for, up to the next symbol, or to
 * the end of a text. */
static u64 elements_of_extent(const struct object *o)
{
	struct object element = *o;
	struct symbol symbol;
	u64 offset;
	char text[MAX_TEXT_LEN];
	u64 size;

	element.count = 1;
	if (!object_size(&element, &size) || size == 0 ||
	    !symbol_at(types_kernel(o->types), o->addr, 0, &symbol, &offset) ||
	    symbol.size > MAX_ARRAY)
		return 1;
	if (size == 1) {
		struct err *err = kernel_read_str(types_kernel(o->types), o->addr, text,
						  sizeof(text));

		if (!err)
			return strlen(text) + 1;
		err_free(err);
	}
	return max_u64(1, symbol.size / size);
}

struct err *object_variable(struct types *t, const char *name, struct object *ret)
{
	struct object o = {.types = t, .count = 1};
	enum symbol_typing typing;
	struct err *err = kernel_symbol_get(types_kernel(t), name, &o.addr);

	if (err)
		return err;
	typing = types_of_variable(t, name, &o.type, &o.pointers, &o.count);
	if (typing == TYPING_NONE)
		return err_new(ERR_ABSENT,
			       "the type of %s is not known: BTF has those of per-CPU "
			       "variables only; say it, as in (struct X *)0x%llx",
			       name, (unsigned long long)o.addr);
	o.is_percpu = typing == TYPING_PERCPU;
	if (o.count == 0)
		o.count = elements_of_extent(&o);
	*ret = o;
	return NULL;
}

struct err *object_of_cpu(const struct object *o, unsigned cpu, struct object *ret)
{
	struct object place = *o;
	struct err *err = NULL;

	if (o->is_percpu)
		err = kernel_percpu(types_kernel(o->types), o->addr, cpu, &place.addr);
	if (err)
		return err;
	place.is_percpu = false;
	*ret = place;
	return NULL;
}

/* What it is, behind typedefs. False where the table's pointers or arrays come first. */
static bool plain_type(const struct object *o, struct btf_type *ret)
{
	return o->count == 1 && !o->pointers && o->type.btf &&
	       btf_get_plain_type(o->type.btf, o->type.id, ret);
}

bool object_size(const struct object *o, u64 *ret)
{
	u64 size = POINTER_BYTES;

	if (o->bit_size)
		return false;
	if (!o->pointers &&
	    (!o->type.btf || !btf_type_size(o->type.btf, o->type.id, &size)))
		return false;
	return !__builtin_mul_overflow(size, o->count, ret);
}

/* ---- reading ---- */

static struct err *read_bytes(const struct object *o, u64 *ret, size_t len)
{
	u8 bytes[sizeof(u64)] = {0};
	struct err *err;

	if (o->is_percpu)
		return err_new(ERR_USAGE, "a per-CPU variable has no value but of one CPU");
	err = kernel_read(types_kernel(o->types), o->addr, bytes, len);
	if (err)
		return err;
	*ret = get_le64(bytes);
	return NULL;
}

static u64 sign_extend(u64 value, unsigned bits)
{
	u64 sign = (u64)1 << (bits - 1);

	return (value ^ sign) - sign;
}

static struct err *read_bitfield(const struct object *o, bool is_signed, u64 *ret)
{
	unsigned bits = o->bit_offset + o->bit_size;
	u64 value;
	struct err *err;

	if (o->bit_size > 64 || bits > 64)
		return err_new(ERR_BAD_DATA, "a bitfield of %u bits from bit %u on",
			       o->bit_size, o->bit_offset);
	err = read_bytes(o, &value, (bits + 7) / 8);
	if (err)
		return err;
	value >>= o->bit_offset;
	if (o->bit_size < 64)
		value &= ((u64)1 << o->bit_size) - 1;
	*ret = is_signed ? sign_extend(value, o->bit_size) : value;
	return NULL;
}

struct err *object_read(const struct object *o, u64 *ret)
{
	struct btf_type type;
	struct err *err;

	if (o->pointers && o->count == 1)
		return read_bytes(o, ret, POINTER_BYTES);
	if (!plain_type(o, &type) || !type.size || btf_is_record(&type))
		return err_new(ERR_UNSUPPORTED, "it is no number");
	if (o->bit_size)
		return read_bitfield(o, type.is_signed, ret);
	if (type.size > sizeof(u64))
		return err_new(ERR_UNSUPPORTED, "a number of %llu bytes",
			       (unsigned long long)type.size);
	err = read_bytes(o, ret, type.size);
	if (!err && type.is_signed)
		*ret = sign_extend(*ret, (unsigned)type.size * 8);
	return err;
}

struct err *object_read_member(const struct object *o, const char *path, u64 *ret)
{
	struct object member;
	struct err *err = object_member(o, path, &member);

	if (err)
		return err;
	return err_wrap(object_read(&member, ret), "%s", path);
}

/* ---- steps ---- */

/* What is pointed to, without reading where. False if it is no pointer. */
static bool pointed_to(const struct object *o, struct object *ret)
{
	struct btf_type type;

	*ret = object_at(o->types, o->type, 0);
	if (o->pointers && o->count == 1) {
		ret->pointers = o->pointers - 1;
		return true;
	}
	if (!plain_type(o, &type) || type.kind != BTF_KIND_PTR)
		return false;
	ret->type.id = type.type;
	return true;
}

struct err *object_dereference(const struct object *o, struct object *ret)
{
	struct object target;
	struct err *err;

	if (!pointed_to(o, &target))
		return err_new(ERR_UNSUPPORTED, "it is no pointer");
	err = object_read(o, &target.addr);
	if (err)
		return err;
	*ret = target;
	return NULL;
}

struct err *object_index(const struct object *o, u64 index, struct object *ret)
{
	struct object element = *o;
	struct btf_type type;
	u64 size;
	struct err *err;

	if (o->count != 1) {
		element.count = 1;
	} else if (plain_type(o, &type) && type.kind == BTF_KIND_ARRAY) {
		element.type.id = type.type;
	} else {
		err = object_dereference(o, &element);
		if (err)
			return err_wrap(err, "[%llu]", (unsigned long long)index);
	}
	if (!object_size(&element, &size))
		return err_new(ERR_UNSUPPORTED, "elements of unknown size");
	element.addr += index * size;
	*ret = element;
	return NULL;
}

static struct err *absent(const struct object *o, const char *name)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct btf_type type;

	if (!plain_type(o, &type) || !btf_is_record(&type))
		return err_new(ERR_ABSENT, "%s is asked of what is no struct or union",
			       name);
	str_escape(&b, type.name, strnlen(type.name, MAX_NAME_LEN), false);
	return err_new(ERR_ABSENT, "%s %s has no member %s",
		       type.kind == BTF_KIND_UNION ? "union" : "struct",
		       *type.name ? buf_text(&b) : "without a name", name);
}

static struct err *step_into(const struct object *o, const char *name, struct object *ret)
{
	struct object member = *o;
	struct btf_member found;
	struct btf_type type;

	if (!plain_type(o, &type) || !btf_find_member(o->type.btf, type.id, name, &found))
		return absent(o, name);
	member.type.id = found.type;
	member.addr += found.offset;
	member.bit_offset = found.bit_offset;
	member.bit_size = found.bit_size;
	*ret = member;
	return NULL;
}

static struct err *bad_path(const char *path)
{
	return err_new(ERR_USAGE, "\"%s\": a path is like a.b[2].c", path);
}

/* One step of a path. */
struct step {
	char name[MAX_NAME_LEN]; /* "": an index */
	u64 index;
};

static bool take_step(const char **at, bool is_first, struct step *ret)
{
	const char *p = *at;
	size_t len = 0;

	if (*p == '[') {
		char *end;

		if (!isdigit((unsigned char)p[1]))
			return false;
		ret->index = strtoull(p + 1, &end, 0);
		ret->name[0] = '\0';
		*at = end + 1;
		return *end == ']';
	}
	if (str_has_prefix(p, "->"))
		p += 2;
	else if (*p == '.')
		p++;
	else if (!is_first)
		return false;
	while ((isalnum((unsigned char)p[len]) || p[len] == '_') && len < MAX_NAME_LEN - 1)
		len++;
	memcpy(ret->name, p, len);
	ret->name[len] = '\0';
	*at = p + len;
	return len > 0;
}

/* Follow a path, reading pointers if that is allowed. */
static struct err *follow(const struct object *o, const char *path, bool may_read,
			  struct object *ret)
{
	struct object at = *o, next;
	const char *rest = path;
	struct step step;

	for (unsigned i = 0; *rest || i == 0; i++) {
		struct err *err = NULL;

		if (i == MAX_STEPS || !take_step(&rest, i == 0, &step))
			return bad_path(path);
		if (pointed_to(&at, &next) && !may_read)
			return err_new(ERR_UNSUPPORTED,
				       "\"%s\" leads through a pointer, which needs an "
				       "address to begin with",
				       path);
		if (step.name[0] && pointed_to(&at, &next))
			err = object_dereference(&at, &at);
		if (!err)
			err = step.name[0] ? step_into(&at, step.name, &next)
					   : object_index(&at, step.index, &next);
		if (err)
			return err;
		at = next;
	}
	*ret = at;
	return NULL;
}

struct err *object_member(const struct object *o, const char *path, struct object *ret)
{
	return follow(o, path, true, ret);
}

struct err *type_member(struct types *t, struct type_ref type, const char *path,
			struct object *ret)
{
	struct object o = object_at(t, type, 0);

	return follow(&o, path, false, ret);
}
