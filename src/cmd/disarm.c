#include "arm/arm.h"
#include "arm/bootloader.h"
#include "arm/image_store.h"
#include "cmd/arming.h"
#include "cmd/cmd.h"
#include "cmd/kdump_config.h"

#define LOCK_WAIT_MS 60000

static const struct opt options[] = {
	{.name = "purge",
	 .help = "Remove the images, links and records that arming made, and our crashkernel= from the boot loader, too."},
	ARMING_ROOT_OPTION,
	OPTS_END,
};

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *root = arming_root(given);
	bool purge = opts_has(given, "purge");
	int lock = -1;
	struct err *err = arm_lock(root, LOCK_WAIT_MS, &lock);

	if (!err)
		err = arm_unload(root);
	if (!err && purge)
		err = bootloader_restore(&(struct bootloader_options){.root = root});
	if (!err && purge)
		err = kdump_config_remove_links(root);
	if (!err && purge)
		err = image_store_purge(root);
	arm_unlock(lock);
	if (err)
		return err;
	buf_printf(&b, "not armed: the capture kernel is unloaded%s\n",
		   purge ? ", its images and our crashkernel= are removed" : "");
	return cmd_print(&b);
}

const struct cmd cmd_disarm = {
	.opts = {.name = "disarm",
		 .operands = "",
		 .summary = "Unload the capture kernel.",
		 .options = options},
	.run = run,
};
