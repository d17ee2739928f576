#include "capture/target.h"

#include "base/str.h"

/* All there are. */
static const struct target_kind *const kinds[] = {
	&target_kind_fs,  &target_kind_virtiofs, &target_kind_rootfs,
	&target_kind_raw, &target_kind_nfs,	 &target_kind_ssh,
};

const struct target_kind *target_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_eq(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}
