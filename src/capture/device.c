#include "capture/device.h"

#include "base/clock.h"
#include "base/str.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_MS	    50
#define CLASS_BLOCK "/sys/class/block"
#define VALUE_SIZE  256

/* A name of libblkid, and the value it shall have. */
struct wanted {
	const char *tag;
	bool ignores_case; /* UUIDs are written both ways */
	char value[VALUE_SIZE];
};

struct prefix {
	const char *text, *tag;
	bool ignores_case;
};

static const struct prefix prefixes[] = {
	{"UUID=", "UUID", true},
	{"LABEL=", "LABEL", false},
	{"PARTUUID=", "PART_ENTRY_UUID", true},
	{"PARTLABEL=", "PART_ENTRY_NAME", false},
	{"/dev/disk/by-uuid/", "UUID", true},
	{"/dev/disk/by-label/", "LABEL", false},
	{"/dev/disk/by-partuuid/", "PART_ENTRY_UUID", true},
	{"/dev/disk/by-partlabel/", "PART_ENTRY_NAME", false},
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Copy without quotes; below /dev/disk udev writes odd characters as \x20. */
static void copy_value(const char *from, char *to)
{
	size_t len = 0;

	for (; *from && len + 1 < VALUE_SIZE; from++) {
		if (*from == '"' || *from == '\'')
			continue;
		if (from[0] == '\\' && from[1] == 'x' && hex_digit(from[2]) >= 0 &&
		    hex_digit(from[3]) >= 0) {
			to[len++] = (char)(hex_digit(from[2]) * 16 + hex_digit(from[3]));
			from += 3;
			continue;
		}
		to[len++] = *from;
	}
	to[len] = '\0';
}

/* False if @spec is a path to wait for. */
static bool parse_spec(const char *spec, struct wanted *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!str_has_prefix(spec, prefixes[i].text))
			continue;
		ret->tag = prefixes[i].tag;
		ret->ignores_case = prefixes[i].ignores_case;
		copy_value(spec + strlen(prefixes[i].text), ret->value);
		return true;
	}
	return false;
}

static blkid_probe new_probe(const char *path)
{
	blkid_probe probe = blkid_new_probe_from_filename(path);

	if (!probe)
		return NULL;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL |
							 BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	return probe;
}

static void copy_type(blkid_probe probe, char ret[DEVICE_TYPE_SIZE])
{
	const char *type = NULL;

	blkid_probe_lookup_value(probe, "TYPE", &type, NULL);
	snprintf(ret, DEVICE_TYPE_SIZE, "%s", type ? type : "");
}

/* Is the device at @path the one? What cannot be read is not. */
static bool is_wanted(const char *path, const struct wanted *w, struct device *ret)
{
	blkid_probe probe = new_probe(path);
	const char *value = NULL;
	bool matches = false;

	if (probe && blkid_do_safeprobe(probe) == 0 &&
	    blkid_probe_lookup_value(probe, w->tag, &value, NULL) == 0)
		matches = (w->ignores_case ? strcasecmp : strcmp)(value, w->value) == 0;
	if (matches) {
		snprintf(ret->path, sizeof(ret->path), "%s", path);
		copy_type(probe, ret->type);
	}
	blkid_free_probe(probe);
	return matches;
}

/* Those hold nothing of anybody's. */
static bool is_of_memory(const char *name)
{
	return str_has_prefix(name, "ram") || str_has_prefix(name, "loop") ||
	       str_has_prefix(name, "zram");
}

static bool look_at_all(const struct wanted *w, struct device *ret)
{
	DIR *dir = opendir(CLASS_BLOCK);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		char path[sizeof(ret->path)];
		int len = snprintf(path, sizeof(path), "/dev/%s", entry->d_name);

		if (entry->d_name[0] == '.' || is_of_memory(entry->d_name) || len < 0 ||
		    (size_t)len >= sizeof(path))
			continue;
		/* A slash of a name is an exclamation mark there: cciss!c0d0. */
		for (char *c = path; *c; c++)
			if (*c == '!')
				*c = '/';
		found = is_wanted(path, w, ret);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool look_at_path(const char *path, struct device *ret)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
		return false;
	snprintf(ret->path, sizeof(ret->path), "%s", path);
	ret->type[0] = '\0';
	err_ignore(device_probe(path, ret->type));
	return true;
}

struct err *device_find(const char *spec, u64 deadline_ms, struct device *ret)
{
	u64 end = clock_now_ms() + deadline_ms;
	struct device found = {.path = ""};
	struct wanted wanted;
	bool by_tag = parse_spec(spec, &wanted);

	if (!by_tag && (*spec != '/' || strlen(spec) >= sizeof(found.path)))
		return err_new(ERR_USAGE,
			       "%s is neither a path of a device nor UUID=, LABEL=, "
			       "PARTUUID= or PARTLABEL=",
			       spec);
	while (!(by_tag ? look_at_all(&wanted, &found) : look_at_path(spec, &found))) {
		if (clock_now_ms() >= end)
			return err_new(ERR_ABSENT,
				       "%s did not appear as a block device within %llu ms",
				       spec, (unsigned long long)deadline_ms);
		clock_sleep_ms(POLL_MS);
	}
	*ret = found;
	return NULL;
}

struct err *device_probe(const char *path, char ret_type[DEVICE_TYPE_SIZE])
{
	blkid_probe probe = new_probe(path);
	int result;

	if (!probe)
		return err_os(errno, "cannot open %s", path);
	result = blkid_do_safeprobe(probe);
	ret_type[0] = '\0';
	if (result == 0)
		copy_type(probe, ret_type);
	blkid_free_probe(probe);
	if (result == -2)
		return err_new(ERR_BAD_DATA,
			       "%s has the signatures of more than one file system", path);
	return result < 0 ? err_new(ERR_OS, "%s cannot be read", path) : NULL;
}
