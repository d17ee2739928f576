#include "cmd/raw_dumps.h"

#include "base/buf.h"
#include "capture/device.h"
#include "capture/raw_recovery.h"
#include "cmd/open.h"

#include <unistd.h>

/* Those of local disks are there by now, or udev is about to name them. */
#define DEVICE_MS 2000

static void tell(const struct raw_recovered *r, const char *device, struct buf *b)
{
	if (r->found == RAW_WHOLE)
		buf_printf(b, "the dump of a crash was on %s; it is whole, and in %s now",
			   device, r->directory);
	if (r->found == RAW_INCOMPLETE)
		buf_printf(b,
			   "the dump of a crash was on %s; it is incomplete (%s), and what "
			   "there is of it in %s now",
			   device, r->reason, r->directory);
}

static struct err *take(const struct capture_config *config, const char *spec,
			struct buf *b)
{
	struct raw_recovery_options o = {
		.parent = config->path,
		.naming = "kdump",
		.host = "127.0.0.1",
		.leaves_out_log = !config->save_dmesg,
		.formats = cmd_dump_formats,
		.sink = {.fd = STDERR_FILENO},
	};
	struct raw_recovered recovered;
	struct device device;
	struct err *err = device_find(spec, DEVICE_MS, &device);

	if (err)
		return err;
	o.device = device.path;
	err = raw_recover(&o, &recovered);
	if (!err)
		tell(&recovered, device.path, b);
	return err;
}

void raw_dumps_take(const char *root, const struct capture_config *config,
		    void (*say)(void *ctx, const char *sentence), void *ctx)
{
	for (size_t i = 0; !*root && i < config->num_targets; i++) {
		const struct config_target *t = &config->targets[i];
		cleanup(buf_deinit) struct buf b = BUF_INIT;
		struct err *err;

		if (t->kind != CONFIG_TARGET_RAW)
			continue;
		err = take(config, t->spec, &b);
		/* There is a file system: no dump, but nothing for a dump either. */
		if (err && err_code(err) == ERR_REFUSED)
			buf_printf(&b, "raw %s: %s", t->spec, err_message(err));
		else if (err)
			buf_printf(
				&b,
				"a dump that may be on %s is not taken off it: %s; the next crash writes over it, unless inquest recover is quicker",
				t->spec, err_message(err));
		err_ignore(err);
		if (b.len && !b.failed)
			say(ctx, b.data);
	}
}
