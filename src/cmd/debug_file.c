#include "cmd/debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static struct err *open_dwarf(const char *path, struct kernel *k, struct debug_file *f)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(k));
	u64 offset;

	/* Without KASLR the kernel says 0. */
	if (!vi || !vmcoreinfo_value(vi, "KERNELOFFSET", 16, &offset))
		return err_new(
			ERR_ABSENT,
			"%s: no lines: the dump's VMCOREINFO does not tell where the "
			"kernel was moved to (KERNELOFFSET)",
			path);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return err_os(errno, "%s", path);
	return dwarf_file_open(f->fd, path, offset, &f->dwarf);
}

struct err *debug_file_open(const struct shell_files *files, struct kernel *k,
			    struct buf *remarks, struct debug_file *ret)
{
	struct debug_file f = DEBUG_FILE_NONE;
	struct err *err = shell_files_compare(files, k, remarks);

	if (err || !files->vmlinux)
		return err;
	err = open_dwarf(files->vmlinux, k, &f);
	if (err && err_code(err) == ERR_NOMEM) {
		debug_file_close(&f);
		return err;
	}
	if (err)
		buf_printf(remarks, "%s\n", err_message(err));
	err_ignore(err);
	*ret = f;
	return NULL;
}

void debug_file_close(struct debug_file *f)
{
	dwarf_file_close(f->dwarf);
	closep(&f->fd);
	*f = DEBUG_FILE_NONE;
}

const struct debuginfo *debug_file_info(const struct debug_file *f)
{
	return f->dwarf ? dwarf_file_debuginfo(f->dwarf) : NULL;
}

void debug_file_tell(const struct buf *remarks, const char *program)
{
	for (const char *at = buf_text(remarks); *at;) {
		const size_t len = strcspn(at, "\n");

		fprintf(stderr, "%s: %.*s\n", program, (int)len, at);
		at += len + (at[len] == '\n');
	}
}
