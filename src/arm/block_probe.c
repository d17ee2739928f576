#include "arm/block_probe.h"

#include "arm/root.h"

#include <blkid.h>

static void copy_value(blkid_probe probe, const char *name, char *to, size_t size)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0)
		snprintf(to, size, "%s", value);
}

struct err *block_probe_read(const char *root, const char *device, struct block_probe *ret)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, device, &full);
	blkid_probe probe;

	*ret = (struct block_probe){.is_readable = false};
	if (err)
		return err;
	probe = blkid_new_probe_from_filename(full);
	if (!probe)
		return NULL;
	ret->is_readable = true;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID);
	if (blkid_do_safeprobe(probe) == 0) {
		copy_value(probe, "TYPE", ret->type, sizeof(ret->type));
		copy_value(probe, "UUID", ret->uuid, sizeof(ret->uuid));
	}
	blkid_free_probe(probe);
	return NULL;
}
