#include "fuzz.h"

#include "format/kdump_tools_conf.h"
#include "fuzz_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_config(data, size, CONFIG_KDUMP_TOOLS, kexec_conf_parse);
}
