#include "symbol/dwarf_file_priv.h"

#include <dlfcn.h>

#define LIBRARY "libdw.so.1"

/* ---- the library ---- */

static struct err *load_library(struct dwarf_file *d)
{
	static const char *const names[] = {
#define NAME(name) #name,
		DWARF_FUNCTIONS(NAME)
#undef NAME
	};
	void **functions = (void **)&d->f;

	_Static_assert(sizeof(d->f) == sizeof(names), "a pointer for each name");
	d->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!d->library)
		return err_new(ERR_UNSUPPORTED,
			       "debug information needs libdw (package libdw1): %s",
			       dlerror());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		functions[i] = dlsym(d->library, names[i]);
		if (!functions[i])
			return err_new(ERR_UNSUPPORTED, LIBRARY " has no %s()", names[i]);
	}
	return NULL;
}

/* ---- lines ---- */

/* Where the compiler left no table of addresses, as clang does: each unit is asked. */
static bool search_unit(struct dwarf_file *d, u64 addr, Dwarf_Die *ret)
{
	Dwarf_Off at = 0, next;
	size_t header_len;

	while (d->f.dwarf_nextcu(d->dwarf, at, &next, &header_len, NULL, NULL, NULL) == 0) {
		if (d->f.dwarf_offdie(d->dwarf, at + header_len, ret) &&
		    d->f.dwarf_haspc(ret, addr) > 0)
			return true;
		at = next;
	}
	return false;
}

/* The compilation unit that has the code at @addr. */
static bool find_unit(struct dwarf_file *d, u64 addr, Dwarf_Die *ret)
{
	return d->f.dwarf_addrdie(d->dwarf, addr - d->offset, ret) ||
	       search_unit(d, addr - d->offset, ret);
}

static bool find_place(void *ctx, u64 addr, struct source_place *ret)
{
	struct dwarf_file *d = ctx;
	Dwarf_Die unit;
	Dwarf_Line *line;
	const char *file;
	int number;

	if (!find_unit(d, addr, &unit))
		return false;
	line = d->f.dwarf_getsrc_die(&unit, addr - d->offset);
	file = line ? d->f.dwarf_linesrc(line, NULL, NULL) : NULL;
	if (!file || d->f.dwarf_lineno(line, &number) || number <= 0)
		return false;
	*ret = (struct source_place){.file = file, .line = (unsigned)number};
	return true;
}

/* ---- inlined functions ---- */

static u64 read_number(struct dwarf_file *d, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (!d->f.dwarf_attr(die, name, &attr) || d->f.dwarf_formudata(&attr, &value))
		return 0;
	return value;
}

static struct source_place read_call(struct dwarf_file *d, Dwarf_Die *unit, Dwarf_Die *die)
{
	const u64 number = read_number(d, die, DW_AT_call_file);
	struct source_place place = {
		.file = NULL, .line = (unsigned)read_number(d, die, DW_AT_call_line)};
	Dwarf_Files *files;
	size_t count;

	if (d->f.dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count)
		place.file = d->f.dwarf_filesrc(files, number, NULL, NULL);
	return place;
}

/* Of the scopes around an address, those of the code and not those of the text that an
 * inlined function was written in. Returns how many; to be freed. */
static int find_scopes(struct dwarf_file *d, Dwarf_Die *unit, u64 addr, Dwarf_Die **ret)
{
	Dwarf_Die *scopes = NULL;
	int count = d->f.dwarf_getscopes(unit, addr, &scopes);

	if (count > 0)
		count = d->f.dwarf_getscopes_die(&scopes[0], ret);
	free(scopes);
	return count;
}

static size_t find_inlined(void *ctx, u64 addr, struct inlined_call *ret, size_t max)
{
	struct dwarf_file *d = ctx;
	cleanup(freep) Dwarf_Die *scopes = NULL;
	size_t found = 0;
	Dwarf_Die unit;
	int count;

	if (!find_unit(d, addr, &unit))
		return 0;
	count = find_scopes(d, &unit, addr - d->offset, &scopes);
	for (int i = 0; i < count && found < max; i++) {
		const char *name;

		if (d->f.dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
			break;
		name = d->f.dwarf_diename(&scopes[i]);
		if (d->f.dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine || !name)
			continue;
		ret[found++] = (struct inlined_call){
			.function = name, .call = read_call(d, &unit, &scopes[i])};
	}
	return found;
}

/* ---- the object ---- */

static struct err *open_file(struct dwarf_file *d, int fd, const char *path)
{
	if (d->f.elf_version(EV_CURRENT) == EV_NONE)
		return err_new(ERR_UNSUPPORTED, LIBRARY " is of another time");
	d->elf = d->f.elf_begin(fd, ELF_C_READ_MMAP, NULL);
	d->dwarf = d->elf ? d->f.dwarf_begin_elf(d->elf, DWARF_C_READ, NULL) : NULL;
	if (!d->dwarf)
		return err_new(ERR_ABSENT, "%s: no debug information: %s", path,
			       d->f.dwarf_errmsg(-1));
	return NULL;
}

struct err *dwarf_file_open(int fd, const char *path, u64 offset, struct dwarf_file **ret)
{
	cleanup(dwarf_file_closep) struct dwarf_file *d = calloc(1, sizeof(*d));
	struct err *err;

	if (!d)
		return err_nomem();
	d->offset = offset;
	d->debuginfo = (struct debuginfo){.place = find_place,
					  .inlined = find_inlined,
					  .variable = dwarf_find_variable,
					  .ctx = d};
	err = load_library(d);
	if (!err)
		err = open_file(d, fd, path);
	if (!err)
		*ret = steal(d);
	return err;
}

void dwarf_file_close(struct dwarf_file *d)
{
	if (!d)
		return;
	if (d->dwarf)
		d->f.dwarf_end(d->dwarf);
	if (d->elf)
		d->f.elf_end(d->elf);
	if (d->library)
		dlclose(d->library);
	free(d);
}

const struct debuginfo *dwarf_file_debuginfo(const struct dwarf_file *d)
{
	return &d->debuginfo;
}
