/*
 * What is refused, not what is allowed: libvirt, curl, SQLite and the commands of `exec:`
 * backends run under this filter as well, and what they call is theirs to choose. None of
 * them has to load a kernel or trace a process, though; a hole in a parser must not either.
 */
#include "cmd/inquestd_seccomp.h"

#include <errno.h>
#include <seccomp.h>

static const char *const refused[] = {
	"_sysctl",
	"acct",
	"add_key",
	"adjtimex",
	"bpf",
	"chroot",
	"clock_adjtime",
	"clock_settime",
	"create_module",
	"delete_module",
	"fanotify_init",
	"finit_module",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"get_kernel_syms",
	"init_module",
	"ioperm",
	"iopl",
	"kcmp",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"lookup_dcookie",
	"mbind",
	"migrate_pages",
	"mount",
	"mount_setattr",
	"move_mount",
	"move_pages",
	"name_to_handle_at",
	"nfsservctl",
	"open_by_handle_at",
	"open_tree",
	"perf_event_open",
	"personality",
	"pidfd_getfd",
	"pivot_root",
	"process_madvise",
	"process_vm_readv",
	"process_vm_writev",
	"ptrace",
	"query_module",
	"quotactl",
	"quotactl_fd",
	"reboot",
	"request_key",
	"set_mempolicy",
	"setdomainname",
	"sethostname",
	"setns",
	"settimeofday",
	"stime",
	"swapoff",
	"swapon",
	"syslog",
	"umount",
	"umount2",
	"unshare",
	"uselib",
	"userfaultfd",
	"vhangup",
	"vm86",
	"vm86old",
};

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

must_check struct err *inquestd_seccomp(void)
{
	cleanup(release) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int result;

	if (!ctx)
		return err_nomem();
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int number = seccomp_syscall_resolve_name(refused[i]);

		/* Not every architecture has each of them. */
		if (number == __NR_SCMP_ERROR)
			continue;
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), number, 0);
		if (result && result != -EDOM && result != -EINVAL)
			return err_os(-result, "seccomp rule for %s", refused[i]);
	}
	result = seccomp_load(ctx);
	return result ? err_os(-result, "system calls cannot be given up (seccomp)") : NULL;
}
