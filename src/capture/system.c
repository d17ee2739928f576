#include "capture/system.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct err *mount_one(const char *type, const char *path, unsigned long flags)
{
	mkdir(path, 0755);
	if (mount(type, path, type, flags, NULL) < 0 && errno != EBUSY)
		return err_os(errno, "cannot mount %s on %s", type, path);
	return NULL;
}

struct err *system_mount_basics(void)
{
	const unsigned long flags = MS_NOSUID | MS_NOEXEC;
	struct err *err = mount_one("proc", "/proc", flags | MS_NODEV);

	if (!err)
		err = mount_one("sysfs", "/sys", flags | MS_NODEV);
	if (!err)
		err = mount_one("devtmpfs", "/dev", flags);
	if (err)
		return err;
	/* Without this the kernel drops our lines when there are many. */
	err_ignore(system_set_sysctl("", "kernel.printk_devkmsg", "on"));
	/* The command line may say quiet. */
	err_ignore(system_set_sysctl("", "kernel.printk", "7"));
	return NULL;
}

struct err *system_set_sysctl(const char *root, const char *name, const char *value)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	cleanup(buf_deinit) struct buf line = BUF_INIT;
	cleanup(closep) int fd = -1;

	if (!*name || strstr(name, "..") || strchr(name, '/'))
		return err_new(ERR_USAGE, "\"%.64s\" is no name of a sysctl", name);
	buf_printf(&path, "%s/proc/sys/", root);
	for (const char *p = name; *p; p++)
		buf_add_char(&path, *p == '.' ? '/' : *p);
	/* One write, with the newline: printk_devkmsg takes no other. */
	buf_printf(&line, "%s\n", value);
	if (path.failed || line.failed)
		return err_nomem();
	fd = open(path.data, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot open sysctl %s", name);
	return err_wrap(io_write_all(fd, line.data, line.len, path.data), "sysctl %s",
			name);
}

struct err *system_load_module(const struct manifest_module *module)
{
	cleanup(closep) int fd = open(module->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_os(errno, "cannot open module %s", module->path);
	if (syscall(SYS_finit_module, fd, module->params, 0) < 0 && errno != EEXIST)
		return err_os(errno, "cannot load module %s", module->path);
	/* The root file system is memory. */
	unlink(module->path);
	return NULL;
}

static void sysrq(char key)
{
	err_ignore(io_write_file("/proc/sysrq-trigger", 0600, &key, 1));
}

/* A driver may hang in its shutdown, and then reboot(2) does not come back: somebody else
 * must be there to pull the plug. A halted machine stays as it is. */
static void start_last_resort(enum system_end end, u64 deadline_ms)
{
	if (end == SYSTEM_HALT || fork() != 0)
		return;
	clock_sleep_ms(deadline_ms);
	if (end == SYSTEM_POWER_OFF) {
		sysrq('o');
		clock_sleep_ms(5000);
	}
	sysrq('b');
	_exit(0);
}

static const char *const end_names[] = {
	[SYSTEM_REBOOT] = "reboot",
	[SYSTEM_HALT] = "halt",
	[SYSTEM_POWER_OFF] = "poweroff",
};

const char *system_end_name(enum system_end end)
{
	return end_names[end];
}

bool system_end_parse(const char *name, enum system_end *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(end_names); i++) {
		if (str_eq(name, end_names[i])) {
			*ret = (enum system_end)i;
			return true;
		}
	}
	return false;
}

void system_go_down(enum system_end end, u64 deadline_ms)
{
	static const int commands[] = {
		[SYSTEM_REBOOT] = RB_AUTOBOOT,
		[SYSTEM_HALT] = RB_HALT_SYSTEM,
		[SYSTEM_POWER_OFF] = RB_POWER_OFF,
	};

	start_last_resort(end, deadline_ms);
	reboot(commands[end]);
	sysrq('b');
}
