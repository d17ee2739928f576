#include "kexec/kexec.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "format/bzimage.h"
#include "format/kernel_cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define STATE_BYTES_MAX 4096
/* A load takes about a second. */
#define BUSY_MS	      10000
#define BUSY_RETRY_MS 100
#define CAP_SYS_BOOT  22 /* include/uapi/linux/capability.h */

/* Read ROOT/@path, without a newline at its end. crash_size is busy during a load, and
 * while somebody else reads it (kernel/kexec_core.c, crash_get_memory_size()). */
static struct err *read_state_file(const char *root, const char *path, char **ret)
{
	const u64 start = clock_now_ms();
	cleanup(freep) char *full = NULL;
	struct err *err;
	size_t len;

	if (asprintf(&full, "%s%s", root, path) < 0) {
		full = NULL;
		return err_nomem();
	}
	err = io_read_file(full, STATE_BYTES_MAX, ret, &len);
	while (err && err_errno(err) == EBUSY && clock_now_ms() - start < BUSY_MS) {
		err_ignore(err);
		clock_sleep_ms(BUSY_RETRY_MS);
		err = io_read_file(full, STATE_BYTES_MAX, ret, &len);
	}
	if (!err && len && (*ret)[len - 1] == '\n')
		(*ret)[len - 1] = '\0';
	return err;
}

/* A number from one of two files; ERR_ABSENT if there is neither. */
static struct err *read_number(const char *root, const char *new_path, const char *old_path,
			       u64 *ret)
{
	cleanup(freep) char *text = NULL;
	struct err *err = read_state_file(root, new_path, &text);

	if (err && err_errno(err) == ENOENT) {
		err_ignore(err);
		err = read_state_file(root, old_path, &text);
	}
	if (err && err_errno(err) == ENOENT) {
		err_ignore(err);
		return err_new(ERR_ABSENT,
			       "neither %s%s nor %s%s is there: this kernel has no kexec",
			       root, new_path, root, old_path);
	}
	if (!err && !str_parse_u64(text, ret))
		err = err_new(ERR_BAD_DATA, "%s%s: \"%.32s\" is no number", root, new_path,
			      text);
	return err;
}

struct err *kexec_read_state(const char *root, struct kexec_state *ret)
{
	struct kexec_state state = {0};
	u64 loaded = 0;
	struct err *err = read_number(root, "/sys/kernel/kexec/crash_loaded",
				      "/sys/kernel/kexec_crash_loaded", &loaded);

	if (!err)
		err = read_number(root, "/sys/kernel/kexec/crash_size",
				  "/sys/kernel/kexec_crash_size", &state.reserved_bytes);
	if (err)
		return err;
	state.is_loaded = loaded != 0;
	*ret = state;
	return NULL;
}

struct err *kexec_read_reboot_is_loaded(const char *root, bool *ret)
{
	u64 loaded = 0;
	struct err *err = read_number(root, "/sys/kernel/kexec/loaded",
				      "/sys/kernel/kexec_loaded", &loaded);

	if (err)
		return err;
	*ret = loaded != 0;
	return NULL;
}

/* Is the file ROOT/@path there and does it read as @value? */
static bool file_says(const char *root, const char *path, const char *value)
{
	cleanup(freep) char *text = NULL;
	struct err *err = read_state_file(root, path, &text);

	err_ignore(err);
	return text && str_eq(text, value);
}

static bool has_cap_sys_boot(const char *root)
{
	cleanup(freep) char *text = NULL;
	int saved_errno = errno;
	struct err *err = read_state_file(root, "/proc/self/status", &text);
	const char *line = text ? strstr(text, "\nCapEff:") : NULL;

	err_ignore(err);
	errno = saved_errno;
	return line && (strtoull(line + strlen("\nCapEff:"), NULL, 16) >> CAP_SYS_BOOT & 1);
}

static enum kexec_lockdown read_lockdown(const char *root)
{
	cleanup(freep) char *text = NULL;
	struct err *err = read_state_file(root, "/sys/kernel/security/lockdown", &text);

	err_ignore(err);
	if (text && strstr(text, "[integrity]"))
		return KEXEC_LOCKDOWN_INTEGRITY;
	if (text && strstr(text, "[confidentiality]"))
		return KEXEC_LOCKDOWN_SECRET;
	return KEXEC_LOCKDOWN_NONE;
}

/* What the kernel image says of itself. NULL, and the facts' needed_bytes set, if it can be
 * loaded; else the reason. */
static struct err *inspect_kernel(const struct kexec_image *image, struct kexec_facts *f)
{
	cleanup(closep) int fd = open(image->kernel, O_RDONLY | O_CLOEXEC);
	cleanup(freep) u8 *head = malloc(BZIMAGE_HEADER_MAX);
	struct bzimage bz;
	struct err *err;
	struct stat st;
	size_t len;

	if (!head)
		return err_nomem();
	if (fd < 0)
		return err_os(errno, "cannot open %s", image->kernel);
	err = io_pread_some(fd, head, BZIMAGE_HEADER_MAX, 0, image->kernel, &len);
	if (!err)
		err = bzimage_parse(head, len, image->kernel, &bz);
	if (err)
		return err;
	f->is_signed = bz.is_signed;
	if (!bz.is_relocatable)
		return err_new(ERR_UNSUPPORTED, "it is not relocatable");
	if (!bz.has_64bit_entry)
		return err_new(ERR_UNSUPPORTED, "it has no 64-bit entry");
	if (!image->initrd || stat(image->initrd, &st) != 0)
		st.st_size = 0;
	f->needed_bytes =
		kexec_needed_bytes(bz.init_bytes, bz.alignment_bytes, (u64)st.st_size);
	return NULL;
}

void kexec_gather_facts(const char *root, const struct kexec_image *image,
			enum kexec_use use, int os_errno, struct kexec_facts *ret,
			struct err **ret_fault)
{
	const char *limit = use == KEXEC_FOR_CRASH
				    ? "/proc/sys/kernel/kexec_load_limit_panic"
				    : "/proc/sys/kernel/kexec_load_limit_reboot";
	struct kexec_state state = {0};
	cleanup(freep) char *cmdline = NULL;

	err_ignore(kexec_read_state(root, &state));
	err_ignore(read_state_file(root, "/proc/cmdline", &cmdline));
	*ret = (struct kexec_facts){
		.use = use,
		.os_errno = os_errno,
		.kernel = image->kernel,
		.reserved_bytes = state.reserved_bytes,
		.command_line_len = strlen(image->command_line),
		.has_cap_sys_boot = has_cap_sys_boot(root),
		.is_load_disabled =
			file_says(root, "/proc/sys/kernel/kexec_load_disabled", "1"),
		.is_limit_used_up = file_says(root, limit, "0"),
		.has_crashkernel = cmdline && kernel_cmdline_has(cmdline, "crashkernel"),
		.lockdown = read_lockdown(root),
	};
	*ret_fault = inspect_kernel(image, ret);
	ret->kernel_fault = *ret_fault ? err_message(*ret_fault) : NULL;
}

/* A load that is asked for. */
struct load {
	const char *root;
	const struct kexec_image *image;
	enum kexec_use use;
	struct kexec_facts *ret_facts; /* or NULL */
};

static struct err *refusal(const struct load *l, int os_errno)
{
	cleanup(err_freep) struct err *fault = NULL;
	struct kexec_facts facts;
	struct err *err;

	kexec_gather_facts(l->root, l->image, l->use, os_errno, &facts, &fault);
	err = kexec_explain(&facts);
	facts.kernel_fault = NULL;
	if (l->ret_facts)
		*l->ret_facts = facts;
	return err_with_errno(err, os_errno);
}

/* A file that only root may read is the first thing another user meets. */
static struct err *cannot_open(const struct load *l, const char *what, const char *path)
{
	if (errno == EACCES && !has_cap_sys_boot(l->root))
		return refusal(l, EPERM);
	return err_os(errno, "cannot open the %s %s", what, path);
}

/* No C library wraps this call. Another load that is under way, such as that of a service
 * at boot, is soon over; the kernel does not wait for it (kernel/kexec_file.c,
 * kexec_trylock()). */
static long file_load(int kernel, int initrd, const char *command_line, unsigned long flags)
{
	const size_t len = command_line ? strlen(command_line) + 1 : 0;
	const u64 start = clock_now_ms();
	long result;

	for (;;) {
		result = syscall(SYS_kexec_file_load, kernel, initrd, len, command_line,
				 flags);
		if (result == 0 || errno != EBUSY || clock_now_ms() - start > BUSY_MS)
			return result;
		clock_sleep_ms(BUSY_RETRY_MS);
	}
}

static struct err *load(const struct load *l)
{
	const struct kexec_image *image = l->image;
	cleanup(closep) int kernel = open(image->kernel, O_RDONLY | O_CLOEXEC);
	cleanup(closep) int initrd = -1;
	unsigned long flags = 0;

	if (kernel < 0)
		return cannot_open(l, "kernel", image->kernel);
	if (l->use == KEXEC_FOR_CRASH)
		flags |= KEXEC_FILE_ON_CRASH;
	if (image->initrd)
		initrd = open(image->initrd, O_RDONLY | O_CLOEXEC);
	else
		flags |= KEXEC_FILE_NO_INITRAMFS;
	if (image->initrd && initrd < 0)
		return cannot_open(l, "initrd", image->initrd);
	if (file_load(kernel, initrd, image->command_line, flags) < 0)
		return refusal(l, errno);
	return NULL;
}

struct err *kexec_load_crash(const char *root, const struct kexec_image *image,
			     struct kexec_facts *ret_facts)
{
	const struct load l = {root, image, KEXEC_FOR_CRASH, ret_facts};

	return load(&l);
}

struct err *kexec_load_reboot(const char *root, const struct kexec_image *image,
			      struct kexec_facts *ret_facts)
{
	const struct load l = {root, image, KEXEC_FOR_REBOOT, ret_facts};

	return load(&l);
}

struct err *kexec_unload_crash(void)
{
	if (file_load(-1, -1, NULL, KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH) < 0)
		return err_os(errno, "cannot unload the capture kernel");
	return NULL;
}

struct err *kexec_unload_reboot(void)
{
	if (file_load(-1, -1, NULL, KEXEC_FILE_UNLOAD) < 0)
		return err_os(errno, "cannot unload the kernel of the next reboot");
	return NULL;
}

struct err *kexec_reboot(void)
{
	reboot(LINUX_REBOOT_CMD_KEXEC);
	if (errno == EINVAL)
		return err_with_errno(
			err_new(ERR_REFUSED,
				"no kernel is loaded for a reboot; load one with -l"),
			EINVAL);
	return err_os(errno, "cannot jump into the loaded kernel");
}
