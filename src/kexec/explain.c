/* The table of refusals: errno and what is known of the machine, to one sentence. */
#include "kexec/kexec.h"

#include <errno.h>
#include <string.h>

#define MIB   (1ULL << 20)
#define CALL  "kexec_file_load refused: "
#define TO_DO "boot with a larger crashkernel="

/* Purgatory, boot parameters, the ELF header for /proc/vmcore (which
 * kernels with CPU and memory hotplug size for all that could ever be plugged in). */
#define CONTROL_BYTES MIB

/* COMMAND_LINE_SIZE of x86, less the terminating 0 and the kernel's " elfcorehdr=0x…". */
#define COMMAND_LINE_FITS (2048 - 1 - 30)

/* The kernel places the pieces top down, its own image aligned, and the initrd in what is
 * left below it, or above if the alignment left enough there. */
u64 kexec_needed_bytes(u64 init_bytes, u64 alignment_bytes, u64 initrd_bytes)
{
	u64 needed = init_bytes + initrd_bytes + CONTROL_BYTES;

	/* Bounded: the reservation starts aligned, so one alignment more always does. */
	if (alignment_bytes > 1 && alignment_bytes <= 1024 * MIB &&
	    (alignment_bytes & (alignment_bytes - 1)) == 0) {
		u64 end = align_up(needed, MIB);
		u64 start = align_down(end - CONTROL_BYTES - init_bytes, alignment_bytes);
		u64 above = end - CONTROL_BYTES - init_bytes - start;

		if (start < initrd_bytes && above < initrd_bytes)
			needed = align_up(initrd_bytes, alignment_bytes) + init_bytes +
				 CONTROL_BYTES;
	}
	return align_up(needed, MIB);
}

static unsigned long long mib_up(u64 bytes)
{
	return align_up(bytes, MIB) / MIB;
}

/* A signature that is there is one of a key that is not: distributions trust their own key
 * where the boot loader (shim) brings it, under Secure Boot. */
static struct err *explain_lockdown(const struct kexec_facts *f)
{
	const char *mode =
		f->lockdown == KEXEC_LOCKDOWN_SECRET ? "confidentiality" : "integrity";

	if (f->is_signed)
		return err_new(
			ERR_REFUSED,
			CALL
			"lockdown is %s and the signature of %s is wrong or of a key that this kernel does not have; it takes the keys of firmware and shim only when booted with Secure Boot on",
			mode, f->kernel);
	return err_new(
		ERR_REFUSED,
		CALL
		"lockdown is %s and %s is not signed; take the distribution's signed kernel",
		mode, f->kernel);
}

static struct err *explain_permission(const struct kexec_facts *f)
{
	if (!f->has_cap_sys_boot)
		return err_new(ERR_REFUSED,
			       CALL "loading needs root (CAP_SYS_BOOT); run it with sudo");
	if (f->is_load_disabled)
		return err_new(ERR_REFUSED, CALL
			       "kernel.kexec_load_disabled is 1; only a reboot undoes it");
	if (f->is_limit_used_up)
		return err_new(
			ERR_REFUSED,
			CALL
			"kernel.kexec_load_limit_%s is 0, all loads allowed are used up; only a reboot undoes it",
			f->use == KEXEC_FOR_CRASH ? "panic" : "reboot");
	if (f->lockdown != KEXEC_LOCKDOWN_NONE)
		return explain_lockdown(f);
	return err_new(ERR_REFUSED,
		       CALL "a security module forbids it; the kernel log says which");
}

static struct err *explain_memory(const struct kexec_facts *f)
{
	unsigned long long reserved = mib_up(f->reserved_bytes);

	if (f->use == KEXEC_FOR_REBOOT)
		return err_new(
			ERR_REFUSED,
			CALL
			"no place for this kernel and initrd is free in memory, they need %lluM; free some, or reboot through the firmware",
			mib_up(f->needed_bytes));
	if (!f->reserved_bytes && f->has_crashkernel)
		return err_new(
			ERR_REFUSED, CALL
			"no memory is reserved: the crashkernel= of this kernel's command line did not take effect; the kernel log of the boot says why");
	if (!f->reserved_bytes)
		return err_new(
			ERR_REFUSED,
			CALL
			"no memory is reserved; boot with crashkernel= on the command line, %lluM or more",
			mib_up(f->needed_bytes ? f->needed_bytes : 128 * MIB));
	if (f->needed_bytes > f->reserved_bytes)
		return err_new(ERR_REFUSED,
			       CALL
			       "%lluM reserved, this kernel and image need %lluM; " TO_DO,
			       reserved, mib_up(f->needed_bytes));
	return err_new(ERR_REFUSED,
		       CALL "%lluM reserved, too little for this kernel and image; " TO_DO,
		       reserved);
}

static struct err *explain_signature(const struct kexec_facts *f)
{
	if (f->os_errno == ENODATA)
		return err_new(
			ERR_REFUSED,
			CALL
			"%s is not signed, and this kernel loads signed ones only (Secure Boot or lockdown)",
			f->kernel);
	if (f->os_errno == ENOKEY)
		return err_new(
			ERR_REFUSED,
			CALL
			"%s is signed with a key that this kernel does not have; take the distribution's kernel or enrol the key",
			f->kernel);
	return err_new(ERR_REFUSED,
		       CALL "the signature of %s is wrong, or its key is not trusted",
		       f->kernel);
}

static struct err *explain_arguments(const struct kexec_facts *f)
{
	if (f->command_line_len > COMMAND_LINE_FITS)
		return err_new(ERR_REFUSED,
			       CALL "the command line has %zu bytes, at most %d fit",
			       f->command_line_len, COMMAND_LINE_FITS);
	return err_new(ERR_REFUSED,
		       CALL
		       "it does not accept these arguments (%s); the kernel log says why",
		       strerror(f->os_errno));
}

struct err *kexec_explain(const struct kexec_facts *f)
{
	switch (f->os_errno) {
	case EPERM:
	case EACCES:
		return explain_permission(f);
	case EADDRNOTAVAIL:
		return explain_memory(f);
	case EKEYREJECTED:
	case ENOKEY:
	case ENODATA:
	case EBADMSG:
		return explain_signature(f);
	case E2BIG:
	case EINVAL:
		return explain_arguments(f);
	case ENOEXEC:
		return err_new(
			ERR_REFUSED, CALL "%s is no kernel image that can be loaded (%s)",
			f->kernel,
			f->kernel_fault
				? f->kernel_fault
				: "wanted: a relocatable bzImage with a 64-bit entry");
	case EBUSY:
		return err_new(
			ERR_REFUSED, CALL
			"another load is under way and does not end, or the loaded image is in use; try again");
	case ENOMEM:
		return err_new(ERR_REFUSED,
			       CALL
			       "this kernel is out of memory for reading %s and the initrd",
			       f->kernel);
	case EBADF:
		return err_new(ERR_REFUSED,
			       CALL "%s or the initrd cannot be read by the kernel",
			       f->kernel);
	case ENOSYS:
		return err_new(
			ERR_REFUSED, CALL
			"this kernel was built without CONFIG_KEXEC_FILE, or a seccomp filter hides the call");
	default:
		return err_new(ERR_REFUSED, CALL "%s", strerror(f->os_errno));
	}
}
