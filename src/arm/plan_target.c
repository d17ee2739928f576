/* Where the dump goes: the target that is configured, or the file system a path lies on. */
#include "arm/arm.h"
#include "arm/block_chain.h"
#include "arm/block_probe.h"
#include "arm/plan_priv.h"
#include "arm/root.h"
#include "base/str.h"

#include <string.h>

#define FSTAB_BYTES_MAX (1u << 20)

/* Options that are not the file system's own: mount(8) makes flags of them or reads them
 * itself, or they are about when to mount, or show what the kernel does by itself. */
static const char not_for_mount[] =
	"rw ro relatime noatime nodiratime strictatime atime lazytime nolazytime suid nosuid "
	"dev nodev exec noexec sync async dirsync auto noauto nofail nobootwait user users "
	"nouser owner group defaults _netdev silent loud remount bind rbind seclabel subvolid "
	"discard nodiscard iversion noiversion mand nomand addr proto clientaddr mountaddr";

static bool is_for_mount(const char *option, size_t len)
{
	const char *pos = not_for_mount;

	if ((len >= 2 && strncmp(option, "x-", 2) == 0) ||
	    strncmp(option, "comment=", strlen("comment=")) == 0)
		return false;
	len = strcspn(option, "=,") < len ? strcspn(option, "=,") : len;
	while (*pos) {
		size_t word = strcspn(pos, " ");

		if (word == len && strncmp(pos, option, len) == 0)
			return false;
		pos += word + strspn(pos + word, " ");
	}
	return len > 0;
}

/* What of @options a capture kernel mounts with. */
static struct err *options_for_mount(struct planning *g, const char *options,
				     const char **ret)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;

	while (*options) {
		size_t len = strcspn(options, ",");

		if (is_for_mount(options, len)) {
			if (b.len)
				buf_add_char(&b, ',');
			buf_add(&b, options, len);
		}
		options += len + (options[len] == ',');
	}
	err = buf_check(&b);
	if (err)
		return err;
	*ret = plan_printf(g->plan, "%s", buf_text(&b));
	return *ret ? NULL : err_nomem();
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

static struct err *refuse_fs(const char *fs_type, const char *where)
{
	static const char *const lost[] = {"tmpfs",	"ramfs", "rootfs", "devtmpfs",
					   "hugetlbfs", "proc",	 "sysfs",  "cgroup2"};
	static const char *const stacked[] = {"overlay", "aufs", "squashfs", "iso9660",
					      "erofs",	 "fuse", "fuseblk",  "ecryptfs"};
	static const char *const others[] = {"zfs",  "bcachefs", "cifs",  "smb3",
					     "ceph", "9p",	 "autofs"};
	const char *why = NULL;

	if (is_one_of(fs_type, lost, ARRAY_SIZE(lost)))
		why = "in memory, and gone after a crash";
	else if (is_one_of(fs_type, stacked, ARRAY_SIZE(stacked)) ||
		 str_has_prefix(fs_type, "fuse."))
		why = "nothing that a dump can be written to in a capture kernel";
	else if (is_one_of(fs_type, others, ARRAY_SIZE(others)))
		why = "a kind of file system that the capture kernel does not mount";
	if (!why)
		return NULL;
	return err_new(
		ERR_UNSUPPORTED,
		"%s is on %s: that is %s; set path to a directory of a disk, or name a target",
		where, fs_type, why);
}

/* The file system's module, and what of character sets it asks for. */
static struct err *add_fs_modules(struct planning *g, const struct manifest_target *t)
{
	static const char *const of_vfat[] = {"?nls_cp437", "?nls_ascii", "?nls_iso8859_1",
					      "?nls_utf8"};
	struct err *err = plan_add_module(g->plan, t->fs_type);

	for (size_t i = 0; !err && str_eq(t->fs_type, "vfat") && i < ARRAY_SIZE(of_vfat);
	     i++)
		err = plan_add_module(g->plan, of_vfat[i]);
	return err;
}

/* Follow the disk; *@ret_device is "/dev/vda1", kept by the plan. */
static struct err *add_disk(struct planning *g, u32 major, u32 minor,
			    const char **ret_device)
{
	struct block_chain chain = {0};
	struct err *err = block_chain_read(g->root, major, minor, &chain);

	if (err)
		return err;
	for (size_t i = 0; !err && i < chain.num_modules; i++) {
		const char *name = chain.modules[i];

		name += *name == '?';
		if (str_eq(name, "usbcore") || str_eq(name, "usb_storage") ||
		    str_eq(name, "uas"))
			g->target_on_usb = true;
		err = plan_add_module(g->plan, chain.modules[i]);
	}
	*ret_device = plan_printf(g->plan, "%s", chain.device);
	block_chain_deinit(&chain);
	if (err)
		return err;
	return *ret_device ? NULL : err_nomem();
}

struct err *plan_describe_target(struct planning *g, const struct manifest_target *t,
				 const char *device)
{
	const char *before = g->plan->target_text;

	g->plan->target_text =
		plan_printf(g->plan, "%s%s%s%s%s%s%s%s", before, *before ? "; " : "",
			    device, *t->fs_type ? " (" : "", t->fs_type,
			    *t->fs_type ? ")" : "", *t->path ? ", " : "", t->path);
	return g->plan->target_text ? NULL : err_nomem();
}

/* Name the disk as it will be found again: names of /dev may go to others at the next boot.
 */
static struct err *name_device(struct planning *g, const char *device,
			       struct manifest_target *t)
{
	struct block_probe probe;
	char *name;
	struct err *err = block_lasting_name(g->root, device, &name);

	if (!err)
		err = plan_keep(g->plan, name);
	if (err)
		return err;
	t->device = name;
	if (!str_eq(name, device))
		return NULL;
	err = block_probe_read(g->root, device, &probe);
	if (!err && probe.uuid[0]) {
		t->device = plan_printf(g->plan, "UUID=%s", probe.uuid);
		err = t->device ? NULL : err_nomem();
	}
	return err;
}

/* Is the file system that is not mounted now the one the user says? */
static struct err *check_fs(struct planning *g, const struct config_target *c,
			    const char *device)
{
	struct block_probe probe;
	struct err *err = block_probe_read(g->root, device, &probe);

	if (err || !probe.is_readable || str_eq(probe.type, c->fs_type))
		return err;
	if (!probe.type[0])
		return err_new(ERR_USAGE,
			       "there is no file system on %s (%s): make one with mkfs.%s",
			       c->spec, device, c->fs_type);
	return err_new(ERR_USAGE, "%s (%s) holds %s; the configuration says %s", c->spec,
		       device, probe.type, c->fs_type);
}

#define VFAT_FILE_MAX ((4ULL << 30) - 1)

/* A file on vfat ends at 4 GiB. A filtered dump of a machine with more memory is mostly
 * smaller than that; a copy of all memory is not. */
static struct err *check_file_size(struct planning *g, const struct manifest_target *t)
{
	static const char makedumpfile[] = "makedumpfile";
	const char *collector = g->config->core_collector;
	struct arm_status status;
	struct err *err;
	u64 ram_bytes;

	if (!str_eq(t->fs_type, "vfat"))
		return NULL;
	err = arm_status_read(g->root, &status);
	if (err)
		return err;
	ram_bytes = status.ram_bytes;
	arm_status_deinit(&status);
	if (ram_bytes <= VFAT_FILE_MAX)
		return NULL;
	if (!str_has_prefix(collector, makedumpfile))
		return err_new(
			ERR_USAGE,
			"vfat holds no file of 4 GiB, and %s copies all %lluM of memory: take another file system, or core_collector makedumpfile",
			collector, (unsigned long long)(ram_bytes >> 20));
	plan_warn(
		g->plan,
		"vfat holds no file of 4 GiB: a dump of this machine, which has %lluM of memory, is cut off there if it does not get smaller than that by filtering",
		(unsigned long long)(ram_bytes >> 20));
	return NULL;
}

/* A subvolume is mounted by its name, which must not stand in the path twice. */
static struct err *mind_subvolume(struct planning *g, const struct mount_row *mount,
				  const char *path, struct manifest_target *t)
{
	cleanup(freep) char *subvol = NULL;
	struct err *err = mount_option(mount->super_options, "subvol", &subvol);
	size_t len;

	if (err || !subvol || str_eq(subvol, "/"))
		return err;
	len = strlen(subvol);
	if (strncmp(path, subvol, len) == 0 && (path[len] == '/' || !path[len])) {
		t->path = plan_printf(g->plan, "%s", path[len] ? path + len : "/");
		return t->path ? NULL : err_nomem();
	}
	/* A snapshot or a subvolume further down: from the top, then. */
	t->options = "subvol=/";
	return NULL;
}

/* The disk that @mount is from. A btrfs file system has a number that is no disk's. */
static struct err *add_disk_of_mount(struct planning *g, const struct mount_row *mount,
				     const char **ret_device)
{
	u32 major = mount->major, minor = mount->minor;
	struct err *err = NULL;

	if (major == 0)
		err = block_find(g->root, mount->source, &major, &minor);
	return err ? err : add_disk(g, major, minor, ret_device);
}

/* A target from what is mounted at @path now. */
static struct err *from_path(struct planning *g, const char *path, const char *kind,
			     struct manifest_target *t)
{
	struct mount_place place;
	const struct mount_row *mount;
	const char *device;
	struct err *err = mount_table_resolve(&g->mounts, g->root, path, &place);

	if (err)
		return err;
	err = plan_keep(g->plan, place.path);
	mount = place.mount;
	if (!err)
		err = refuse_fs(mount->fs_type, path);
	if (!err && str_has_prefix(mount->fs_type, "nfs"))
		return plan_nfs(g, mount->source, mount->super_options, place.path, t);
	if (!err)
		err = add_disk_of_mount(g, mount, &device);
	if (err)
		return err_wrap(err, "%s", path);
	*t = MANIFEST_TARGET_DEFAULTS;
	t->kind = kind;
	t->path = place.path;
	t->fs_type = plan_printf(g->plan, "%s", mount->fs_type);
	if (!t->fs_type)
		return err_nomem();
	err = options_for_mount(g, mount->super_options, &t->options);
	if (!err)
		err = mind_subvolume(g, mount, place.path, t);
	if (!err)
		err = check_file_size(g, t);
	if (!err)
		err = name_device(g, device, t);
	if (!err)
		err = add_fs_modules(g, t);
	return err ? err : plan_describe_target(g, t, device);
}

/* The options of the line for @spec in fstab(5), "" if there is none. */
static struct err *options_of_fstab(struct planning *g, const char *spec, const char **ret)
{
	cleanup(freep) char *text =
		root_read_or_null(g->root, "/etc/fstab", FSTAB_BYTES_MAX);
	char *pos = text, *line;

	*ret = "";
	while ((line = pos ? strsep(&pos, "\n") : NULL)) {
		char *words[4] = {NULL};

		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			do
				words[i] = line ? strsep(&line, " \t") : NULL;
			while (words[i] && !*words[i]);
		}
		if (words[0] && words[3] && str_eq(words[0], spec))
			return options_for_mount(g, words[3], ret);
	}
	return NULL;
}

/* A file system that the user named by its device. */
static struct err *from_device(struct planning *g, const struct config_target *c,
			       struct manifest_target *t)
{
	const struct mount_row *mount;
	const char *device;
	u32 major, minor;
	struct err *err = block_find(g->root, c->spec, &major, &minor);

	if (!err)
		err = refuse_fs(c->fs_type, c->spec);
	if (!err)
		err = add_disk(g, major, minor, &device);
	if (err)
		return err;
	*t = MANIFEST_TARGET_DEFAULTS;
	t->path = g->config->path;
	t->fs_type = c->fs_type;
	mount = mount_table_find_device(&g->mounts, major, minor);
	if (mount && !str_eq(mount->fs_type, c->fs_type))
		return err_new(
			ERR_USAGE,
			"%s is %s, and mounted so at %s; the configuration (line %llu) says %s",
			c->spec, mount->fs_type, mount->mount_point,
			(unsigned long long)c->line, c->fs_type);
	err = mount ? NULL : check_fs(g, c, device);
	if (!err)
		err = check_file_size(g, t);
	if (err)
		return err;
	if (*c->options)
		err = options_for_mount(g, c->options, &t->options);
	else if (mount)
		err = options_for_mount(g, mount->super_options, &t->options);
	else
		err = options_of_fstab(g, c->spec, &t->options);
	if (!err && str_has_prefix(c->spec, "/dev/"))
		err = name_device(g, device, t);
	else if (!err)
		t->device = c->spec;
	if (!err)
		err = add_fs_modules(g, t);
	return err ? err : plan_describe_target(g, t, device);
}

/* A partition that is written from its first byte on. Its device name is all there is; a
 * name by content would be gone after the first dump. */
static struct err *from_raw(struct planning *g, const struct config_target *c,
			    struct manifest_target *t)
{
	struct block_probe probe;
	const struct mount_row *mount;
	const char *device;
	u32 major, minor;
	struct err *err = block_find(g->root, c->spec, &major, &minor);

	if (!err)
		err = add_disk(g, major, minor, &device);
	if (err)
		return err;
	mount = mount_table_find_device(&g->mounts, major, minor);
	if (mount)
		return err_new(ERR_REFUSED,
			       "raw %s: it is mounted at %s, and a dump would overwrite it",
			       c->spec, mount->mount_point);
	err = block_probe_read(g->root, device, &probe);
	if (err)
		return err;
	if (probe.type[0])
		plan_warn(
			g->plan,
			"raw %s holds %s, which a dump overwrites; clear it with wipefs if nobody needs it",
			c->spec, probe.type);
	*t = MANIFEST_TARGET_DEFAULTS;
	t->kind = "raw";
	t->path = "";
	t->device = str_has_prefix(c->spec, "/dev/") ? device : c->spec;
	return plan_describe_target(g, t, device);
}

static struct err *from_virtiofs(struct planning *g, const struct config_target *c,
				 struct manifest_target *t)
{
	struct err *err = plan_add_module(g->plan, "virtio_pci");

	if (!err)
		err = plan_add_module(g->plan, "virtiofs");
	if (err)
		return err;
	*t = MANIFEST_TARGET_DEFAULTS;
	t->kind = "virtiofs";
	t->device = c->spec;
	t->fs_type = "virtiofs";
	t->path = g->config->path;
	return plan_describe_target(g, t, c->spec);
}

static struct err *from_config(struct planning *g, const struct config_target *c,
			       struct manifest_target *t)
{
	switch (c->kind) {
	case CONFIG_TARGET_FS:
		return from_device(g, c, t);
	case CONFIG_TARGET_RAW:
		return from_raw(g, c, t);
	case CONFIG_TARGET_VIRTIOFS:
		return from_virtiofs(g, c, t);
	case CONFIG_TARGET_NFS:
		return plan_nfs(g, c->spec, c->options,
				capture_config_path_on(g->config, c), t);
	case CONFIG_TARGET_SSH:
		return plan_ssh(g, c->spec, t);
	}
	return err_new(ERR_UNSUPPORTED, "%s is no kind of target", c->spec);
}

/* What a dump directory's name begins with. */
static void name_host(struct planning *g, struct manifest_target *t)
{
	bool is_remote = *t->address != '\0';

	if (g->config->dialect == CONFIG_KDUMP_TOOLS && !is_remote)
		t->host = "";
	if (is_remote && g->config->host_tag == CONFIG_HOST_TAG_HOSTNAME &&
	    *g->plan->manifest.host_name)
		t->host = g->plan->manifest.host_name;
}

struct err *plan_targets(struct planning *g)
{
	struct manifest *m = &g->plan->manifest;
	const struct capture_config *c = g->config;
	struct err *err = NULL;

	if (!c->num_targets) {
		err = from_path(g, c->path, "fs", &g->plan->targets[0]);
		m->num_targets = 1;
	}
	for (size_t i = 0; !err && i < c->num_targets; i++) {
		err = err_wrap(from_config(g, &c->targets[i], &g->plan->targets[i]),
			       "target of line %llu",
			       (unsigned long long)c->targets[i].line);
		m->num_targets++;
	}
	if (!err && c->failure_action == CONFIG_DUMP_TO_ROOTFS) {
		struct manifest_target *t = &g->plan->targets[m->num_targets++];

		err = err_wrap(from_path(g, "/", "rootfs", t), "dump_to_rootfs");
		if (!err)
			t->path = c->path;
	}
	for (size_t i = 0; !err && i < m->num_targets; i++)
		name_host(g, &g->plan->targets[i]);
	return err;
}
