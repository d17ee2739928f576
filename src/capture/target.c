#include "capture/target.h"

#include "capture/system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FLAGS (MS_NOATIME | MS_NODEV | MS_NOSUID | MS_NOEXEC)

struct err *target_mount(const struct manifest_target *target, u64 deadline_ms,
			 const char *mount_point)
{
	struct err *err;

	if (!*target->device || !*target->fs_type)
		return err_new(ERR_USAGE, "the manifest names no target device");
	err = system_wait_device(target->device, deadline_ms);
	if (err)
		return err;
	mkdir(mount_point, 0700);
	if (mount(target->device, mount_point, target->fs_type, FLAGS,
		  *target->options ? target->options : NULL) < 0)
		return err_os(errno, "cannot mount %s as %s", target->device,
			      target->fs_type);
	return NULL;
}

struct err *target_unmount(const char *mount_point)
{
	if (umount(mount_point) == 0 || errno == EINVAL)
		return NULL;
	sync();
	if (mount(NULL, mount_point, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return err_os(errno, "cannot unmount %s nor make it read-only",
			      mount_point);
	return NULL;
}
