#include "fuzz.h"

#include "format/note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct note_iter it = note_iter_init(data, size);
	struct note n;

	while (note_next(&it, &n)) {
		assert(n.offset < size);
		(void)note_has_name(&n, "VMCOREINFO");
		fuzz_touch(n.name, n.name_len);
		fuzz_touch(n.desc, n.desc_len);
	}
	return 0;
}
