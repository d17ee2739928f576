#include "fuzz.h"

#include "base/str.h"
#include "trigger/evidence.h"

#include <assert.h>

/* Whatever a hypervisor prints for registers, the sentence of them stays one line of
 * bounded length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evidence e = {.registers = BUF_INIT};
	cleanup(buf_deinit) struct buf words = BUF_INIT;

	str_escape(&e.registers, (const char *)data, size, true);
	evidence_describe(&e, &words);
	assert(words.len < 1000 && !strchr(buf_text(&words), '\n'));
	evidence_deinit(&e);
	return 0;
}
