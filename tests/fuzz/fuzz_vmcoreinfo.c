#include "fuzz.h"

#include "format/vmcoreinfo.h"

#include <assert.h>

static void look_up(const struct vmcoreinfo *vi)
{
	size_t len;
	u64 value;

	assert(vmcoreinfo_find(vi, "OSRELEASE"));
	(void)vmcoreinfo_text(vi, &len);
	(void)vmcoreinfo_symbol(vi, "swapper_pg_dir", &value);
	(void)vmcoreinfo_size(vi, "page", &value);
	(void)vmcoreinfo_offset(vi, "page.flags", &value);
	(void)vmcoreinfo_length(vi, "mem_section", &value);
	(void)vmcoreinfo_number(vi, "phys_base", &value);
	(void)vmcoreinfo_value(vi, "KERNELOFFSET", 16, &value);
	(void)vmcoreinfo_value(vi, "CRASHTIME", 10, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmcoreinfo *vi = NULL;
	struct err *err = vmcoreinfo_parse(data, size, &vi);

	if (err) {
		assert(!vi);
		err_free(err);
		return 0;
	}
	look_up(vi);
	vmcoreinfo_free(vi);
	return 0;
}
