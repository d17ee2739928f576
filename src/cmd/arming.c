#include "cmd/arming.h"

#include "arm/configuration.h"
#include "cmd/cmd.h"
#include "cmd/raw_dumps.h"

#include <string.h>

/* Another program that arms builds an image meanwhile. */
#define LOCK_WAIT_MS 60000

const char *arming_root(const struct opts_result *given)
{
	const char *root = opts_value(given, "root", "");

	/* Paths of the machine begin with a '/' of their own. */
	return strcmp(root, "/") == 0 ? "" : root;
}

unsigned long long arming_mib(u64 bytes)
{
	return align_up(bytes, 1 << 20) >> 20;
}

static void say(void *ctx, const char *sentence)
{
	printf("%s\n", sentence);
	fflush(stdout);
}

struct err *arming_load(const char *root, const struct arm_options *how)
{
	struct arm_options options = *how;
	struct capture_config config = {0};
	struct err *err;
	int lock = -1;

	options.say = say;
	err = configuration_read(root, &config);
	if (!err)
		err = arm_lock(root, LOCK_WAIT_MS, &lock);
	if (!err && !how->no_load)
		raw_dumps_take(root, &config, say, NULL);
	if (!err)
		err = arm_load(root, &config, &options);
	arm_unlock(lock);
	capture_config_deinit(&config);
	return err;
}

struct err *arming_describe(const char *root)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct capture_config config = {0};
	struct err *err = configuration_read(root, &config);

	if (!err)
		err = arm_describe(root, &config, &b);
	capture_config_deinit(&config);
	return err ? err : cmd_print(&b);
}
