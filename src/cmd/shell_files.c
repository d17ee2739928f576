#include "cmd/shell_files.h"

#include "base/str.h"
#include "dump/file.h"
#include "format/build_id.h"

#include <string.h>

#define BANNER_SIZE	 1024
#define SHA1_HEX_LEN	 40
#define MIN_BUILD_ID_LEN 16

static struct err *is_vmlinux(const char *path, bool *ret)
{
	cleanup(file_source_closep) struct file_source *f = NULL;
	struct err *err = file_source_open(path, &f);

	if (err)
		return err;
	*ret = build_id_is_program(file_source_bytes(f));
	return NULL;
}

struct err *shell_files_sort(const char *const *paths, size_t count,
			     struct shell_files *ret)
{
	*ret = (struct shell_files){0};
	for (size_t i = 0; i < count; i++) {
		bool is_program = false;
		struct err *err = is_vmlinux(paths[i], &is_program);

		if (err)
			return err;
		if (is_program && ret->vmlinux)
			return err_new(ERR_USAGE,
				       "%s and %s are both ELF programs: one must be "
				       "a dump",
				       ret->vmlinux, paths[i]);
		if (!is_program && ret->dump)
			return err_new(
				ERR_USAGE,
				"%s and %s: neither is a vmlinux (an ELF program), so "
				"one of them is too much",
				ret->dump, paths[i]);
		*(is_program ? &ret->vmlinux : &ret->dump) = paths[i];
	}
	if (!ret->dump)
		return err_new(
			ERR_USAGE,
			"no dump is named: this does not look into running machines");
	return NULL;
}

/* Some stable kernels wrote what happened to be in memory: 40 digits are what all others
 * have. */
static bool is_build_id(const char *text)
{
	size_t len = strlen(text);

	return (len == SHA1_HEX_LEN || len == MIN_BUILD_ID_LEN * 2) &&
	       strspn(text, "0123456789abcdef") == len && strspn(text, "0") < len;
}

/* The banner of the dump as it lies in the kernel's memory: text, newline. */
static struct err *compare_banners(const struct shell_files *f, struct kernel *k,
				   const struct byte_source *src, struct buf *remarks)
{
	char banner[BANNER_SIZE];
	vaddr_t addr;
	bool is_there = false;
	struct err *err = kernel_symbol_get(k, "linux_banner", &addr);

	if (!err)
		err = kernel_read_str(k, addr, banner, sizeof(banner));
	if (err) {
		buf_printf(
			remarks,
			"%s: whether it is of the build of the dump cannot be told: %s\n",
			f->vmlinux, err_message(err));
		err_free(err);
		return NULL;
	}
	err = build_id_has_bytes(src, banner, strlen(banner), &is_there);
	if (err)
		return err;
	if (!is_there)
		return err_new(ERR_REFUSED,
			       "%s is another build than %s, whose banner is \"%.*s\"",
			       f->vmlinux, f->dump, (int)strcspn(banner, "\n"), banner);
	buf_printf(remarks,
		   "%s: the dump's build-id cannot be had; linux_banner is the same\n",
		   f->vmlinux);
	return NULL;
}

struct err *shell_files_compare(const struct shell_files *f, struct kernel *k,
				struct buf *remarks)
{
	cleanup(file_source_closep) struct file_source *file = NULL;
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(k));
	const char *dump_id = vi ? vmcoreinfo_find(vi, "BUILD-ID") : NULL;
	char id[BUILD_ID_TEXT_LEN] = "";
	struct err *err;

	if (!f->vmlinux)
		return NULL;
	err = file_source_open(f->vmlinux, &file);
	if (!err)
		err = build_id_read(file_source_bytes(file), id);
	if (err)
		return err;
	if (!dump_id || !is_build_id(dump_id) || !*id)
		err = compare_banners(f, k, file_source_bytes(file), remarks);
	else if (!str_eq(dump_id, id))
		err = err_new(
			ERR_REFUSED,
			"%s is another build than %s: build-id %s, and %s in the dump",
			f->vmlinux, f->dump, id, dump_id);
	return err;
}
