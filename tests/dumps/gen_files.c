#include "gen_files.h"

#include <string.h>

#define IMAGE	  GEN_SESSION_IMAGE
#define MAP	  (GEN_FILES_NUMBERS + 0x400) /* a kobj_map */
#define PROBE	  (GEN_FILES_NUMBERS + 0x300)
#define CDEV(n)	  (GEN_FILES_NUMBERS + 0x200 + (n)*0x20)
#define NUMBER(n) (GEN_FILES_NUMBERS + (n)*0x80)

static const char vmcoreinfo[] =
	"OFFSET(task_struct.files)=128\nOFFSET(task_struct.fs)=136\n"
	"OFFSET(task_struct.nsproxy)=144\nOFFSET(nsproxy.mnt_ns)=0\n"
	"OFFSET(mnt_namespace.list)=0\nOFFSET(mount.mnt_list)=0\n"
	"OFFSET(mount.mnt_parent)=16\nOFFSET(mount.mnt_mountpoint)=24\n"
	"OFFSET(mount.mnt_devname)=32\nOFFSET(mount.mnt_instance)=40\nOFFSET(mount.mnt)=64\n"
	"OFFSET(mount.mnt.mnt_root)=64\nOFFSET(mount.mnt.mnt_sb)=72\n"
	"OFFSET(vfsmount.mnt_root)=0\nOFFSET(path.mnt)=0\nOFFSET(path.dentry)=8\n"
	"OFFSET(dentry.d_parent)=0\nOFFSET(dentry.d_name.name)=8\nOFFSET(dentry.d_inode)=16\n"
	"OFFSET(dentry.d_sb)=24\nOFFSET(inode.i_mode)=0\nOFFSET(inode.i_mapping)=8\n"
	"OFFSET(inode.i_sb)=24\nOFFSET(address_space.nrpages)=0\n"
	"OFFSET(super_block.s_id)=0\nOFFSET(super_block.s_type)=64\n"
	"OFFSET(super_block.s_mounts)=72\nOFFSET(file_system_type.name)=0\n"
	"OFFSET(files_struct.fdt)=0\nOFFSET(fdtable.max_fds)=0\nOFFSET(fdtable.fd)=8\n"
	"OFFSET(fdtable.open_fds)=16\nOFFSET(fs_struct.root)=0\nOFFSET(fs_struct.pwd)=16\n"
	"OFFSET(file.f_path)=0\nOFFSET(file.f_inode)=16\nOFFSET(file.private_data)=24\n"
	"OFFSET(socket.sk)=0\nOFFSET(socket.type)=8\nOFFSET(sock.__sk_common.skc_family)=0\n"
	"OFFSET(sock.__sk_common.skc_rcv_saddr)=8\nOFFSET(sock.__sk_common.skc_daddr)=16\n"
	"OFFSET(sock.__sk_common.skc_num)=24\nOFFSET(sock.__sk_common.skc_dport)=32\n"
	"SYMBOL(chrdevs)=ffffffff80026000\nSYMBOL(major_names)=ffffffff80026800\n"
	"SYMBOL(cdev_map)=ffffffff800273f8\nOFFSET(kobj_map.probes)=0\n"
	"OFFSET(probe.next)=0\nOFFSET(probe.dev)=8\nOFFSET(probe.data)=16\n"
	"OFFSET(char_device_struct.next)=0\nOFFSET(char_device_struct.major)=8\n"
	"OFFSET(char_device_struct.baseminor)=16\nOFFSET(char_device_struct.cdev)=24\n"
	"OFFSET(char_device_struct.name)=32\nOFFSET(cdev.ops)=0\n"
	"OFFSET(blk_major_name.next)=0\nOFFSET(blk_major_name.major)=8\n"
	"OFFSET(blk_major_name.name)=32\n"
	"SYMBOL(ioport_resource)=ffffffff80028000\nSYMBOL(iomem_resource)=ffffffff80028200\n"
	"OFFSET(resource.start)=0\nOFFSET(resource.end)=8\nOFFSET(resource.name)=16\n"
	"OFFSET(resource.sibling)=24\nOFFSET(resource.child)=32\n";

static void put_text(struct gen *g, u64 at, const char *text)
{
	strcpy((char *)gen_page(g, at >> 12) + (at & 4095), text);
}

static void put_pointer(struct gen *g, u64 at, u64 to)
{
	gen_put64(g, at, IMAGE + to);
}

static void put_dentry(struct gen *g, unsigned n, unsigned parent, const char *name,
		       u64 mode, unsigned filesystem)
{
	u64 at = GEN_FILES_DENTRY(n), inode = GEN_FILES_INODE(n);

	put_pointer(g, at, GEN_FILES_DENTRY(parent));
	put_pointer(g, at + 8, GEN_FILES_NAMES + n * 0x20);
	put_text(g, GEN_FILES_NAMES + n * 0x20, name);
	put_pointer(g, at + 16, inode);
	put_pointer(g, at + 24, GEN_FILES_SUPER_BLOCKS + filesystem * 0x80);
	gen_put64(g, inode, mode);
	put_pointer(g, inode + 8, inode + 16);
	gen_put64(g, inode + 16, n); /* nrpages */
	put_pointer(g, inode + 24, GEN_FILES_SUPER_BLOCKS + filesystem * 0x80);
}

static void put_mount(struct gen *g, unsigned n, unsigned root, unsigned parent,
		      unsigned point, const char *device, const char *type)
{
	u64 at = GEN_FILES_MOUNT(n), block = GEN_FILES_SUPER_BLOCKS + n * 0x80;
	u64 text = GEN_FILES_NAMES + 0x200 + n * 0x40;

	put_pointer(g, at + 16, GEN_FILES_MOUNT(parent));
	put_pointer(g, at + 24, GEN_FILES_DENTRY(point));
	put_pointer(g, at + 32, text);
	put_text(g, text, device);
	put_pointer(g, at + 64, GEN_FILES_DENTRY(root));
	put_pointer(g, at + 72, block);
	put_text(g, block, "sb");
	put_pointer(g, block + 64, GEN_FILES_TYPES + n * 16);
	put_pointer(g, block + 72, at + 40);
	put_pointer(g, at + 40, block + 72);
	put_pointer(g, GEN_FILES_TYPES + n * 16, GEN_FILES_TYPES + 0x40 + n * 16);
	put_text(g, GEN_FILES_TYPES + 0x40 + n * 16, type);
}

static void put_mounts(struct gen *g)
{
	put_dentry(g, GEN_DENTRY_ROOT, GEN_DENTRY_ROOT, "/", 0040755, 0);
	put_dentry(g, GEN_DENTRY_POINT, GEN_DENTRY_ROOT, "data", 0040755, 0);
	put_dentry(g, GEN_DENTRY_DATA, GEN_DENTRY_DATA, "/", 0040755, 1);
	put_dentry(g, GEN_DENTRY_FILE, GEN_DENTRY_DATA, "file\033[m", 0100644, 1);
	put_dentry(g, GEN_DENTRY_PIPE, GEN_DENTRY_PIPE, "", 0010600, 0);
	put_dentry(g, GEN_DENTRY_SOCKET, GEN_DENTRY_SOCKET, "", 0140777, 0);
	put_mount(g, GEN_MOUNT_ROOT, GEN_DENTRY_ROOT, GEN_MOUNT_ROOT, GEN_DENTRY_ROOT,
		  "rootfs", "rootfs");
	put_mount(g, GEN_MOUNT_DATA, GEN_DENTRY_DATA, GEN_MOUNT_ROOT, GEN_DENTRY_POINT,
		  "/dev/sda1", "ext4");
	put_pointer(g, GEN_FILES_NAMESPACE, GEN_FILES_MOUNT(GEN_MOUNT_ROOT));
	put_pointer(g, GEN_FILES_MOUNT(GEN_MOUNT_ROOT), GEN_FILES_MOUNT(GEN_MOUNT_DATA));
	put_pointer(g, GEN_FILES_MOUNT(GEN_MOUNT_DATA), GEN_FILES_NAMESPACE);
	put_pointer(g, GEN_FILES_NAMESPACE + 0x40, GEN_FILES_NAMESPACE);
}

static void put_path(struct gen *g, u64 at, unsigned mount, unsigned dentry)
{
	put_pointer(g, at, GEN_FILES_VFSMOUNT(mount));
	put_pointer(g, at + 8, GEN_FILES_DENTRY(dentry));
}

static void put_file(struct gen *g, unsigned n, unsigned fd, unsigned dentry)
{
	u64 at = GEN_FILES_FILES + n * 0x40;

	put_path(g, at, dentry == GEN_DENTRY_FILE ? GEN_MOUNT_DATA : GEN_MOUNT_ROOT,
		 dentry);
	put_pointer(g, at + 16, GEN_FILES_INODE(dentry));
	put_pointer(g, at + 24, GEN_FILES_SOCKET);
	put_pointer(g, GEN_FILES_FDS + fd * 8, at);
}

static void put_files(struct gen *g)
{
	static const u8 addresses[] = {10, 0, 0, 1, 0, 0, 0, 0, 10, 0, 0, 2};
	u64 task = GEN_SESSION_TASK(GEN_TASK_WORKER), table = GEN_FILES_TABLE;

	put_pointer(g, task + 128, table);
	put_pointer(g, task + 136, table + 0xc0);
	for (unsigned n = 0; n < GEN_NUM_TASKS; n++)
		put_pointer(g, GEN_SESSION_TASK(n) + 144, GEN_FILES_NAMESPACE + 0x40);
	put_pointer(g, table, table + 0x40);
	gen_put64(g, table + 0x40, 128);
	put_pointer(g, table + 0x48, GEN_FILES_FDS);
	put_pointer(g, table + 0x50, table + 0x80);
	gen_put64(g, table + 0x80, 5);
	gen_put64(g, table + 0x88, 2);
	put_path(g, table + 0xc0, GEN_MOUNT_ROOT, GEN_DENTRY_ROOT);
	put_path(g, table + 0xd0, GEN_MOUNT_DATA, GEN_DENTRY_DATA);
	put_file(g, 0, 0, GEN_DENTRY_FILE);
	put_file(g, 1, 2, GEN_DENTRY_PIPE);
	put_file(g, 2, 65, GEN_DENTRY_SOCKET);
	put_pointer(g, GEN_FILES_SOCKET, GEN_FILES_SOCKET + 0x40);
	gen_put64(g, GEN_FILES_SOCKET + 8, 2);
	gen_put64(g, GEN_FILES_SOCKET + 0x40, 2);
	memcpy(gen_page(g, GEN_FILES_SOCKET >> 12) + (GEN_FILES_SOCKET & 4095) + 0x48,
	       addresses, sizeof(addresses));
	gen_put64(g, GEN_FILES_SOCKET + 0x58, 5353);
	gen_put64(g, GEN_FILES_SOCKET + 0x60, 0x3500);
}

/* Row @n of a table, behind slot @slot or row @behind. */
static void put_number(struct gen *g, unsigned n, u64 previous, u64 major, u64 minor,
		       const char *name)
{
	put_pointer(g, previous, NUMBER(n));
	gen_put64(g, NUMBER(n) + 8, major);
	gen_put64(g, NUMBER(n) + 16, minor);
	put_text(g, NUMBER(n) + 32, name);
}

static void put_numbers(struct gen *g)
{
	put_number(g, 0, GEN_FILES_CHRDEVS + 4 * 8, 4, 0, "tty");
	put_number(g, 1, NUMBER(0), 4, 64, "ttyS");
	put_number(g, 2, GEN_FILES_CHRDEVS + 5 * 8, 260, 0, "none");
	put_number(g, 3, GEN_FILES_CHRDEVS + 0x800 + 8 * 8, 8, 0, "sd");
	put_pointer(g, NUMBER(0) + 24, CDEV(0));
	put_pointer(g, CDEV(0), GEN_SESSION_TEXT);
	put_pointer(g, CDEV(1), GEN_SESSION_TEXT);
	/* Only the map knows the cdev of the second. */
	put_pointer(g, MAP - 8, MAP);
	put_pointer(g, MAP + 4 * 8, PROBE);
	gen_put64(g, PROBE + 8, 4 << 20 | 64);
	put_pointer(g, PROBE + 16, CDEV(1));
}

static void put_resource(struct gen *g, u64 at, u64 start, u64 end, const char *name)
{
	gen_put64(g, at, start);
	gen_put64(g, at + 8, end);
	put_pointer(g, at + 16, at + 40);
	put_text(g, at + 40, name);
}

static void put_resources(struct gen *g)
{
	u64 at = GEN_FILES_RESOURCES;

	put_resource(g, at, 0, 0xffff, "PCI IO");
	put_pointer(g, at + 32, at + 0x40);
	put_resource(g, at + 0x40, 0x20, 0x3f, "bus");
	put_pointer(g, at + 0x40 + 24, at + 0xc0);
	put_pointer(g, at + 0x40 + 32, at + 0x80);
	put_resource(g, at + 0x80, 0x20, 0x21, "pic\n");
	put_resource(g, at + 0xc0, 0x40, 0x43, "timer");
	put_resource(g, at + 0x200, 0, 0xffffffffff, "PCI mem");
}

void gen_files_add(struct gen *g)
{
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	put_mounts(g);
	put_files(g);
	put_numbers(g);
	put_resources(g);
}
