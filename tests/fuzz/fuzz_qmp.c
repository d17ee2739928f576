#include "fuzz.h"

#include "format/qmp.h"

#include <assert.h>

/* What is parsed can be asked for its members, and a command made of its text is one line.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qmp_message m = {0};
	struct buf b = BUF_INIT;
	struct err *err = qmp_message_parse((const char *)data, size, &m);

	if (err) {
		assert(err_message(err)[0]);
		err_free(err);
		return 0;
	}
	assert((m.kind == QMP_EVENT || m.kind == QMP_ERROR) == (m.name != NULL));
	qmp_command_format(&b, m.name ? m.name : "quit", m.data, m.id + 1);
	if (!b.failed)
		assert(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
	buf_deinit(&b);
	qmp_message_deinit(&m);
	return 0;
}
