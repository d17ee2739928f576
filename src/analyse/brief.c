#include "analyse/brief.h"

#include "analyse/examination.h"
#include "analyse/frames.h"
#include "base/str.h"

#include <string.h>

static struct err *examine(struct kernel *k, struct examination **ret)
{
	cleanup(examination_freep) struct examination *e = NULL;
	struct err *err = examination_new(k, &e);

	if (err)
		return err;
	examination_read_log(e);
	examination_make(e);
	if (!e->has_cpus && !*panic_log_text(&e->panic_log))
		return err_new(ERR_ABSENT, "%s: neither a kernel log nor CPUs",
			       dump_path(kernel_dump(k)));
	*ret = steal(e);
	return NULL;
}

struct err *brief_format(struct buf *b, struct kernel *k)
{
	cleanup(examination_freep) struct examination *e = NULL;
	struct err *err = examine(k, &e);

	if (err)
		return err;
	examination_format(b, e);
	buf_add_char(b, '\n');
	if (*panic_log_text(&e->panic_log)) {
		const char *text = panic_log_text(&e->panic_log);

		buf_add_str(b, "  ");
		str_escape(b, text, strlen(text), false);
		buf_add_char(b, '\n');
	}
	for (size_t i = 0; i < e->verdict.num_evidence; i++)
		buf_printf(b, "  %s\n", e->verdict.evidence[i].text);
	if (!e->place.has_cpu)
		return NULL;
	if (e->stack->num_frames)
		stack_format(b, e->stack);
	else
		buf_printf(b, "CPU %u left no registers, so there is no backtrace\n",
			   e->place.cpu);
	return NULL;
}
