#include "cmd/exit.h"

static const enum exit_status statuses[] = {
	[ERR_NOMEM] = EXIT_FAILED,	    [ERR_OS] = EXIT_FAILED,
	[ERR_BAD_DATA] = EXIT_FAILED,	    [ERR_FAULT] = EXIT_FAILED,
	[ERR_ABSENT] = EXIT_FAILED,	    [ERR_UNSUPPORTED] = EXIT_FAILED,
	[ERR_USAGE] = EXIT_USAGE,	    [ERR_REFUSED] = EXIT_NOT_READY,
	[ERR_INCOMPLETE] = EXIT_INCOMPLETE,
};

enum exit_status exit_status_for(const struct err *err)
{
	return err ? statuses[err_code(err)] : EXIT_DONE;
}
