#include "kernel/types.h"

#include "base/str.h"
#include "kernel/known_globals.h"
#include "kernel/types_priv.h"

#include <ctype.h>
#include <string.h>

#define MAX_TYPE_NAME_LEN 256
#define MAX_POINTERS	  8

struct err *types_open(struct kernel *k, struct types **ret)
{
	struct types *t = calloc(1, sizeof(*t));

	if (!t)
		return err_nomem();
	t->k = k;
	*ret = t;
	return NULL;
}

void types_close(struct types *t)
{
	if (!t)
		return;
	module_types_deinit(t);
	free(t);
}

struct kernel *types_kernel(const struct types *t)
{
	return t->k;
}

size_t types_count(struct types *t)
{
	module_types_load(t);
	return 1 + t->num_modules;
}

const struct btf *types_btf(struct types *t, size_t index)
{
	return index == 0 ? kernel_types(t->k) : t->modules[index - 1].btf;
}

const char *types_module(struct types *t, struct type_ref ref)
{
	for (size_t i = 0; i < t->num_modules; i++)
		if (t->modules[i].btf == ref.btf && ref.id >= btf_first_id(ref.btf))
			return t->modules[i].name;
	return "";
}

/* ---- by name ---- */

/* Of the BTF's own types, not those of its base. */
static u32 find_own(const struct btf *b, const char *name, u32 kinds, u32 after)
{
	struct btf_type type;

	if (after < btf_first_id(b))
		after = btf_first_id(b) - 1;
	if (kinds & ~BTF_RECORDS)
		return btf_find_type(b, name, kinds, after);
	/* Structs have an index. */
	do
		after = btf_find_struct(b, name, after);
	while (after && btf_get_type(b, after, &type) && !(BTF_BIT(type.kind) & kinds));
	return after;
}

static bool find_from(struct types *t, const char *name, u32 kinds, size_t index, u32 after,
		      struct type_ref *ret)
{
	/* Modules' types are loaded when the image has none of that name. */
	for (; index == 0 || index < types_count(t); index++, after = 0) {
		const struct btf *b = types_btf(t, index);
		u32 id = b ? find_own(b, name, kinds, after) : 0;

		if (id) {
			*ret = (struct type_ref){.btf = b, .id = id};
			return true;
		}
	}
	return false;
}

bool types_find(struct types *t, const char *name, u32 kinds, struct type_ref *ret)
{
	return *name && find_from(t, name, kinds, 0, 0, ret);
}

bool types_find_next(struct types *t, const char *name, u32 kinds, struct type_ref *ref)
{
	size_t index = 0;

	while (index < t->num_modules && types_btf(t, index) != ref->btf)
		index++;
	return find_from(t, name, kinds, index, ref->id, ref);
}

void types_each_name(struct types *t, const char *prefix, u32 kinds,
		     bool (*each)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < types_count(t); i++) {
		const struct btf *b = types_btf(t, i);
		struct btf_type type;

		if (!b)
			continue;
		for (u32 id = btf_first_id(b); id <= btf_num_types(b); id++)
			if (btf_get_type(b, id, &type) && BTF_BIT(type.kind) & kinds &&
			    *type.name && str_has_prefix(type.name, prefix) &&
			    !each(ctx, type.name))
				return;
	}
}

/* ---- as it is written ---- */

/* What gcc calls a base type, and what everyone else does. */
static const struct {
	const char *compiler, *usual;
} base_names[] = {
	{"long int", "long"},
	{"long unsigned int", "unsigned long"},
	{"short int", "short"},
	{"short unsigned int", "unsigned short"},
	{"long long int", "long long"},
	{"long long unsigned int", "unsigned long long"},
	{"__int128 unsigned", "unsigned __int128"},
	{"unsigned int", "unsigned"},
};

const char *types_usual_name(const char *name)
{
	for (size_t i = 0; i + 1 < ARRAY_SIZE(base_names); i++)
		if (str_eq(base_names[i].compiler, name))
			return base_names[i].usual;
	return name;
}

static const char *compiler_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(base_names); i++)
		if (str_eq(base_names[i].usual, name))
			return base_names[i].compiler;
	return name;
}

/* Copy @text without stars, and with one space between words. */
static bool tidy(const char *text, char name[MAX_TYPE_NAME_LEN], unsigned *ret_pointers)
{
	size_t len = 0;

	*ret_pointers = 0;
	for (; *text; text++) {
		if (*text == '*') {
			(*ret_pointers)++;
			continue;
		}
		if (isspace((unsigned char)*text)) {
			if (len && name[len - 1] != ' ')
				name[len++] = ' ';
		} else if (*ret_pointers) {
			return false;
		} else {
			name[len++] = *text;
		}
		if (len == MAX_TYPE_NAME_LEN)
			return false;
	}
	if (len && name[len - 1] == ' ')
		len--;
	name[len] = '\0';
	return len > 0 && *ret_pointers <= MAX_POINTERS;
}

static bool find_tidied(struct types *t, const char *name, struct type_ref *ret)
{
	static const struct {
		const char *prefix;
		u32 kinds;
	} keywords[] = {{"struct ", BTF_BIT(BTF_KIND_STRUCT)},
			{"union ", BTF_BIT(BTF_KIND_UNION)},
			{"enum ", BTF_ENUMS}};
	static const u32 order[] = {BTF_BIT(BTF_KIND_STRUCT), BTF_BIT(BTF_KIND_UNION),
				    BTF_ENUMS,
				    BTF_BIT(BTF_KIND_TYPEDEF) | BTF_BIT(BTF_KIND_INT) |
					    BTF_BIT(BTF_KIND_FLOAT)};

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (str_has_prefix(name, keywords[i].prefix))
			return types_find(t, name + strlen(keywords[i].prefix),
					  keywords[i].kinds, ret);
	if (str_eq(name, "void")) {
		*ret = (struct type_ref){.btf = kernel_types(t->k)};
		return ret->btf != NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (types_find(t, name, order[i], ret))
			return true;
	return types_find(t, compiler_name(name), BTF_BIT(BTF_KIND_INT), ret);
}

struct err *types_parse(struct types *t, const char *text, struct type_ref *ret,
			unsigned *ret_pointers)
{
	char name[MAX_TYPE_NAME_LEN];
	struct type_ref found;
	unsigned pointers;
	const char *bare = name;

	while (isspace((unsigned char)*text))
		text++;
	if (!tidy(text, name, &pointers))
		return err_new(ERR_USAGE, "%s: not the name of a type", text);
	while (str_has_prefix(bare, "const ") || str_has_prefix(bare, "volatile "))
		bare = strchr(bare, ' ') + 1;
	if (!find_tidied(t, bare, &found))
		return err_new(ERR_ABSENT, "the crashed kernel has no type %s%s", bare,
			       kernel_types(t->k)
				       ? ""
				       : ", as far as can be told without its BTF");
	*ret = found;
	*ret_pointers = pointers;
	return NULL;
}

/* ---- variables ---- */

/* A per-CPU variable of BTF @index. */
static bool find_percpu(struct types *t, const char *name, size_t index,
			struct type_ref *ret)
{
	const struct btf *b = types_btf(t, index);
	struct btf_variable variable;

	if (!b || !btf_find_variable(b, name, &variable))
		return false;
	*ret = (struct type_ref){.btf = b, .id = variable.type};
	return true;
}

void types_set_debuginfo(struct types *t, const struct debuginfo *d)
{
	t->debuginfo = d;
}

static bool find_in_table(struct types *t, const char *name, struct type_ref *ret,
			  unsigned *ret_pointers, u64 *ret_count)
{
	const struct known_global *known = known_global_find(name);
	struct err *err = known ? types_parse(t, known->type, ret, ret_pointers)
				: err_new(ERR_ABSENT, "%s", name);

	if (!err)
		*ret_count = known->count;
	err_ignore(err);
	return !err;
}

/* Debug information tells the name of the type; what is behind it, the dump does. */
static bool find_in_debuginfo(struct types *t, const char *name, struct type_ref *ret,
			      unsigned *ret_pointers, u64 *ret_count)
{
	struct variable_type type;
	unsigned none;
	struct err *err;

	if (!t->debuginfo || !t->debuginfo->variable(t->debuginfo->ctx, name, &type))
		return false;
	err = types_parse(t, type.name, ret, &none);
	if (!err) {
		*ret_pointers = type.pointers;
		*ret_count = type.count;
	}
	err_ignore(err);
	return !err;
}

enum symbol_typing types_of_variable(struct types *t, const char *name,
				     struct type_ref *ret, unsigned *ret_pointers,
				     u64 *ret_count)
{
	*ret_pointers = 0;
	*ret_count = 1;
	if (find_percpu(t, name, 0, ret))
		return TYPING_PERCPU;
	if (find_in_table(t, name, ret, ret_pointers, ret_count))
		return TYPING_TABLE;
	for (size_t i = 1; i < types_count(t); i++)
		if (find_percpu(t, name, i, ret))
			return TYPING_PERCPU;
	if (find_in_debuginfo(t, name, ret, ret_pointers, ret_count))
		return TYPING_DEBUG;
	return TYPING_NONE;
}
