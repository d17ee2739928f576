#include "backend/dump_progress_priv.h"

#include <errno.h>

#include "base/cancel.h"
#include "base/clock.h"

void dump_progress_start(struct dump_progress *p)
{
	p->moved_ms = clock_now_ms();
}

void dump_progress_note(struct dump_progress *p, u64 done, u64 total)
{
	if (done != p->done) {
		p->done = done;
		p->moved_ms = clock_now_ms();
	}
	if (p->progress)
		p->progress(p->ctx, done, total);
}

struct err *dump_progress_check(const struct dump_progress *p, const char *consequence)
{
	if (cancel_is_set(p->cancel))
		return err_new(ERR_REFUSED, "interrupted%s", consequence);
	if (clock_now_ms() - p->moved_ms >= p->idle_ms)
		return err_os(ETIMEDOUT, "the dump stands still at %llu bytes",
			      (unsigned long long)p->done);
	return NULL;
}
