#include "fuzz.h"

#include "format/note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct note_iter it = note_iter_init(data, size);
	struct note n;
	volatile unsigned sum = 0;

	while (note_next(&it, &n)) {
		assert(n.offset < size);
		(void)note_has_name(&n, "VMCOREINFO");
		for (size_t i = 0; i < n.name_len; i++)
			sum += (unsigned char)n.name[i];
		for (size_t i = 0; i < n.desc_len; i++)
			sum += ((const uint8_t *)n.desc)[i];
	}
	return 0;
}
