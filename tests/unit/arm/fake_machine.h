/*
 * A machine made up of files below a directory: a kernel and its modules, /proc, /sys and
 * /dev as arm/ looks at them, with one virtio disk that has an ext4 file system at "/".
 */
#ifndef TESTS_UNIT_ARM_FAKE_MACHINE_H
#define TESTS_UNIT_ARM_FAKE_MACHINE_H

#include "fake_modules.h"

#include "base/bytes.h"
#include "base/str.h"

#define FAKE_RELEASE "6.1.0-fake"

static inline void machine_file(const struct fake_modules *m, const char *path,
				const char *text)
{
	fake_file(m, path, text, strlen(text));
}

static inline void machine_link(const struct fake_modules *m, const char *path,
				const char *target)
{
	char full[1024], *slash;

	machine_file(m, path, "");
	snprintf(full, sizeof(full), "%s/%s", m->dir, path);
	slash = strrchr(full, '/');
	assert_non_null(slash);
	unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

static inline void machine_dir(const struct fake_modules *m, const char *path)
{
	char inside[600];

	snprintf(inside, sizeof(inside), "%s/.here", path);
	machine_file(m, inside, "");
}

/* The smallest file that is taken for a kernel image. */
static inline void machine_kernel(const struct fake_modules *m, const char *path,
				  const char *release)
{
	u8 d[2048] = {0};

	memcpy(d + 0x202, "HdrS", 4);
	put_le16(d + 0x206, 0x20f);
	put_le16(d + 0x20e, 0x100);
	put_le32(d + 0x230, 0x200000);
	d[0x234] = 1;
	put_le16(d + 0x236, 0x7f);
	put_le32(d + 0x260, 0x3fa0000);
	snprintf((char *)d + 0x300, 256, "%s (x@y) #1 SMP", release);
	fake_file(m, path, d, sizeof(d));
}

/* Bind @device of /sys/devices to the driver @driver on @bus, from module @module. */
static inline void machine_driver(const struct fake_modules *m, const char *device,
				  const char *bus, const char *driver, const char *module)
{
	char path[512], target[512];

	snprintf(path, sizeof(path), "sys/bus/%s/drivers/%s/module", bus, driver);
	snprintf(target, sizeof(target), "/sys/module/%s", module);
	machine_link(m, path, target);
	snprintf(path, sizeof(path), "sys/module/%s/initstate", module);
	machine_file(m, path, "live\n");
	snprintf(path, sizeof(path), "sys/devices/%s/driver", device);
	snprintf(target, sizeof(target), "/sys/bus/%s/drivers/%s", bus, driver);
	machine_link(m, path, target);
}

/* A block device at @path of /sys/devices, with the number @number. */
static inline void machine_block(const struct fake_modules *m, const char *path,
				 const char *number, bool is_partition)
{
	const char *name = strrchr(path, '/') + 1;
	char link[512], target[512];

	snprintf(link, sizeof(link), "sys/devices/%s/dev", path);
	snprintf(target, sizeof(target), "%s\n", number);
	machine_file(m, link, target);
	if (is_partition) {
		snprintf(link, sizeof(link), "sys/devices/%s/partition", path);
		machine_file(m, link, "1\n");
	}
	snprintf(target, sizeof(target), "/sys/devices/%s", path);
	snprintf(link, sizeof(link), "sys/dev/block/%s", number);
	machine_link(m, link, target);
	snprintf(link, sizeof(link), "sys/class/block/%s", name);
	machine_link(m, link, target);
	snprintf(link, sizeof(link), "dev/%s", name);
	machine_file(m, link, "");
}

static inline void machine_module(const struct fake_modules *m, const char *path,
				  const char *depends)
{
	char full[256], text[256];

	snprintf(full, sizeof(full), "lib/modules/" FAKE_RELEASE "/kernel/%s", path);
	snprintf(text, sizeof(text), "depends=%s\nlicense=GPL", depends);
	fake_module(m, full, text);
}

static inline void machine_make_disk(const struct fake_modules *m)
{
	machine_driver(m, "pci0/0000:00:04.0", "pci", "virtio-pci", "virtio_pci");
	machine_driver(m, "pci0/0000:00:04.0/virtio1", "virtio", "virtio_blk",
		       "virtio_blk");
	machine_block(m, "pci0/0000:00:04.0/virtio1/block/vda", "254:0", false);
	machine_block(m, "pci0/0000:00:04.0/virtio1/block/vda/vda1", "254:1", true);
	machine_link(m, "dev/disk/by-uuid/1111-aaaa", "../../vda1");
	machine_link(m, "dev/disk/by-label/dumps\\x20here", "../../vda1");
	machine_module(m, "drivers/virtio/virtio.ko", "");
	machine_module(m, "drivers/virtio/virtio_pci.ko", "virtio");
	machine_module(m, "drivers/block/virtio_blk.ko", "virtio");
	machine_module(m, "fs/ext4/ext4.ko", "jbd2");
	machine_module(m, "fs/jbd2/jbd2.ko", "");
}

/* All of it, in m->dir, which exists. */
static inline void machine_make(const struct fake_modules *m)
{
	machine_kernel(m, "boot/vmlinuz-" FAKE_RELEASE, FAKE_RELEASE);
	machine_file(m, "proc/sys/kernel/osrelease", FAKE_RELEASE "\n");
	machine_file(m, "proc/sys/kernel/hostname", "host1\n");
	machine_file(m, "proc/sys/kernel/random/boot_id",
		     "00000000-0000-0000-0000-000000000001\n");
	machine_file(m, "proc/cmdline",
		     "BOOT_IMAGE=/vmlinuz-" FAKE_RELEASE
		     " root=UUID=1111-aaaa ro quiet console=ttyS0 crashkernel=128M\n");
	machine_file(m, "proc/iomem",
		     "00001000-0009ffff : System RAM\n100000000-13fffffff : System RAM\n"
		     "  120000000-127ffffff : Crash kernel\n");
	machine_file(m, "proc/meminfo", "MemTotal:        1014204 kB\n");
	machine_file(m, "proc/cpuinfo",
		     "processor\t: 0\ninitial apicid\t: 4\n\nprocessor\t: 1\ninitial "
		     "apicid\t: 5\n\n");
	machine_file(m, "proc/self/mountinfo",
		     "21 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw,errors=remount-ro\n");
	machine_file(m, "sys/kernel/kexec_crash_loaded", "0\n");
	machine_file(m, "sys/kernel/kexec_crash_size", "134217728\n");
	machine_dir(m, "var/crash");
	machine_file(m, "usr/libexec/inquest-capture", "the program\n");
	machine_make_disk(m);
}

#endif
