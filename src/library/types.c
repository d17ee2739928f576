#include "analyse/type_text.h"
#include "kernel/field.h"
#include "library/library_priv.h"

#include <inquest/types.h>

#define MAX_ENTRIES (1u << 24)

struct err *library_type(struct inquest *q, const char *text, struct type_ref *ret)
{
	unsigned pointers;
	struct err *err = types_parse(q->types, text, ret, &pointers);

	if (!err && pointers)
		err = err_new(ERR_USAGE, "%s: a type is wanted, not a pointer", text);
	return err;
}

static struct err *find_member(struct inquest *q, const char *type, uint64_t address,
			       const char *path, struct object *ret)
{
	struct type_ref ref;
	struct object whole;
	struct err *err = library_type(q, type, &ref);

	if (err)
		return err;
	whole = object_at(q->types, ref, address);
	return object_member(&whole, path, ret);
}

PUBLIC struct inquest_error *inquest_type_size(struct inquest *q, const char *type,
					       uint64_t *ret)
{
	struct type_ref ref;
	struct object whole;
	u64 size;
	struct err *err = library_type(q, type, &ref);

	if (err)
		return to_public(err);
	whole = object_at(q->types, ref, 0);
	if (!object_size(&whole, &size))
		return to_public(err_new(ERR_UNSUPPORTED, "%s has no size", type));
	*ret = size;
	return NULL;
}

PUBLIC struct inquest_error *inquest_member_offset(struct inquest *q, const char *type,
						   const char *path, uint64_t *ret)
{
	struct type_ref ref;
	struct object member;
	struct err *err = library_type(q, type, &ref);

	if (!err)
		err = type_member(q->types, ref, path, &member);
	if (!err)
		*ret = member.addr;
	return to_public(err);
}

PUBLIC struct inquest_error *inquest_member_address(struct inquest *q, const char *type,
						    uint64_t address, const char *path,
						    uint64_t *ret)
{
	struct object member;
	struct err *err = find_member(q, type, address, path, &member);

	if (!err)
		*ret = member.addr;
	return to_public(err);
}

PUBLIC struct inquest_error *inquest_read_member(struct inquest *q, const char *type,
						 uint64_t address, const char *path,
						 uint64_t *ret)
{
	struct object member;
	u64 value;
	struct err *err = find_member(q, type, address, path, &member);

	if (!err)
		err = object_read(&member, &value);
	if (!err)
		*ret = value;
	return to_public(
		err_wrap(err, "%s.%s at 0x%llx", type, path, (unsigned long long)address));
}

PUBLIC struct inquest_error *inquest_evaluate(struct inquest *q, const char *expression,
					      uint64_t *ret)
{
	struct typed_value v;
	u64 value;
	struct err *err = typed_expr_eval(q->types, expression, 0, &v);

	if (!err && v.kind == VALUE_OBJECT)
		err = object_read(&v.object, &value);
	else if (!err)
		value = v.number;
	if (!err)
		*ret = value;
	return to_public(err_wrap(err, "%s", expression));
}

PUBLIC struct inquest_error *inquest_format(struct inquest *q, const char *expression,
					    char **ret)
{
	const struct type_text_options o = {.hex = false};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct typed_value v;
	struct err *err = typed_expr_eval(q->types, expression, 0, &v);

	if (err)
		return to_public(err_wrap(err, "%s", expression));
	type_text_result(&b, q->types, &v, &o);
	buf_add_char(&b, '\0');
	err = buf_check(&b);
	if (!err)
		*ret = steal(b.data);
	return to_public(err);
}

/* ---- lists ---- */

static struct err *next_link(struct kernel *k, u64 next, u64 prev, vaddr_t link,
			     vaddr_t *ret)
{
	vaddr_t behind, back;
	struct err *err = kernel_read_ptr(k, link + next, &behind);

	if (!err)
		err = kernel_read_ptr(k, behind + prev, &back);
	if (!err && back != link)
		err = err_new(ERR_BAD_DATA,
			      "0x%llx is not the one before 0x%llx: 0x%llx is",
			      (unsigned long long)link, (unsigned long long)behind,
			      (unsigned long long)back);
	if (!err)
		*ret = behind;
	return err;
}

/* A link that is the one before its next is so for one next only: there is no way back into
 * the list but to its head. */
PUBLIC struct inquest_error *inquest_list_each(struct inquest *q, uint64_t head,
					       const char *type, const char *member,
					       bool (*each)(void *ctx, uint64_t address),
					       void *ctx)
{
	struct field next, prev;
	struct type_ref ref;
	struct object link;
	vaddr_t at = head;
	struct err *err = library_type(q, type, &ref);

	if (!err)
		err = type_member(q->types, ref, member, &link);
	if (!err)
		err = field_get(q->k, "list_head", "next", &next);
	if (!err)
		err = field_get(q->k, "list_head", "prev", &prev);
	for (u64 i = 0; !err; i++) {
		err = next_link(q->k, next.offset, prev.offset, at, &at);
		if (!err && i == MAX_ENTRIES)
			err = err_new(ERR_BAD_DATA, "more than %u entries", MAX_ENTRIES);
		if (err || at == head || !each(ctx, at - link.addr))
			break;
	}
	return to_public(
		err_wrap(err, "list of %s at 0x%llx", type, (unsigned long long)head));
}
