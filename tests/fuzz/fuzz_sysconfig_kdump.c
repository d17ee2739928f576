#include "fuzz.h"

#include "format/sysconfig_kdump.h"
#include "fuzz_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_config(data, size, CONFIG_KDUMP, sysconfig_kdump_parse);
}
