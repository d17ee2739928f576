#include "fuzz.h"

#include "arm/mount_table.h"

#include <assert.h>
#include <string.h>

/* Whatever is mounted where, a path leads to one of its rows, and stays absolute. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount_table t = {0};
	struct mount_place place;
	struct err *err = mount_table_parse((const char *)data, size, &t);

	if (err) {
		err_free(err);
		return 0;
	}
	err = mount_table_resolve(&t, "/nonexistent", "/var/crash", &place);
	if (!err) {
		assert(place.mount >= t.rows && place.mount < t.rows + t.count);
		free(place.path);
	}
	err_free(err);
	mount_table_deinit(&t);
	return 0;
}
