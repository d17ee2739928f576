#include "fuzz.h"

#include "arm/initramfs_check.h"

/* An archive that is not whole is told, and read no further than it goes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	err_free(initramfs_check_archive(data, size));
	return 0;
}
