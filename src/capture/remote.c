#include "capture/remote.h"

#include "capture/network.h"

struct err *remote_reach(const struct target *t, u16 port)
{
	const struct network_goal goal = {.address = t->row->address,
					  .port = t->row->port ? (u16)t->row->port : port};
	struct notices notices = {0};
	struct err *err;

	if (!*t->row->address)
		return err_new(ERR_USAGE, "the manifest has no address of %s: arm again",
			       t->row->device);
	err = network_bring_up(t->manifest, &goal, t->manifest->deadlines.network_ms,
			       &notices);
	for (size_t i = 0; i < notices.count; i++)
		sink_warn(t->sink, err_new(ERR_ABSENT, "%s", notices.texts[i]));
	notices_deinit(&notices);
	return err;
}
