#include "capture/remote.h"

#include "base/clock.h"
#include "capture/dialect.h"
#include "capture/network.h"

/* kdump-config sleeps as long. */
#define PAUSE_MS 3000
/* A server that had not answered when the network came up. */
#define REACH_AGAIN_MS 5000
/* For a server that takes the connection and then is silent. */
#define WORK_MS 60000

/* What went wrong on the way goes to the sink. */
static struct err *reach(const struct target *t, u16 port, u64 deadline_ms)
{
	const struct network_goal goal = {.address = t->row->address,
					  .port = t->row->port ? (u16)t->row->port : port};
	struct notices notices = {0};
	struct err *err;

	if (!*t->row->address)
		return err_new(ERR_USAGE, "the manifest has no address of %s: arm again",
			       t->row->device);
	err = network_bring_up(t->manifest, &goal, deadline_ms, &notices);
	for (size_t i = 0; i < notices.count; i++)
		sink_warn(t->sink, err_new(ERR_ABSENT, "%s", notices.texts[i]));
	notices_deinit(&notices);
	return err;
}

struct err *remote_open(const struct target *t, u16 port, remote_work *work)
{
	u64 left = t->row->tries ? t->row->tries : 1;
	u64 deadline_ms = t->manifest->deadlines.network_ms;

	for (;;) {
		struct err *err = reach(t, port, deadline_ms);

		if (!err)
			err = work(t);
		if (!err || --left == 0)
			return err;
		sink_warn(t->sink,
			  err_wrap(err, "%llu more tries", (unsigned long long)left));
		dialect_try_again(t, left);
		clock_sleep_ms(PAUSE_MS);
		deadline_ms = min_u64(deadline_ms, REACH_AGAIN_MS);
	}
}

u64 remote_retry_ms(const struct manifest_target *row)
{
	return row->tries ? (row->tries - 1) * (PAUSE_MS + REACH_AGAIN_MS + WORK_MS) : 0;
}
