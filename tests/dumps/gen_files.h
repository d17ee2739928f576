/*
 * Mounts, open files, device numbers and resources, added to the machine of gen_session.h.
 *
 * The root has a directory "data", on which an ext4 is mounted with one file. The task
 * GEN_TASK_WORKER works in /data and has open: 0 the file, 2 a pipe, 65 a UDP socket.
 */
#ifndef TESTS_DUMPS_GEN_FILES_H
#define TESTS_DUMPS_GEN_FILES_H

#include "gen_session.h"

/* struct mount, whose vfsmount is 64 bytes in, by number. */
enum { GEN_MOUNT_ROOT, GEN_MOUNT_DATA };
#define GEN_FILES_MOUNT(n)    (0x24000 + (n)*0x80)
#define GEN_FILES_VFSMOUNT(n) (GEN_FILES_MOUNT(n) + 64)

/* Dentries, by number: parent, name, inode, super_block. */
enum {
	GEN_DENTRY_ROOT,
	GEN_DENTRY_POINT, /* "data" */
	GEN_DENTRY_DATA,  /* what is mounted there */
	GEN_DENTRY_FILE,  /* "file\033[m" */
	GEN_DENTRY_PIPE,
	GEN_DENTRY_SOCKET,
	GEN_NUM_DENTRIES,
};
#define GEN_FILES_DENTRY(n) (0x24200 + (n)*0x40)
#define GEN_FILES_INODE(n)  (0x24400 + (n)*0x20)

enum {
	GEN_FILES_SUPER_BLOCKS = 0x24600, /* of the root, of data: 0x80 each */
	GEN_FILES_TYPES = 0x24700,     /* two file_system_type of 16 bytes, their names */
	GEN_FILES_NAMESPACE = 0x24800, /* mnt_namespace; its nsproxy is 0x40 on */
	GEN_FILES_TABLE = 0x24900, /* files_struct, fdtable, bitmap, fs_struct: 0x40 each */
	GEN_FILES_FDS = 0x24a00,   /* 128 pointers */
	GEN_FILES_FILES = 0x24e00, /* struct file, 0x40 each */
	GEN_FILES_SOCKET = 0x24f00,
	GEN_FILES_NAMES = 0x25000,   /* of dentries, 0x20 each */
	GEN_FILES_CHRDEVS = 0x26000, /* and major_names 0x800 on */
	GEN_FILES_NUMBERS = 0x27000, /* char_device_structs, a blk_major_name, cdevs, map */
	GEN_FILES_RESOURCES = 0x28000,
};

/* To a machine that gen_session_init() made. */
void gen_files_add(struct gen *g);

#endif
