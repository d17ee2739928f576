#include "format/elf_needs.h"

#include "base/bytes.h"

#include <elf.h>

#define PHDRS_MAX    512
#define DYNAMICS_MAX 8192

struct file {
	const u8 *data;
	size_t len;
	const u8 *phdrs;
	size_t num_phdrs;
	/* The string table of the dynamic section. */
	const char *strings;
	size_t strings_len;
};

bool elf_needs_is_elf(const void *data, size_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static const u8 *phdr(const struct file *f, size_t i)
{
	return f->phdrs + i * sizeof(Elf64_Phdr);
}

static u64 phdr_u64(const struct file *f, size_t i, size_t at)
{
	return get_le64(phdr(f, i) + at);
}

static struct err *read_header(struct file *f, struct elf_needs *n)
{
	u64 phoff, phnum;

	if (!elf_needs_is_elf(f->data, f->len))
		return err_new(ERR_UNSUPPORTED, "this is no ELF file");
	if (f->len < sizeof(Elf64_Ehdr))
		return err_new(ERR_BAD_DATA, "the ELF header is cut short");
	if (f->data[EI_CLASS] != ELFCLASS64 || f->data[EI_DATA] != ELFDATA2LSB)
		return err_new(ERR_UNSUPPORTED,
			       "this is no ELF file of 64 bits, least significant first");
	n->machine = get_le16(f->data + offsetof(Elf64_Ehdr, e_machine));
	phoff = get_le64(f->data + offsetof(Elf64_Ehdr, e_phoff));
	phnum = get_le16(f->data + offsetof(Elf64_Ehdr, e_phnum));
	if (phnum &&
	    get_le16(f->data + offsetof(Elf64_Ehdr, e_phentsize)) != sizeof(Elf64_Phdr))
		return err_new(ERR_BAD_DATA, "program headers have a size of their own");
	if (phnum > PHDRS_MAX || !range_fits(phoff, phnum * sizeof(Elf64_Phdr), f->len))
		return err_new(ERR_BAD_DATA,
			       "%llu program headers at offset 0x%llx do not fit",
			       (unsigned long long)phnum, (unsigned long long)phoff);
	f->phdrs = f->data + phoff;
	f->num_phdrs = phnum;
	return NULL;
}

/* The bytes in the file of segment @i. */
static bool segment(const struct file *f, size_t i, const u8 **ret, size_t *ret_len)
{
	u64 offset = phdr_u64(f, i, offsetof(Elf64_Phdr, p_offset));
	u64 size = phdr_u64(f, i, offsetof(Elf64_Phdr, p_filesz));

	if (!range_fits(offset, size, f->len))
		return false;
	*ret = f->data + offset;
	*ret_len = size;
	return true;
}

/* Where virtual address @vaddr with @size bytes is in the file. */
static bool find_address(const struct file *f, u64 vaddr, u64 size, const u8 **ret)
{
	for (size_t i = 0; i < f->num_phdrs; i++) {
		u64 start = phdr_u64(f, i, offsetof(Elf64_Phdr, p_vaddr));
		const u8 *at;
		size_t len;

		if (get_le32(phdr(f, i)) != PT_LOAD || !segment(f, i, &at, &len) ||
		    vaddr < start || !range_fits(vaddr - start, size, len))
			continue;
		*ret = at + (vaddr - start);
		return true;
	}
	return false;
}

static struct err *get_string(const struct file *f, u64 offset, const char **ret)
{
	if (offset >= f->strings_len ||
	    !memchr(f->strings + offset, '\0', f->strings_len - offset))
		return err_new(ERR_BAD_DATA,
			       "a name at offset 0x%llx of the dynamic strings is outside",
			       (unsigned long long)offset);
	*ret = f->strings + offset;
	return NULL;
}

static u64 dynamic_tag(const u8 *entry)
{
	return get_le64(entry);
}

static u64 dynamic_value(const u8 *entry)
{
	return get_le64(entry + offsetof(Elf64_Dyn, d_un));
}

static struct err *find_strings(struct file *f, const u8 *dynamic, size_t count)
{
	u64 address = 0, size = 0;
	const u8 *at;

	for (size_t i = 0; i < count; i++) {
		const u8 *entry = dynamic + i * sizeof(Elf64_Dyn);

		if (dynamic_tag(entry) == DT_STRTAB)
			address = dynamic_value(entry);
		if (dynamic_tag(entry) == DT_STRSZ)
			size = dynamic_value(entry);
	}
	if (!address || !find_address(f, address, size, &at))
		return err_new(ERR_BAD_DATA, "the dynamic strings are not in the file");
	f->strings = (const char *)at;
	f->strings_len = size;
	return NULL;
}

static struct err *add_library(const struct file *f, u64 offset, struct elf_needs *n)
{
	if (n->num_libraries == ELF_NEEDS_MAX)
		return err_new(ERR_BAD_DATA, "it needs more than %d libraries",
			       ELF_NEEDS_MAX);
	return get_string(f, offset, &n->libraries[n->num_libraries++]);
}

static struct err *read_dynamic(struct file *f, const u8 *dynamic, size_t len,
				struct elf_needs *n)
{
	size_t count = 0, all = len / sizeof(Elf64_Dyn);
	struct err *err;

	while (count < all && dynamic_tag(dynamic + count * sizeof(Elf64_Dyn)) != DT_NULL)
		count++;
	if (count > DYNAMICS_MAX)
		return err_new(ERR_BAD_DATA, "the dynamic section has more than %d entries",
			       DYNAMICS_MAX);
	err = find_strings(f, dynamic, count);
	for (size_t i = 0; !err && i < count; i++) {
		const u8 *entry = dynamic + i * sizeof(Elf64_Dyn);
		u64 tag = dynamic_tag(entry), value = dynamic_value(entry);

		if (tag == DT_NEEDED)
			err = add_library(f, value, n);
		else if (tag == DT_RPATH)
			err = get_string(f, value, &n->rpath);
		else if (tag == DT_RUNPATH)
			err = get_string(f, value, &n->runpath);
	}
	return err;
}

struct err *elf_needs_parse(const void *data, size_t len, struct elf_needs *ret)
{
	struct file f = {.data = data, .len = len};
	struct elf_needs n = {.interpreter = "", .rpath = "", .runpath = ""};
	struct err *err = read_header(&f, &n);

	for (size_t i = 0; !err && i < f.num_phdrs; i++) {
		u32 type = get_le32(phdr(&f, i));
		const u8 *at;
		size_t at_len;

		if (type != PT_INTERP && type != PT_DYNAMIC)
			continue;
		if (!segment(&f, i, &at, &at_len))
			err = err_new(ERR_BAD_DATA, "segment %zu is not in the file", i);
		else if (type == PT_DYNAMIC)
			err = read_dynamic(&f, at, at_len, &n);
		else if (!memchr(at, '\0', at_len))
			err = err_new(ERR_BAD_DATA, "the interpreter's name has no end");
		else
			n.interpreter = (const char *)at;
	}
	if (!err)
		*ret = n;
	return err;
}
