#include "fuzz.h"

#include "format/inquest_conf.h"
#include "fuzz_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_config(data, size, CONFIG_INQUEST, inquest_conf_parse);
}
