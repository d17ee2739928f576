/*
 * Types of variables. DWARF has no index by name that compilers of kernels fill in, and
 * going through all entries of a kernel takes seconds. But an entry begins with its name,
 * as the offset of a string: find the string, then that offset in .debug_info, then see
 * whether there is such an entry.
 */
#include "symbol/dwarf_file_priv.h"

#include "base/bytes.h"
#include "base/str.h"

#include <string.h>

#define MAX_STRINGS	  64
#define MAX_CANDIDATES	  4096
#define MAX_TYPE_DEPTH	  32
#define MAX_INLINE_STRING 4 /* as long as an offset, with its end */

struct section {
	const char *start;
	size_t len;
};

struct search {
	struct dwarf_file *d;
	struct section info;
	const char *name;
	bool found; /* `best` is something */
	bool is_external;
	bool is_done; /* and nothing better can come */
	struct variable_type best;
	unsigned num_candidates;
};

static struct section find_section(struct dwarf_file *d, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (d->f.elf_getshdrstrndx(d->elf, &names))
		return (struct section){0};
	while ((scn = d->f.elf_nextscn(d->elf, scn))) {
		GElf_Shdr header;
		Elf_Data *data;
		const char *its_name;

		if (!d->f.gelf_getshdr(scn, &header) || header.sh_flags & SHF_COMPRESSED)
			continue;
		its_name = d->f.elf_strptr(d->elf, names, header.sh_name);
		if (!its_name || !str_eq(its_name, name))
			continue;
		data = d->f.elf_rawdata(scn, NULL);
		if (data && data->d_buf)
			return (struct section){.start = data->d_buf, .len = data->d_size};
	}
	return (struct section){0};
}

/* ---- types ---- */

static bool follow_type(struct dwarf_file *d, Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return d->f.dwarf_attr_integrate(die, DW_AT_type, &attr) &&
	       d->f.dwarf_formref_die(&attr, ret);
}

/* Elements of an array, 0 if that is not said. */
static u64 count_elements(struct dwarf_file *d, Dwarf_Die *array)
{
	Dwarf_Die range;
	u64 count = 1;

	if (d->f.dwarf_child(array, &range))
		return 0;
	do {
		Dwarf_Attribute attr;
		Dwarf_Word value;

		if (d->f.dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		if (d->f.dwarf_attr(&range, DW_AT_count, &attr) &&
		    !d->f.dwarf_formudata(&attr, &value))
			count *= value;
		else if (d->f.dwarf_attr(&range, DW_AT_upper_bound, &attr) &&
			 !d->f.dwarf_formudata(&attr, &value))
			count *= value + 1;
		else
			count = 0;
	} while (!d->f.dwarf_siblingof(&range, &range));
	return count;
}

static const char *type_keyword(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct ";
	case DW_TAG_union_type:
		return "union ";
	case DW_TAG_enumeration_type:
		return "enum ";
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return "";
	default:
		return NULL;
	}
}

/* The type of variable @die, if it is one that has a name, pointers to such, or an array of
 * either. */
static bool read_type(struct dwarf_file *d, Dwarf_Die *die, struct variable_type *ret)
{
	struct variable_type type = {.count = 1};
	Dwarf_Die at = *die;

	for (unsigned i = 0; i < MAX_TYPE_DEPTH; i++) {
		const bool has_type = follow_type(d, &at, &at);
		const int tag = has_type ? d->f.dwarf_tag(&at) : DW_TAG_invalid;
		const char *keyword = type_keyword(tag), *name;

		if (!has_type && !type.pointers)
			return false;
		if (!has_type || keyword) {
			name = has_type ? d->f.dwarf_diename(&at) : "void";
			*ret = type;
			return name && snprintf(ret->name, sizeof(ret->name), "%s%s",
						keyword ? keyword : "",
						name) < (int)sizeof(ret->name);
		}
		if (tag == DW_TAG_pointer_type)
			type.pointers++;
		else if (tag == DW_TAG_array_type && !type.pointers && type.count == 1)
			type.count = count_elements(d, &at);
		else if (tag != DW_TAG_const_type && tag != DW_TAG_volatile_type)
			return false;
	}
	return false;
}

/* ---- entries ---- */

/* Is @die our variable? One that is only declared may lack the size of an array. */
static bool take_die(struct search *s, Dwarf_Die *die)
{
	struct dwarf_file *d = s->d;
	struct variable_type type;
	bool is_external;
	const char *name;

	if (d->f.dwarf_tag(die) != DW_TAG_variable)
		return false;
	name = d->f.dwarf_diename(die);
	if (!name || !str_eq(name, s->name) || !read_type(d, die, &type))
		return false;
	is_external = d->f.dwarf_hasattr(die, DW_AT_external);
	/* Local variables have names too: globals are external, or have a place. Any of the
	 * former is better than a static one, of which the first is as good as others. */
	if (!is_external && (s->found || !d->f.dwarf_hasattr(die, DW_AT_location)))
		return false;
	if (!s->found || (is_external && !s->is_external) || type.count > s->best.count)
		s->best = type;
	s->found = true;
	s->is_external |= is_external;
	s->is_done = is_external && s->best.count;
	return true;
}

static bool take_entry(struct search *s, Dwarf_Off offset)
{
	Dwarf_Die die;

	return s->d->f.dwarf_offdie(s->d->dwarf, offset, &die) && take_die(s, &die);
}

/* The name of an entry stands right behind its abbreviation, which takes a byte or two. */
static void take_candidate(struct search *s, const char *at)
{
	const Dwarf_Off offset = (Dwarf_Off)(at - s->info.start);

	s->is_done |= ++s->num_candidates > MAX_CANDIDATES;
	for (Dwarf_Off back = 1; back <= 2 && back <= offset && !s->is_done; back++)
		if (take_entry(s, offset - back))
			return;
}

static void find_bytes(struct search *s, const void *bytes, size_t len)
{
	const char *at = s->info.start, *end = s->info.start + s->info.len;

	while (!s->is_done && (at = memmem(at, (size_t)(end - at), bytes, len))) {
		take_candidate(s, at);
		at++;
	}
}

/* Each place in the table of strings from which on @s->name can be read; a linker may have
 * put it at the end of a longer one. */
static void find_strings(struct search *s, const struct section *strings)
{
	const size_t len = strlen(s->name) + 1;
	const char *at = strings->start, *end = strings->start + strings->len;

	for (unsigned i = 0; i < MAX_STRINGS && !s->is_done; i++) {
		u8 offset[4];

		at = memmem(at, (size_t)(end - at), s->name, len);
		if (!at || (u64)(at - strings->start) > UINT32_MAX)
			return;
		put_le32(offset, (u32)(at - strings->start));
		find_bytes(s, offset, sizeof(offset));
		at++;
	}
}

/* Where names are indexes of a table, as with clang: all that is not inside of others. */
static void go_through_units(struct search *s)
{
	struct dwarf_file *d = s->d;
	Dwarf_Off at = 0, next;
	size_t header_len;

	while (!s->is_done &&
	       d->f.dwarf_nextcu(d->dwarf, at, &next, &header_len, NULL, NULL, NULL) == 0) {
		Dwarf_Die die;

		if (d->f.dwarf_offdie(d->dwarf, at + header_len, &die) &&
		    d->f.dwarf_child(&die, &die) == 0)
			do
				(void)take_die(s, &die);
			while (!s->is_done && d->f.dwarf_siblingof(&die, &die) == 0);
		at = next;
	}
}

bool dwarf_find_variable(void *ctx, const char *name, struct variable_type *ret)
{
	struct search s = {.d = ctx, .name = name};
	const struct section strings = find_section(s.d, ".debug_str");

	s.info = find_section(s.d, ".debug_info");
	if (!s.info.start || !*name)
		return false;
	if (find_section(s.d, ".debug_str_offsets").start)
		go_through_units(&s);
	else if (strlen(name) + 1 <= MAX_INLINE_STRING)
		find_bytes(&s, name, strlen(name) + 1);
	else if (strings.start)
		find_strings(&s, &strings);
	if (s.found)
		*ret = s.best;
	return s.found;
}
