#include "capture/raw_recovery.h"
#include "cmd/cmd.h"
#include "cmd/open.h"

#include <string.h>

static const struct opt options[] = {
	{.name = "path",
	 .arg = OPTS_VALUE,
	 .value_name = "DIR",
	 .help = "Where the dump's directory is made; /var/crash if not given."},
	{.name = "naming",
	 .arg = OPTS_VALUE,
	 .value_name = "DIALECT",
	 .help = "How directory and files are called: kdump (the default) or kdump-tools."},
	{.name = "host",
	 .arg = OPTS_VALUE,
	 .value_name = "NAME",
	 .help = "First part of the directory's name; 127.0.0.1 if not given."},
	OPTS_END,
};

static struct err *check_naming(const char *naming)
{
	if (strcmp(naming, "kdump") == 0 || strcmp(naming, "kdump-tools") == 0)
		return NULL;
	return err_new(ERR_USAGE, "--naming %s: it is kdump or kdump-tools", naming);
}

static struct err *tell(const struct raw_recovered *r, const char *device)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;

	if (r->found == RAW_NOTHING)
		buf_printf(&b, "no dump on %s\n", device);
	else
		buf_printf(&b, "%s dump of %s in %s\n",
			   r->found == RAW_WHOLE ? "whole" : "incomplete", device,
			   r->directory);
	err = cmd_print(&b);
	if (!err && r->found == RAW_INCOMPLETE)
		err = err_new(ERR_INCOMPLETE, "%s", r->reason);
	return err;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	const struct raw_recovery_options o = {
		.device = given->operands[0],
		.parent = opts_value(given, "path", "/var/crash"),
		.naming = opts_value(given, "naming", "kdump"),
		.host = opts_value(given, "host", "127.0.0.1"),
		.formats = cmd_dump_formats,
		.sink = {.fd = STDERR_FILENO},
	};
	struct raw_recovered recovered;
	struct err *err = check_naming(o.naming);

	if (!err)
		err = raw_recover(&o, &recovered);
	/* Somebody's file system would have been damaged. */
	if (err && err_code(err) == ERR_REFUSED)
		*status = EXIT_UNSAFE;
	return err ? err : tell(&recovered, o.device);
}

const struct cmd cmd_recover = {
	.opts = {.name = "recover",
		 .operands = "DEVICE",
		 .summary = "Take a dump off the raw device a capture wrote it to.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run,
};
