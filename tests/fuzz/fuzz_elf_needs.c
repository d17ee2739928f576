/* ELF files: all that is said to be needed lies in the bytes. */
#include "fuzz.h"

#include "format/elf_needs.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_needs n;
	struct err *err = elf_needs_parse(data, size, &n);

	if (err) {
		err_free(err);
		return 0;
	}
	fuzz_touch(n.interpreter, strlen(n.interpreter));
	fuzz_touch(n.rpath, strlen(n.rpath));
	fuzz_touch(n.runpath, strlen(n.runpath));
	for (size_t i = 0; i < n.num_libraries; i++)
		fuzz_touch(n.libraries[i], strlen(n.libraries[i]));
	return 0;
}
