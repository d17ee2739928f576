#include "fuzz.h"

#include "format/ec2_answer.h"

#include <assert.h>

/* An answer is a success, an error, or neither; never both. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ec2_answer a;

	ec2_answer_read((const char *)data, size, "SendDiagnosticInterrupt", &a);
	assert(!a.is_done || !a.code[0]);
	assert(a.code[0] || !a.message[0]);
	assert(strlen(a.code) <= EC2_CODE_MAX && strlen(a.message) <= EC2_MESSAGE_MAX);
	return 0;
}
