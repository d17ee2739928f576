#include "shell/pointer_text.h"

#include "base/str.h"

#include <string.h>

#define INDENT "     " /* of what is pointed to */

/* Append @text with each of its lines but the first further right. */
static void add_indented(struct buf *b, const char *text, const char *indent)
{
	for (; *text; text++) {
		buf_add_char(b, *text);
		if (*text == '\n' && text[1])
			buf_add_str(b, indent);
	}
}

static void add_text(struct shell *s, vaddr_t addr)
{
	char text[256];
	struct buf *b = shell_out(s);
	struct err *err = kernel_read_str(s->k, addr, text, sizeof(text));

	if (err)
		buf_add_str(b, "(cannot be read)");
	else
		buf_add_char(b, '"');
	if (!err) {
		shell_text(s, text);
		buf_add_char(b, '"');
	}
	err_ignore(err);
}

static bool is_text(const struct object *target)
{
	struct btf_type type;

	return !target->pointers &&
	       btf_get_plain_type(target->type.btf, target->type.id, &type) &&
	       type.kind == BTF_KIND_INT && type.size == 1;
}

/* The line of the arrow, and what follows it. */
static void add_target(struct shell *s, const struct object *target,
		       const struct type_text_options *text)
{
	cleanup(buf_deinit) struct buf value = BUF_INIT;
	cleanup(buf_deinit) struct buf symbol = BUF_INIT;
	struct buf *b = shell_out(s);
	u64 size;

	buf_add_str(b, "  -> ");
	if (!target->addr) {
		buf_add_str(b, "NULL\n");
		return;
	}
	/* Only of what has a name, not of what lies somewhere behind one. */
	if (shell_symbol_text(s, target->addr, 10, &symbol) &&
	    !strchr(buf_text(&symbol), '+'))
		buf_printf(b, "<%s> ", buf_text(&symbol));
	if (is_text(target)) {
		add_text(s, target->addr);
	} else if (object_size(target, &size)) {
		type_text_value(&value, target, text);
		add_indented(b, buf_text(&value), INDENT);
	} else {
		buf_add_str(b, "(unknown target type)");
	}
	buf_add_char(b, '\n');
}

struct err *pointer_text_member(struct shell *s, const struct object *o, const char *path,
				const struct type_text_options *text)
{
	const char *name = strrchr(path, '.');
	struct buf *b = shell_out(s);
	struct object member, target;
	u64 value;
	struct err *err = object_member(o, path, &member);

	if (err)
		return err;
	err = object_dereference(&member, &target);
	if (err && err_code(err) == ERR_UNSUPPORTED) {
		err_free(err);
		return type_text_object_member(b, o, path, text);
	}
	if (!err)
		err = object_read(&member, &value);
	if (err)
		return err;
	buf_add_str(b, "  ");
	type_text_declare_object(b, &member, name ? name + 1 : path);
	buf_printf(b, " = 0x%llx\n", (unsigned long long)value);
	add_target(s, &target, text);
	return NULL;
}

/* A struct or union within another, whose members are those of the outer one. */
static void add_nameless(struct shell *s, const struct object *o,
			 const struct btf_element *member,
			 const struct type_text_options *text)
{
	cleanup(buf_deinit) struct buf value = BUF_INIT;
	struct object inner = *o;

	inner.type.id = member->type;
	inner.addr += member->bits / 8;
	type_text_value(&value, &inner, text);
	buf_add_str(shell_out(s), "  ");
	add_indented(shell_out(s), buf_text(&value), "  ");
	buf_add_char(shell_out(s), '\n');
}

struct err *pointer_text_object(struct shell *s, const struct object *o,
				const struct type_text_options *text)
{
	struct buf *b = shell_out(s);
	struct btf_element member;
	struct btf_type type;
	struct err *err = NULL;

	if (!btf_get_plain_type(o->type.btf, o->type.id, &type) || !btf_is_record(&type))
		return err_new(ERR_UNSUPPORTED, "it is no structure");
	buf_printf(b, "%s ", type.kind == BTF_KIND_UNION ? "union" : "struct");
	shell_text(s, type.name);
	buf_add_str(b, " {\n");
	for (u32 i = 0; !err && i < type.num_elements && !shell_is_over(s); i++) {
		if (!btf_get_member(o->type.btf, &type, i, &member))
			break;
		if (*member.name)
			err = pointer_text_member(s, o, member.name, text);
		else
			add_nameless(s, o, &member, text);
	}
	buf_add_str(b, "}\n");
	return err;
}
