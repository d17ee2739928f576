#include "arm/block_chain.h"

#include "arm/root.h"
#include "base/buf.h"
#include "base/str.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define ATTRIBUTE_BYTES_MAX 4096
#define NAMES_MAX	    4096 /* of a directory below /dev/disk */

void block_chain_deinit(struct block_chain *c)
{
	free(c->device);
	for (size_t i = 0; i < c->num_modules; i++)
		free(c->modules[i]);
	*c = (struct block_chain){0};
}

static struct err *add_module(struct block_chain *c, const char *name)
{
	for (size_t i = 0; i < c->num_modules; i++)
		if (str_eq(c->modules[i], name))
			return NULL;
	if (c->num_modules == BLOCK_CHAIN_MODULES_MAX)
		return err_new(ERR_BAD_DATA, "%s hangs on more than %d drivers",
			       c->device ? c->device : "a device", BLOCK_CHAIN_MODULES_MAX);
	c->modules[c->num_modules] = strdup(name);
	if (!c->modules[c->num_modules])
		return err_nomem();
	c->num_modules++;
	return NULL;
}

/* ROOT/@dir/@name, an attribute of a device. NULL if it is not there. */
static char *attribute(const char *root, const char *dir, const char *name)
{
	cleanup(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return NULL;
	}
	return root_read_or_null(root, path, ATTRIBUTE_BYTES_MAX);
}

static bool has(const char *root, const char *dir, const char *name)
{
	cleanup(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return false;
	}
	return root_has(root, path);
}

/* DIR/driver/module leads to /sys/module/NAME, also where it is built in: only what was
 * loaded has a state. What is built in here may be a module of another kernel. */
static struct err *add_driver(const char *root, const char *dir, struct block_chain *c)
{
	cleanup(freep) char *link = NULL;
	cleanup(freep) char *module = NULL;
	cleanup(freep) char *builtin = NULL;
	const char *name;
	struct err *err;

	if (asprintf(&link, "%s/driver/module", dir) < 0) {
		link = NULL;
		return err_nomem();
	}
	if (!root_has(root, link))
		return NULL;
	err = root_resolve(root, link, &module);
	if (err)
		return err;
	name = strrchr(module, '/') + 1;
	if (has(root, module, "initstate"))
		return add_module(c, name);
	if (asprintf(&builtin, "?%s", name) < 0) {
		builtin = NULL;
		return err_nomem();
	}
	return add_module(c, builtin);
}

/* From the end of /sys/devices on: what is nearer to the CPU comes first. */
struct err *block_chain_add_device(const char *root, const char *path,
				   struct block_chain *c)
{
	cleanup(freep) char *dir = NULL;
	struct err *err = root_resolve(root, path, &dir);
	char *slash;

	if (err)
		return err;
	slash = str_has_prefix(dir, "/sys/devices/") ? dir + strlen("/sys/devices") : NULL;
	while (!err && slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		err = add_driver(root, dir, c);
		if (slash)
			*slash = '/';
	}
	return err;
}

#define ELSEWHERE                                                                          \
	"; name a file system on a plain partition, or a remote target, in the configuration"

static struct err *refuse_mapped(const char *root, const char *disk, const char *device)
{
	cleanup(freep) char *uuid = attribute(root, disk, "dm/uuid");
	cleanup(freep) char *name = attribute(root, disk, "dm/name");
	const char *what = "a device mapper volume";

	if (uuid && str_has_prefix(uuid, "LVM-"))
		what = "an LVM volume";
	else if (uuid && str_has_prefix(uuid, "CRYPT-"))
		what = "an encrypted volume, whose key a capture kernel does not have";
	else if (uuid && str_has_prefix(uuid, "mpath-"))
		what = "a multipath volume";
	return err_new(ERR_UNSUPPORTED,
		       "%s (%s) is %s: the capture kernel cannot put it together" ELSEWHERE,
		       device, name ? name : "no name", what);
}

/* "session1" below a host: iSCSI. */
static bool has_session(const char *path)
{
	const char *pos = path;

	while ((pos = strstr(pos, "/session"))) {
		pos += strlen("/session");
		if (isdigit((unsigned char)*pos))
			return true;
	}
	return false;
}

static struct err *refuse_odd(const char *root, const char *disk, const char *device)
{
	if (has(root, disk, "dm"))
		return refuse_mapped(root, disk, device);
	if (has(root, disk, "md"))
		return err_new(
			ERR_UNSUPPORTED,
			"%s is a software RAID: the capture kernel does not assemble it" ELSEWHERE,
			device);
	if (has(root, disk, "loop"))
		return err_new(ERR_UNSUPPORTED,
			       "%s is a file made into a disk (loop)" ELSEWHERE, device);
	if (has_session(disk))
		return err_new(
			ERR_UNSUPPORTED,
			"%s is reached over iSCSI, which the capture kernel does not "
			"log in to" ELSEWHERE,
			device);
	return NULL;
}

/* A disk with several paths is nobody's child: /devices/virtual/nvme-subsystem/nvme-subsys0
 * has a link to each controller. */
static struct err *add_nvme_controllers(const char *root, const char *disk,
					struct block_chain *c)
{
	cleanup(freep) char *subsystem = strdup(disk);
	cleanup(freep) char *full = NULL;
	struct dirent *entry;
	struct err *err;
	DIR *dir;

	if (!subsystem)
		return err_nomem();
	*strrchr(subsystem, '/') = '\0';
	err = root_join(root, subsystem, &full);
	if (err)
		return err;
	dir = opendir(full);
	while (!err && dir && (entry = readdir(dir))) {
		cleanup(freep) char *path = NULL;

		if (!str_has_prefix(entry->d_name, "nvme") || entry->d_type != DT_LNK)
			continue;
		if (asprintf(&path, "%s/%s", subsystem, entry->d_name) < 0) {
			path = NULL;
			err = err_nomem();
		} else {
			err = block_chain_add_device(root, path, c);
		}
	}
	if (dir)
		closedir(dir);
	return err;
}

static struct err *follow(const char *root, const char *path, struct block_chain *c)
{
	cleanup(freep) char *disk = strdup(path);
	const char *name = strrchr(path, '/') + 1;
	struct err *err;

	if (!disk)
		return err_nomem();
	if (asprintf(&c->device, "/dev/%s", name) < 0) {
		c->device = NULL;
		return err_nomem();
	}
	/* The kernel writes '!' for a '/' in a name. */
	for (char *p = c->device; (p = strchr(p, '!'));)
		*p = '/';
	if (has(root, path, "partition"))
		*strrchr(disk, '/') = '\0';
	err = refuse_odd(root, disk, c->device);
	if (!err && strstr(disk, "/nvme-subsystem/"))
		err = add_nvme_controllers(root, disk, c);
	else if (!err && str_has_prefix(disk, "/sys/devices/virtual/"))
		err = err_new(ERR_UNSUPPORTED,
			      "%s exists in memory only, or its driver does not say on "
			      "what it lies" ELSEWHERE,
			      c->device);
	return err ? err : block_chain_add_device(root, disk, c);
}

struct err *block_chain_read(const char *root, u32 major, u32 minor,
			     struct block_chain *ret)
{
	cleanup(block_chain_deinit) struct block_chain c = {0};
	cleanup(freep) char *path = NULL;
	char link[64];
	struct err *err;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	if (!root_has(root, link))
		return err_new(ERR_ABSENT, "there is no block device %u:%u", major, minor);
	err = root_resolve(root, link, &path);
	if (!err)
		err = follow(root, path, &c);
	if (err)
		return err;
	*ret = c;
	c = (struct block_chain){0};
	return NULL;
}

/* As udev writes a label into a file name. */
static void encode(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("#+-.:=@_", *text) ||
		    (unsigned char)*text >= 0x80)
			buf_add_char(b, *text);
		else
			buf_printf(b, "\\x%02x", (unsigned char)*text);
	}
}

static const struct {
	const char *prefix, *dir;
} spec_kinds[] = {
	{"UUID=", "/dev/disk/by-uuid/"},
	{"LABEL=", "/dev/disk/by-label/"},
	{"PARTUUID=", "/dev/disk/by-partuuid/"},
	{"PARTLABEL=", "/dev/disk/by-partlabel/"},
};

static struct err *number_of(const char *root, const char *device, const char *spec,
			     u32 *ret_major, u32 *ret_minor)
{
	cleanup(freep) char *dir = NULL;
	cleanup(freep) char *number = NULL;
	const char *name = strrchr(device, '/') + 1;
	unsigned major, minor;

	if (asprintf(&dir, "/sys/class/block/%s", name) < 0) {
		dir = NULL;
		return err_nomem();
	}
	number = attribute(root, dir, "dev");
	if (!number || sscanf(number, "%u:%u", &major, &minor) != 2)
		return err_new(ERR_ABSENT, "there is no block device %s on this machine",
			       spec);
	*ret_major = major;
	*ret_minor = minor;
	return NULL;
}

struct err *block_find(const char *root, const char *spec, u32 *ret_major, u32 *ret_minor)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	cleanup(freep) char *device = NULL;
	struct err *err;

	for (size_t i = 0; i < ARRAY_SIZE(spec_kinds); i++) {
		if (str_has_prefix(spec, spec_kinds[i].prefix)) {
			buf_add_str(&path, spec_kinds[i].dir);
			encode(&path, spec + strlen(spec_kinds[i].prefix));
		}
	}
	if (!path.len && !str_has_prefix(spec, "/dev/"))
		return err_new(ERR_USAGE,
			       "%s is no device: write /dev/…, UUID=… or LABEL=…", spec);
	if (!path.len)
		buf_add_str(&path, spec);
	err = buf_check(&path);
	if (!err)
		err = root_resolve(root, buf_text(&path), &device);
	return err ? err : number_of(root, device, spec, ret_major, ret_minor);
}

struct err *block_lasting_name(const char *root, const char *device, char **ret)
{
	static const char by_uuid[] = "/dev/disk/by-uuid";
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, by_uuid, &full);
	struct dirent *entry;
	size_t seen = 0;
	char *name = NULL;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	while (!err && !name && dir && (entry = readdir(dir)) && seen++ < NAMES_MAX) {
		cleanup(freep) char *link = NULL;
		cleanup(freep) char *leads_to = NULL;

		if (asprintf(&link, "%s/%s", by_uuid, entry->d_name) < 0) {
			link = NULL;
			err = err_nomem();
			break;
		}
		err = root_resolve(root, link, &leads_to);
		if (!err && str_eq(leads_to, device) &&
		    asprintf(&name, "UUID=%s", entry->d_name) < 0) {
			name = NULL;
			err = err_nomem();
		}
	}
	if (dir)
		closedir(dir);
	if (!err && !name)
		name = strdup(device);
	if (!err && !name)
		err = err_nomem();
	if (err)
		free(name);
	else
		*ret = name;
	return err;
}
